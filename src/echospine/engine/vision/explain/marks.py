"""What is said of a landmark: how sure, how near, how deep, and on what it lies."""

from __future__ import annotations

import numpy as np

from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Structure
from echospine.domain.sights import Landmark, Sighting
from echospine.engine.vision.explain.sentences import LIKELY, SURE

_PLAIN: dict[Landmark, str] = {
    Landmark.SPINOUS_TIP: "the tip of a bony bump that you can feel along your back",
    Landmark.LAMINA: "the bony roof at the back of your spine",
    Landmark.FACET: "a small joint between two bones of your spine",
    Landmark.TRANSVERSE_TIP: "the tip of a bony wing at the side of your spine",
    Landmark.INTERLAMINAR_WINDOW: "a gap between two bones of your spine, through which sound can look in",
    Landmark.MIDLINE: "the middle of your back",
    Landmark.NERVE_EXIT: "a place where a nerve leaves your spine",
}


def mark_for_clinician(mark: Sighting, seen: Interpretation, frame: Frame) -> str:
    """Return where a landmark is, how surely, and on what it lies."""
    name = mark.landmark.value.replace("_", " ")
    region = frame.geometry.main_region()
    parts = []
    if region is not None:
        longer_mm, shorter_mm, _ = mark.ellipse_mm(region.step_mm)
        parts.append(f"within {longer_mm:.1f} x {shorter_mm:.1f} mm (95 %)")
        top = seen.field.sector.top_px
        if np.isfinite(top).any():
            parts.append(f"at {(mark.at_px[1] - float(np.nanmin(top))) * region.step_mm[1]:.0f} mm")
    under = _under(mark, seen, frame)
    if under is not None:
        parts.append(f"on {under.label.replace('_', ' ')}")
    return f"{name[0].upper()}{name[1:]}, {mark.confidence:.0%} sure{': ' if parts else ''}{', '.join(parts)}."


def mark_for_patient(mark: Sighting) -> str:
    """Return what a landmark is, in words that need no training."""
    if mark.confidence >= SURE:
        start = "This is"
    elif mark.confidence >= LIKELY:
        start = "This is probably"
    else:
        start = "The computer is not sure, but this may be"
    return f"{start} {_PLAIN[mark.landmark]}."


def _under(mark: Sighting, seen: Interpretation, frame: Frame) -> Structure | None:
    """Return the bone within a landmark's doubt, else the structure at its place; None where the map names none."""
    if seen.structures is None:
        return None
    labels = seen.structures.over(frame.geometry)
    row, column = round(mark.at_px[1]), round(mark.at_px[0])
    if not (0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]):
        return None
    reach = max(1, round(mark.ellipse_mm((1.0, 1.0))[0]))
    near = labels[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
    counts = np.bincount(near.ravel(), minlength=len(Structure))
    bone = max(BONES, key=lambda one: (counts[one], -one))
    found = bone if counts[bone] else Structure(int(labels[row, column]))
    return found if found is not Structure.BACKGROUND else None
