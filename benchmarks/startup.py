"""How long until the command answers, the server answers, and the page shows."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.table import Row, paired_s


def rows() -> list[Row]:
    help_s, click_s = paired_s(
        lambda: subprocess.run([sys.executable, "-m", "echospine", "--help"], check=True, capture_output=True),
        lambda: subprocess.run([sys.executable, "-c", "import click"], check=True, capture_output=True),
        runs=7,
    )
    server_s, page_s = _server_and_page()
    bare_s = _bare_uvicorn_s()
    return [
        Row("echospine --help", help_s, "s", "< 0.4", "python -c 'import click'", help_s / click_s),
        Row(
            "server: process start to first answer",
            server_s,
            "s",
            "< 3",
            "empty FastAPI by uvicorn",
            server_s / bare_s,
        ),
        *([Row("page load in Chromium, to the list of exams", page_s, "s")] if page_s else []),
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*command: str, port: int) -> Iterator[float]:
    """Start a server process; give the seconds until it answered; stop it afterwards."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise RuntimeError(f"{command} did not answer on port {port}")
                time.sleep(0.01)
            yield time.perf_counter() - began
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _server_and_page() -> tuple[float, float | None]:
    times, page_s = [], None
    for _ in range(3):
        port = free_port()
        with (
            tempfile.TemporaryDirectory() as store,
            serving(
                sys.executable, "-m", "echospine", "serve", "--store", store, "--port", str(port), port=port
            ) as seconds,
        ):
            times.append(seconds)
            page_s = page_s or _page_s(port)
    return statistics.median(times), page_s


def _page_s(port: int) -> float | None:
    from playwright.sync_api import Error, sync_playwright
    from tools.install_peers import find_browser

    browser_path = find_browser()
    if browser_path is None:
        return None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=browser_path, args=flags)
        except Error:
            return None
        times = []
        for _ in range(5):
            page = browser.new_context().new_page()
            began = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}/")
            page.get_by_role("heading").first.wait_for()
            times.append(time.perf_counter() - began)
        browser.close()
    return statistics.median(times)


def _bare_uvicorn_s() -> float:
    port = free_port()
    code = f"import fastapi, uvicorn; uvicorn.run(fastapi.FastAPI(), host='127.0.0.1', port={port}, log_level='error')"
    with serving(sys.executable, "-c", code, port=port) as seconds:
        return seconds
