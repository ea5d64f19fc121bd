"""Shear-wave elastography out of DICOM structured reports: speed and elasticity as the device put them there.

The terms are those of CID 12308 (PS3.16): 130611 Shear Wave Speed, 110830 Elasticity. Values of other terms are left
alone, whatever they are called, and nothing is converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from echospine.domain.elastography import stiffness
from echospine.domain.errors import InputError, TooLargeError, UnreadableError, UnsupportedError
from echospine.domain.labels import Side
from echospine.domain.measures import Measurement, Naming

LARGEST_BYTES = 64 << 20
DEEPEST = 32
"""Levels of a content tree that are walked."""
TERMS = {("130611", "DCM"), ("110830", "DCM")}
LATERALITY = {"7771000": Side.LEFT, "24028007": Side.RIGHT, "G-A101": Side.LEFT, "G-A100": Side.RIGHT}
SPELLED = {"m/s": "m/s", "kPa": "kPa"}


def read_stiffness(path: Path, name: str) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return the values of a structured report in its order, and what cannot be used, one sentence each.

    Raises UnreadableError, TooLargeError, and UnsupportedError for what is no structured report.
    """
    document = _document(path, name)
    device = " ".join(str(document.get(key, "") or "") for key in ("Manufacturer", "ManufacturerModelName")).strip()
    values, problems = [], []
    for item, side in _numbers(document, Side.UNKNOWN, 0):
        try:
            values.append(_value(item, side, device))
        except (InputError, ValueError, AttributeError, TypeError, IndexError) as error:
            problems.append(f"{name}: {error}")
    return tuple(values), tuple(problems)


def _document(path: Path, name: str) -> Dataset:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TooLargeError(f"{name}: is larger than {LARGEST_BYTES >> 20} MiB, so it is no structured report")
        document = dcmread(path)
    except (InvalidDicomError, OSError, EOFError, ValueError) as error:
        raise UnreadableError(f"{name}: cannot be read as DICOM ({error})") from error
    if document.get("Modality", "") != "SR" or "ContentSequence" not in document:
        raise UnsupportedError(f"{name}: is no structured report (modality {document.get('Modality', 'not named')})")
    return document


def _numbers(node: Dataset, side: Side, depth: int) -> Iterator[tuple[Dataset, Side]]:
    """Yield the items that hold a speed or an elasticity, with the side that their group names."""
    if depth > DEEPEST:
        return
    children = node.get("ContentSequence") or []
    for child in children:
        if child.get("ValueType") == "CODE" and _code(child, "ConceptCodeSequence")[0] in LATERALITY:
            side = LATERALITY[_code(child, "ConceptCodeSequence")[0]]
    for child in children:
        if child.get("ValueType") == "NUM" and _code(child, "ConceptNameCodeSequence") in TERMS:
            yield child, side
        else:
            yield from _numbers(child, side, depth + 1)


def _code(item: Dataset, keyword: str) -> tuple[str, str]:
    codes = item.get(keyword) or []
    return (str(codes[0].get("CodeValue", "")), str(codes[0].get("CodingSchemeDesignator", ""))) if codes else ("", "")


def _value(item: Dataset, side: Side, device: str) -> Measurement:
    measured = item.get("MeasuredValueSequence") or []
    if not measured:
        raise InputError("a value of elastography is empty")
    unit = _code(measured[0], "MeasurementUnitsCodeSequence")[0]
    return stiffness(float(measured[0].NumericValue), SPELLED.get(unit, unit), device, Naming(side=side))
