"""WCAG 2.2 AA on every page and state, desktop and phone, by axe-core; and what axe cannot see."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from workstation import Workstation, finding, import_files, say_who, violations

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
FINGER_PX = 44


def test_every_page_and_state_has_no_violation(page: Page, dicom_cine: Path):
    page.goto("/exams")
    expect(page.get_by_role("heading", name="Drop a recording here to begin")).to_be_visible()
    assert violations(page) == []
    page.set_input_files("[data-pick=files]", [dicom_cine])
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Open examination").click(timeout=90_000)
    expect(page.get_by_role("application")).to_be_visible()
    assert violations(page) == []

    finding(page, "Mean grey level").get_by_role("button", name="Reject").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    for key, seen in (("?", "dialog"), ("l", "group"), ("e", "group")):
        page.get_by_role("application").focus()
        page.keyboard.press(key)
        expect(page.get_by_role(seen).first).to_be_visible()  # type: ignore[arg-type]
        assert violations(page) == []
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Quality").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="History").click()
    assert violations(page) == []

    page.get_by_role("button", name="Accept all").click()
    assert violations(page) == []
    say_who(page)
    expect(page.get_by_text("All drafts accepted.")).to_be_visible()
    assert violations(page) == []
    page.goto(page.url.split("?")[0] + "/report")
    expect(page.get_by_text("report.pdf")).to_be_visible(timeout=60_000)
    assert violations(page) == []
    page.goto("/exams")
    expect(page.get_by_role("link", name="examples_ybr_color")).to_be_visible()
    assert violations(page) == []
    page.goto("/exams/nothing-here")
    expect(page.get_by_role("heading", name="There is no such examination")).to_be_visible()
    assert violations(page) == []


def test_a_phone_shows_and_reaches_everything(browser: Browser, workstation: Workstation, dicom_cine: Path):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, base_url=workstation.address)
    page = context.new_page()
    page.goto("/exams")
    import_files(page, dicom_cine)
    assert violations(page) == []
    _expect_no_sideways_scrolling(page)
    _expect_fingers_fit(page)
    for tab in ("History", "Recordings", "Plot", "Findings"):
        page.get_by_role("tab", name=tab).tap()
        assert violations(page) == []
        _expect_no_sideways_scrolling(page)
    page.get_by_role("button", name="Length", exact=True).tap()
    box = page.get_by_role("application").bounding_box()
    assert box
    for share in (0.3, 0.6):
        page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"])
    expect(page.get_by_role("group", name="What is being drawn")).to_contain_text("uncalibrated")
    assert violations(page) == []
    page.goto("/exams")
    expect(page.get_by_role("link", name="examples_ybr_color")).to_be_visible()
    _expect_no_sideways_scrolling(page)
    page.set_viewport_size(SMALL)
    _expect_no_sideways_scrolling(page)
    context.close()


def test_less_motion_is_respected(browser: Browser, workstation: Workstation):
    context = browser.new_context(reduced_motion="reduce", base_url=workstation.address)
    page = context.new_page()
    page.goto("/exams")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    lasting = page.evaluate("() => parseFloat(getComputedStyle(document.querySelector('.button')).transitionDuration)")
    assert lasting < 0.001
    context.close()


def _expect_no_sideways_scrolling(page: Page) -> None:
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), (
        "the page is wider than the screen"
    )


def _expect_fingers_fit(page: Page) -> None:
    """Buttons on a touch screen are at least 44 px in both directions."""
    small = page.evaluate(
        """least => [...document.querySelectorAll('button, a.button, label, select')]
          .filter(one => one.checkVisibility())
          .map(one => [one.getAttribute('aria-label') ?? one.textContent.trim(), one.getBoundingClientRect()])
          .filter(([, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < least - 0.5))
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""",
        FINGER_PX,
    )
    assert small == []
