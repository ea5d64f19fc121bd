"""The list of examinations: ways in, finding one, and stopping what was started."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import generate_uid
from workstation import IMPORT_MS, Workstation, import_files, violations

Shoot = Callable[[Page, str], None]


@pytest.fixture
def long_cine(dicom_cine: Path, tmp_path: Path) -> Path:
    """The real cine, forty times over: long enough that somebody can change their mind."""
    dataset = dcmread(dicom_cine)
    frames = 40 * list(generate_frames(dataset.PixelData, number_of_frames=dataset.NumberOfFrames))
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = encapsulate(frames)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    path = tmp_path / "long.dcm"
    dataset.save_as(path)
    return path


def test_examinations_are_found_while_typing_and_by_their_state(
    page: Page, workstation: Workstation, shared_data: Path, dicom_cine: Path, shoot: Shoot
):
    plus = shared_data / "plus"
    batches = (
        ("Heart, colour cine", [dicom_cine]),
        ("Spine phantom, freehand sweep", [plus / "SpinePhantomFreehand.igs.mha"]),
        ("In-vivo bone, linear probe", [plus / "BoneUltrasound_L14.igs.mha", plus / "BoneUltrasound_L14_config.xml"]),
    )
    for title, files in batches:
        page.goto("/exams")
        page.get_by_text("Name the examination").click()
        page.get_by_role("textbox", name="Title of the next examination").fill(title)
        import_files(page, *files)
    page.goto("/exams")
    rows = page.locator("[data-exam]")
    expect(rows).to_have_count(3)
    shoot(page, "exams")

    search = page.get_by_role("searchbox")
    search.fill("PHANTOM")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Spine phantom, freehand sweep")
    search.fill("ybr_color")
    expect(rows).to_contain_text("Heart, colour cine")
    search.fill("nobody")
    expect(page.get_by_text("No examination matches")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Show all").click()
    expect(rows).to_have_count(3)
    page.get_by_role("combobox", name="State").select_option("Signed")
    expect(page.get_by_text("No examination matches")).to_be_visible()


def test_pages_of_examinations_are_turned(page: Page, workstation: Workstation):
    for number in range(23):
        workstation.post("/api/exams", {"title": f"Examination {number:02d}"})
    page.goto("/exams")
    rows = page.locator("[data-exam]")
    expect(rows).to_have_count(20)
    page.get_by_role("button", name="Older", exact=True).click()
    expect(rows).to_have_count(3)
    expect(page.get_by_text("21\u201323 of 23")).to_be_visible()
    expect(page.get_by_role("button", name="Older", exact=True)).to_be_disabled()


def test_a_folder_of_images_becomes_one_recording_with_the_scale_that_was_given(
    page: Page, workstation: Workstation, shared_data: Path, tmp_path: Path
):
    folder = tmp_path / "vastus"
    folder.mkdir()
    for path in sorted((shared_data / "timtrack").rglob("*.jpg"))[:3]:
        (folder / path.name).write_bytes(path.read_bytes())
    page.goto("/exams")
    page.get_by_text("Name the examination").click()
    page.get_by_role("textbox", name="Pixel spacing").fill("0,1")
    page.set_input_files("[data-pick=folder]", folder)
    expect(page.get_by_role("link", name="Open examination")).to_be_visible(timeout=IMPORT_MS)
    (recording,) = workstation.exam()["recordings"]
    assert recording["n_frames"] == 3
    assert recording["calibrated"]


def test_files_of_two_patients_become_two_examinations_and_the_page_says_so(
    page: Page, dicom_cine: Path, tmp_path: Path
):
    dataset = dcmread(dicom_cine)
    dataset.PatientID = "P-2"
    dataset.save_as(tmp_path / "other.dcm")
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", [dicom_cine, tmp_path / "other.dcm"])
    expect(page.get_by_text("patients are kept apart")).to_be_visible(timeout=IMPORT_MS)
    expect(page.get_by_role("link", name="Open examination")).to_have_count(0)
    page.get_by_role("link", name="examination 2").click()
    expect(page.get_by_role("application")).to_be_visible()
    expect(page.get_by_text("P-2").first).to_be_visible()


def test_a_spacing_that_is_no_length_is_refused_before_anything_is_sent(page: Page, dicom_cine: Path):
    page.goto("/exams")
    page.get_by_text("Name the examination").click()
    page.get_by_role("textbox", name="Pixel spacing").fill("wide")
    page.set_input_files("[data-pick=files]", dicom_cine)
    expect(page.get_by_text("is not a length")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_a_file_can_be_dropped_anywhere_on_the_page(page: Page, dicom_cine: Path):
    page.goto("/exams")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    dropped = page.evaluate_handle(
        """async bytes => {
          const transfer = new DataTransfer();
          const binary = Uint8Array.from(atob(bytes), one => one.charCodeAt(0));
          transfer.items.add(new File([binary], 'dropped.dcm'));
          return transfer;
        }""",
        _base64(dicom_cine),
    )
    page.dispatch_event("main", "dragover", {"dataTransfer": dropped})
    expect(page.get_by_text("Drop to import")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": dropped})
    expect(page.get_by_text("Drop to import")).to_have_count(0)
    expect(page.get_by_role("heading", name="dropped.dcm")).to_be_visible()
    expect(page.get_by_role("link", name="Open examination")).to_be_visible(timeout=IMPORT_MS)


def test_an_import_shows_its_way_and_can_be_cancelled(page: Page, long_cine: Path):
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", long_cine)
    expect(page.get_by_role("status").filter(has_text=re.compile(r"\d+ of \d+"))).to_be_visible(timeout=IMPORT_MS)
    expect(page.get_by_text(re.compile("about .* left"))).to_be_visible(timeout=IMPORT_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_an_import_goes_on_when_the_page_is_loaded_again(page: Page, long_cine: Path):
    page.goto("/exams")
    page.set_input_files("[data-pick=files]", long_cine)
    expect(page.get_by_role("status").filter(has_text=re.compile(r"\d+ of \d+"))).to_be_visible(timeout=IMPORT_MS)
    page.reload()
    expect(page.get_by_role("heading", name="Files sent earlier")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible()


def _base64(path: Path) -> str:
    import base64

    return base64.b64encode(path.read_bytes()).decode()
