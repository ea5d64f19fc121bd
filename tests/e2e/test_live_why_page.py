"""Why something is called what it is called: asked of a held picture by mouse, by key and by finger; a real network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from workstation import Workstation, serving, violations

from small_network import write_network

PHONE = {"width": 390, "height": 844}
FINGER_PX = 44
FIRST_MS = 180_000
SLOW_MS = 60_000


@pytest.fixture(scope="module")
def workstation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workstation]:
    """One server for all, with a small network that names by brightness."""
    folder = tmp_path_factory.mktemp("why")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ECHOSPINE_MODEL", str(write_network(folder / "small")))
        with serving(folder / "store") as workstation:
            yield workstation


@pytest.fixture
def scan(page: Page) -> Page:
    page.goto("/live")
    expect(page.locator("[data-named*=Multifidus]")).to_be_visible(timeout=FIRST_MS)
    return page


def hold_a_seen_picture(page: Page) -> None:
    """Freeze; again, where a busy machine had no time to look at that very picture."""
    for _ in range(10):
        page.get_by_role("button", name="Freeze").click()
        if page.locator("[data-named]").count():
            return
        page.get_by_role("button", name="Freeze").click()
        expect(page.locator("[data-named]")).to_be_visible(timeout=SLOW_MS)
    raise AssertionError("no picture was looked at")


def press_something_named(page: Page) -> None:
    """Press on the picture, row by row, until something that has a name is hit."""
    box = page.get_by_role("application", name=re.compile("Live ultrasound picture")).bounding_box()
    assert box
    for n in range(40):
        across, down = 0.25 + 0.07 * (n % 8), 0.3 + 0.07 * (n // 8)
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
        if page.get_by_role("region", name="Why", exact=True).count():
            return
    raise AssertionError("nothing under the pointer has a name")


def test_a_held_picture_says_why_by_mouse_and_by_key(scan: Page, shoot: Callable[[Page, str], None]):
    picture, card = scan.locator(".live-picture"), scan.get_by_role("region", name="Why", exact=True)
    hold_a_seen_picture(scan)
    held = picture.get_attribute("data-index")
    press_something_named(scan)
    expect(card.get_by_role("heading", name=re.compile("^Why "))).to_be_visible()
    expect(card).to_contain_text("% sure", timeout=SLOW_MS)
    expect(card).to_contain_text("For the patient: This is")
    expect(card).to_contain_text("speaks for it")
    expect(scan.locator("[data-why]")).to_have_count(1)
    assert picture.get_attribute("data-index") == held
    shoot(scan, "live-why")
    assert violations(scan) == []
    card.get_by_role("button", name="Close the reasons").click()
    expect(card).to_have_count(0)
    expect(scan.locator("[data-why]")).to_have_count(0)
    scan.get_by_role("application", name="Back of the virtual patient").focus()
    scan.keyboard.press("y")
    expect(card).to_contain_text("% sure", timeout=SLOW_MS)
    first = scan.get_by_role("button", pressed=True).filter(has_text=re.compile("^[A-Z]")).all_inner_texts()
    scan.keyboard.press("y")
    expect(card).to_contain_text("% sure", timeout=SLOW_MS)
    assert scan.get_by_role("button", pressed=True).filter(has_text=re.compile("^[A-Z]")).all_inner_texts() != first
    scan.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_it_is_forgotten_when_pictures_go_on(scan: Page):
    hold_a_seen_picture(scan)
    scan.keyboard.press("y")
    expect(scan.get_by_role("region", name="Why", exact=True)).to_contain_text("% sure", timeout=SLOW_MS)
    scan.get_by_role("button", name="Freeze").click()
    expect(scan.get_by_role("region", name="Why", exact=True)).to_have_count(0)
    expect(scan.locator("[data-why]")).to_have_count(0)


def test_a_phone_shows_it_under_a_finger(
    browser: Browser, workstation: Workstation, shoot: Callable[[Page, str], None]
):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, base_url=workstation.address)
    page = context.new_page()
    page.goto("/live")
    expect(page.locator("[data-named*=Multifidus]")).to_be_visible(timeout=FIRST_MS)
    page.get_by_role("tab", name="Seen").tap()
    page.get_by_role("combobox", name="Lead me to this view").select_option("parasagittal_lamina")
    expect(page.locator(".goal")).to_have_text("To: Laminae")
    shoot(page, "live-phone-lead")
    hold_a_seen_picture(page)
    page.get_by_role("region", name="Ask why").get_by_role("button", name="Multifidus").tap()
    expect(page.get_by_role("region", name="Why", exact=True)).to_contain_text("For the patient", timeout=SLOW_MS)
    page.get_by_role("region", name="Why", exact=True).scroll_into_view_if_needed()
    shoot(page, "live-phone-why")
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
    context.close()
