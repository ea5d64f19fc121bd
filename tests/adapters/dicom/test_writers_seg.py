"""Segmentations come back bit for bit, whatever the size of the picture, and point at the frames they were made of."""

from __future__ import annotations

import io
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.pixels import pixel_array

from echospine.adapters.dicom.writing import SegWriter, UsImageWriter
from echospine.adapters.dicom.writing import seg as seg_module
from echospine.domain.errors import TooLargeError
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Structure, Surface
from echospine.domain.sights import StructureMap
from reporting import (
    SIGNED,
    Scene,
    interpret,
    make_report,
    opener,
    packaged,
    packaged_cine,
    recording_of_file,
    report_recording,
)

SCENE = Scene()


def written(report) -> pydicom.Dataset:
    (file,) = SegWriter().write(report)
    assert file.media_type == "application/dicom"
    return pydicom.dcmread(io.BytesIO(file.data))


def truth(item, structure=Structure.BONE) -> dict[int, np.ndarray]:
    """Masks by frame, from the label maps."""
    masks = {
        i: seen.label_map(item.header.geometry) == structure for i, seen in enumerate(item.interpretations)
    }  # fmt: skip
    return {i: mask for i, mask in masks.items() if mask.any()}


def read_back(dataset: pydicom.Dataset) -> dict[tuple[int, int], np.ndarray]:
    """Masks by (segment, source frame from 0)."""
    pixels = pixel_array(dataset).reshape(-1, dataset.Rows, dataset.Columns)
    keys = []
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        image = groups.DerivationImageSequence[0].SourceImageSequence[0]
        keys.append((segment, int(image.get("ReferencedFrameNumber", 1)) - 1))
    return {key: mask.astype(bool) for key, mask in zip(keys, pixels, strict=True)}


def assert_same_masks(dataset, item, structures=(Structure.BONE,)):
    expected = {(n, f): mask for n, s in enumerate(structures, 1) for f, mask in truth(item, s).items()}
    found = read_back(dataset)
    assert found.keys() == expected.keys()
    for key, mask in expected.items():
        np.testing.assert_array_equal(found[key], mask)


def test_masks_come_back_exactly_and_empty_frames_are_left_out():
    item = report_recording(replace(SCENE, empty_frames=(0, 3)))
    dataset = written(make_report(item))
    assert dataset.NumberOfFrames == 3
    assert_same_masks(dataset, item)


@settings(max_examples=25, deadline=None)
@given(st.integers(9, 40), st.integers(9, 40), st.integers(1, 19))
def test_any_size_of_picture_and_any_number_of_frames(width, height, n_frames):
    item = report_recording(Scene(width=width, height=height, n_frames=n_frames, step_mm=(0.7, 0.7)), (), 0)
    assert_same_masks(written(make_report(item)), item)


def test_highdicom_reads_the_same_masks():
    item = report_recording(SCENE)
    (file,) = SegWriter().write(make_report(item))
    dataset = hd.seg.segread(io.BytesIO(file.data))
    instance = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
    masks = dataset.get_pixels_by_source_frame(
        instance, list(range(1, SCENE.n_frames + 1)), combine_segments=False, ignore_spatial_locations=True
    )
    for frame, mask in truth(item).items():
        np.testing.assert_array_equal(masks[frame, ..., 0].astype(bool), mask)


def test_two_structures_are_two_segments():
    item = report_recording(SCENE)
    both = tuple(with_lamina(seen) for seen in item.interpretations)
    item = replace(item, interpretations=both)
    dataset = written(make_report(item))
    assert [s.SegmentLabel for s in dataset.SegmentSequence] == ["lamina", "bone"]
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in dataset.SegmentSequence] == [
        "89340005",
        "425647002",
    ]
    assert_same_masks(dataset, item, (Structure.LAMINA, Structure.BONE))
    pairs = [tuple(g.FrameContentSequence[0].DimensionIndexValues) for g in dataset.PerFrameFunctionalGroupsSequence]
    assert pairs == sorted(pairs)


def test_areas_on_a_map_are_segments_too():
    item = report_recording(SCENE)
    rows, columns = SCENE.height // 2, SCENE.width // 2
    labels = np.zeros((rows, columns), np.uint8)
    labels[3:9, 4:20], labels[12:14, 5:15] = Structure.MULTIFIDUS, Structure.LAMINA
    grid = StructureMap(labels, np.full_like(labels, 200), (0.5, 0.5), 2.0)
    item = replace(item, interpretations=tuple(replace(s, structures=grid) for s in item.interpretations))
    dataset = written(make_report(item))
    assert [s.SegmentLabel for s in dataset.SegmentSequence] == ["multifidus", "lamina", "bone"]
    assert [s.SegmentDescription.split()[0] for s in dataset.SegmentSequence] == ["Area", "Visible", "Visible"]
    assert_same_masks(dataset, item, (Structure.MULTIFIDUS, Structure.LAMINA, Structure.BONE))


def with_lamina(seen: Interpretation) -> Interpretation:
    bone = seen.surfaces[0]
    lamina = Surface(Structure.LAMINA, np.roll(bone.row_px, 3) - 20, bone.confidence)
    return replace(seen, surfaces=(bone, lamina))


def test_an_algorithm_is_automatic_until_a_person_has_drawn():
    item = report_recording(SCENE)
    segment = written(make_report(item)).SegmentSequence[0]
    assert (segment.SegmentAlgorithmType, segment.SegmentAlgorithmName) == ("AUTOMATIC", "bone-finder 1.2")
    drawn = replace(interpret(SCENE, 2), method=Method("bone-finder with drawn contour", "1.2"))
    item = replace(item, interpretations=(*item.interpretations[:2], drawn, *item.interpretations[3:]))
    assert written(make_report(item)).SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"


def test_no_structure_found_means_no_segmentation():
    scene = replace(SCENE, empty_frames=tuple(range(SCENE.n_frames)))
    assert SegWriter().write(make_report(report_recording(scene))) == ()
    uninterpreted = replace(report_recording(SCENE), interpretations=())
    assert SegWriter().write(make_report(uninterpreted)) == ()


def test_a_draft_has_no_segmentation():
    assert SegWriter().write(make_report(report_recording(SCENE), draft=True)) == ()


def test_the_same_report_gives_the_same_bytes_and_a_new_version_a_new_object():
    report = make_report(report_recording(SCENE))
    again = make_report(report_recording(SCENE))
    assert SegWriter().write(report) == SegWriter().write(again)
    first, second = written(report), written(make_report(report_recording(SCENE), version=2))
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert f"{first.ContentDate}{first.ContentTime}" == f"{SIGNED:%Y%m%d%H%M%S}.000000"


@pytest.mark.parametrize("scene", [SCENE, replace(SCENE, n_frames=1), replace(SCENE, times_s=())])
def test_the_images_it_refers_to_are_those_that_are_written(scene):
    report = make_report(report_recording(scene))
    dataset = written(report)
    images = [pydicom.dcmread(io.BytesIO(f.data)) for f in UsImageWriter(opener(scene)).write(report)]
    by_uid = {image.SOPInstanceUID: image for image in images}
    series = dataset.ReferencedSeriesSequence[0]
    assert {i.ReferencedSOPInstanceUID for i in series.ReferencedInstanceSequence} == by_uid.keys()
    for place, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        reference = groups.DerivationImageSequence[0].SourceImageSequence[0]
        image = by_uid[reference.ReferencedSOPInstanceUID]
        assert (image.SOPClassUID, image.SeriesInstanceUID) == (
            reference.ReferencedSOPClassUID,
            series.SeriesInstanceUID,
        )
        assert image.StudyInstanceUID == dataset.StudyInstanceUID
        if len(images) == 1 and scene.n_frames > 1:
            assert reference.ReferencedFrameNumber == place + 1
        else:
            assert "ReferencedFrameNumber" not in reference
            assert image.InstanceNumber == place + 1


@pytest.mark.parametrize("name", ["examples_ybr_color.dcm", "examples_palette.dcm", "GREYSCALE_IMAGE.dcm", "cine"])
def test_public_dicom_files_keep_their_patient_study_and_frames(name, tmp_path):
    if name == "cine":
        path = packaged_cine(tmp_path)
    elif name.startswith("examples"):
        path = packaged("pydicom", "data", "test_files", name)
    else:
        path = packaged("deid_data", "data", "ultrasounds", name)
    item = recording_of_file(path)
    original = pydicom.dcmread(path, stop_before_pixels=True)
    dataset = written(make_report(item, patient_name="Somebody Else"))
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "StudyDate", "StudyID"):
        assert str(dataset.get(keyword, "")) == str(original.get(keyword, "")), keyword
    reference = dataset.PerFrameFunctionalGroupsSequence[-1].DerivationImageSequence[0].SourceImageSequence[0]
    assert reference.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert reference.get("ReferencedFrameNumber") == (original.get("NumberOfFrames") or None)
    assert_same_masks(dataset, item)


def test_too_many_masks_are_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(seg_module, "MAX_BYTES", 100)
    with pytest.raises(TooLargeError, match=r"sweep_L4\.igs\.mha: its masks are larger than .*; split the recording"):
        SegWriter().write(make_report(report_recording(SCENE)))
