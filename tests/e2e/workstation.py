"""A running server, and the few things that every walk through the page does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Playwright, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGE = ROOT / "src" / "echospine" / "apps" / "server" / "static" / "index.html"
START_S = 60
IMPORT_MS = 90_000
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NEEDS_CHROMIUM = (
    "no Chromium found: install Debian's `chromium`, or run `playwright install chromium`, "
    "or name one with ECHOSPINE_CHROMIUM"
)


def chromium_path(playwright: Playwright) -> str:
    """Return a Chromium: the one named in ECHOSPINE_CHROMIUM, the system's, or Playwright's own."""
    named = os.environ.get("ECHOSPINE_CHROMIUM")
    system = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    own = playwright.chromium.executable_path
    found = next((path for path in (named, *system, own) if path and Path(path).exists()), None)
    assert found, NEEDS_CHROMIUM
    return found


@dataclass(frozen=True)
class Workstation:
    """A server process: its address, and what it says when it is asked directly."""

    address: str

    def get(self, path: str) -> Any:
        """Return the JSON that the server answers."""
        with urllib.request.urlopen(self.address + path, timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON as another program would, and return the answer."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def exam(self) -> dict[str, Any]:
        """Return the only, or the newest, examination in full."""
        newest = self.get("/api/exams")["exams"][0]
        return dict(self.get(f"/api/exams/{newest['id']}"))


SERVE = ("-m", "echospine", "serve", "--port", "0", "--store")


@contextmanager
def serving(store: Path, program: Sequence[str] = SERVE) -> Iterator[Workstation]:
    """Run `echospine serve`, or another program that is told the store last, on a free port until the block ends."""
    command = [sys.executable, *program, str(store)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with (store.parent / "server.log").open("w") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            yield Workstation(_address(server, store.parent / "server.log"))
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(server: subprocess.Popen[str], log: Path) -> str:
    """Return the address that the server prints when it is ready to be asked."""
    assert server.stdout is not None
    line = server.stdout.readline()
    assert "http://" in line, f"the server did not start:\n{log.read_text()}"
    address = next(word for word in line.split() if word.startswith("http://"))
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/api/health", timeout=5).close()
            return address
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server does not answer:\n{log.read_text()}")


def import_files(page: Page, *files: Path) -> None:
    """Import files through the page's own picker, and open the examination."""
    page.set_input_files("[data-pick=files]", list(files))
    page.get_by_role("link", name="Open examination").click(timeout=IMPORT_MS)
    expect(page.get_by_role("application")).to_be_visible()


def finding(page: Page, title: str) -> Locator:
    """Return the card of a finding (of the first recording that has it)."""
    named = page.locator(".title", has_text=re.compile(f"^{re.escape(title)}"))
    return page.locator("[data-finding]").filter(has=named).first


def shown_frame(page: Page) -> int:
    """Return the number of the frame that the page says it shows, from 1."""
    return int(page.get_by_role("slider", name="Frame").input_value()) + 1


def on_picture(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where an image point lies on the screen while the whole picture is in view."""
    page.wait_for_url(re.compile("recording="))
    box = page.get_by_role("application").bounding_box()
    assert box
    width, height = page.get_by_role("application").evaluate(
        "async () => { const id = new URL(location).searchParams.get('recording');"
        " const r = await (await fetch(`/api/recordings/${id}`)).json(); return [r.width, r.height]; }"
    )
    scale = min(box["width"] / width, box["height"] / height)
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return left + (x - (width - 1) / 2) * scale, top + (y - (height - 1) / 2) * scale


def say_who(page: Page, name: str = "Reader One") -> None:
    """Answer the question for the reader's name."""
    page.get_by_role("textbox", name="Your name").fill(name)
    page.keyboard.press("Enter")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong on the page as it is now, WCAG 2.2 A and AA, one line each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, iframes: false}).then(result => result.violations)", rules
    )
    return [f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes']]}" for one in found]
