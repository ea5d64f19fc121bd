"""Measurement reports give back every number, unit, place and image exactly, and only what a person has signed."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import highdicom as hd
import numpy as np
import pydicom
import pytest

from echospine.adapters.dicom.writing import SrWriter, UsImageWriter
from echospine.adapters.dicom.writing.codes import LEVELS, QUANTITIES, SIDES, STRUCTURES, UNITS
from echospine.domain.labels import PARTS, Side, Structure, WallMuscle
from echospine.domain.measures import OF_CHOSEN, Quantity, Status
from echospine.domain.takes import Contraction
from echospine.domain.units import Unit
from reporting import (
    SIGNED,
    Scene,
    make_report,
    measured,
    opener,
    packaged,
    packaged_cine,
    recording_of_file,
    report_recording,
)

SCENE = Scene()


def written(report, **writer) -> pydicom.Dataset:
    (file,) = SrWriter(**writer).write(report)
    assert (file.name, file.media_type) == ("measurements.sr.dcm", "application/dicom")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return hd.sr.srread(io.BytesIO(file.data))


def groups_of(dataset):
    return dataset.content.get_image_measurement_groups()


def only(group):
    (measurement,) = group.get_measurements()
    return measurement


def test_values_units_and_doubt_come_back_exactly():
    item = report_recording(SCENE)
    groups = groups_of(written(make_report(item)))
    assert len(groups) == len(item.findings) == 4
    for finding, group in zip(item.findings, groups, strict=True):
        read, truth = only(group), finding.measurement
        assert read.value == truth.value
        assert read.name == QUANTITIES[truth.quantity]
        assert read.unit == UNITS[truth.unit]
        assert read.unit.value == truth.unit.value
        doubts = [c for c in read[0].ContentSequence if c.ValueType == "NUM"]
        expected = [] if truth.uncertainty is None else [truth.uncertainty] * 2
        assert [c.value for c in doubts] == expected
        assert all(c.unit == UNITS[truth.unit] for c in doubts)


def test_site_side_structure_and_method_are_coded():
    group = groups_of(written(make_report(report_recording(SCENE))))[0]
    assert group.finding_type == STRUCTURES[Structure.BONE]
    (site,) = group.finding_sites
    assert (site.value.value, site.value.meaning) == ("11994002", "L4 vertebra")
    assert site.laterality == SIDES[Side.RIGHT]
    texts = {c.name.meaning: c.value for c in only(group)[0].ContentSequence if c.ValueType == "TEXT"}
    assert texts == {"Algorithm Name": "bone-finder", "Algorithm Version": "1.2"}
    assert only(group).derivation.meaning == "Median"


def test_a_value_that_a_person_entered_says_so():
    edited = replace(measured(SCENE)[0], status=Status.EDITED, value=4.5, uncertainty=None)
    read = only(groups_of(written(make_report(report_recording(SCENE, (edited,)))))[0])
    assert read.value == 4.5
    assert read.method.meaning == "Manual Entry"
    assert read.derivation is None


def test_the_state_of_a_muscle_and_a_mean_of_chosen_frames_are_coded():
    first = measured(SCENE)[0]
    method = replace(first.method, name=f"{first.method.name}{OF_CHOSEN}")
    wall = WallMuscle.TRANSVERSUS_ABDOMINIS
    rest = replace(first, state=Contraction.REST, method=method, structure=wall)
    group, plain = groups_of(written(make_report(report_recording(SCENE, (rest, first)))))
    (said,) = group.get_qualitative_evaluations()
    assert (said.name.meaning, said.value.meaning) == ("State of the muscle", "At rest")
    assert only(group).derivation.meaning == "Mean"
    assert group.finding_type == STRUCTURES[wall]
    assert plain.get_qualitative_evaluations() == []


def test_callipers_bring_their_points_in_the_coordinates_of_the_standard():
    item = report_recording(SCENE)
    depth, length, area, angle = (only(g) for g in groups_of(written(make_report(item))))
    assert not depth.referenced_coordinates
    for read, finding, closed in (
        (length, item.findings[1], 0),
        (area, item.findings[2], 1),
        (angle, item.findings[3], 0),
    ):
        (points,) = read.referenced_coordinates
        truth = np.array(finding.measurement.points_px) + 0.5
        truth = np.vstack([truth, truth[:1]]) if closed else truth
        np.testing.assert_array_equal(points.value, truth)
        assert points.graphic_type.value == "POLYLINE"
        image = points.ContentSequence[0].ReferencedSOPSequence[0]
        assert image.ReferencedFrameNumber == finding.measurement.frame + 1


@pytest.mark.parametrize("scene", [SCENE, replace(SCENE, n_frames=1), replace(SCENE, times_s=())])
def test_images_are_named_as_they_are_written_and_listed_as_evidence(scene):
    report = make_report(report_recording(scene))
    dataset = written(report)
    images = {
        (i.StudyInstanceUID, i.SeriesInstanceUID, i.SOPInstanceUID, i.SOPClassUID): i
        for i in (pydicom.dcmread(io.BytesIO(f.data)) for f in UsImageWriter(opener(scene)).write(report))
    }
    evidence = dataset.get_evidence()
    assert set(evidence) <= set(images)
    for group in groups_of(dataset):
        (source,) = group.source_images
        reference = source.ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID in {key[2] for key in evidence}
        multi = scene.n_frames > 1 and scene.times_s is None
        assert reference.get("ReferencedFrameNumber") == (scene.n_frames // 2 + 1 if multi else None)


def test_who_verified_when_and_for_whom():
    report = make_report(report_recording(SCENE), signed_by="王 Reader^One=x\\y")
    verifier = written(report).VerifyingObserverSequence[0]
    assert written(report).VerificationFlag == "VERIFIED"
    assert str(verifier.VerifyingObserverName) == "王 Reader One x/y^"
    assert verifier.VerifyingOrganization == "not stated"
    assert verifier.VerificationDateTime == f"{SIGNED:%Y%m%d%H%M%S}.000000+0000"
    stated = written(report, organization="Spine clinic").VerifyingObserverSequence[0]
    assert stated.VerifyingOrganization == "Spine clinic"


def test_a_draft_is_not_written():
    assert SrWriter().write(make_report(report_recording(SCENE), draft=True)) == ()


def test_a_signed_examination_without_a_number_has_no_document():
    assert SrWriter().write(make_report(report_recording(SCENE, ()))) == ()
    assert SrWriter().write(make_report()) == ()


def test_the_same_report_gives_the_same_bytes():
    one, other = (SrWriter().write(make_report(report_recording(SCENE))) for _ in range(2))
    assert one == other


def test_an_amended_report_names_the_one_it_replaces():
    first = written(make_report(report_recording(SCENE)))
    second = written(make_report(report_recording(SCENE), version=2))
    assert "PredecessorDocumentsSequence" not in first
    (study,) = second.PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert series.SeriesInstanceUID == first.SeriesInstanceUID == second.SeriesInstanceUID
    assert second.SOPInstanceUID != first.SOPInstanceUID


def test_recordings_of_two_studies_give_two_documents(tmp_path):
    palette = recording_of_file(packaged("pydicom", "data", "test_files", "examples_palette.dcm"))
    cine = recording_of_file(packaged_cine(tmp_path))
    files = SrWriter().write(make_report(palette, cine, report_recording(SCENE)))
    assert [f.name for f in files] == [f"measurements-{n}.sr.dcm" for n in (1, 2, 3)]
    read = [pydicom.dcmread(io.BytesIO(f.data)) for f in files]
    assert [d.StudyInstanceUID for d in read[:2]] == [i.header.dicom.study_uid for i in (palette, cine)]
    assert [str(d.PatientName) for d in read[:2]] == [i.header.dicom.patient_name for i in (palette, cine)]
    assert str(read[2].PatientName) == "Example Patient^"


def test_every_term_has_a_code_that_fits():
    assert set(QUANTITIES) == set(Quantity)
    assert set(UNITS) == set(Unit)
    assert all(code.value == unit.value for unit, code in UNITS.items())
    assert set(STRUCTURES) == set(PARTS.values()) - {Structure.BACKGROUND}
    for table in (QUANTITIES, UNITS, STRUCTURES, SIDES, LEVELS):
        codes = [(code.scheme_designator, code.value) for code in table.values()]
        assert len(set(codes)) == len(codes)
        assert all(len(code.value) <= 16 and len(code.meaning) <= 64 for code in table.values())


def test_snomed_codes_mean_what_dicoms_own_dictionary_says():
    from pydicom.sr._concepts_dict import concepts

    known = {}
    for entry in concepts["SCT"].values():
        for code, (meaning, _) in entry.items():
            known.setdefault(code, set()).add(meaning.lower())
    for table in (QUANTITIES, STRUCTURES, SIDES, LEVELS):
        for code in table.values():
            if code.scheme_designator == "SCT":
                near = {word.replace(" or ", " of ") for word in known[code.value]}
                assert code.meaning.lower() in near, (code, near)
