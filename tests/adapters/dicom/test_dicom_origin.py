"""Whose picture it is: identity, and names in every alphabet."""

from __future__ import annotations

import pytest
from dicom_kit import written
from make import UIDS, picture
from pydicom import uid

from echospine.domain.frames import DicomOrigin

FRAMES = picture(rows=4, columns=4)


def test_the_origin_is_enough_to_write_objects_beside_it(tmp_path):
    attributes = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": ["19", "2.5"],
        "LossyImageCompressionMethod": ["ISO_10918_1", "ISO_15444_1"],
        "ReferringPhysicianName": "Reader^One",
    }
    assert written(tmp_path, FRAMES, attributes=attributes).header.dicom == DicomOrigin(
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
    header = written(
        tmp_path, FRAMES, syntax=syntax, attributes={"SpecificCharacterSet": charset, "PatientName": name}
    ).header
    assert header.dicom is not None
    assert header.dicom.patient_name == name


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_unknown_alphabet_does_not_stop_the_reading(tmp_path):
    header = written(tmp_path, FRAMES, attributes={"SpecificCharacterSet": "ISO_IR 999"}).header
    assert header.dicom is not None
    assert header.dicom.patient_name == "Phantom^Gel"
