"""When something goes wrong, the page says what it was and what to do, in one line."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from workstation import IMPORT_MS, Workstation, finding, import_files, say_who


def test_a_bad_file_is_named_with_its_way_out_and_the_good_one_is_kept(page: Page, tmp_path: Path, dicom_cine: Path):
    empty, torn = tmp_path / "empty.dcm", tmp_path / "torn.dcm"
    empty.write_bytes(b"")
    torn.write_bytes(dicom_cine.read_bytes()[:3000])
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", [empty, torn, dicom_cine])
    expect(page.get_by_role("link", name="Open examination")).to_be_visible(timeout=IMPORT_MS)
    problems = page.locator("section li")
    expect(problems).to_have_count(2)
    for name in ("empty.dcm", "torn.dcm"):
        expect(problems.filter(has_text=name)).to_be_visible()
    page.get_by_role("link", name="Open examination").click()
    expect(page.get_by_role("application")).to_be_visible()


def test_nothing_but_bad_files_says_so_and_leaves_no_examination(page: Page, tmp_path: Path, workstation: Workstation):
    notes = tmp_path / "notes.txt"
    notes.write_text("no ultrasound in here")
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", [notes])
    expect(page.get_by_text("Nothing could be imported")).to_be_visible(timeout=IMPORT_MS)
    expect(page.get_by_text("notes.txt").last).to_be_visible()
    assert workstation.get("/api/exams")["total"] == 0


def test_a_colleague_who_was_first_is_told_and_nothing_is_overwritten(
    page: Page, workstation: Workstation, dicom_cine: Path
):
    page.goto("/exams")
    import_files(page, dicom_cine)
    exam = workstation.exam()
    grey = next(one for one in exam["findings"] if one["quantity"] == "tissue_grey")
    workstation.post(
        f"/api/exams/{exam['id']}/findings/{grey['id']}/decision",
        {"decision": "edit", "value": 61.5, "reason": "By hand", "person": "Reader Two", "revision": exam["revision"]},
    )
    card = _reject(page)
    say_who(page)
    expect(page.get_by_text("look, then do it again")).to_be_visible()
    expect(card).to_have_attribute("data-status", "edited")
    expect(card).to_contain_text("Reader Two")


def test_a_lost_connection_is_said_and_the_page_goes_on_when_it_is_back(
    page: Page, dicom_cine: Path, workstation: Workstation
):
    page.goto("/exams")
    import_files(page, dicom_cine)
    page.context.set_offline(True)
    _reject(page)
    say_who(page)
    expect(page.get_by_role("alert").filter(has_text="EchoSpine does not answer")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("EchoSpine does not answer")).to_have_count(0)
    expect(_reject(page)).to_have_attribute("data-status", "rejected")


def _reject(page: Page) -> Locator:
    card = finding(page, "Mean grey level")
    card.get_by_role("button", name="Reject").click()
    page.get_by_role("textbox", name="Reason").fill("Artefact")
    page.keyboard.press("Enter")
    return card


def test_an_address_without_an_examination_shows_the_way_back(page: Page):
    page.goto("/exams/nothing-here")
    expect(page.get_by_role("heading", name="There is no such examination")).to_be_visible()
    page.get_by_role("link", name="All examinations").last.click()
    expect(page.get_by_role("heading", name="Drop a recording here to begin")).to_be_visible()
    page.goto("/somewhere/else")
    expect(page.get_by_role("heading", name="There is no page here")).to_be_visible()


def test_the_same_file_again_is_found_again(page: Page, workstation: Workstation, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", [dicom_cine])
    expect(page.get_by_text("was imported before, and was found again")).to_be_visible(timeout=IMPORT_MS)
    assert workstation.get("/api/exams")["total"] == 1
