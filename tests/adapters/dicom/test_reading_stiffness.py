"""Shear-wave elastography out of structured reports: what a device wrote, and what is no such report."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian, generate_uid

from echospine.adapters.dicom.reading.stiffness import read_stiffness
from echospine.domain.errors import UnreadableError, UnsupportedError
from echospine.domain.labels import Side
from echospine.domain.measures import Quantity


def code(value: str, scheme: str, meaning: str) -> Dataset:
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning
    return made


def number(term: tuple[str, str, str], value: str, unit: str) -> Dataset:
    item, measured = Dataset(), Dataset()
    item.ValueType, item.RelationshipType = "NUM", "CONTAINS"
    item.ConceptNameCodeSequence = [code(*term)]
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    item.MeasuredValueSequence = [measured]
    return item


def group(*items: Dataset, side: str = "") -> Dataset:
    made = Dataset()
    made.ValueType, made.RelationshipType = "CONTAINER", "CONTAINS"
    made.ConceptNameCodeSequence = [code("125007", "DCM", "Measurement Group")]
    children = list(items)
    if side:
        where = Dataset()
        where.ValueType, where.RelationshipType = "CODE", "HAS CONCEPT MOD"
        where.ConceptNameCodeSequence = [code("272741003", "SCT", "Laterality")]
        where.ConceptCodeSequence = [code(side, "SCT", "side")]
        children.insert(0, where)
    made.ContentSequence = children
    return made


def report(path: Path, *groups: Dataset, modality: str = "SR") -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ComprehensiveSRStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.Modality, made.Manufacturer, made.ManufacturerModelName = modality, "Example", "One"
    made.ContentSequence = list(groups)
    made.save_as(path)
    return path


SPEED, ELASTICITY = ("130611", "DCM", "Shear Wave Speed"), ("110830", "DCM", "Elasticity")


def test_speed_and_elasticity_come_with_unit_device_and_side(tmp_path):
    path = report(
        tmp_path / "sr.dcm",
        group(number(SPEED, "2.51", "m/s"), side="7771000"),
        group(number(ELASTICITY, "18.5", "kPa"), number(("410668003", "SCT", "Length"), "12", "mm")),
    )
    values, problems = read_stiffness(path, path.name)
    assert problems == ()
    assert [(one.quantity, one.value, one.side) for one in values] == [
        (Quantity.SHEAR_WAVE_SPEED, 2.51, Side.LEFT),
        (Quantity.ELASTICITY, 18.5, Side.UNKNOWN),
    ]
    assert values[0].method.name == "shear-wave elastography by Example One"


def test_a_value_that_cannot_be_used_is_told_and_the_others_are_kept(tmp_path):
    empty = number(SPEED, "1", "m/s")
    empty.MeasuredValueSequence = []
    path = report(tmp_path / "sr.dcm", group(number(SPEED, "251", "cm/s"), empty, number(SPEED, "2", "m/s")))
    values, problems = read_stiffness(path, path.name)
    assert [one.value for one in values] == [2.0]
    assert len(problems) == 2 and "m/s or kPa" in problems[0] and "empty" in problems[1]


def test_what_is_no_report_is_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="no structured report"):
        path = report(tmp_path / "us.dcm", group(), modality="US")
        read_stiffness(path, path.name)
    (tmp_path / "text.dcm").write_text("value,unit")
    with pytest.raises(UnreadableError):
        read_stiffness(tmp_path / "text.dcm", "text.dcm")
