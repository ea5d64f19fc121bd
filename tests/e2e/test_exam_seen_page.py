"""What a model recognised, on the examination page: maps, landmarks, view and level, and its doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from workstation import Workstation, import_files, on_picture, say_who, serving, violations

SERVER = (str(Path(__file__).with_name("recognising_server.py")),)


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    with serving(tmp_path / "store", SERVER) as workstation:
        yield workstation


@pytest.fixture
def exam(page: Page, dicom_cine: Path) -> Page:
    page.goto("/exams")
    import_files(page, dicom_cine)
    expect(page.locator("[data-seen]")).to_be_visible()
    return page


def tint(page: Page, x: float, y: float) -> list[int]:
    """Return the colour of what is drawn over the picture at an image point."""
    at = on_picture(page, x, y)
    return page.evaluate(
        "([x, y]) => { const c = document.querySelectorAll('.viewer canvas')[1]; const b = c.getBoundingClientRect();"
        " const r = devicePixelRatio; return [...c.getContext('2d')"
        ".getImageData((x - b.left) * r, (y - b.top) * r, 1, 1).data]; }",
        list(at),
    )


def test_structures_landmarks_view_and_level_of_the_frame(exam: Page, shoot: Callable[[Page, str], None]):
    expect(exam.locator("[data-seen]")).to_contain_text("Parasagittal lamina? 70 %")
    expect(exam.locator("[data-seen]")).to_contain_text("Level not sure: L4 60 %, L3 40 %")
    exam.get_by_role("tab", name="Seen").click()
    legend = exam.get_by_role("list", name="Structures")
    expect(legend).to_contain_text("Multifidus")
    expect(legend).to_contain_text("Nerve? not sure")
    expect(exam.get_by_role("region", name="Landmarks")).to_contain_text("Lamina 75 %")
    assert tint(exam, 200, 200)[3] > 0
    shoot(exam, "exam-seen")
    legend.get_by_role("checkbox", name="Multifidus").focus()
    exam.keyboard.press("Space")
    expect(legend.get_by_role("checkbox", name="Multifidus")).not_to_be_checked()
    assert tint(exam, 200, 200)[3] == 0
    assert violations(exam) == []


def paint(page: Page, x: float, y: float, to_x: float) -> None:
    """Take up the brush, and draw a level stroke of vessel with the mouse."""
    page.get_by_role("button", name="Paint").click()
    page.get_by_label("Structure", exact=True).select_option("vessel")
    page.get_by_role("slider", name="Brush size").fill("12")
    page.mouse.move(*on_picture(page, x, y))
    page.mouse.down()
    page.mouse.move(*on_picture(page, to_x, y), steps=6)
    page.mouse.up()


def save(page: Page, *, asked: bool) -> None:
    page.get_by_role("button", name="Save").click()
    page.get_by_role("textbox", name="Reason").fill("the vessel was missed")
    page.keyboard.press("Enter")
    if asked:
        say_who(page)
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


def go_to(page: Page, frame: int) -> None:
    page.get_by_role("slider", name="Frame").fill(str(frame - 1))
    expect(page.locator(f"[data-seen='{frame - 1}']")).to_be_visible()


def test_paint_undo_fill_between_and_find_it_again(
    exam: Page, workstation: Workstation, shoot: Callable[[Page, str], None]
):
    paint(exam, 120, 120, 160)
    vessel = tint(exam, 140, 120)
    picture = exam.get_by_role("application")
    picture.focus()
    exam.keyboard.press("Control+z")
    assert tint(exam, 140, 120) != vessel
    exam.keyboard.press("Control+y")
    assert tint(exam, 140, 120) == vessel
    shoot(exam, "exam-paint")
    assert violations(exam) == []
    exam.keyboard.press("ArrowUp")
    exam.keyboard.press("Enter")
    exam.keyboard.press("z")
    exam.keyboard.press("Escape")  # put down, not lost
    exam.keyboard.press("b")
    assert tint(exam, 140, 120) == vessel
    save(exam, asked=True)

    go_to(exam, 5)
    paint(exam, 120, 160, 160)
    save(exam, asked=False)
    exam.get_by_role("tab", name="Seen").click()
    exam.get_by_role("button", name="Fill between key frames").click()
    expect(exam.get_by_label("From frame")).to_have_value("1")
    expect(exam.get_by_label("To frame")).to_have_value("5")
    exam.get_by_label("Structures, with commas").fill("Vessel")
    exam.get_by_role("textbox", name="Reason").fill("follows the key frames")
    exam.keyboard.press("Enter")
    go_to(exam, 3)
    expect(exam.get_by_role("region", name="Correction")).to_contain_text("Filled between key frames")

    exam.reload()
    exam.get_by_role("tab", name="Seen").click()
    go_to(exam, 3)
    correction = exam.get_by_role("region", name="Correction")
    expect(correction).to_contain_text("by Reader One")
    expect(exam.get_by_role("list", name="Structures")).to_contain_text("Vessel 100 %")
    shoot(exam, "exam-between")
    recording = workstation.exam()["recordings"][0]
    frames = workstation.get(f"/api/recordings/{recording['id']}/overlays")["frames"]
    assert [f["index"] for f in frames if f["corrected"]] == [0, 1, 2, 3, 4]
    exam.get_by_role("tab", name="History").click()
    expect(exam.get_by_role("tabpanel")).to_contain_text("Corrected structures")
