"""The document itself: always one PDF, the same bytes for the same report, and never a traceback for odd content."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace

import pytest

from echospine.adapters.pdf import PdfWriter
from echospine.domain.errors import StorageError
from echospine.domain.measures import Status
from reporting import SIGNED, Scene, make_recording, make_report, measured, report_recording

SCENE = Scene()
ODD = "שלום 王小东 😀👩‍⚕️ علي 한국 #x[*a*] $1$ \\u{0} <b> @ref \x00\x07 \ud800 \ue123 '); //"


def pdf(report) -> bytes:
    (file,) = PdfWriter().write(report)
    assert (file.name, file.media_type) == ("report.pdf", "application/pdf")
    assert file.data.startswith(b"%PDF-1.7")
    assert file.data.rstrip().endswith(b"%%EOF")
    return file.data


def test_the_same_report_gives_the_same_bytes():
    report = make_report(report_recording(SCENE))
    first = pdf(report)
    time.sleep(1.1)
    assert pdf(report) == first


def test_the_document_is_tagged_titled_and_says_its_language_and_when_it_was_made():
    data = pdf(make_report(report_recording(SCENE)))
    assert b"/MarkInfo" in data
    assert b"/Lang(en)" in data
    assert b"<pdfuaid:part>1<" in data
    assert f"D:{SIGNED:%Y%m%d%H%M%S}".encode() in data


@pytest.mark.parametrize("draft", [True, False])
def test_an_examination_without_recordings_has_a_report(draft):
    pdf(make_report(draft=draft))


@pytest.mark.parametrize("key_frames", [0, 1, 2, 3, 5])
def test_any_number_of_pictures(key_frames):
    pdf(make_report(report_recording(SCENE, (), key_frames)))


def test_forty_findings():
    many = tuple(replace(measured(SCENE)[i % 4], level=f"L{i % 5 + 1}") for i in range(40))
    pdf(make_report(report_recording(SCENE, many)))


def test_uncalibrated_draft():
    scene = replace(SCENE, step_mm=None, times_s=())
    pdf(make_report(report_recording(scene, measured(scene, Status.DRAFT)), draft=True))


def test_names_in_any_script_and_with_code_in_them_are_only_text():
    item = report_recording(SCENE)
    item = replace(item, recording=replace(make_recording(SCENE), name=ODD, notes=(ODD,), method=ODD))
    item = replace(item, findings=tuple(replace(f, decided_by=ODD, reason=ODD) for f in item.findings))
    pdf(make_report(item, title=ODD, patient_name=ODD, patient_id=ODD, signed_by=ODD))


def test_names_far_too_long():
    scene = replace(SCENE, name="very_long_name" * 40 + ".mp4")
    pdf(make_report(report_recording(scene), title="A" * 4000, patient_name="N" * 4000, patient_id="I" * 4000))


def test_no_bone_in_any_frame():
    pdf(make_report(report_recording(replace(SCENE, empty_frames=tuple(range(SCENE.n_frames))))))


@pytest.mark.parametrize("size", [(1, 1), (3000, 5), (5, 3000)])
def test_odd_picture_sizes(size):
    scene = replace(SCENE, width=size[0], height=size[1], n_frames=1)
    pdf(make_report(report_recording(scene, ())))


def test_a_huge_picture_does_not_make_a_huge_document():
    scene = replace(SCENE, width=4000, height=2500, n_frames=1)
    assert len(pdf(make_report(report_recording(scene, (), 1)))) < 3_000_000


def test_no_room_for_temporary_files_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match=r"report\.pdf: cannot be typeset .*free some space"):
        PdfWriter().write(make_report())
