"""What is seen, on the live page: a model that knows the virtual patient's truth stands for a learned one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from workstation import Workstation, serving, violations

PHONE = {"width": 390, "height": 844}
FINGER_PX = 44
FIRST_MS = 180_000
"""The first picture waits for the patient, and what is seen in it for the model's own."""
SLOW_MS = 60_000
SERVER = (str(Path(__file__).with_name("truthful_server.py")),)


@pytest.fixture(scope="module")
def workstation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workstation]:
    """One server for all, for its patients take their time."""
    with serving(tmp_path_factory.mktemp("seen") / "store", SERVER) as workstation:
        yield workstation


@pytest.fixture
def scan(page: Page) -> Page:
    """The live page with names on its picture."""
    page.goto("/live")
    expect(page.locator("[data-named]")).to_be_visible(timeout=FIRST_MS)
    page.get_by_role("tab", name="Seen").click()
    return page


def named(page: Page) -> str:
    return page.locator(".live-picture").get_attribute("data-named") or ""


def legend(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Structures").get_by_role("checkbox", name=name)


def never(page: Page, words: str, seconds: float = 1.5) -> bool:
    """Return whether none of these words is on the picture for a while."""
    for _ in range(int(seconds / 0.1)):
        if words in named(page):
            return False
        page.wait_for_timeout(100)
    return True


def test_structures_view_and_level_are_named(scan: Page, shoot: Callable[[Page, str], None]):
    for name in ("Multifidus", "Erector spinae", "Subcutaneous"):
        expect(scan.locator("[data-named]")).to_have_attribute("data-named", re.compile(name))
        expect(legend(scan, name)).to_be_checked()
    expect(scan.locator(".live-picture .view")).to_contain_text("Transverse, spinous")
    expect(scan.locator(".live-picture .view")).to_contain_text("L4")
    expect(legend(scan, "Nerve")).to_have_count(1)
    expect(scan.get_by_role("list", name="Structures")).to_contain_text("not sure")
    expect(scan.get_by_role("region", name="Level")).to_contain_text("counted from the sacrum")
    expect(scan.locator("[data-voice]")).to_contain_text("L4")
    expect(scan.locator("[data-meter]")).to_contain_text(re.compile(r"seen in \d+ ms"))
    shoot(scan, "live-seen")


def test_a_structure_is_switched_off_by_mouse_and_all_by_key(scan: Page):
    legend(scan, "Multifidus").click()
    expect(scan.locator("[data-named]")).not_to_have_attribute("data-named", re.compile("Multifidus"))
    assert never(scan, "Multifidus") and "Erector spinae" in named(scan)
    expect(legend(scan, "Multifidus")).not_to_be_checked()
    legend(scan, "Multifidus").press("Space")
    expect(scan.locator("[data-named]")).to_have_attribute("data-named", re.compile("Multifidus"))
    scan.get_by_role("application", name="Back of the virtual patient").focus()
    scan.keyboard.press("s")
    expect(scan.locator("[data-named]")).to_have_count(0)
    expect(scan.locator("[data-seen]")).to_have_count(0)
    expect(scan.get_by_role("button", name="Show what is seen")).to_have_attribute("aria-pressed", "false")
    scan.keyboard.press("s")
    expect(scan.locator("[data-named]")).to_have_count(1)


def test_a_view_between_two_is_told_with_its_doubt(scan: Page):
    scan.get_by_role("application", name="Back of the virtual patient").focus()
    for _ in range(6):
        scan.keyboard.press("Shift+ArrowRight")
    expect(scan.locator(".live-picture .view .doubtful").first).to_contain_text("?", timeout=SLOW_MS)


KEYS = {
    "turn clockwise": ("Shift+ArrowRight", 3),
    "turn anticlockwise": ("Shift+ArrowLeft", 3),
    "slide to the midline": ("ArrowRight", 2),
    "slide from the midline": ("ArrowLeft", 2),
    "touch": ("p", 0),
    "depth": ("-", 0),
    "focus": ("o", 0),
    "gain up": ("g", 0),
    "gain down": ("G", 0),
}
"""What a hand does, and how many degrees or mm that is; 0: one step at a time."""


def obeyed(page: Page, move: str, sentence: str) -> bool:
    """Do as advised, by keys; return whether there is nothing left to do."""
    number = re.search(r"\d+", sentence)
    if move in KEYS:
        key, step = KEYS[move]
        for _ in range(round(int(number[0]) / step) if step and number else 1):
            page.keyboard.press(key)
    page.wait_for_timeout(2500)  # what is said is calm: it follows a little later
    return move == "hold"


def test_a_hand_is_led_to_the_view_that_is_wanted_by_words_and_a_sign(scan: Page, shoot: Callable[[Page, str], None]):
    advice = scan.locator(".advice")
    scan.get_by_role("combobox", name="Lead me to this view").select_option("midline_sagittal")
    expect(scan.locator(".goal")).to_have_text("To: Midline, sagittal")
    expect(advice).to_have_attribute("data-move", re.compile("turn"), timeout=SLOW_MS)
    expect(advice).to_contain_text(re.compile(r"Turn the probe \d+ degrees"))
    shoot(scan, "live-advice")
    scan.get_by_role("application", name="Back of the virtual patient").focus()
    for _ in range(16):
        if obeyed(scan, advice.get_attribute("data-move") or "", advice.inner_text()):
            break
    expect(advice).to_have_text("Hold still: this is the view.", timeout=SLOW_MS)
    scan.keyboard.press("W")
    expect(scan.locator(".goal")).to_have_text("To: Multifidus, transverse")
    expect(advice).not_to_have_text("Hold still: this is the view.")
    for _ in range(3):
        scan.keyboard.press("W")
    expect(scan.locator(".goal")).to_have_count(0)


def test_it_falls_silent_when_the_probe_leaves_the_skin(scan: Page, shoot: Callable[[Page, str], None]):
    scan.get_by_role("tab", name="Views").click()
    scan.get_by_role("slider", name="Press").focus()
    scan.keyboard.press("Home")
    expect(scan.locator(".silence")).to_have_text("I do not recognise this picture.", timeout=SLOW_MS)
    expect(scan.locator("[data-named]")).to_have_count(0)
    expect(scan.locator(".live-picture .view")).to_have_count(0)
    expect(scan.locator("[data-voice]")).to_contain_text("I do not recognise this picture.")
    shoot(scan, "live-silent")
    scan.keyboard.press("End")
    expect(scan.locator(".silence")).to_have_count(0, timeout=SLOW_MS)
    expect(scan.locator("[data-named]")).to_have_count(1)


def test_a_recording_becomes_an_examination_and_is_played_again(scan: Page, workstation: Workstation):
    scan.get_by_role("button", name="Record").click()
    expect(scan.get_by_role("button", name="End the recording")).to_contain_text("0:02")
    scan.get_by_role("button", name="End the recording").click()
    opening = scan.get_by_role("link", name="Open examination")
    expect(opening).to_be_visible(timeout=SLOW_MS)
    exam = workstation.exam()
    assert exam["title"].startswith("Simulated scan, ")
    assert exam["recordings"][0]["n_frames"] >= 5 and exam["recordings"][0]["calibrated"]
    scan.get_by_role("tab", name="Source").click()
    scan.get_by_role("combobox", name="Source of the picture").select_option("recording")
    expect(scan.get_by_role("combobox", name="Recording", exact=True)).to_contain_text("live-1")
    scan.get_by_role("button", name="Play").click()
    expect(scan.get_by_role("application", name="Back of the virtual patient")).to_have_count(0)
    expect(scan.locator("[data-named]")).to_be_visible()
    assert violations(scan) == []
    opening.click()
    expect(scan.get_by_role("slider", name="Frame")).to_be_visible()


def test_the_last_seconds_are_kept_by_a_key_of_a_frozen_picture(scan: Page):
    scan.get_by_role("button", name="Freeze").click()
    scan.keyboard.press("k")
    expect(scan.get_by_role("link", name="Open examination")).to_be_visible(timeout=SLOW_MS)
    held = named(scan)
    assert held  # what was seen in the frozen frame stays on it
    scan.wait_for_timeout(500)
    assert named(scan) == held


def test_no_state_of_it_has_a_violation(scan: Page):
    assert violations(scan) == []
    scan.keyboard.press("s")
    assert violations(scan) == []


def test_a_phone_has_it_all_under_a_finger(browser: Browser, workstation: Workstation):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, base_url=workstation.address)
    page = context.new_page()
    page.goto("/live")
    expect(page.locator("[data-named]")).to_be_visible(timeout=FIRST_MS)
    page.get_by_role("tab", name="Seen").tap()
    expect(legend(page, "Multifidus")).to_be_visible()
    assert violations(page) == []
    small = page.evaluate(
        """least => [...document.querySelectorAll('main button, main label, main select')]
          .filter(one => one.checkVisibility()).map(one => [one.textContent.trim(), one.getBoundingClientRect()])
          .filter(([, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < least - 0.5))
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""",
        FINGER_PX,
    )
    assert small == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Show what is seen").tap()
    expect(page.locator("[data-named]")).to_have_count(0)
    context.close()
