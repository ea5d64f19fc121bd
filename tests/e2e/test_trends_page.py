"""The page of trends: found from the patient on, read in words and in the plot, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from workstation import Workstation, say_who, violations

from echospine.apps.wiring import open_house
from echospine.domain.labels import Method
from echospine.domain.people import Person
from echospine.domain.trends import Instrument, MarkKind
from echospine.workflow.trend import add_mark, add_score
from trend_kit import PATIENT, own_error, reading, visit

Shoot = Callable[[Page, str], None]
DAYS = [date(2025, 1, 13) + timedelta(days) for days in (0, 21, 49, 84, 120)]
VALUES = (24.1, 24.6, 25.2, 28.9, 29.4)
READER = Person("Reader One")


@pytest.fixture
def patient(workstation: Workstation, tmp_path: Path) -> Workstation:
    """Five visits of a patient who gained, with an injection and two questionnaires, in the server's own store."""
    with open_house(tmp_path / "store") as house:
        own_error(house)
        for n, (day, value) in enumerate(zip(DAYS, VALUES, strict=True)):
            visit(house, day, [reading(value - 0.5), reading(value), reading(value + 0.4)], signed=n < 4)
            add_score(house, PATIENT, day, Instrument.NRS, [7 - n], person=READER)
        visit(house, DAYS[1], [reading(30.0, method=Method("label map", "2"))])
        add_mark(house, PATIENT, DAYS[0] + timedelta(10), MarkKind.INJECTION, "facet L4/5, left", person=READER)
    return workstation


def test_a_clinician_sees_on_one_page_whether_the_patient_changed(page: Page, patient: Workstation, shoot: Shoot):
    page.goto("/trends")
    expect(page.get_by_role("link", name="P-7, Doe, Jane")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("searchbox", name="Find a patient").fill("doe")
    page.get_by_role("link", name="P-7, Doe, Jane").click()

    expect(page.get_by_role("heading", name="Length, multifidus, left, L4")).to_be_visible()
    expect(page.locator(".said .first")).to_contain_text("Since 13 Jan 2025, increased: +5.3 mm")
    expect(page.get_by_text("another method (label map 2, not calliper 1)")).to_be_visible()
    expect(page.locator("polygon.band")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(6)
    expect(page.get_by_text("changed: more, draft")).to_be_visible()
    expect(page.get_by_text("injection: facet L4/5, left")).to_be_visible()
    assert violations(page) == []
    shoot(page, "trend")

    page.locator("g.visit").nth(1).click()
    expect(page.get_by_role("button", name="3 Feb 2025", exact=True)).to_have_attribute("aria-pressed", "true")
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"day,")):
        with page.expect_download() as download:
            page.get_by_role("link", name=kind, exact=True).click()
        assert Path(download.value.path()).read_bytes().startswith(begins)


def test_treatments_and_questionnaires_are_written_down_and_taken_back_by_keyboard(page: Page, patient: Workstation):
    page.goto(f"/trends?patient={PATIENT}")
    expect(page.get_by_role("heading", name="Length, multifidus, left, L4")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="7 Apr 2025", exact=True)).to_have_attribute("aria-pressed", "true")

    page.keyboard.press("m")
    expect(page.get_by_role("dialog", name="Treatment or injection")).to_be_visible()
    assert violations(page) == []
    page.keyboard.type("motor control exercise")
    page.keyboard.press("Enter")
    say_who(page)
    expect(page.get_by_text("Treatment motor control exercise")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.keyboard.press("q")
    page.get_by_role("combobox", name="Instrument").select_option("ODI")
    for item in range(1, 10):
        page.get_by_role("spinbutton", name=f"Item {item}", exact=True).fill("2")
    assert violations(page) == []
    page.get_by_role("button", name="Score and keep").click()
    expect(page.get_by_role("region", name="Questionnaires").get_by_text("ODI 40")).to_be_visible()

    page.get_by_role("button", name="Take back motor control exercise").click()
    page.get_by_role("textbox", name="Reason").fill("of somebody else")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Treatment motor control exercise")).to_have_count(0)


def test_what_is_not_there_is_said(page: Page, workstation: Workstation):
    page.goto("/trends")
    expect(page.get_by_text("No examination names a patient yet.")).to_be_visible()
    page.goto("/trends?patient=nobody")
    expect(page.get_by_text("Nothing has been measured in this patient yet.").first).to_be_visible()
    assert violations(page) == []


def test_a_phone_shows_it_all(page: Page, patient: Workstation, shoot: Shoot):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/trends?patient={PATIENT}")
    expect(page.locator("polygon.band")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    shoot(page, "trend-phone")
