"""A browser for the session; for each test a server with an empty store, and a page that must stay quiet."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from pydicom.data import get_testdata_file
from workstation import CHROMIUM_FLAGS, PAGE, Workstation, chromium_path, serving

PATIENCE_MS = 20_000
"""A test machine may be busy; what is waited for appears much sooner."""
expect.set_options(timeout=PATIENCE_MS)
DESKTOP = {"width": 1440, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert PAGE.is_file(), "the page is not built: run `make web`"
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    with serving(tmp_path / "store") as workstation:
        yield workstation


@pytest.fixture
def context(browser: Browser, workstation: Workstation) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, base_url=workstation.address, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    loud: list[str] = []
    page.on("pageerror", lambda error: loud.append(f"error: {error}"))
    page.on("console", lambda message: loud.extend(complaints(message)))
    yield page
    assert not loud, "the page complained:\n" + "\n".join(loud)


def complaints(message: ConsoleMessage) -> list[str]:
    """Return an error or a warning of the page itself, not what tests provoke: 4xx answers, reading of pixels.

    Nor what the browser notes when it draws three dimensions without a graphics card.
    """
    about_the_test = message.text.startswith(("Failed to load resource", "Canvas2D: Multiple readback operations"))
    without_a_card = "GPU stall due to ReadPixels" in message.text
    if message.type not in {"error", "warning"} or about_the_test or without_a_card:
        return []
    return [f"{message.type}: {message.text}"]


@pytest.fixture(scope="session")
def dicom_cine() -> Path:
    """A real ultrasound cine that comes with pydicom: 30 frames, uncalibrated because it was halved."""
    path = get_testdata_file("examples_ybr_color.dcm")
    assert isinstance(path, str)
    return Path(path)


@pytest.fixture
def bone_sequence(shared_data: Path) -> tuple[Path, Path]:
    """An in-vivo tracked sequence with bone, and the configuration that holds its scale."""
    folder = shared_data / "plus"
    return folder / "BoneUltrasound_L14.igs.mha", folder / "BoneUltrasound_L14_config.xml"


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Save a picture of the page where ECHOSPINE_SCREENSHOTS names a folder."""
    folder = os.environ.get("ECHOSPINE_SCREENSHOTS")

    def save(page: Page, name: str) -> None:
        if folder:
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE, kmeans=2)
            few.save(Path(folder) / f"{name}.png", optimize=True)

    return save
