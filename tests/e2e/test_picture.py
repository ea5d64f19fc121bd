"""The picture: true speed, true place, and still while all else changes; and how fast the page comes up."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from workstation import Workstation, import_files, on_picture, shown_frame

LOAD_BUDGET_MS = 1500


def test_a_cine_plays_at_its_true_speed_and_starts_over(page: Page, workstation: Workstation, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    recording = workstation.exam()["recordings"][0]
    assert abs(recording["frame_rate_hz"] - 30) < 0.1
    page.wait_for_timeout(1500)  # All pictures of a second arrive, so that none has to be dropped.
    seen = page.evaluate(
        """() => new Promise(resolve => {
          const slider = document.querySelector('input[type=range]');
          const seen = [];
          document.querySelector('[aria-label=Play]').click();
          const begin = performance.now();
          const look = () => {
            const now = (performance.now() - begin) / 1000;
            seen.push([now, Number(slider.value)]);
            if (now < 1.6) requestAnimationFrame(look);
            else resolve(seen);
          };
          requestAnimationFrame(look);
        })"""
    )
    late = [abs(((t * 30) - frame + 15) % 30 - 15) for t, frame in seen if t > 0.2]
    assert sorted(late)[len(late) // 2] < 3, f"half of the time more than {sorted(late)[len(late) // 2]} frames off"
    assert any(after[1] < before[1] for before, after in itertools.pairwise(seen)), "it does not start over"
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_stepping_and_jumping(page: Page, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    for key, frame in (("End", 30), ("ArrowLeft", 29), ("Home", 1), ("ArrowRight", 2), ("PageDown", 12)):
        page.keyboard.press(key)
        assert shown_frame(page) == frame
    page.get_by_role("button", name="Last frame").click()
    assert shown_frame(page) == 30


def test_the_picture_never_moves_when_something_else_changes(page: Page, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    picture = page.get_by_role("application")
    place = picture.bounding_box()

    def still(act: Callable[[], object]) -> None:
        act()
        page.wait_for_timeout(120)
        assert picture.bounding_box() == place

    still(lambda: page.keyboard.press("j"))
    still(lambda: page.get_by_role("tab", name="History").click())
    still(lambda: page.keyboard.press("l"))
    still(lambda: page.keyboard.press("Escape"))
    still(lambda: page.keyboard.press("o"))
    still(lambda: page.keyboard.press("End"))
    still(lambda: page.get_by_role("button", name="Play").click())
    still(lambda: page.get_by_role("button", name="Pause").click())


def test_zoom_keeps_the_point_under_the_pointer_and_fit_brings_all_back(page: Page, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    page.wait_for_function("() => document.querySelector('.viewer canvas').width > 300")
    at = on_picture(page, 200, 120)
    before = _colour(page, at)
    page.mouse.move(*at)
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(200)
    expect(page.get_by_role("button", name="%")).to_be_visible()
    assert sum(abs(a - b) for a, b in zip(_colour(page, at), before, strict=True)) < 90
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Fit", exact=True)).to_be_visible()


def test_brightness_changes_what_is_shown_and_comes_back_as_stored(page: Page, dicom_cine: Path):
    page.goto("/exams")
    import_files(page, dicom_cine)
    page.wait_for_timeout(600)
    stored = _mean(page)
    for _ in range(5):
        page.keyboard.press("]")
    page.wait_for_timeout(200)
    assert _mean(page) > stored + 5
    page.keyboard.press("\\")
    page.wait_for_timeout(200)
    assert abs(_mean(page) - stored) < 0.5


def test_the_page_is_up_in_time(page: Page, workstation: Workstation, record_property):
    page.goto("/exams")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    page.goto("about:blank")
    page.goto(workstation.address + "/exams")
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    timing = page.evaluate(
        """() => ({
          loaded: performance.getEntriesByType('navigation')[0].loadEventEnd,
          painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
        })"""
    )
    record_property("page_load_ms", timing["loaded"])
    record_property("first_paint_ms", timing["painted"])
    assert timing["loaded"] < LOAD_BUDGET_MS, timing


def _colour(page: Page, at: tuple[float, float]) -> list[int]:
    box = page.get_by_role("application").bounding_box()
    assert box
    return list(
        page.evaluate(
            """([x, y]) => {
              const [column, row] = [x, y].map(one => Math.round(one * devicePixelRatio));
              const context = document.querySelector('.viewer canvas').getContext('2d');
              return [...context.getImageData(column, row, 1, 1).data.slice(0, 3)];
            }""",
            [at[0] - box["x"], at[1] - box["y"]],
        )
    )


def _mean(page: Page) -> float:
    return float(
        page.evaluate(
            """() => {
              const canvas = document.querySelector('.viewer canvas');
              const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
              let sum = 0;
              for (let i = 0; i < data.length; i += 4) sum += data[i];
              return sum / (data.length / 4);
            }"""
        )
    )
