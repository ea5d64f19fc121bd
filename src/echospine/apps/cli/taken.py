"""Options that say how a recording was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from enum import StrEnum

    from echospine.domain.takes import Taken

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = (
    ("--view", "VIEW", "Of all recordings, such as multifidus_transverse."),
    ("--side", "SIDE", "Of all recordings: left or right."),
    ("--level", "LEVEL", "Of all recordings: T12, L1 to L5, S1."),
    ("--state", "STATE", "Of the muscles: rest or contracted."),
)


def taken_options(command: Command) -> Command:
    """Add --view, --side, --level and --state to a command."""
    for name, metavar, text in reversed(_OPTIONS):
        command = click.option(name, metavar=metavar, help=text)(command)
    return command


def taken_of(said: Mapping[str, str | None]) -> Taken:
    """Return what the options say; raises InputError for a word that is not known."""
    from echospine.domain.labels import Side, View
    from echospine.domain.takes import Contraction, Taken

    view, side, state = (
        _known(kind, said[name], name) for kind, name in ((View, "view"), (Side, "side"), (Contraction, "state"))
    )
    return Taken(
        None if view is None else View(view),
        Side(side or Side.UNKNOWN),
        said["level"] or "",
        Contraction(state or Contraction.UNKNOWN),
    )


def _known(kind: type[StrEnum], word: str | None, what: str) -> str | None:
    values = [one.value for one in kind]
    if word is not None and word not in values:
        raise InputError(f"there is no {what} {word!r}; known are {', '.join(values)}")
    return word
