"""Make sure that the tests' real peers are there: a Chromium, dcmtk, dicom3tools and poppler.

As root on Debian or a relative they are installed from its packages; a browser alone also by Playwright. Where
neither is possible, this says what to install and fails: the tests do not pretend.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PEERS = {
    "dcmdump": "dcmtk",
    "dsrdump": "dcmtk",
    "dciodvfy": "dicom3tools",
    "pdftoppm": "poppler-utils",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of a Chromium: the one named by ECHOSPINE_CHROMIUM, a system's, or Playwright's own."""
    named = os.environ.get("ECHOSPINE_CHROMIUM")
    if named:
        return named
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    return _playwright_browser()


def _playwright_browser() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None  # noqa: PTH110


def missing_packages() -> list[str]:
    """Return the Debian packages that hold what is missing."""
    missing = {package for program, package in PEERS.items() if shutil.which(program) is None}
    if find_browser() is None:
        missing.add("chromium")
    return sorted(missing)


def install(packages: list[str]) -> None:
    """Install Debian packages, where that is possible, and a browser by Playwright otherwise."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, **quiet)
    elif "chromium" in packages:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Install what is missing; return 1, and say what to do, when something still is."""
    if packages := missing_packages():
        print(f"installing for the tests: {', '.join(packages)}")
        install(packages)
    still = missing_packages()
    if still:
        print(f"the tests need these packages: sudo apt-get install {' '.join(still)}", file=sys.stderr)
    return 1 if still else 0


if __name__ == "__main__":
    sys.exit(main())
