"""The motion of a recording in a real browser: followed, placed, marked and kept, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from workstation import Workstation, import_files, on_picture, say_who, violations

import moving_cine as drawn

Shoot = Callable[[Page, str], None]
FOLLOW_MS = 60_000
"""A cine is followed within seconds; a busy machine may load its kernels first."""


@pytest.fixture
def cine(tmp_path: Path) -> list[Path]:
    return drawn.write_cine(tmp_path / "cine", drawn.frames(drawn.pictures(48)))


def opened(page: Page, cine: list[Path]) -> None:
    page.goto("/exams")
    import_files(page, *cine)
    page.get_by_role("link", name="Motion").click()
    expect(page.get_by_role("heading", name="Measured")).to_be_visible(timeout=FOLLOW_MS)
    page.wait_for_url(re.compile("motion"))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_picture(page, *start))
    page.mouse.down()
    page.mouse.move(*on_picture(page, *end), steps=6)
    page.mouse.up()


def test_a_contraction_is_placed_marked_and_kept_by_mouse(
    page: Page, workstation: Workstation, cine: list[Path], shoot: Shoot
):
    opened(page, cine)
    expect(page.get_by_text("no line over a muscle was given")).to_be_visible()
    page.get_by_role("button", name="M-mode line").click()
    drag(page, *drawn.LINE)
    expect(page.get_by_role("img", name=re.compile("M-mode under the line"))).to_be_visible()
    change = page.locator("dl > div", has_text="Change of thickness")
    expect(change).to_contain_text(re.compile(r"1[345]\.\d+"))
    page.get_by_role("button", name="Layers of the fascia").click()
    drag(page, drawn.LAYERS, (drawn.LAYERS[0] + 1, drawn.LAYERS[1]))
    expect(page.locator("dl > div", has_text="Shear strain, Langevin 2011")).to_contain_text(
        re.compile(r"(3\d|4[0-4])\.")
    )
    page.get_by_role("button", name="Layers of the fascia").click()
    strip = page.get_by_role("img", name=re.compile("M-mode under the line")).bounding_box()
    assert strip
    page.mouse.click(strip["x"] + 0.62 * strip["width"], strip["y"] + 40)
    expect(page.get_by_role("slider", name="Frame", exact=True)).not_to_have_value("0")
    assert violations(page) == []
    shoot(page, "motion")

    onset = page.get_by_role("slider", name="Onset of the contraction")
    box = onset.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 60, box["y"] + 12, steps=5)
    page.mouse.up()
    expect(page.get_by_text("Marks moved by hand.")).to_be_visible()
    page.get_by_role("button", name="Keep in the examination").click()
    page.get_by_role("textbox", name="Reason").fill("seen earlier in the M-mode")
    page.keyboard.press("Enter")
    say_who(page)
    expect(page.get_by_text("Kept as findings of the examination")).to_be_visible()
    kept = {one["quantity"]: one for one in workstation.exam()["findings"]}
    assert kept["contraction_onset"]["status"] == "edited"
    assert kept["contraction_onset"]["reason"] == "seen earlier in the M-mode"
    assert kept["shear_strain_langevin_2011"]["status"] == "draft"
    page.get_by_role("link", name="Back to the examination").click()
    expect(page.get_by_text("Contraction, onset")).to_be_visible()


def test_everything_works_by_keyboard(page: Page, workstation: Workstation, cine: list[Path], shoot: Shoot):
    opened(page, cine)
    page.keyboard.press("l")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("n")
    for _ in range(8):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("dl > div", has_text="Change of thickness")).to_contain_text(re.compile(r"1[345]\.\d+"))
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.get_by_role("radio", name="Lateral")).to_be_checked()
    page.keyboard.press("End")
    expect(page.get_by_role("slider", name="Frame", exact=True)).to_have_value("47")
    peak = page.get_by_role("slider", name="Peak of the contraction")
    before = peak.get_attribute("aria-valuenow")
    peak.focus()
    page.keyboard.press("ArrowRight")
    expect(peak).not_to_have_attribute("aria-valuenow", before or "")
    page.get_by_role("button", name="Back to the machine's").focus()
    page.keyboard.press("Enter")
    expect(peak).to_have_attribute("aria-valuenow", before or "")
    page.keyboard.press("k")
    say_who(page)
    expect(page.get_by_text("Kept as findings of the examination")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("Place the M-mode line")).to_be_visible()
    assert violations(page) == []
    shoot(page, "motion-keys")


def test_a_phone_shows_it_too(page: Page, workstation: Workstation, cine: list[Path], shoot: Shoot):
    opened(page, cine)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="M-mode line").click()
    drag(page, *drawn.LINE)
    expect(page.locator("dl > div", has_text="Change of thickness")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "motion-phone")


def test_elastography_is_typed_in_on_the_examination(page: Page, workstation: Workstation, cine: list[Path]):
    page.goto("/exams")
    import_files(page, *cine)
    page.get_by_role("button", name="Add elastography").click()
    dialog = page.get_by_role("dialog", name="Shear-wave elastography")
    dialog.get_by_role("textbox", name="Value").fill("2.5")
    dialog.get_by_role("textbox", name="Unit").fill("m/s")
    dialog.get_by_role("textbox", name="Device").fill("Example One")
    dialog.get_by_role("textbox", name="Also Young's modulus").fill("yes")
    assert violations(page) == []
    page.keyboard.press("Enter")
    say_who(page)
    expect(page.get_by_text("Shear-wave speed")).to_be_visible()
    expect(page.get_by_text("Young's modulus, converted from speed")).to_be_visible()
    kept = {one["quantity"]: (one["value"], one["unit"]) for one in workstation.exam()["findings"]}
    assert kept["shear_wave_speed"] == (2.5, "m/s") and kept["youngs_modulus"][1] == "kPa"
