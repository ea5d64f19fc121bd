"""From nodes to numbers, words and frozen records, by the types that the records declare."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from echospine.adapters.scenes.nodes import Nook, unknown
from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side
from echospine.engine.twin.scene import Place

T = TypeVar("T")
Read = Callable[[Nook, str], Any]
"""Reads one value; the word says what it is, for messages."""

_WHOLE = re.compile(r"[+-]?\d{1,18}")
_PLACE = re.compile(r"(L[1-5]|S[1-5])_([a-z_]+?)(?:_(left|right))?")
_UNIT = re.compile(r"_(mm_s|mhz|mm|db|deg|ml_s|ml|hz|s|years)$")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def number(nook: Nook, what: str) -> float:
    """Return a finite number."""
    try:
        value = float(nook.text or "") if not nook.is_quoted else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise nook.wrong(f"{what}: a number is expected, not {nook.shown}")
    return value


def whole(nook: Nook, what: str) -> int:
    """Return a whole number."""
    if nook.is_quoted or not _WHOLE.fullmatch(nook.text or ""):
        raise nook.wrong(f"{what}: a whole number is expected, not {nook.shown}")
    return int(nook.text or "")


def word(nook: Nook, what: str) -> str:
    """Return a text of one line."""
    if not nook.text:
        raise nook.wrong(f"{what}: a text is expected, not {nook.shown}")
    return " ".join(nook.text.split())[:200]


def yes_or_no(nook: Nook, what: str) -> bool:
    """Return a truth value."""
    text = (nook.text or "").lower()
    if text not in _TRUE + _FALSE:
        raise nook.wrong(f"{what}: true or false is expected, not {nook.shown}")
    return text in _TRUE


def one_of(kind: type[StrEnum]) -> Read:
    """Return what reads a word of a fixed list."""
    known = frozenset(member.value for member in kind)

    def read(nook: Nook, what: str) -> StrEnum:
        if nook.text not in known:
            raise nook.wrong(unknown(what, nook.text or nook.shown, known))
        return kind(nook.text)

    return read


def listed(read: Read, count: int | None) -> Read:
    """Return what reads a list, of `count` members or of any number; a single value is a list of one."""

    def read_all(nook: Nook, what: str) -> tuple[Any, ...]:
        items = nook.items() if count is not None or nook.items() is not None else [nook]
        if items is None or (count is not None and len(items) != count):
            many = f"{count} values" if count is not None else "values"
            raise nook.wrong(f"{what}: a list of {many} is expected, not {nook.shown}")
        return tuple(read(item, what) for item in items)

    return read_all


def place(nook: Nook, what: str) -> Place:
    """Return a named place: `L4_facet_left`, or `{at: L4_facet_left, offset_mm: [0, 0, 5]}`."""
    if nook.text is None:
        entries = nook.entries(frozenset({"at", "offset_mm"}), what)
        if "at" not in entries:
            raise nook.wrong(f"{what}: `at` is missing: the name of a place, such as L4_facet_left")
        at = place(entries["at"][1], what)
        if "offset_mm" not in entries:
            return at
        offset = listed(number, 3)(entries["offset_mm"][1], "offset_mm")
        return Place(at.kind, at.level, at.side, (offset[0], offset[1], offset[2]))
    match = _PLACE.fullmatch(nook.text)
    if match is None:
        raise nook.wrong(f"{what}: {nook.shown} names no place; write level, what and side, such as L4_facet_left")
    return Place(match[2], match[1], Side(match[3]) if match[3] else Side.MIDLINE)


def record(kind: type[T], nook: Nook, what: str, special: Mapping[str, Read], names: Mapping[str, str]) -> T:
    """Return a frozen record of `kind` from a mapping of its fields.

    `special`: how fields are read that their type does not tell; `names`: of fields that are called otherwise in files.
    """
    readers = reads_of(kind, special, names)
    entries = nook.entries(frozenset(readers), what)
    given = {key: (entries[key][1], read) for key, read in readers.items() if key in entries}
    plain = {spoken: field for field, spoken in names.items()}
    values = {plain.get(key, key): read(value, key) for key, (value, read) in given.items()}
    lacking = [
        names.get(one.name, one.name)
        for one in fields(kind)  # type: ignore[arg-type]
        if one.name not in values and one.default is MISSING and one.default_factory is MISSING
    ]
    if lacking:
        raise nook.wrong(f"{what}: `{lacking[0]}` is missing")
    return valid(kind, values, nook, what)


def valid(kind: Callable[..., T], values: Mapping[str, Any], nook: Nook, what: str) -> T:
    """Return `kind(**values)`; what it refuses is said with the line of the value that it names, or of the mapping."""
    try:
        return kind(**values)
    except GeometryError as error:
        raise _named(str(error), nook, what).wrong(str(error)) from error


def _named(message: str, nook: Nook, what: str) -> Nook:
    """Return the value whose key a message names, with its unit or without, else the whole mapping."""
    entries = nook.entries(None, what)
    for spoken in (str, lambda key: _UNIT.sub("", key).replace("_", " ")):
        for key, (_, value) in entries.items():
            if re.search(rf"\b{re.escape(spoken(key))}\b", message):
                return value
    return nook


def reads_of(kind: type[Any], special: Mapping[str, Read], names: Mapping[str, str]) -> dict[str, Read]:
    """Return how each field of a record is read, by its name in files."""
    hints = get_type_hints(kind)
    return {
        names.get(one.name, one.name): special[one.name] if one.name in special else read_of(hints[one.name])
        for one in fields(kind)
    }


def read_of(hint: object) -> Read:
    """Return what reads a value of that type."""
    plain: dict[object, Read] = {float: number, int: whole, str: word, bool: yes_or_no, Place: place}
    if hint in plain:
        return plain[hint]
    if get_origin(hint) in (Union, UnionType):
        (inner,) = (part for part in get_args(hint) if part is not NoneType)
        return read_of(inner)
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        return listed(read_of(parts[0]), None if parts[-1] is Ellipsis else len(parts))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return one_of(hint)
    raise TypeError(f"no way to read {hint}")
