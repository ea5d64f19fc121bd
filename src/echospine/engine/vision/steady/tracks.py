"""Landmarks and surfaces from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from echospine.domain.labels import Surface
from echospine.domain.sights import Sighting
from echospine.domain.units import Floats, Mask

GATE_PX, GATE_SDS = 10.0, 3.5
"""A landmark further than this from where it was, in pixels and in its own standard deviations, has jumped."""
KEEP, SHOW = 0.3, 0.5
"""Running presence down to which what is shown stays, and from which something new is shown."""
ROW_GATE = 0.03
"""A surface that is further from where it was, as a share of the picture's height, has jumped in that column."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """A landmark that is followed: as it is shown, and its running presence, 0 to 1."""

    shown: Sighting
    presence: float


def follow(before: Sequence[Tracked], found: Sequence[Sighting], share: float) -> list[Tracked]:
    """Return landmarks drawn towards those that were found by `share`; each is matched with the nearest of its kind.

    What has jumped, and what is new, is shown where it was found; what is missing stays while its presence lasts.
    """
    left, tracks = list(before), []
    for sighting in found:
        near = [one for one in left if _same(one.shown, sighting)]
        match = min(near, key=partial(_off, sighting)) if near else None
        if match is None:
            tracks.append(Tracked(sighting, max(share, SHOW)))
            continue
        left.remove(match)
        tracks.append(Tracked(_between(match.shown, sighting, share), match.presence + share * (1.0 - match.presence)))
    kept = [replace(one, presence=(1.0 - share) * one.presence) for one in left]
    return tracks + [one for one in kept if one.presence >= KEEP]


def _off(found: Sighting, track: Tracked) -> float:
    return float(np.hypot(track.shown.at_px[0] - found.at_px[0], track.shown.at_px[1] - found.at_px[1]))


def _same(shown: Sighting, found: Sighting) -> bool:
    """Return whether a landmark may be the one that was shown, moved no further than its doubt allows."""
    if shown.landmark is not found.landmark:
        return False
    way = np.subtract(found.at_px, shown.at_px)
    if np.hypot(*way) <= GATE_PX:
        return float(way @ np.linalg.solve(shown.covariance_px2 + found.covariance_px2, way)) <= GATE_SDS**2
    return False


def _between(shown: Sighting, found: Sighting, share: float) -> Sighting:
    x, y = (a + share * (b - a) for a, b in zip(shown.at_px, found.at_px, strict=True))
    return Sighting(
        found.landmark,
        (x, y),
        shown.covariance_px2 + share * (found.covariance_px2 - shown.covariance_px2),
        shown.confidence + share * (found.confidence - shown.confidence),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A surface that is followed: as it is shown, and its running presence per column, 0 to 1, shape (width,)."""

    shown: Surface
    presence: Floats


def settled(before: Course | None, found: Surface, share: float, height: float) -> Course:
    """Return a surface drawn towards what was found by `share`, column by column; what has jumped is taken as found."""
    there: Mask = found.found
    if before is None:
        return Course(found, there.astype(np.float64))
    presence = before.presence + share * (there - before.presence)
    old = before.shown.row_px
    with np.errstate(invalid="ignore"):
        near = np.abs(found.row_px - old) <= ROW_GATE * height
    rows = np.where(near, old + share * (found.row_px - old), found.row_px)
    rows = np.where(there, rows, old)
    shown = (presence >= SHOW) | (before.shown.found & (presence >= KEEP))
    confidence = before.shown.confidence + share * (found.confidence - before.shown.confidence)
    return Course(Surface(found.structure, np.where(shown, rows, np.nan), np.clip(confidence, 0.0, 1.0)), presence)
