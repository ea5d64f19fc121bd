"""Whose picture it is: identity, and names in every alphabet."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from dicom_kit import header_of, opened
from make import UIDS, make_dicom, picture
from pydicom import uid

from echospine.domain.frames import DicomOrigin, RecordingHeader

FRAMES = picture(rows=4, columns=4)


def test_the_origin_is_enough_to_write_objects_beside_it(tmp_path):
    attributes = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": ["19", "2.5"],
        "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
        "ReferringPhysicianName": "Reader^One",
    }
    assert header_of(tmp_path, FRAMES, attributes=attributes).dicom == DicomOrigin(
        study_uid=UIDS + "2",
        series_uid=UIDS + "3",
        sop_class_uid=uid.UltrasoundImageStorage,
        sop_instance_uid=UIDS + "1",
        patient_id="P-1",
        patient_name="Phantom^Gel",
        study_date="20240102",
        study_time="030405",
        manufacturer="EchoSpine",
        model_name="Generator",
        patient_birth_date="19700101",
        patient_sex="O",
        study_id="S-1",
        accession_number="A-1",
        referring_physician="Reader^One",
        lossy="01",
        lossy_ratio="19\\2.5",
        lossy_method="ISO_10918_1\\ISO_15444_1",
    )


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Äneas^Rüdiger"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
        ("ISO_IR 144", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian])
def test_names_in_every_alphabet(tmp_path, charset, name, syntax):
    header = header_of(
        tmp_path, FRAMES, syntax=syntax, attributes={"SpecificCharacterSet": charset, "PatientName": name}
    )
    assert header.dicom is not None
    assert header.dicom.patient_name == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"ISO-IR 192", "Äneas^Rüdiger"),
        (b"iso_ir 192", "Äneas^Rüdiger"),
        (b"ISO_IR 192\\ISO 2022 IR 87", "Äneas^Rüdiger"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_alphabet_is_known_by_a_misspelled_name(tmp_path, written, name):
    header = _with_character_set(tmp_path, written, name.encode())
    assert header.dicom is not None
    assert (header.dicom.patient_name, header.notes) == (name, ())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"ISO_IR 999", "ISO_IR 999"),
        (b"ISO 2022 IR 6\\ISO 2022 IR 999", "ISO 2022 IR 999"),
        (b"\x1b[31m\xff\xfe", "[31m\ufffd\ufffd"),
        (b"ISO_IR " + 90 * b"9", "ISO_IR " + 25 * "9"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_an_unknown_alphabet_is_noted_once_and_does_not_stop_the_reading(tmp_path, written, shown):
    header = _with_character_set(tmp_path, written, b"Phantom^Gel")
    assert header.dicom is not None
    assert header.dicom.patient_name == "Phantom^Gel"
    assert header.notes == (f"Its character set '{shown}' is not known: names are read as Latin letters, check them.",)


@pytest.mark.filterwarnings("error")
def test_letters_that_are_none_are_shown_as_such(tmp_path):
    header = _with_character_set(tmp_path, b"\\ISO 2022 IR 87", b"Yamada\x1b$Bm\xff\x1b(B^T\x1b$Zx")
    assert header.dicom is not None
    assert header.dicom.patient_name.startswith("Yamada")


def _with_character_set(folder: Path, charset: bytes, name: bytes) -> RecordingHeader:
    """Return the header of a file with these very bytes, which pydicom would not write."""
    charset, name = (value + b" " * (len(value) % 2) for value in (charset, name))
    place = b"N" * len(name)
    data = make_dicom(FRAMES, attributes={"PatientName": place.decode()}).replace(place, name)
    start = data.index(b"\x08\x00\x08\x00CS")  # Image Type, the first of the data set
    element = b"\x08\x00\x05\x00CS" + struct.pack("<H", len(charset)) + charset
    path = folder / "scan.dcm"
    path.write_bytes(data[:start] + element + data[start:])
    with opened(path) as source:
        return source.header
