"""What a model recognised, on the examination page: maps, landmarks, view and level, and its doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from workstation import Workstation, import_files, on_picture, serving, violations

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
