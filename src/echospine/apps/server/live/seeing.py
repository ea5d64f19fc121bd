"""From an interpretation to what a page is told of it: rounded, silent where it must be, the map in runs."""

from __future__ import annotations

import math

from echospine.apps.server.answers.outlines import polyline, runs
from echospine.apps.server.answers.present import number
from echospine.apps.server.answers.sighted import landmark_view, level_view, map_view, view_shares
from echospine.apps.server.live import sights
from echospine.apps.server.schemas import QualityView
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Surface
from echospine.domain.runs import packed_map
from echospine.domain.sights import Bearing
from echospine.workflow.live import Hint, PaceReport, Seen

NO_CONTACT = 0.15
"""Share of the probe's face that touches below which nothing is named, whatever a model says."""
NO_HINT = Hint()


def told(
    seen: Seen,
    found: Interpretation,
    pace: PaceReport,
    *,
    hint: Hint = NO_HINT,
    explains: bool = False,
    contact: float | None = None,
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
        map=None if silent or found.structures is None else map_view(found.structures, len(packed)),
        landmarks=[] if silent else [landmark_view(one, seen.frame.geometry) for one in found.landmarks],
        view=[] if silent else view_shares(found),
        level=None if silent else level_view(found),
        quality=_quality(found),
        bearing=None if silent or found.bearing is None else _bearing(found.bearing),
        explains=explains and not silent,
        advice=hint.sentence,
        move=hint.move,
    )
    return shape, packed


def is_silent(found: Interpretation) -> bool:
    """True where nothing is to be named: the model says so, or the probe touches nothing."""
    return (found.doubt is not None and found.doubt.silent) or found.quality.contact < NO_CONTACT


def _surface(surface: Surface) -> sights.SeenSurface:
    found = runs(surface.row_px)
    return sights.SeenSurface(
        structure=surface.structure.label,
        lines=[polyline(surface.row_px, run) for run in found],
        confidence=[round(float(surface.confidence[run].mean()), 3) for run in found],
    )


def _bearing(one: Bearing) -> sights.BearingView:
    return sights.BearingView(
        along_mm=None if one.along_mm is None else round(one.along_mm, 1),
        lateral_mm=round(one.lateral_mm, 1),
        turn_deg=round(math.degrees(one.turn_rad), 1),
        turn_sure=round(one.turn_sure, 3),
        phase=round(one.phase_rad / (2.0 * math.pi) % 1.0, 3),
        phase_sure=round(one.phase_sure, 3),
        tilt_deg=None if one.tilt_deg is None else round(one.tilt_deg, 1),
        rock_deg=round(one.rock_deg, 1),
    )


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
