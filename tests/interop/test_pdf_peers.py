"""A PDF reader that is not ours finds the marks, the numbers and the overlays where they belong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from peers import run
from PIL import Image

from echospine.adapters.pdf import PdfWriter
from echospine.domain.measures import Status
from echospine.domain.reports import NOT_A_DEVICE, Report
from reporting import Scene, bone_row, make_report, measured, report_recording

pytestmark = pytest.mark.interop

SCENE = Scene(width=400, height=300, step_mm=(0.1, 0.1))
MARK = "Draft, not reviewed by a clinician"


def on_disk(report: Report, folder: Path) -> Path:
    path = folder / "report.pdf"
    path.write_bytes(PdfWriter().write(report)[0].data)
    return path


def pages_of(path: Path) -> list[str]:
    return run("pdftotext", "-layout", path, "-").stdout.split("\f")[:-1]


def test_every_page_of_a_draft_is_marked_and_none_of_a_signed_report(tmp_path):
    many = tuple(replace(m, status=Status.DRAFT) for m in measured(SCENE) * 15)
    drafts = pages_of(on_disk(make_report(report_recording(SCENE, many), draft=True), tmp_path))
    assert len(drafts) >= 3
    for page in drafts:
        assert MARK in page
        assert NOT_A_DEVICE in page
    for page in pages_of(on_disk(make_report(report_recording(SCENE, many)), tmp_path)):
        assert "not reviewed" not in page.lower()
        assert NOT_A_DEVICE in page


def test_text_comes_out_as_it_went_in(tmp_path):
    report = make_report(report_recording(SCENE), patient_name="Ünal #strong[x] $y$ <z> \\n 王", signed_by="Reader One")
    text = "\n".join(pages_of(on_disk(report, tmp_path)))
    for part in (
        "Ünal #strong[x] $y$ <z> \\n 王",
        "3.3 ± 0.1",
        "mm²",
        "Reader One",
        report.recordings[0].recording.digest,
    ):
        assert part in text, part
    assert "Page 1 of" in text


def test_it_is_tagged_and_carries_its_fonts(tmp_path):
    path = on_disk(make_report(report_recording(SCENE)), tmp_path)
    info = run("pdfinfo", path).stdout
    assert "Tagged:          yes" in info
    assert "Title:           Ultrasound report: Lumbar spine, first visit" in info
    assert "595.276 x 841.89 pts (A4)" in info
    fonts = [line.split() for line in run("pdffonts", path).stdout.splitlines()[2:]]
    assert any("Inter" in font[0] for font in fonts)
    assert all(font[-5] == "yes" for font in fonts), "each font is embedded"


def test_the_drawn_surface_lies_on_the_bright_line_of_the_picture(tmp_path):
    """The picture is given only the true surface in white; the overlay must cover it, to a pixel of the picture."""
    item = report_recording(SCENE, (), 1)
    key = item.key_images[0]
    row = bone_row(SCENE, key.frame.index)
    pixels = np.zeros((SCENE.height, SCENE.width), dtype=np.uint8)
    columns = np.flatnonzero(np.isfinite(row))
    pixels[np.round(row[columns]).astype(int), columns] = 255
    item = replace(item, key_images=(replace(key, frame=replace(key.frame, pixels=pixels)),))
    path = on_disk(make_report(item), tmp_path)
    run("pdftoppm", "-r", "200", "-png", "-f", "1", "-l", "1", path, tmp_path / "page")
    page = np.asarray(Image.open(next(tmp_path.glob("page*.png"))).convert("RGB")).astype(int)
    black = (page.max(axis=2) < 12).nonzero()
    top, bottom, left, right = black[0].min(), black[0].max(), black[1].min(), black[1].max()
    inside = page[top : bottom + 1, left : right + 1]
    scale = inside.shape[1] / SCENE.width
    assert inside.shape[0] / inside.shape[1] == pytest.approx(SCENE.height / SCENE.width, rel=0.02)
    red, green, blue = np.moveaxis(inside, 2, 0)
    orange = (red > 180) & (green > 110) & (green < 200) & (blue < 90)
    for column in columns[10:-10:15]:
        at = int((column + 0.5) * scale)
        rows = np.flatnonzero(orange[:, at])
        if np.isfinite(row[column - 3 : column + 4]).all():
            assert rows.size
            assert rows.mean() / scale - 0.5 == pytest.approx(row[column], abs=1.0)
    white = (inside.min(axis=2) > 225)[: int(0.8 * inside.shape[0])]
    assert white.sum() < 0.05 * orange.sum(), "the line covers what it stands for"
