"""Drawing an interpretation on its frame."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePath

import numpy as np
from PIL import Image, ImageDraw

from echospine.domain.colours import COLOURS, tinted
from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Surface
from echospine.domain.reports import DRAFT_MARK, Report, ReportFile
from echospine.domain.sights import Sighting

UNSURE_BELOW = 0.5
"""A surface is drawn dashed where its confidence is below this."""
MARK = "#FFFFFF"
CROSS_PX = 4


def draw_overlay(frame: Frame, interpretation: Interpretation) -> Image.Image:
    """Return the frame as RGB with what was seen in it; same size.

    Areas of soft tissue are tinted and outlined in their colours, surfaces are lines, dashed where they are unsure,
    and landmarks crosses within the ellipse that holds them with 95 %. Raises ModelError when the interpretation
    belongs to another frame.
    """
    if interpretation.frame_index != frame.index:
        raise ModelError(f"an interpretation of frame {interpretation.frame_index} is not drawn on {frame.index}")
    labels = np.zeros(frame.pixels.shape[:2], np.uint8)
    if interpretation.structures is not None:
        labels = interpretation.structures.over(frame.geometry)
    picture = Image.fromarray(tinted(frame.pixels, labels))
    canvas = ImageDraw.Draw(picture)
    for surface in interpretation.surfaces:
        _draw_surface(canvas, surface)
    for mark in interpretation.landmarks:
        _draw_landmark(canvas, mark)
    return picture


def _draw_landmark(canvas: ImageDraw.ImageDraw, mark: Sighting) -> None:
    """Draw a cross, and its ellipse of doubt, pixels."""
    (x, y), (long_px, short_px, turn) = mark.at_px, mark.ellipse_mm((1.0, 1.0))
    for dx, dy in ((CROSS_PX, 0), (0, CROSS_PX)):
        canvas.line([x - dx, y - dy, x + dx, y + dy], fill=MARK, width=1)
    angles = np.linspace(0.0, 2.0 * np.pi, 33)
    along, across = long_px * np.cos(angles), short_px * np.sin(angles)
    ring = np.stack(
        (x + along * np.cos(turn) - across * np.sin(turn), y + along * np.sin(turn) + across * np.cos(turn))
    )
    canvas.line([(float(a), float(b)) for a, b in ring.T], fill=MARK, width=1)


def _draw_surface(canvas: ImageDraw.ImageDraw, surface: Surface) -> None:
    colour = COLOURS[surface.structure]
    rows, sure = surface.row_px, surface.confidence >= UNSURE_BELOW
    dash = (np.arange(rows.size) // 6) % 2 == 0
    together = np.isfinite(rows[:-1]) & np.isfinite(rows[1:]) & (sure[:-1] | dash[:-1])
    for x in np.flatnonzero(together).tolist():
        canvas.line([x, float(rows[x]), x + 1, float(rows[x + 1])], fill=colour, width=2)


class OverlayWriter:
    """Writes the key images of a report as `pictures/NAME_NNNN.png`; a draft says so in the picture's text."""

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return one PNG for each key image; nothing in the picture itself hides pixels of the scan."""
        files: dict[str, ReportFile] = {}
        for number, part in enumerate(report.recordings, start=1):
            stem = PurePath(part.recording.name).name.split(".")[0] or "recording"
            for key in part.key_images:
                name = f"pictures/{number}_{stem}_{key.frame.index:04d}.png"
                files[name] = ReportFile(name, "image/png", _png(draw_overlay(key.frame, key.interpretation), report))
        return tuple(files.values())


def _png(picture: Image.Image, report: Report) -> bytes:
    """Return PNG bytes; a draft gets a strip below the picture that says so."""
    if report.draft:
        strip = 18
        marked = Image.new("RGB", (picture.width, picture.height + strip))
        marked.paste(picture, (0, 0))
        ImageDraw.Draw(marked).text((4, picture.height + 3), DRAFT_MARK, fill="#E69F00")
        picture = marked
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
