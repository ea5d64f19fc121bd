"""From an interpretation to what a page is told of it: rounded, silent where it must be, the map in runs."""

from __future__ import annotations

import numpy as np

from echospine.apps.server.answers.outlines import polyline, runs
from echospine.apps.server.answers.present import number
from echospine.apps.server.live import sights
from echospine.apps.server.schemas import QualityView
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Structure, Surface
from echospine.domain.sights import Sighting, StructureMap
from echospine.domain.units import Labels
from echospine.workflow.live import PaceReport, Seen

NO_CONTACT = 0.15
"""Share of the probe's face that touches below which nothing is named, whatever a model says."""
LEAST_SHARE = 0.01
_RUN = np.dtype([("label", "u1"), ("count", "<u2")])
_LONGEST_RUN = (1 << 16) - 1


def told(
    seen: Seen, found: Interpretation, pace: PaceReport, *, advice: str = "", contact: float | None = None
) -> tuple[sights.SeenView, bytes]:
    """Return what is said of a frame in which `found` was seen, and the bytes of its map.

    Nothing is named, and no map is sent, of a picture that the model does not recognise, nor of a probe without
    contact. `contact`: share of the probe's face that touches, where the source knows it better than a model.
    """
    silent = is_silent(found) or (contact is not None and contact < NO_CONTACT)
    packed = b"" if silent or found.structures is None else packed_map(found.structures.labels)
    shape = sights.SeenView(
        method=found.method.name,
        version=found.method.version,
        ms=round(1000 * (seen.ready_s - seen.taken_s), 1),
        p50_ms=_ms(pace.p50_s),
        p99_ms=_ms(pace.p99_s),
        worst_ms=_ms(pace.worst_s),
        silent=silent,
        strangeness=None if found.doubt is None else number(round(found.doubt.strangeness, 3)),
        unsure=[] if found.doubt is None else [structure.label for structure in found.doubt.unsure],
        reasons=_reasons(found, silent),
        surfaces=[] if silent else [_surface(surface) for surface in found.surfaces if surface.found.any()],
        map=None if silent or found.structures is None else _map(found.structures, len(packed)),
        landmarks=[] if silent else [_landmark(one, seen.frame.geometry) for one in found.landmarks],
        view=_views(found, silent),
        level=_level(found, silent),
        quality=_quality(found),
        advice=advice,
    )
    return shape, packed


def is_silent(found: Interpretation) -> bool:
    """True where nothing is to be named: the model says so, or the probe touches nothing."""
    return (found.doubt is not None and found.doubt.silent) or found.quality.contact < NO_CONTACT


def packed_map(labels: Labels) -> bytes:
    """Return a map row by row as runs, three bytes each: the label, and how many cells bear it (u16, little-endian)."""
    flat = labels.ravel()
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    counts = np.diff(np.concatenate((starts, [flat.size])))
    times = -(-counts // _LONGEST_RUN)
    found = np.zeros(int(times.sum()), _RUN)
    found["label"] = np.repeat(flat[starts], times)
    found["count"] = _LONGEST_RUN
    found["count"][np.cumsum(times) - 1] = counts - (times - 1) * _LONGEST_RUN
    return found.tobytes()


def unpacked_map(packed: bytes, rows: int, columns: int) -> Labels:
    """Return the map that `packed_map` packed, uint8, (rows, columns)."""
    found = np.frombuffer(packed, _RUN)
    labels: Labels = np.repeat(found["label"], found["count"]).reshape(rows, columns)
    return labels


def _map(grid: StructureMap, size: int) -> sights.SeenMap:
    names = len(Structure)
    labels = grid.labels.ravel()
    cells = np.bincount(labels, minlength=names)
    sums = np.bincount(labels, weights=grid.probability.ravel(), minlength=names)
    return sights.SeenMap(
        columns=grid.labels.shape[1],
        rows=grid.labels.shape[0],
        x_px=grid.corner_px[0],
        y_px=grid.corner_px[1],
        step_px=grid.step_px,
        size=size,
        structures=[_structure(int(one), float(sums[one] / cells[one]) / 255) for one in np.flatnonzero(cells) if one],
    )


def _structure(place: int, probability: float) -> sights.SeenStructure:
    return sights.SeenStructure(id=place, structure=Structure(place).label, probability=round(probability, 3))


def _surface(surface: Surface) -> sights.SeenSurface:
    found = runs(surface.row_px)
    return sights.SeenSurface(
        structure=surface.structure.label,
        lines=[polyline(surface.row_px, run) for run in found],
        confidence=[round(float(surface.confidence[run].mean()), 3) for run in found],
    )


def _landmark(one: Sighting, geometry: ImageGeometry) -> sights.SeenLandmark:
    long_px, short_px, turn = one.ellipse_mm((1.0, 1.0))
    region = geometry.main_region()
    return sights.SeenLandmark(
        landmark=one.landmark,
        at_px=(round(one.at_px[0], 2), round(one.at_px[1], 2)),
        long_px=round(long_px, 2),
        short_px=round(short_px, 2),
        turn_rad=round(turn, 3),
        long_mm=round(one.ellipse_mm(region.step_mm)[0], 2) if region else None,
        confidence=round(one.confidence, 3),
    )


def _views(found: Interpretation, silent: bool) -> list[sights.ViewShare]:
    if silent or found.view is None:
        return []
    return [
        sights.ViewShare(view=view, share=round(share, 3)) for view, share in found.view.shares if share >= LEAST_SHARE
    ]


def _level(found: Interpretation, silent: bool) -> sights.LevelView | None:
    if silent or found.level is None:
        return None
    shares = [sights.LevelShare(level=name, share=round(p, 3)) for name, p in found.level.shares if p >= LEAST_SHARE]
    return sights.LevelView(shares=shares, sure=found.level.surely(), reason=found.level.reason)


def _reasons(found: Interpretation, silent: bool) -> list[str]:
    said = [] if found.doubt is None else list(found.doubt.reasons)
    if said or not silent:
        return said
    return list(found.quality.reasons) or ["the probe touches nothing"]


def _quality(found: Interpretation) -> QualityView:
    quality = found.quality
    return QualityView(
        contact=number(quality.contact),
        saturated=number(quality.saturated),
        shadowed=number(quality.shadowed),
        score=number(quality.score),
        reasons=list(quality.reasons),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)
