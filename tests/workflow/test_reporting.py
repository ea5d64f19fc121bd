"""What a report says: key images, series, tables and the JSON document."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from workflow_kit import READER, LineModel, exam_with, make_house, picture_folder, plan_of

from echospine.domain.errors import StorageError
from echospine.domain.exams import Exam, ExamState, Finding, Recording
from echospine.domain.frames import RecordingHeader
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Method, Side, Structure
from echospine.domain.measures import CaliperKind, Decision, Measurement, Quantity, Status
from echospine.domain.reports import DRAFT_MARK, NOT_A_DEVICE, Report, ReportFile, ReportRecording
from echospine.domain.units import Unit
from echospine.workflow.exam import Interpreted, interpret_source
from echospine.workflow.report import build_report, labels_json, measure_rows, measure_table, render
from echospine.workflow.report.building import MAX_KEY_IMAGES
from echospine.workflow.report.tables import COLUMNS, FINDING_COLUMNS
from echospine.workflow.review import accept_all, add_caliper, decide, edit_contour, sign, undo

CONTRACT = "frame,structure,side,quantity,value,unit,uncertainty,method,status"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "report-json.md"
Q = Quantity


@pytest.fixture
def reviewed(tmp_path):
    """A house with an examination of five frames, interpreted."""
    house = make_house()
    exam, recording = exam_with(house, plan_of(picture_folder(tmp_path / "left", (20, 22, 24, 26, 28))))
    return house, exam.id, recording


def table_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def files_of(report):
    return {file.name: file.data.decode() for file in render(report, ())}


def signed_report(house, exam_id):
    accept_all(house, exam_id, person=READER, revision=None)
    sign(house, exam_id, person=READER, revision=None)
    return build_report(house, exam_id)


# --- what is in it


def test_a_report_has_findings_series_interpretations_and_history(reviewed):
    house, exam_id, recording = reviewed
    report = build_report(house, exam_id)
    (item,) = report.recordings
    assert item.recording == recording
    assert item.findings == house.studies.load(exam_id).findings
    assert item.series[Q.BONE_DEPTH_MIN].tolist() == [10, 11, 12, 13, 14]
    assert [i.frame_index for i in item.interpretations] == [0, 1, 2, 3, 4]
    assert report.history == house.studies.load(exam_id).history
    assert report.draft


def test_key_images_show_the_typical_depth_and_the_surest_bone(reviewed):
    house, exam_id, _ = reviewed
    (item,) = build_report(house, exam_id).recordings
    captions = {key.frame.index: key.caption for key in item.key_images}
    assert "shallowest" in captions[2]
    assert "12.0" in captions[2]
    assert all(key.interpretation.frame_index == key.frame.index for key in item.key_images)
    assert any("surely" in caption.lower() for caption in captions.values())


def test_a_recording_without_bone_shows_its_best_picture_and_says_so(tmp_path):
    house = make_house()
    folder = tmp_path / "dark"
    folder.mkdir()
    Image.fromarray(np.full((64, 48), 30, dtype=np.uint8)).save(folder / "frame1.png")
    exam, _ = exam_with(house, plan_of(folder))
    (item,) = build_report(house, exam.id).recordings
    assert [key.caption for key in item.key_images] == ["Best picture; no bone seen"]


def test_key_images_show_what_people_drew_but_never_more_than_four(reviewed):
    house, exam_id, recording = reviewed
    for frame in (4, 3):
        lines = [[(0.0, 40.0), (20.0, 40.0)]]
        edit_contour(house, exam_id, recording.id, frame, lines, person=READER, revision=None)
    points = [(1, 1), (20, 20)]
    for frame in (1, 4):
        add_caliper(house, exam_id, recording.id, frame, CaliperKind.LENGTH, points, person=READER, revision=None)
    (item,) = build_report(house, exam_id).recordings
    captions = {key.frame.index: key.caption for key in item.key_images}
    assert len(captions) == MAX_KEY_IMAGES
    assert list(captions) == sorted(captions)
    assert "drawn by a person" in captions[4]
    assert "drawn by a person" in captions[3]
    assert "ength 13.4 mm" in captions[4]
    edited = item.interpretations[4].surfaces[0]
    assert np.isfinite(edited.row_px).sum() == 21


def test_rejected_findings_are_only_in_the_history(reviewed):
    house, exam_id, _ = reviewed
    finding = house.studies.load(exam_id).findings[0]
    decide(house, exam_id, finding.id, Decision.REJECT, person=READER, revision=None, reason="artefact")
    report = build_report(house, exam_id)
    assert finding.id not in {f.id for f in report.recordings[0].findings}
    document = json.loads(files_of(report)["report.json"])
    assert finding.id not in {f["id"] for f in document["recordings"][0]["findings"]}
    assert document["history"][-1]["reason"] == "artefact"


def test_a_recording_without_an_interpretation_is_listed_and_no_more(tmp_path):
    house = make_house()
    exam, _ = exam_with(house, plan_of(picture_folder(tmp_path / "left")), interpret=False)
    (item,) = build_report(house, exam.id).recordings
    assert (item.findings, item.key_images, item.interpretations, dict(item.series)) == ((), (), (), {})
    assert files_of(build_report(house, exam.id))


def test_a_signed_report_is_the_same_every_time_and_a_draft_says_when(reviewed):
    house, exam_id, _ = reviewed
    assert build_report(house, exam_id).made_at < build_report(house, exam_id).made_at
    report = signed_report(house, exam_id)
    assert report.made_at == report.exam.signed_at
    assert render(report, ()) == render(build_report(house, exam_id), ())


# --- marks


def test_a_draft_is_marked_on_every_row_and_a_signed_report_names_its_signature(reviewed):
    house, exam_id, _ = reviewed
    draft = files_of(build_report(house, exam_id))
    assert {row["report"] for row in table_of(draft["findings.csv"])} == {DRAFT_MARK}
    document = json.loads(draft["report.json"])
    assert (document["draft"], document["mark"], document["notice"]) == (True, DRAFT_MARK, NOT_A_DEVICE)

    signed = files_of(signed_report(house, exam_id))
    assert not any(DRAFT_MARK in text for text in signed.values())
    assert {row["report"].split(",")[0] for row in table_of(signed["findings.csv"])} == {"signed by Reader One"}
    document = json.loads(signed["report.json"])
    assert (document["draft"], document["mark"], document["notice"]) == (False, "", NOT_A_DEVICE)
    assert document["exam"]["signed_by"] == "Reader One"


# --- findings.csv


def test_the_table_begins_with_the_contract_s_columns_and_keeps_the_provenance(reviewed):
    house, exam_id, recording = reviewed
    text = files_of(signed_report(house, exam_id))["findings.csv"]
    assert text.startswith(f"{CONTRACT},recording,digest,level,note,")
    rows = table_of(text)
    depth = next(row for row in rows if row["quantity"] == "bone_depth_min")
    assert (depth["frame"], float(depth["value"]), depth["unit"]) == ("2", 12.0, "mm")
    assert (depth["recording"], depth["digest"], depth["n_frames"]) == ("left", recording.digest, "5")
    assert (depth["status"], depth["decided_by"]) == ("accepted", "Reader One")
    assert float(depth["uncertainty"]) > 0


def report_of(*findings, name="scan"):
    """A report of findings made up for the purpose."""
    now = datetime(2026, 3, 2, tzinfo=UTC)
    recording = Recording("r", "e", name, "made", "0" * 64, (), 1, 8, 6, False, now)
    item = ReportRecording(recording, RecordingHeader(name, "made", 1, ImageGeometry(8, 6)), findings, (), {}, ())
    return Report(Exam("e", "Back", ExamState.DRAFT, now), (item,), (), now, "EchoSpine")


def made(**changes):
    plain = Measurement(Structure.BONE, Side.LEFT, Q.LENGTH, 1.5, Unit.MM, Method("finder", "1"), frame=3)
    return replace(plain, **changes)


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.floats(0, allow_infinity=False),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_numbers_come_back_as_the_very_same_doubles(value, uncertainty, original):
    finding = Finding("f", "r", made(value=value, uncertainty=uncertainty), original)
    files = files_of(report_of(finding))
    (row,) = table_of(files["findings.csv"])
    assert float(row["value"]) == value
    assert (float(row["uncertainty"]) if row["uncertainty"] else None) == uncertainty
    assert (float(row["original"]) if row["original"] else None) == original
    kept = json.loads(files["report.json"])["recordings"][0]["findings"][0]
    assert (kept["value"], kept["uncertainty"], kept["original"]) == (value, uncertainty, original)


@given(st.text(), st.text(min_size=1), st.text(), st.text())
def test_no_text_becomes_a_formula_or_breaks_a_row(name, note, level, method):
    finding = Finding("f", "r", made(note=note, level=level, method=Method(method, "1")), decided_by=name)
    text = files_of(report_of(finding, name=name))["findings.csv"]
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2
    assert text.count("\n") == 2
    numbers = {FINDING_COLUMNS.index(c) for c in ("frame", "value", "uncertainty", "n_frames", "original")}
    for place, cell in enumerate(rows[1]):
        assert place in numbers or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1", "\t=1", "\n@x"])
def test_what_a_spreadsheet_would_run_is_made_plain_text(text):
    (row,) = table_of(files_of(report_of(Finding("f", "r", made(note=text)), name=text))["findings.csv"])
    assert row["note"] == row["recording"] == "'" + " ".join(text.split())


def test_a_negative_number_stays_a_number():
    (row,) = table_of(files_of(report_of(Finding("f", "r", made(value=-1.25))))["findings.csv"])
    assert row["value"] == "-1.25"


def test_a_name_with_undecodable_bytes_can_still_be_written(tmp_path):
    measured = [(name, interpreted_folder(tmp_path)) for name in ("scan\udcff.mha", "other.mha")]
    assert b"scan?.mha" in measure_table(measured).encode()


# --- report.json


def keys_of(document):
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from keys_of(value)
    elif isinstance(document, list):
        for value in document:
            yield from keys_of(value)


def test_every_field_of_the_document_is_told_in_the_docs(reviewed):
    house, exam_id, recording = reviewed
    add_caliper(house, exam_id, recording.id, 0, CaliperKind.LENGTH, [(1, 1), (2, 2)], person=READER, revision=None)
    document = json.loads(files_of(build_report(house, exam_id))["report.json"])
    told = set(re.findall(r"`([a-z_]+)(?:\[\])?`", DOCUMENT.read_text(encoding="utf-8")))
    for line in document["history"]:
        line.update(before=None, after=None)  # the changed part has the fields of a finding, a contour or an exam
    series = {quantity.value for quantity in Quantity}
    assert set(keys_of(document)) - series - told == set()
    assert (document["schema"], document["schema_version"]) == ("echospine-report", 1)


def test_the_docs_name_the_columns_of_the_table():
    assert f"`{','.join(FINDING_COLUMNS)}`" in DOCUMENT.read_text(encoding="utf-8")


def test_each_number_can_be_followed_to_its_file_frame_method_and_people(reviewed):
    house, exam_id, recording = reviewed
    finding = house.studies.load(exam_id).findings[0]
    decide(house, exam_id, finding.id, Decision.EDIT, person=READER, revision=None, value=9.5, reason="tip")
    document = json.loads(files_of(build_report(house, exam_id))["report.json"])
    (source,) = document["recordings"]
    assert [f["digest"] for f in source["files"]] == [f.digest for f in recording.files]
    told = next(f for f in source["findings"] if f["id"] == finding.id)
    assert told["method"] == {"name": "line finder 1, tissue over bone", "version": "1"}
    assert (told["value"], told["original"], told["decided_by"], told["reason"]) == (9.5, 12.0, "Reader One", "tip")
    lines = [line for line in document["history"] if line["target"] == f"measurement:{finding.id}"]
    assert [line["action"] for line in lines] == ["interpret", "edit"]
    assert (lines[1]["before"]["measurement"]["value"], lines[1]["after"]["measurement"]["value"]) == (12.0, 9.5)


def test_what_was_taken_back_is_told_in_the_history(reviewed):
    house, exam_id, _ = reviewed
    accept_all(house, exam_id, person=READER, revision=None)
    undo(house, exam_id, person=READER, revision=None)
    report = build_report(house, exam_id)
    assert {f.measurement.status for f in report.recordings[0].findings} == {Status.DRAFT}
    assert json.loads(files_of(report)["report.json"])["history"][-1]["action"] == "undo"


# --- writers


class Writer:
    def __init__(self, *names):
        self.names = names

    def write(self, report):
        return tuple(ReportFile(name, "text/plain", report.exam.title.encode()) for name in self.names)


def test_the_writers_files_come_first_and_a_writer_may_have_nothing_to_say():
    files = render(report_of(), (Writer("report.pdf"), Writer(), Writer("a.dcm", "b.dcm")))
    assert [file.name for file in files] == ["report.pdf", "a.dcm", "b.dcm", "findings.csv", "report.json"]


def test_two_files_of_one_name_are_refused():
    with pytest.raises(StorageError, match=r"called report\.json"):
        render(report_of(), (Writer("report.json"),))


# --- tables without an examination


def interpreted_folder(tmp_path, name="left"):
    with make_house().reader.open(plan_of(picture_folder(tmp_path / name))) as source:
        return interpret_source(LineModel(), source)


def test_the_measure_table_keeps_the_contract_frames_first_then_the_recording(tmp_path):
    interpreted = interpreted_folder(tmp_path)
    text = measure_table([("left", interpreted)])
    assert text.splitlines()[0] == f"{CONTRACT},level,note,state"
    assert ",".join(COLUMNS) == CONTRACT
    rows = table_of(text)
    frames = [row["frame"] for row in rows]
    n_frame_rows = sum(map(len, interpreted.per_frame))
    assert frames[:n_frame_rows] == sorted(frames[:n_frame_rows])
    assert "" not in frames[:n_frame_rows]
    assert set(frames[n_frame_rows:]) == {""}
    depths = [float(row["value"]) for row in rows if row["quantity"] == "bone_depth_min"]
    assert depths == [10.0, 11.0, 12.0, 11.0]
    assert {row["status"] for row in rows} == {"draft"}
    assert len(list(measure_rows(interpreted))) == len(rows)


def test_several_recordings_are_told_apart_by_one_more_column(tmp_path):
    measured = [(name, interpreted_folder(tmp_path, name)) for name in ("left", "=right")]
    rows = table_of(measure_table(measured))
    assert {row["recording"] for row in rows} == {"left", "'=right"}


def test_no_recording_gives_a_table_with_its_head_alone():
    assert measure_table([]).startswith(CONTRACT)
    assert measure_table([]).count("\n") == 1
    assert measure_table([("none", Interpreted((), (), ()))]) == f"{CONTRACT},level,note,state\n"


def test_labels_are_named_by_their_ids():
    names = json.loads(labels_json())
    assert names == {str(structure.value): structure.name.lower() for structure in Structure}
