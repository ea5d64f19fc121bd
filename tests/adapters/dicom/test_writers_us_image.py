"""Recordings that were not DICOM come back from their DICOM form with the same pixels, scale and times."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from echospine.adapters.dicom import open_dicom
from echospine.adapters.dicom.writing import UsImageWriter
from echospine.adapters.dicom.writing import us_image as us_module
from echospine.domain.errors import TooLargeError
from echospine.domain.frames import TimeSource
from echospine.domain.images import ImageGeometry, Region, RegionUnit
from echospine.domain.labels import Box
from echospine.ports import LocalFile, RecordingPlan
from reporting import (
    Scene,
    geometry,
    make_frame,
    make_header,
    make_report,
    opener,
    packaged,
    recording_of_file,
    report_recording,
    times_of,
)

SCENE = Scene()
VIDEO = Scene(
    name="clip.mp4", colour=True, step_mm=None, times_s=(0.0, 0.03, 0.07, 0.1, 0.15), time_source=TimeSource.CONTAINER,
    format="MP4 video",
)  # fmt: skip


def files_of(scene, **exam):
    return UsImageWriter(opener(scene)).write(make_report(report_recording(scene), **exam))


def reopened(file, tmp_path):
    path = tmp_path / file.name
    path.write_bytes(file.data)
    return open_dicom(RecordingPlan(file.name, (LocalFile(file.name, path),)))


@pytest.mark.parametrize(
    "scene", [SCENE, VIDEO, replace(SCENE, n_frames=1), replace(VIDEO, n_frames=1, times_s=(0.0,))]
)
def test_pixels_scale_and_times_come_back_exactly(scene, tmp_path):
    (file,) = files_of(scene)
    with reopened(file, tmp_path) as source:
        assert len(source) == scene.n_frames
        for i in range(scene.n_frames):
            np.testing.assert_array_equal(source.frame(i).pixels, make_frame(scene, i).pixels)
        read, truth = source.header.geometry, geometry(scene)
        assert (read.width, read.height, read.calibrated) == (truth.width, truth.height, truth.calibrated)
        assert [r.step_mm for r in read.regions] == [r.step_mm for r in truth.regions]
        if scene.n_frames > 1:
            np.testing.assert_allclose(source.header.times_s, times_of(scene), atol=1e-9)


def test_even_times_are_one_frame_time_and_uneven_ones_a_vector():
    even = pydicom.dcmread(io.BytesIO(files_of(SCENE)[0].data))
    assert (even.FrameIncrementPointer, even.FrameTime) == (0x00181063, 50)
    uneven = pydicom.dcmread(io.BytesIO(files_of(VIDEO)[0].data))
    assert uneven.FrameIncrementPointer == 0x00181065
    assert [float(t) for t in uneven.FrameTimeVector] == [0, 30, 40, 30, 50]


def test_a_vector_that_would_not_fit_becomes_its_mean(monkeypatch):
    monkeypatch.setattr(us_module, "MOST_INCREMENTS", 3)
    made = pydicom.dcmread(io.BytesIO(files_of(VIDEO)[0].data))
    assert float(made.FrameTime) == pytest.approx(37.5)
    assert "FrameTimeVector" not in made


def test_pictures_without_times_are_images_of_one_series():
    scene = replace(SCENE, times_s=(), n_frames=3, name="stills")
    files = files_of(scene)
    assert [f.name for f in files] == [f"01-stills-000{i}.us.dcm" for i in (1, 2, 3)]
    images = [pydicom.dcmread(io.BytesIO(f.data)) for f in files]
    assert {i.SOPClassUID for i in images} == {UltrasoundImageStorage}
    assert len({i.SOPInstanceUID for i in images}) == 3
    assert len({i.SeriesInstanceUID for i in images}) == 1
    assert [i.InstanceNumber for i in images] == [1, 2, 3]
    for place, image in enumerate(images):
        np.testing.assert_array_equal(image.pixel_array, make_frame(scene, place).pixels)


def test_a_recording_with_times_is_one_multi_frame_image():
    made = pydicom.dcmread(io.BytesIO(files_of(SCENE)[0].data))
    assert (made.SOPClassUID, made.NumberOfFrames) == (UltrasoundMultiFrameImageStorage, SCENE.n_frames)


def test_frames_are_read_once_and_in_order():
    source = opener(SCENE)(report_recording(SCENE).recording)
    UsImageWriter(lambda recording: source).write(make_report(report_recording(SCENE)))
    assert source.opened == list(range(SCENE.n_frames))


@pytest.mark.parametrize(
    ("boxes", "looked", "flag"), [((), True, None), ((Box(1, 1, 9, 9),), True, "YES"), ((), False, "YES")]
)
def test_burned_in_text_is_stated_when_found_and_when_nobody_looked(boxes, looked, flag):
    scene = replace(SCENE, text_boxes=boxes)
    item = report_recording(scene)
    item = item if looked else replace(item, interpretations=())
    (file,) = UsImageWriter(opener(scene)).write(make_report(item))
    assert pydicom.dcmread(io.BytesIO(file.data)).get("BurnedInAnnotation") == flag


def test_only_video_and_jpeg_are_said_to_have_lost_detail():
    video = pydicom.dcmread(io.BytesIO(files_of(VIDEO)[0].data))
    assert (video.LossyImageCompression, video.ImageType[0]) == ("01", "DERIVED")
    assert float(video.LossyImageCompressionRatio) >= 1
    sweep = pydicom.dcmread(io.BytesIO(files_of(SCENE)[0].data))
    assert "LossyImageCompression" not in sweep
    assert sweep.ImageType[0] == "ORIGINAL"


def test_regions_of_every_kind_come_back(tmp_path):
    regions = (
        Region(0, 0, 99, 149, RegionUnit.CM, RegionUnit.CM, 0.0123456789012345, -0.02),
        Region(100, 10, 202, 90, RegionUnit.SECONDS, RegionUnit.CM_PER_SECOND, 0.01, 1.5, False, 3),
    )
    scene = replace(SCENE, n_frames=1, step_mm=None)
    item = report_recording(scene)
    item = replace(item, header=replace(make_header(scene), geometry=ImageGeometry(203, 151, regions)))
    (file,) = UsImageWriter(opener(scene)).write(make_report(item))
    with reopened(file, tmp_path) as source:
        assert source.header.geometry.regions == regions


def test_patient_and_study_are_those_of_the_examination_and_nothing_is_invented():
    made = pydicom.dcmread(io.BytesIO(files_of(SCENE, patient_name="Ö^王\\x", patient_id="A\\B\n")[0].data))
    assert made.SpecificCharacterSet == "ISO_IR 192"
    assert str(made.PatientName) == "Ö 王/x^"
    assert made.PatientID == "A/B"
    for keyword in ("PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName", "Manufacturer"):
        assert not made[keyword].value, keyword
    assert "FrameOfReferenceUID" not in made
    assert "AcquisitionDate" not in made


def test_empty_names_stay_empty():
    made = pydicom.dcmread(io.BytesIO(files_of(SCENE, patient_name="", patient_id="")[0].data))
    assert (str(made.PatientName), made.PatientID) == ("", "")


def test_the_same_recording_is_the_same_object_in_every_version_of_the_report():
    assert files_of(SCENE) == files_of(SCENE)
    one, other = (pydicom.dcmread(io.BytesIO(files_of(SCENE, version=v)[0].data)) for v in (1, 2))
    assert one == other


def test_drafts_and_dicom_recordings_are_not_written():
    assert UsImageWriter(opener(SCENE)).write(make_report(report_recording(SCENE), draft=True)) == ()
    original = recording_of_file(packaged("pydicom", "data", "test_files", "examples_palette.dcm"))
    assert UsImageWriter(opener()).write(make_report(original)) == ()


def test_a_recording_that_is_too_large_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(us_module, "MAX_BYTES", 50_000)
    with pytest.raises(TooLargeError, match=r"sweep_L4\.igs\.mha: is larger than .* frames; split the recording"):
        files_of(SCENE)


def test_file_names_are_plain_and_differ():
    scenes = [replace(SCENE, name="Ö sweep/../../x.mha"), replace(SCENE, name="王小东.mha", n_frames=1)]
    report = make_report(*(report_recording(s) for s in scenes))
    names = [f.name for f in UsImageWriter(opener(*scenes)).write(report)]
    assert names == ["01-O-sweep-x.us.dcm", "02-recording.us.dcm"]
