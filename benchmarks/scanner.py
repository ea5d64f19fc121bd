"""The virtual scanner as its users have it: pictures a second, and how old they are.

*Server*: a program on the live socket that acknowledges at once. *On the screen*: a headless Chromium on the same
machine, which draws everything by processor, three dimensions included; it shares the cores with the server. *Sliding*:
the probe is dragged over the back all the time. A wish is a control on the
socket; latency is from a wish to the first picture that shows it.
"""

from __future__ import annotations

import json
import math
import statistics
import struct
import sys
import tempfile
import time
from typing import Any

from websockets.sync.client import ClientConnection, connect

from benchmarks.startup import free_port, serving
from benchmarks.table import Row

WATCHED_S = 8.0
FIRST_S = 180.0
BUDGET = "≥ 25"


def rows() -> list[Row]:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as store,
        serving(sys.executable, "-m", "echospine", "serve", "--store", store, "--port", str(port), port=port),
    ):
        return [*_server(port), *_screen(port)]


def _server(port: int) -> list[Row]:
    found = []
    with connect(f"ws://127.0.0.1:{port}/api/live", compression=None, max_size=None) as socket:
        socket.send(json.dumps({"type": "open-scanner"}))
        machines = _heard(socket, "opened")["machines"]
        pose = _heard(socket, "patient")["pose"]
        socket.send(json.dumps({"type": "run", "running": True}))
        for place, machine in enumerate(machines):
            rate, latency_s = _watched(socket, machine, pose, number=1_000_000 * (place + 1))
            found.append(Row(f"server, {machine['name']}, sliding", rate, "frames/s", BUDGET))
            found.append(Row(f"server, {machine['name']}, wish to frame, median", 1000 * latency_s, "ms"))
    return found


def _heard(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message = socket.recv(timeout=FIRST_S)
        if isinstance(message, str) and (said := json.loads(message))["type"] == kind:
            return dict(said)


def _watched(socket: ClientConnection, machine: dict[str, Any], pose: list[float], number: int) -> tuple[float, float]:
    """Return frames/s and the median latency, s, while the probe slides; the first second is not counted."""
    wished: dict[int, float] = {}
    latencies: list[float] = []
    began, frames = time.perf_counter(), 0
    counted = began + 1.0
    _wish(socket, machine, pose, number)
    while (now := time.perf_counter()) < counted + WATCHED_S:
        message = socket.recv(timeout=FIRST_S)
        if isinstance(message, str):
            continue
        now = time.perf_counter()
        (length,) = struct.unpack_from("<I", message)
        head = json.loads(message[4 : 4 + length])
        if now > counted:
            frames += 1
            latencies += [now - wished[head["control"]]] if head["control"] in wished else []
        wished.pop(head["control"], None)
        number += 1
        moved = [*pose]
        moved[11] += 20 * math.sin(now)
        wished[number] = time.perf_counter()
        _wish(socket, machine, moved, number)
        socket.send(json.dumps({"type": "ack", "index": head["index"]}))
    return frames / WATCHED_S, statistics.median(latencies)


def _wish(socket: ClientConnection, machine: dict[str, Any], pose: list[float], number: int) -> None:
    wish = {"type": "control", "number": number, "pose": pose, "machine": machine["name"], "knobs": machine["knobs"]}
    socket.send(json.dumps(wish))


def _screen(port: int) -> list[Row]:
    from playwright.sync_api import Page, sync_playwright
    from tools.install_peers import find_browser

    browser_path = find_browser()
    if browser_path is None:
        return []
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]

    def index(page: Page) -> int:
        return int(page.locator("[data-index]").get_attribute("data-index") or 0)

    def watched(page: Page, turn: Any) -> float:
        began, first = time.perf_counter(), index(page)
        while time.perf_counter() - began < WATCHED_S:
            turn(time.perf_counter() - began)
        return (index(page) - first) / (time.perf_counter() - began)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/live")
        page.locator("[data-index]").wait_for(timeout=1000 * FIRST_S)
        page.wait_for_timeout(1500)
        still = watched(page, lambda _: page.wait_for_timeout(100))
        shown_ms = page.locator("[data-meter] .latency").inner_text().removesuffix(" ms")
        box = page.get_by_role("application", name="Back of the virtual patient").bounding_box()
        assert box
        x, y = box["x"] + 0.45 * box["width"], box["y"] + 0.5 * box["height"]
        page.mouse.move(x, y)
        page.mouse.down()
        sliding = watched(page, lambda s: page.mouse.move(x + 50 * math.sin(2 * s), y + 50 * math.sin(1.4 * s)))
        browser.close()
    return [
        Row("on the screen of Chromium, probe still", still, "frames/s", BUDGET),
        Row("on the screen of Chromium, sliding", sliding, "frames/s", BUDGET),
        Row("touch to picture on the screen", float(shown_ms or "nan"), "ms"),
    ]
