"""Reports over HTTP: drafts are marked, files are rendered once per revision, downloads are safe."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from serving import assert_problem, imported, picture


@pytest.fixture
def exam(client, tmp_path):
    job = imported(client, [("a.png", picture(tmp_path / "a.png"))], pixel_spacing_mm="0.1", title='Knee "left"/2')
    return f"/api/exams/{job['exam_id']}"


def sign(client, exam):
    client.post(f"{exam}/accept-all", json={"person": "Reader One"})
    assert client.post(f"{exam}/sign", json={"person": "Reader One"}).json()["state"] == "signed"


def test_a_report_is_a_draft_until_it_is_signed(client, exam):
    report = client.get(f"{exam}/report").json()
    assert report["draft"] is True
    names = [file["name"] for file in report["files"]]
    assert {"report.pdf", "findings.csv", "report.json"} <= set(names)
    assert client.get(f"{exam}/report/report.pdf").content == b"%PDF-1.7 draft"
    sign(client, exam)
    assert client.get(f"{exam}/report").json()["draft"] is False
    assert client.get(f"{exam}/report/report.pdf").content == b"%PDF-1.7 signed"


def test_every_listed_file_can_be_had(client, exam):
    for file in client.get(f"{exam}/report").json()["files"]:
        answer = client.get(f"{exam}/report/{file['name']}")
        assert len(answer.content) == file["size"]
        assert answer.headers["content-type"] == file["media_type"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert json.loads(client.get(f"{exam}/report/report.json").content)


def test_a_pdf_is_shown_inside_our_page_and_tables_are_saved(client, exam):
    pdf = client.get(f"{exam}/report/report.pdf")
    assert pdf.headers["content-disposition"].startswith("inline;")
    assert pdf.headers["content-security-policy"] == "frame-ancestors 'self'"
    assert pdf.headers["x-frame-options"] == "SAMEORIGIN"
    saved = client.get(f"{exam}/report/report.pdf?download=true")
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert client.get(f"{exam}/report/findings.csv").headers["content-disposition"].startswith("attachment;")


def test_files_are_rendered_once_for_each_revision(client, house, exam):
    (writer,) = house.writers
    for path in ("report", "report/report.pdf", "report.zip", "report/findings.csv"):
        client.get(f"{exam}/{path}")
    assert writer.written == 1
    client.post(f"{exam}/accept-all", json={"person": "Reader One"})
    client.get(f"{exam}/report")
    assert writer.written == 2


def test_the_archive_holds_every_file_under_a_safe_name(client, exam):
    answer = client.get(f"{exam}/report.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="2 draft.zip"')
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    listed = client.get(f"{exam}/report").json()["files"]
    assert {info.filename: info.file_size for info in archive.infolist()} == {f["name"]: f["size"] for f in listed}


def test_what_is_not_there_is_not_found(client, exam):
    assert_problem(client.get(f"{exam}/report/none.pdf"), 404, "not-found", "none.pdf", "report.pdf")
    assert_problem(client.get(f"{exam}/report/..%2f..%2fetc%2fpasswd"), 404, "not-found")
    for path in ("report", "report/report.pdf", "report.zip"):
        assert_problem(client.get(f"/api/exams/none/{path}"), 404, "not-found", "none")
