"""People who act: they sign by name."""

from __future__ import annotations

from dataclasses import dataclass

from echospine.domain.errors import InputError

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who reviews or signs; known by name alone until there are accounts."""

    name: str

    def __post_init__(self) -> None:
        name = " ".join(self.name.split())
        object.__setattr__(self, "name", name)
        if not name:
            raise InputError("a name is missing; type the name of the person who does this")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InputError(f"a name has at most {LONGEST_NAME} printable characters")
