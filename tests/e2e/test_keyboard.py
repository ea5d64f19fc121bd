"""The main job by keyboard alone: nothing here touches a mouse."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect
from workstation import IMPORT_MS, Workstation


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until the control of that name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''"
        )
        if re.search(name, focused.strip()):
            return
    raise AssertionError(f"Tab never reached {name!r}")


def test_import_review_edit_sign_and_report_without_a_mouse(
    page: Page, workstation: Workstation, bone_sequence: tuple[Path, Path]
):
    page.goto("/")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        tab_to(page, "^Choose files$")
        page.keyboard.press("Enter")
    chooser.value.set_files(list(bone_sequence))
    expect(page.get_by_role("link", name="Open examination")).to_be_visible(timeout=IMPORT_MS)
    tab_to(page, "^Open examination$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("application")).to_be_visible()

    _decide_findings(page)
    _edit_bone(page)
    _set_calliper(page)

    page.keyboard.press("Shift+A")
    expect(page.get_by_text("All drafts accepted.")).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed. The report is ready.")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("report.pdf")).to_be_visible(timeout=60_000)
    exam = workstation.exam()
    assert (exam["state"], exam["signed_by"]) == ("signed", "Reader One")
    statuses = {one["quantity"]: one["status"] for one in exam["findings"]}
    assert statuses["bone_depth_min"] == "accepted"
    assert statuses["bone_depth_midline"] == "rejected"
    assert statuses["length"] == "accepted"


def _decide_findings(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.type("Reader One")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Bone depth, shallowest: accepted.")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.type("Poor contact")
    page.keyboard.press("Enter")
    expect(page.get_by_text("rejected.")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("e")
    expect(page.get_by_role("dialog")).to_contain_text("New value")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _edit_bone(page: Page) -> None:
    """The focus goes to the picture, where E takes up the bone line."""
    tab_to(page, "Ultrasound picture")
    page.keyboard.press("Home")
    page.keyboard.press("e")
    bar = page.get_by_role("group", name="What is being drawn")
    expect(bar).to_contain_text("Bone line")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown", "ArrowDown", "Control+z", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.keyboard.type("Follows the visible cortex")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Bone line of frame 1 saved")).to_be_visible()


def _set_calliper(page: Page) -> None:
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    said = page.get_by_role("group", name="What is being drawn").get_by_role("status")
    expect(said).to_have_text(re.compile(r"^6\.8 mm$"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Calliper kept.")).to_be_visible()


def test_the_keys_are_shown_and_single_keys_can_be_switched_off(page: Page, dicom_cine: Path):
    page.goto("/exams")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Import files")
    for _ in range(6):
        page.keyboard.press("Tab")
        assert dialog.evaluate("element => element.contains(document.activeElement)"), "the focus left the dialog"
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement?.tagName") != "INPUT"
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
