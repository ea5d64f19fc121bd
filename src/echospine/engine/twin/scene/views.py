"""Where a probe is held for each standard view of the lumbar spine.

Conventions: across the spine, the left of the picture is the patient's left, as seen from behind; along it, the left
of the picture is towards the head. On the flank the probe has been slid there from the back without turning it, so
left of the picture is the belly on the left side of the body, and the back on the right side.

As a sonographer does, a view is looked for: held as the book says, then slid and tilted a little until
the picture shows most of what the view is known by. Views: Karmakar 2012, in Atlas of Sonoanatomy for
Regional Anesthesia; Chin, Karmakar and Peng 2011, Anesthesiology 114:1459; abdominal wall: Teyhen et al. 2007, J Orthop
Sports Phys Ther 37:450; fascia: Langevin et al. 2009, BMC Musculoskelet Disord 10:151.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Machine, Probe
from echospine.engine.twin.scene.looking import Hold, Sight, flush, hold_at, look, seated
from echospine.engine.twin.tissues import Tissue

MIDLINE_VIEWS = frozenset({View.TRANSVERSE_SPINOUS, View.TRANSVERSE_INTERLAMINAR, View.MIDLINE_SAGITTAL})
"""Views that lie on the midline: they have no side."""
FASCIA_ASIDE_MM = 20.0
"""Distance of the view of the fascia from the midline (Langevin et al. 2009)."""

_CANAL = frozenset({Tissue.EPIDURAL_FAT, Tissue.DURA, Tissue.CSF, Tissue.CAUDA_EQUINA})
_ARTICULAR = frozenset({Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR, Tissue.FACET_GAP})
_WALL = (Tissue.EXTERNAL_OBLIQUE, Tissue.INTERNAL_OBLIQUE, Tissue.TRANSVERSUS_ABDOMINIS)
_POSTERIOR = np.array([0.0, 1.0, 0.0])
_HEAD = np.array([0.0, 0.0, 1.0])
_LEFT = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class Plan:
    """How a view is found.

    `holds`: where to try, first as the book says; `score`: how much a sight shows of what the view is known by (0 or
    more); `lean`: whether the probe stands square to the skin, or keeps its tilt.
    """

    holds: tuple[Hold, ...]
    score: Callable[[Sight], float]
    lean: bool = False


def standard_view(anatomy: Anatomy, view: View, level: str, side: Side, probe: Probe | None = None) -> Pose:
    """Return where the probe is held for `view` of a level: Probe to Patient, its face on the skin.

    `level`: L1 to L5; a window or a joint is the one below that vertebra; `side`: left or right, of no matter to
    MIDLINE_VIEWS; `probe`: by default the one that the view is usually taken with. Raises GeometryError where this
    anatomy lacks what the view needs.
    """
    probe = probe or usual_machine(view).probe
    plan = _plan(anatomy, view, level, side)
    tried = [_tried(anatomy, hold, probe, plan) for hold in plan.holds]
    if len(tried) == 1:
        return tried[0]
    return max(tried, key=lambda pose: plan.score(look(anatomy, pose, probe)))


def usual_machine(view: View) -> Machine:
    """Return the machine that a view is usually taken with: muscle and fascia near the skin with a linear probe."""
    return MUSCULOSKELETAL if view in (View.FASCIA_LONGITUDINAL, View.ABDOMINAL_WALL_LATERAL) else ABDOMINAL


def landmark_mm(anatomy: Anatomy, kind: str, level: str, side: Side) -> Floats:
    """Return a landmark, mm, Patient; a sided one on the midline is the middle of both.

    Raises GeometryError where the anatomy has none of that name.
    """
    if side is Side.MIDLINE and f"{level}_{kind}" not in anatomy.landmarks:
        left, right = (landmark_mm(anatomy, kind, level, one) for one in (Side.LEFT, Side.RIGHT))
        return (left + right) / 2
    name = f"{level}_{kind}" if side is Side.MIDLINE else f"{level}_{kind}_{side.value}"
    if name not in anatomy.landmarks:
        raise GeometryError(f"this patient has no landmark {name}")
    return anatomy.landmarks[name].point_mm


def _tried(anatomy: Anatomy, hold: Hold, probe: Probe, plan: Plan) -> Pose:
    return seated(anatomy, flush(anatomy, hold, probe, lean=plan.lean), probe)


def _plan(anatomy: Anatomy, view: View, level: str, side: Side) -> Plan:
    if level not in LEVELS:
        raise GeometryError(f"no level {level!r} of the lumbar spine: {', '.join(LEVELS)}")
    if view not in _PLANS:
        raise GeometryError(f"{view.value} is no standard view to hold a probe for")
    side = Side.MIDLINE if view in MIDLINE_VIEWS else side
    if side is Side.UNKNOWN or (side is Side.MIDLINE and view not in MIDLINE_VIEWS | {View.SACRAL}):
        raise GeometryError(f"the view {view.value} is taken on one side: left or right")
    return _PLANS[view](anatomy, level, side)


def _transverse_spinous(anatomy: Anatomy, level: str, side: Side) -> Plan:
    tip = landmark_mm(anatomy, "spinous_tip", level, side)
    return Plan((hold_at(tip, _to_the_right(anatomy, level), -_POSTERIOR),), _shown({Tissue.SPINOUS_PROCESS}), True)


def _transverse_interlaminar(anatomy: Anatomy, level: str, side: Side) -> Plan:
    window = landmark_mm(anatomy, "interlaminar", level, side)
    first = hold_at(window, _to_the_right(anatomy, level), -_POSTERIOR)
    return Plan(tuple(_slid(first, -first.aside, (0.0, -4.0, 4.0), _TILTS)), _shown(_CANAL))


def _transverse_processes(anatomy: Anatomy, level: str, side: Side) -> Plan:
    tip = landmark_mm(anatomy, "transverse_tip", level, side)
    first = hold_at(tip, _to_the_feet(anatomy, "transverse_tip", level, side), -_POSTERIOR)
    return Plan(tuple(_slid(first, -_outwards(side), (10.0, 6.0, 14.0, 18.0), (0.0,))), _fingers)


def _articular_processes(anatomy: Anatomy, level: str, side: Side) -> Plan:
    facet = landmark_mm(anatomy, "facet", level, side)
    first = hold_at(facet, _to_the_feet(anatomy, "facet", level, side), -_POSTERIOR)
    return Plan(tuple(_slid(first, -_outwards(side), (0.0, -2.0, 2.0, 4.0), (0.0,))), _shown(_ARTICULAR))


def _laminae(anatomy: Anatomy, level: str, side: Side) -> Plan:
    """Paramedian oblique: from beside the midline, tilted towards it, through the window into the canal."""
    window = landmark_mm(anatomy, "interlaminar", level, side)
    first = hold_at(window, _to_the_feet(anatomy, "lamina", level, side), -_POSTERIOR)
    return Plan(tuple(_oblique(first, side)), _windows_between({Tissue.LAMINA}))


def _midline(anatomy: Anatomy, level: str, side: Side) -> Plan:
    tip = landmark_mm(anatomy, "spinous_tip", level, side)
    first = hold_at(tip, _to_the_feet(anatomy, "spinous_tip", level, side), -_POSTERIOR)
    return Plan((first,), _shown({Tissue.SPINOUS_PROCESS}))


def _multifidus(anatomy: Anatomy, level: str, side: Side) -> Plan:
    """Over the lamina, as near to the midline as the furrow between both sides leaves contact."""
    lamina, facet = (landmark_mm(anatomy, kind, level, side) for kind in ("lamina", "facet"))
    first = hold_at((facet[0], lamina[1], lamina[2]), _to_the_right(anatomy, level), -_POSTERIOR)
    holds = tuple(_slid(first, _outwards(side), (0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0), (0.0,)))
    return Plan(holds, _shown({Tissue.MULTIFIDUS}), True)


def _fascia(anatomy: Anatomy, level: str, side: Side) -> Plan:
    """Beside the middle of the ligament between two spinous processes."""
    tips = [landmark_mm(anatomy, "spinous_tip", one, Side.MIDLINE) for one in _with_next(level)]
    target = np.mean(tips, axis=0) + FASCIA_ASIDE_MM * _outwards(side)
    return Plan((hold_at(target, -_HEAD, -_POSTERIOR),), _shown({Tissue.FASCIA}), True)


def _abdominal_wall(anatomy: Anatomy, level: str, side: Side) -> Plan:
    """On the flank, square to the skin, where all three muscles of the wall lie upon each other."""
    middle = landmark_mm(anatomy, "body_centre", level, Side.MIDLINE)
    out = _outwards(side)
    holds = []
    for turn in np.radians((0.0, 15.0, 30.0, 45.0, 60.0, -15.0, -30.0)):
        towards = -np.cos(turn) * out - np.sin(turn) * _POSTERIOR
        for drop_mm in (0.0, -15.0, 15.0):
            holds.append(hold_at(middle + drop_mm * _HEAD, np.cross(towards, _HEAD), towards))
    return Plan(tuple(holds), _layers, True)


def _sacral(anatomy: Anatomy, level: str, side: Side) -> Plan:
    """Over the last window and the sacrum below it, as long as a face."""
    window = landmark_mm(anatomy, "interlaminar", LEVELS[-1], side)
    crest = landmark_mm(anatomy, "spinous_tip", "S1", Side.MIDLINE)
    first = hold_at(window, crest - landmark_mm(anatomy, "spinous_tip", LEVELS[-1], Side.MIDLINE), -_POSTERIOR)
    first = first.shifted(10.0 * first.across)
    holds = (first,) if side is Side.MIDLINE else tuple(_oblique(first, side))
    return Plan(holds, _windows_between({Tissue.SACRUM}))


_TILTS = (0.0, 5.0, -5.0, 10.0, -10.0, 15.0, -15.0, 20.0, -20.0, 25.0)
"""Tilts about the face that are tried, degrees."""

_PLANS: dict[View, Callable[[Anatomy, str, Side], Plan]] = {
    View.TRANSVERSE_SPINOUS: _transverse_spinous,
    View.TRANSVERSE_INTERLAMINAR: _transverse_interlaminar,
    View.PARASAGITTAL_TRANSVERSE_PROCESS: _transverse_processes,
    View.PARASAGITTAL_ARTICULAR_PROCESS: _articular_processes,
    View.PARASAGITTAL_LAMINA: _laminae,
    View.MIDLINE_SAGITTAL: _midline,
    View.MULTIFIDUS_TRANSVERSE: _multifidus,
    View.FASCIA_LONGITUDINAL: _fascia,
    View.ABDOMINAL_WALL_LATERAL: _abdominal_wall,
    View.SACRAL: _sacral,
}


def _outwards(side: Side) -> Floats:
    return _LEFT if side is Side.LEFT else -_LEFT


def _with_next(level: str) -> tuple[str, str]:
    place = LEVELS.index(level)
    return (level, LEVELS[place + 1]) if place + 1 < len(LEVELS) else (LEVELS[place - 1], level)


def _to_the_right(anatomy: Anatomy, level: str) -> Floats:
    """From the patient's left to the right, as that vertebra stands."""
    return landmark_mm(anatomy, "lamina", level, Side.RIGHT) - landmark_mm(anatomy, "lamina", level, Side.LEFT)


def _to_the_feet(anatomy: Anatomy, kind: str, level: str, side: Side) -> Floats:
    """Along the spine from the level to the next, or from the one before."""
    above, below = _with_next(level)
    return landmark_mm(anatomy, kind, below, side) - landmark_mm(anatomy, kind, above, side)


def _slid(first: Hold, along: Floats, slides_mm: tuple[float, ...], tilts_deg: tuple[float, ...]) -> Iterator[Hold]:
    """Give the holds around the first one: slid along a direction, tilted about the line of the face."""
    for slide in slides_mm:
        for tilt in tilts_deg:
            yield first.shifted(slide * along).turned(first.across, np.radians(tilt))


def _oblique(first: Hold, side: Side) -> Iterator[Hold]:
    """Give holds that look towards the midline from beside it."""
    inwards = -_outwards(side)
    for slide in (0.0, 3.0, -3.0):
        for tilt in np.radians((12.0, 6.0, 18.0, 24.0)):
            into = np.cos(tilt) * first.into + np.sin(tilt) * inwards
            yield hold_at(first.target_mm - slide * inwards, first.across, into)


def _shown(wanted: frozenset[Tissue] | set[Tissue]) -> Callable[[Sight], float]:
    """Score the share of lines that see one of these tissues."""
    tissues = frozenset(wanted)
    return lambda sight: float(np.mean(sight.sees(tissues)))


def _windows_between(bones: set[Tissue]) -> Callable[[Sight], float]:
    """Score lines into the canal between lines onto these bones: both are wanted."""
    tissues = frozenset(bones)

    def score(sight: Sight) -> float:
        return float(np.sqrt(np.mean(sight.sees(_CANAL)) * np.mean(sight.sees(tissues))))

    return score


def _fingers(sight: Sight) -> float:
    """Score the number of transverse processes that stand apart, and a little of how much is seen of them."""
    hit = sight.bone == Tissue.TRANSVERSE_PROCESS
    runs = int(np.count_nonzero(np.diff(np.concatenate([[False], hit]).astype(np.int8)) == 1))
    others = np.mean((sight.bone != Tissue.TRANSVERSE_PROCESS) & (sight.bone != Tissue.AIR))
    return runs + 0.5 * float(np.mean(hit)) - float(others)


def _layers(sight: Sight) -> float:
    """Score the share of lines that go through all three muscles of the wall, before any bone."""
    through = [sight.sees(frozenset({muscle})) for muscle in _WALL]
    return float(np.mean(np.logical_and.reduce(through)))
