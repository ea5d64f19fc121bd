"""A reliability study in the browser: a rater sees pictures alone, by mouse and by keyboard, and findings are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from workstation import Workstation, say_who, violations

from serving import imported

Shoot = Callable[[Page, str], None]


@pytest.fixture
def study(workstation: Workstation, tmp_path: Path) -> str:
    """Two people seen twice: four frames, one rater."""
    names = []
    for n in range(4):
        pixels = np.random.default_rng(n).integers(20, 90, (240, 320), dtype=np.uint8)
        pixels[100 + n : 103 + n] = 240
        path = tmp_path / f"{n}.png"
        Image.fromarray(pixels).save(path)
        names.append((f"scan/{n:04d}.png", path))
    with httpx.Client(base_url=workstation.address, timeout=60) as client:
        job = imported(client, names, pixel_spacing_mm="0.2", title="Secret patient")
    recording_id = job["recording_ids"][0]  # type: ignore[index]
    frames = [{"subject": f"S{n // 2}", "visit": 1 + n % 2, "recording_id": recording_id, "frame": n} for n in range(4)]
    body = {"name": "Spring study", "quantity": "length", "structure": "multifidus", "frames": frames}
    return str(workstation.post("/api/studies", {**body, "raters": ["Reader One"], "person": "Reader One"})["id"])


def test_a_rater_reads_blind_and_the_findings_become_the_sites_error(
    page: Page, workstation: Workstation, study: str, shoot: Shoot
):
    page.goto("/trends")
    page.get_by_role("link", name="Reliability studies").click()
    expect(page.get_by_role("heading", name="Spring study")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Read", exact=True).click()
    page.get_by_role("button", name="Say who reads").click()
    say_who(page)
    expect(page.get_by_text("Picture 1 of 4")).to_be_visible()
    assert violations(page) == []
    assert "Secret" not in page.locator("body").inner_text()
    area = page.get_by_role("application")
    for n in range(3):
        box = area.bounding_box()
        assert box
        for share in (0.3, 0.6 + 0.02 * n):
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + share * box["height"])
        if n == 0:
            shoot(page, "reading")
        page.get_by_role("button", name="Keep and go on").click()
        expect(page.get_by_text(f"Picture {n + 2} of 4")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.keyboard.press(" ")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press(" ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you.")).to_be_visible()

    page.get_by_role("link", name="All studies").click()
    page.get_by_role("button", name="What it found").click()
    expect(page.get_by_text(re.compile(r"^SEM of one reading \(within subject\)"))).to_be_visible()
    assert violations(page) == []
    shoot(page, "studies")
    page.get_by_role("button", name="Use as this site's error").click()
    expect(page.get_by_text("It is this site's error.")).to_be_visible()
    assert workstation.get("/api/studies")["studies"][0]["kept"]
