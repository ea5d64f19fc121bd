"""Tables of elastography values, CSV or JSON: one row or object for each, with the device and its unit."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from echospine.domain.elastography import stiffness
from echospine.domain.errors import InputError, UnsupportedError
from echospine.domain.labels import Side, Structure
from echospine.domain.measures import Measurement, Naming

COLUMNS = ("value", "unit", "device", "structure", "side", "level", "uncertainty")
"""The first three are needed; the others may be empty or missing."""


@dataclass(frozen=True, slots=True)
class ReadValues:
    """What a table holds, and what of it cannot be used, one sentence for each row."""

    values: tuple[Measurement, ...]
    problems: tuple[str, ...]


def read_values(name: str, text: str) -> ReadValues:
    """Return the values of a table; a row that cannot be used is told, and the others are kept.

    Raises UnsupportedError where it is neither a CSV with the columns value, unit and device, nor a JSON list.
    """
    values, problems = [], []
    for place, row in _rows(name, text):
        try:
            values.append(_value(row))
        except InputError as error:
            problems.append(f"{name}, {place}: {error}")
    return ReadValues(tuple(values), tuple(problems))


def _rows(name: str, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if text.lstrip().startswith(("[", "{")):
        yield from _objects(name, text)
        return
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    if missing := set(COLUMNS[:3]) - set(reader.fieldnames or ()):
        raise UnsupportedError(
            f"{name}: has no column {', '.join(sorted(missing))}; needed are {', '.join(COLUMNS[:3])}"
        )
    for row in reader:
        yield f"line {reader.line_num}", row


def _objects(name: str, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UnsupportedError(f"{name}: is no JSON ({error})") from error
    for n, one in enumerate(found if isinstance(found, list) else [found]):
        if not isinstance(one, dict):
            raise UnsupportedError(f"{name}: value {n + 1} is no object with {', '.join(COLUMNS[:3])}")
        yield f"value {n + 1}", one


def _value(row: Mapping[str, Any]) -> Measurement:
    told = {key: str(row.get(key) if row.get(key) is not None else "").strip() for key in COLUMNS}
    doubt = _number(told["uncertainty"], "uncertainty") if told["uncertainty"] else None
    return stiffness(_number(told["value"], "value"), told["unit"], told["device"], naming_of(told), uncertainty=doubt)


def naming_of(told: Mapping[str, str]) -> Naming:
    """Return what a value is of, by the names that stand in tables; raises InputError for one that is not known."""
    structure = told["structure"] or Structure.BACKGROUND.label
    known = {one.label: one for one in Structure}
    if structure not in known:
        raise InputError(f"there is no structure {structure!r}; known are {', '.join(known)}")
    side = told["side"] or Side.UNKNOWN.value
    if side not in [one.value for one in Side]:
        raise InputError(f"there is no side {side!r}; known are {', '.join(Side)}")
    return Naming(known[structure], Side(side), told["level"])


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"the {what} {text!r} is no number") from None
