"""Scanning a virtual patient with a real mouse, keyboard and finger; and a device that sends over OpenIGTLink."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from websockets.sync.client import connect
from workstation import Workstation, serving, violations

from echospine.apps.wiring import serve_live
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.workflow.live import Newest

PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
FINGER_PX = 44
FIRST_MS = 120_000
"""The first picture waits for the patient, and on a new machine for the loops to be compiled."""
LEAST_HZ = {"still": 3, "sliding": 3}
"""Pictures keep coming, whatever else the machine does; how many on a quiet one: `python -m benchmarks scanner`."""
TRIES = 5
WATCH_S = 4.0


@pytest.fixture(scope="module")
def workstation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workstation]:
    """One server for all: it keeps the patient, and nothing here changes its store."""
    with serving(tmp_path_factory.mktemp("live") / "store") as workstation:
        yield workstation


@pytest.fixture
def scan(page: Page) -> Page:
    """The live page with a picture on it."""
    page.goto("/live")
    expect(page.locator("[data-index]")).to_be_visible(timeout=FIRST_MS)
    return page


def back(page: Page) -> Locator:
    return page.get_by_role("application", name="Back of the virtual patient")


def index(page: Page) -> int:
    return int(page.locator("[data-index]").get_attribute("data-index") or -1)


def row_mm(page: Page) -> float:
    return float(page.locator("[data-row-mm]").get_attribute("data-row-mm") or "nan")


def where(page: Page) -> str:
    return page.locator("[data-where]").inner_text()


def picture(page: Page) -> np.ndarray:
    """Return the grey levels on the screen, where the picture is."""
    shot = page.locator(".live-picture").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=np.float64)


def settled(page: Page, frames: int = 8) -> None:
    """Wait until some more frames have been shown."""
    start = index(page)
    page.wait_for_function(
        "n => Number(document.querySelector('[data-index]').dataset.index) >= n", arg=start + frames, timeout=60_000
    )


def unlike(one: np.ndarray, other: np.ndarray) -> float:
    """Return how different two pictures are where there is something on them: 0 the same, 1 strangers."""
    seen = (one > 20) | (other > 20)
    return float(1 - np.corrcoef(smooth(one)[seen], smooth(other)[seen])[0, 1])


def smooth(grey: np.ndarray) -> np.ndarray:
    small = Image.fromarray(grey.astype(np.uint8)).resize((grey.shape[1] // 6, grey.shape[0] // 6))
    return np.asarray(small.resize(grey.shape[::-1]), dtype=np.float64)


def test_the_probe_is_dragged_over_the_back_and_the_picture_follows(scan: Page, shoot: Callable[[Page, str], None]):
    still = unlike(picture(scan), picture(scan))
    before, told = picture(scan), where(scan)
    box = back(scan).bounding_box()
    assert box
    x, y = box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"]
    scan.mouse.move(x, y)
    scan.mouse.down()
    for step in range(12):
        scan.mouse.move(x + 6 * step, y - 5 * step)
    scan.mouse.up()
    settled(scan)
    assert where(scan) != told
    assert unlike(before, picture(scan)) > 3 * still + 0.1
    shoot(scan, "live")


def test_the_keyboard_does_all_that_a_hand_does(scan: Page):
    told = where(scan)
    back(scan).focus()
    for key in ["ArrowUp"] * 12 + ["ArrowLeft"] * 8:
        scan.keyboard.press(key)
    expect(scan.locator("[data-where]")).not_to_have_text(told)
    expect(scan.locator("[data-where]")).to_contain_text("mm left")
    for _ in range(30):
        scan.keyboard.press("Shift+ArrowRight")
    expect(scan.locator("[data-where]")).to_contain_text("longitudinal")
    expect(scan.locator(".edge.left")).to_contain_text("Head")
    scan.keyboard.press("u")
    for _ in range(4):
        scan.keyboard.press("Shift+ArrowUp")
        scan.keyboard.press(".")
    expect(scan.locator("[data-where]")).to_contain_text("tilt 6°, rock 6°")
    scan.keyboard.press("u")
    expect(scan.locator("[data-where]")).not_to_contain_text("tilt")
    scan.keyboard.press("?")
    expect(scan.get_by_role("dialog")).to_contain_text("Slide to the head")
    scan.keyboard.press("Escape")


def test_depth_is_true_to_scale_by_button_key_and_slider(scan: Page):
    start, depth = row_mm(scan), scan.get_by_role("group", name="Depth")
    expect(depth).to_contain_text("9.0 cm")
    depth.get_by_role("button", name="More depth").click()
    scan.keyboard.press("+")
    expect(depth).to_contain_text("10.0 cm")
    scan.wait_for_function("s => Number(document.querySelector('[data-row-mm]').dataset.rowMm) > s", arg=start)
    deeper = row_mm(scan)
    scan.get_by_role("tab", name="Image").click()
    slider = scan.get_by_role("slider", name="Depth")
    slider.focus()
    scan.keyboard.press("Home")
    expect(depth).to_contain_text("3.0 cm")
    scan.wait_for_function("s => Number(document.querySelector('[data-row-mm]').dataset.rowMm) < s / 1.5", arg=start)
    assert row_mm(scan) < start < deeper


def test_freeze_holds_the_picture_and_live_lets_it_go(scan: Page):
    scan.get_by_role("button", name="Freeze").click()
    expect(scan.locator(".frozen")).to_be_visible()
    scan.wait_for_timeout(400)
    held, shown = index(scan), picture(scan)
    scan.wait_for_timeout(800)
    assert index(scan) == held and np.array_equal(picture(scan), shown)
    scan.keyboard.press("f")
    expect(scan.locator(".frozen")).to_have_count(0)
    settled(scan)


def test_it_is_fast_enough_to_scan_with(scan: Page):
    settled(scan)
    hands = {"still": lambda: scan.wait_for_timeout(50), "sliding": lambda: scan.keyboard.press("ArrowUp")}
    for name, hand in hands.items():
        rates = [rate(scan, hand)]
        while max(rates) < LEAST_HZ[name] and len(rates) < TRIES:
            rates.append(rate(scan, hand))
        print(f"frames/s on the screen, {name}:", [round(one, 1) for one in rates], meter(scan))
        assert max(rates) >= LEAST_HZ[name]


def rate(page: Page, hand: Callable[[], None]) -> float:
    """Return the frames a second that are shown while a hand does that."""
    start, first = time.monotonic(), index(page)
    while time.monotonic() - start < WATCH_S:
        hand()
    return (index(page) - first) / (time.monotonic() - start)


def meter(page: Page) -> str:
    return " ".join(page.locator("[data-meter]").inner_text().split())


def test_standard_views_are_one_key_away(scan: Page):
    scan.keyboard.press("6")
    expect(scan.get_by_role("button", name="Midline, sagittal")).to_have_attribute("aria-pressed", "true")
    expect(scan.locator("[data-where]")).to_contain_text("longitudinal")
    scan.get_by_role("button", name="L2", exact=True).click()
    expect(scan.locator("[data-where]")).to_contain_text("L2")
    scan.get_by_role("button", name="Right", exact=True).click()
    scan.get_by_role("button", name="Transverse processes").click()
    expect(scan.locator("[data-where]")).to_contain_text("mm right")


def test_what_is_seen_is_named_when_asked(scan: Page, shoot: Callable[[Page, str], None]):
    scan.keyboard.press("t")
    named = scan.locator("[data-truth]")
    expect(named).to_have_attribute("data-truth", contains("erector_spinae"))
    expect(named).to_have_attribute("data-truth", contains("spinous_process"))
    scan.keyboard.press("b")
    settled(scan)
    shoot(scan, "live-names")
    scan.keyboard.press("t")
    expect(named).to_have_count(0)


def contains(word: str):
    import re

    return re.compile(rf"\b{word}\b")


def test_another_person_is_built_while_the_old_one_is_scanned(scan: Page):
    scan.get_by_role("tab", name="Patient").click()
    expect(scan.get_by_text("Seed 0:")).to_be_visible()
    scan.get_by_role("button", name="Another person").click()
    expect(scan.get_by_text("Building the patient")).to_be_visible()
    before = index(scan)
    expect(scan.get_by_text("Seed 0:")).to_have_count(0, timeout=60_000)
    expect(scan.get_by_text("Building the patient")).to_have_count(0)
    assert index(scan) > before
    settled(scan)


def test_it_always_says_that_it_is_simulated(scan: Page):
    expect(scan.get_by_text("Simulated", exact=True)).to_be_visible()
    scan.keyboard.press("f")
    expect(scan.get_by_text("Simulated", exact=True)).to_be_visible()


def test_nothing_moves_when_something_else_changes(scan: Page):
    box = scan.locator(".live-picture").bounding_box()
    for tab in ("Image", "Patient", "Source", "Views"):
        scan.get_by_role("tab", name=tab).click()
        assert scan.locator(".live-picture").bounding_box() == box
    for key in ("f", "t", "b", "m", "f"):
        scan.keyboard.press(key)
        assert scan.locator(".live-picture").bounding_box() == box


def test_no_state_of_the_page_has_a_violation(scan: Page):
    assert violations(scan) == []
    for tab in ("Image", "Patient", "Source", "Views"):
        scan.get_by_role("tab", name=tab).click()
        assert violations(scan) == []
    for key in ("f", "t", "?"):
        scan.keyboard.press(key)
        assert violations(scan) == []


@pytest.mark.parametrize("size", [PHONE, TABLET], ids=["phone", "tablet"])
def test_fingers_scan_too(browser: Browser, workstation: Workstation, size: dict[str, int]):
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True, base_url=workstation.address)
    page = context.new_page()
    page.goto("/live")
    expect(page.locator("[data-index]")).to_be_visible(timeout=FIRST_MS)
    assert violations(page) == []
    for tab in ("Image", "Patient", "Source", "Views"):
        page.get_by_role("tab", name=tab).tap()
        assert small_targets(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    told, box = where(page), back(page).bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.4 * box["width"], box["y"] + 0.35 * box["height"])
    expect(page.locator("[data-where]")).not_to_have_text(told)
    page.get_by_role("button", name="Freeze").tap()
    expect(page.locator(".frozen")).to_be_visible()
    context.close()


def small_targets(page: Page) -> list[str]:
    return page.evaluate(
        """least => [...document.querySelectorAll('button, a.button, label, select, input')]
          .filter(one => one.checkVisibility() && !one.matches('label input'))
          .map(one => [one.getAttribute('aria-label') ?? one.textContent.trim(), one.getBoundingClientRect()])
          .filter(([, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < least - 0.5))
          .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)""",
        FINGER_PX,
    )


def test_all_seats_taken_is_said_and_a_free_one_is_taken(page: Page, workstation: Workstation):
    address = workstation.address.replace("http", "ws", 1) + "/api/live"
    with ExitStack() as seats:
        for _ in range(4):
            seat = seats.enter_context(connect(address))
            seat.send(json.dumps({"type": "open-device", "host": "127.0.0.1", "port": 9}))
            seat.recv(timeout=20)
        page.goto("/live")
        expect(page.get_by_role("alert")).to_contain_text("All 4 live views are in use")
        assert violations(page) == []
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[data-index]")).to_be_visible(timeout=FIRST_MS)


@pytest.fixture
def device() -> Iterator[int]:
    """A scanner on OpenIGTLink whose picture grows brighter; give its port."""
    stop = threading.Event()
    geometry = ImageGeometry.uniform(320, 240, 0.2, 0.2, Spacing.ELEMENT_SPACING)

    def send(frames: Newest) -> None:
        index = 0
        while not stop.wait(0.03):
            pixels = np.full((240, 320), index % 256, np.uint8)
            frames.put(Frame(pixels, geometry, index, 0.03 * index))
            index += 1

    with Newest("scanner") as frames, serve_live(frames, "127.0.0.1", 0) as served:
        sender = threading.Thread(target=send, args=(frames,))
        sender.start()
        yield served.port
        stop.set()
        sender.join(10)


def test_a_device_is_opened_like_any_other(scan: Page, device: int):
    scan.get_by_role("tab", name="Source").click()
    scan.get_by_role("combobox", name="Source of the picture").select_option("device")
    scan.get_by_role("textbox", name="Host and port").fill(f"127.0.0.1:{device}")
    scan.keyboard.press("Enter")
    expect(back(scan)).to_have_count(0)
    expect(scan.locator("[data-row-mm]")).to_have_attribute("data-row-mm", "0.2000")
    settled(scan, 20)
    expect(scan.locator("[data-meter]")).to_contain_text("Live")
    expect(scan.get_by_text("Simulated", exact=True)).to_have_count(0)
    assert violations(scan) == []
    scan.get_by_role("button", name="Freeze").click()
    scan.wait_for_timeout(300)
    held = index(scan)
    scan.wait_for_timeout(500)
    assert index(scan) == held
    scan.get_by_role("combobox", name="Source of the picture").select_option("scanner")
    expect(back(scan)).to_be_visible(timeout=FIRST_MS)


def test_a_device_that_does_not_answer_is_told(scan: Page, tmp_path: Path):
    scan.get_by_role("tab", name="Source").click()
    scan.get_by_role("combobox", name="Source of the picture").select_option("device")
    field = scan.get_by_role("textbox", name="Host and port")
    field.fill("nonsense here")
    scan.keyboard.press("Enter")
    expect(scan.get_by_role("alert")).to_contain_text("127.0.0.1:18944")
    field.fill("127.0.0.1:9")
    scan.keyboard.press("Enter")
    expect(scan.get_by_role("status").filter(has_text="127.0.0.1:9")).to_be_visible()
