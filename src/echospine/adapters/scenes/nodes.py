"""YAML as nodes that know their lines: small files only, without anchors, aliases, tags or repeated keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import yaml

from echospine.domain.errors import InputError, TooLargeError, TruncatedError

MAX_BYTES = 256 << 10
"""Largest scene file."""
MAX_NODES = 20_000
"""Most keys and values of one scene file."""
MAX_DEPTH = 12

_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null"))


@dataclass(frozen=True, slots=True)
class Nook:
    """A node and the file it stands in: whoever reads it can say where it is."""

    name: str
    node: yaml.Node

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return int(self.node.start_mark.line) + 1

    def wrong(self, message: str) -> InputError:
        """Return the error that says so with its place: `scene.yaml:12: message`."""
        return InputError(f"{self.name}:{self.line}: {message}")

    @property
    def text(self) -> str | None:
        """The scalar as it is written, or None for a list or a mapping."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else None

    @property
    def is_quoted(self) -> bool:
        """True for a scalar in quotation marks."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.style is not None

    @property
    def shown(self) -> str:
        """What stands there, for a message, short."""
        if isinstance(self.node, yaml.ScalarNode):
            return repr(str(self.node.value)[:40]) if self.node.value else "nothing"
        return "a list" if isinstance(self.node, yaml.SequenceNode) else "a mapping"

    def items(self) -> list[Nook] | None:
        """Return the members of a list, or None where it is none."""
        if not isinstance(self.node, yaml.SequenceNode):
            return None
        return [Nook(self.name, node) for node in self.node.value]

    def entries(self, known: frozenset[str] | None, what: str) -> dict[str, tuple[Nook, Nook]]:
        """Return the entries of a mapping, by key: (key, value). `what`: for messages, what the mapping describes.

        Raises InputError where it is no mapping, a key is unknown (`known`: all there are) or stands there twice.
        """
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong(f"{what}: keys with values are expected here, not {self.shown}")
        found: dict[str, tuple[Nook, Nook]] = {}
        for key_node, value_node in self.node.value:
            key, value = Nook(self.name, key_node), Nook(self.name, value_node)
            if key.text is None:
                raise key.wrong(f"{what}: a key is one word, not {key.shown}")
            if known is not None and key.text not in known:
                raise key.wrong(unknown("key", key.text, known))
            if key.text in found:
                first = found[key.text][0].line
                raise key.wrong(f"{key.text!r} stands here again; it was given in line {first} already")
            found[key.text] = (key, value)
        return found


def unknown(what: str, word: str, known: frozenset[str]) -> str:
    """Return the message about an unknown word, with the one that was probably meant."""
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return f"unknown {what} {word[:60]!r}; {hint}"


def parse(text: str, name: str) -> Nook:
    """Return the root of a scene file. Raises InputError, with its line, for what is no plain YAML."""
    if len(text.encode()) > MAX_BYTES:
        raise TooLargeError(f"{name}: is larger than {MAX_BYTES >> 10} KiB, so it is no scene file")
    try:
        _check(text, name)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{name}{where}: is no YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{name}: is no YAML: {' '.join(str(error).split())}") from error
    if node is None:
        raise TruncatedError(f"{name}: is empty; a scene needs `steps`")
    return Nook(name, node)


def _check(text: str, name: str) -> None:
    """Refuse, before anything is built, what can hide a bomb or means something else than it looks like."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, yaml.SafeLoader), 1):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        why = _refused(event)
        if why is None and (count > MAX_NODES or depth > MAX_DEPTH):
            why = f"more than {MAX_NODES:,} values, or lists within lists deeper than {MAX_DEPTH}; no scene needs that"
        if why is not None:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise InputError(f"{name}:{line}: {why}")


def _refused(event: yaml.Event) -> str | None:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not read here; write the values out"
    tag = getattr(event, "tag", None)
    if tag and tag not in _PLAIN_TAGS | {"!"}:
        return f"the tag {tag[:40]!r} is not read here; leave it out"
    return None


def lines_below(nook: Nook, where: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Give the line of every place in a scene file, by the path of keys that leads there."""
    yield where, nook.line
    if isinstance(nook.node, yaml.MappingNode):
        for key, value in nook.node.value:
            here = (*where, str(key.value))
            yield here, int(key.start_mark.line) + 1
            yield from lines_below(Nook(nook.name, value), here) if not isinstance(value, yaml.ScalarNode) else ()
    elif isinstance(nook.node, yaml.SequenceNode):
        for place, value in enumerate(nook.node.value):
            yield from lines_below(Nook(nook.name, value), (*where, place))
