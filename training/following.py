"""A hand that follows advice, on the twin: from somewhere near a view, until it is told to hold still or gives up.

The reader's answers are true places with errors, as a network makes them, or a network's own; the hand moves more or
less than it is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.domain.sights import Bearing, ViewBelief
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import LEVELS
from echospine.engine.twin.probe import Probe
from echospine.engine.twin.scene.hand import adjusted
from echospine.engine.twin.scene.looking import Sight, look
from echospine.engine.twin.scene.record import Stay
from echospine.engine.twin.scene.views import standard_view, usual_machine
from echospine.engine.twin.tissues import Tissue
from echospine.engine.vision.advice import Advice, Advisor, Move
from echospine.engine.vision.advice.hallmarks import enough
from echospine.engine.vision.advice.targets import TARGETS
from training.places import Place, place_of

Look: TypeAlias = tuple[Bearing, ViewBelief | None, float | None]
"""Where a picture lies, which view it is, and how much shows of what the wanted view is known by."""
LEAST_SHOWN = 0.6
"""Of what makes a view, which the book's hold must show in this person: in the very heavy it may show nothing."""
ENOUGH = 0.75
"""Of what the book's view shows of what it is known by, a view that counts as reached must show."""
_CANAL = frozenset({Tissue.EPIDURAL_FAT, Tissue.DURA, Tissue.CSF, Tissue.CAUDA_EQUINA})
KNOWN_BY: dict[View, tuple[frozenset[Tissue], ...]] = {
    View.TRANSVERSE_SPINOUS: (frozenset({Tissue.SPINOUS_PROCESS}),),
    View.TRANSVERSE_INTERLAMINAR: (_CANAL,),
    View.MULTIFIDUS_TRANSVERSE: (frozenset({Tissue.MULTIFIDUS}),),
    View.MIDLINE_SAGITTAL: (frozenset({Tissue.SPINOUS_PROCESS}),),
    View.PARASAGITTAL_LAMINA: (frozenset({Tissue.LAMINA}), _CANAL),
    View.PARASAGITTAL_ARTICULAR_PROCESS: (frozenset({Tissue.SUPERIOR_ARTICULAR, Tissue.INFERIOR_ARTICULAR}),),
    View.PARASAGITTAL_TRANSVERSE_PROCESS: (frozenset({Tissue.TRANSVERSE_PROCESS}),),
    View.FASCIA_LONGITUDINAL: (frozenset({Tissue.FASCIA}),),
    View.SACRAL: (frozenset({Tissue.SACRUM}), _CANAL),
}
"""Tissues that a view shows."""
STARTS = ("L2", "L3", "L4")
"""Levels near which a hand begins."""
FRAMES, FRAME_S = 8, 0.06
"""Looked at before the hand moves again."""
NEAR_MM, NEAR_DEG = 7.0, 13.0
"""A picture no further from a standard view is named after it."""


@dataclass(frozen=True, slots=True)
class Misreading:
    """SD of what a reader says of a place (mm, degrees), of which `lasting` stays while the probe is still; shares."""

    along_mm: float = 4.0
    lateral_mm: float = 3.5
    turn_deg: float = 8.0
    phase_deg: float = 32.0
    tilt_deg: float = 4.5
    rock_deg: float = 4.0
    lasting: float = 0.7
    wrong_view: float = 0.08
    hallmark: float = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How following ended: `held` when told to; `shown` of what the view is known by; `advices` until then."""

    wanted: View
    held: bool
    shown: float
    turned_deg: float
    advices: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether the hand was told to hold still where the view is."""
        return self.held and self.shown >= ENOUGH and self.turned_deg <= 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Back:
    """One person's standard views of one probe: view, level, side, where, and how much is shown there."""

    anatomy: Anatomy
    probe: Probe
    views: tuple[tuple[View, str, Side, Pose, Place], ...]

    def has(self, view: View) -> bool:
        """Return whether a hand can be led to that view here, from beside it at L2 to L4."""
        return any(one[0] is view and one[1] in STARTS for one in self.views)


def back_of(anatomy: Anatomy, probe: Probe) -> Back:
    """Return the standard views of a person that advice can lead to: those in which the book's own hold shows them."""
    found = []
    for view in TARGETS:
        for level in LEVELS:
            for side in (Side.LEFT, Side.RIGHT):
                try:
                    pose = standard_view(anatomy, view, level, side, probe)
                except GeometryError:
                    continue
                if known_by(view, look(anatomy, pose, probe)) >= LEAST_SHOWN * enough(view):
                    found.append((view, level, side, pose, place_of(anatomy, pose, probe)))
    return Back(anatomy, probe, tuple(found))


class Reader(Protocol):
    """Says of the picture at a pose what an advisor asks: where it lies, which view it is, how much of it shows."""

    def looks(self, pose: Pose) -> Iterator[Look]:
        """Give FRAMES answers about pictures taken there one after another; fewer where it is silent."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Misreader:
    """Reads true places with errors, as a network makes them."""

    rng: np.random.Generator
    back: Back
    wanted: View
    misread: Misreading = Misreading()

    def looks(self, pose: Pose) -> Iterator[Look]:
        """Give FRAMES answers; some of their error lasts."""
        place = place_of(self.back.anatomy, pose, self.back.probe)
        view = view_at(self.back, place)
        lasting = self.rng.normal(0.0, 1.0, 6)
        true = known_by(self.wanted, look(self.back.anatomy, pose, self.back.probe))
        seen = true * max(0.0, self.rng.normal(1.0, self.misread.hallmark))
        for _ in range(FRAMES):
            yield read(self.rng, place, self.misread, lasting), _said(self.rng, view, self.misread), seen


def follow(back: Back, wanted: View, seed: int, *, at_most: int = 20, reader: Reader | None = None) -> Outcome:
    """Return how a hand fared that began somewhere near `wanted` and did as it was told, `at_most` times.

    `reader`: by default a Misreader. A hand that nobody tells anything stays where it is.
    """
    rng = np.random.default_rng([seed, 31])
    pose = start(rng, back, wanted)
    reader = reader or Misreader(rng, back, wanted)
    advisor, advices, time_s = Advisor(wanted), [], 0.0
    for _ in range(at_most + 1):
        advice: Advice | None = None
        for n, (bearing, view, seen) in enumerate(reader.looks(pose), 1):
            advice = advisor.update(bearing, view, time_s + n * FRAME_S, seen)
        time_s += FRAMES * FRAME_S
        if advice is None or advice.move is Move.HOLD or len(advices) == at_most:
            break
        advices.append(advice.sentence)
        time_s += 1.5
        try:
            pose = obeyed(rng, back, pose, advice, place_of(back.anatomy, pose, back.probe))
            advisor.moved()
        except GeometryError:
            continue
    place = place_of(back.anatomy, pose, back.probe)
    off = (TARGETS[wanted].turn_deg - math.degrees(place.turn_rad) + 90.0) % 180.0 - 90.0
    held = advice is not None and advice.move is Move.HOLD
    return Outcome(wanted, held, shown(back, wanted, pose), abs(off), tuple(advices))


def start(rng: np.random.Generator, back: Back, wanted: View) -> Pose:
    """Return a hold near one of the standard views of that name."""
    near = [one for one in back.views if one[0] is wanted and one[1] in STARTS]
    while True:
        pose = near[int(rng.integers(len(near)))][3]
        stay = Stay(
            wanted, slide_mm=(float(rng.normal(0.0, 11.0)), float(rng.normal(0.0, 11.0))),
            tilt_deg=float(np.clip(rng.normal(0.0, 7.0), -25.0, 25.0)),
            rotate_deg=float(np.clip(rng.normal(0.0, 25.0), -80.0, 80.0)),
        )  # fmt: skip
        try:
            return adjusted(back.anatomy, pose, back.probe, stay, None)
        except GeometryError:
            continue


def obeyed(rng: np.random.Generator, back: Back, pose: Pose, advice: Advice, place: Place) -> Pose:
    """Return where the probe is after a hand did as it was told, more or less, and a little else beside it."""
    amount = advice.amount * float(rng.uniform(0.6, 1.3))
    side = math.copysign(1.0, place.lateral_mm)
    if abs(place.lateral_mm) < 4.0 and rng.random() < 0.25:
        side = -side
    across = abs(math.sin(place.turn_rad)) < 0.7
    to_head = (0.0, 1.0) if across else (-1.0, 0.0)
    inwards = (side, 0.0) if across else (0.0, side)
    slides = {
        Move.SLIDE_LEFT: (-1.0, 0.0), Move.SLIDE_RIGHT: (1.0, 0.0),
        Move.SLIDE_HEAD: to_head, Move.SLIDE_FEET: (-to_head[0], -to_head[1]),
        Move.SLIDE_IN: inwards, Move.SLIDE_OUT: (-inwards[0], -inwards[1]),
    }  # fmt: skip
    turns = {Move.TURN_CLOCKWISE: 1.0, Move.TURN_ANTICLOCKWISE: -1.0}
    tilts = {Move.TILT_HEAD: 1.0, Move.TILT_FEET: -1.0, Move.TILT_IN: side, Move.TILT_OUT: -side}
    rocks = {Move.ROCK_LEFT: 1.0, Move.ROCK_RIGHT: -1.0}
    slide = amount * np.array(slides.get(advice.move, (0.0, 0.0))) + rng.normal(0.0, 1.2, 2)
    stay = Stay(
        View.OTHER, slide_mm=(float(slide[0]), float(slide[1])),
        rotate_deg=float(np.clip(amount * turns.get(advice.move, 0.0) + rng.normal(0.0, 1.5), -90, 90)),
        tilt_deg=float(np.clip(amount * tilts.get(advice.move, 0.0) + rng.normal(0.0, 1.0), -30, 30)),
        rock_deg=float(np.clip(amount * rocks.get(advice.move, 0.0), -30, 30)),
    )  # fmt: skip
    return adjusted(back.anatomy, pose, back.probe, stay, None)


def view_at(back: Back, place: Place) -> View:
    """Return the standard view that a place is nearest to, or OTHER where none is near."""
    best, nearest = View.OTHER, 1.0
    for view, _, _, _, one in back.views:
        turn = (math.degrees(one.turn_rad - place.turn_rad) + 90.0) % 180.0 - 90.0
        level = (one.phase_rad - place.phase_rad + math.pi) % (2 * math.pi) - math.pi
        along = 0.0 if abs(math.sin(one.turn_rad)) > 0.7 else level / (2 * math.pi) * 28.0
        off = max(
            abs(abs(one.lateral_mm) - abs(place.lateral_mm)) / NEAR_MM, abs(along) / NEAR_MM,
            abs(turn) / NEAR_DEG, abs(one.tilt_deg - place.tilt_deg) / NEAR_DEG,
        )  # fmt: skip
        if off < nearest:
            best, nearest = view, off
    return best


def shown(back: Back, wanted: View, pose: Pose) -> float:
    """Return how much a picture shows of what the view is known by, 1 at the best standard view nearby."""
    best = 0.0
    height = pose.matrix[2, 3]
    near = sorted((one for one in back.views if one[0] is wanted), key=lambda one: abs(one[3].matrix[2, 3] - height))
    now = known_by(wanted, look(back.anatomy, pose, back.probe))
    for _, _, _, exact, _ in near[:4]:
        least = known_by(wanted, look(back.anatomy, exact, back.probe))
        best = max(best, now / least if least > 0 else 0.0)
    return best


def known_by(view: View, sight: Sight) -> float:
    """Return how much a sight shows of what a view is known by: share of lines, mean of several."""
    shares = [float(np.mean(sight.sees(tissues))) for tissues in KNOWN_BY[view]]
    return math.prod(shares) ** (1.0 / len(shares))


def read(rng: np.random.Generator, place: Place, misread: Misreading, lasting: np.ndarray) -> Bearing:
    """Return what a reader says of a place."""
    part = math.sqrt(misread.lasting)
    error = part * lasting + math.sqrt(1.0 - misread.lasting) * rng.normal(0.0, 1.0, 6)
    turn = place.turn_rad + math.radians(misread.turn_deg) * error[0]
    turn = (turn + math.pi / 2) % math.pi - math.pi / 2
    across = abs(turn) < math.radians(35.0)
    phase = place.phase_rad + math.radians(misread.phase_deg) * error[1]
    return Bearing(
        along_mm=place.lateral_mm + misread.along_mm * error[2] if across else None,
        lateral_mm=abs(place.lateral_mm + misread.lateral_mm * error[3]),
        turn_rad=turn,
        turn_sure=0.9,
        phase_rad=(phase + math.pi) % (2 * math.pi) - math.pi,
        phase_sure=0.8,
        tilt_deg=place.tilt_deg + misread.tilt_deg * error[4] if across else None,
        rock_deg=place.rock_deg + misread.rock_deg * error[5],
        contact=place.contact,
    )


def _said(rng: np.random.Generator, view: View, misread: Misreading) -> ViewBelief:
    """Return what is said of a view, now and then of another one."""
    said = view if rng.random() >= misread.wrong_view else View(rng.choice(list(TARGETS)))
    share = float(rng.uniform(0.6, 0.95))
    rest = [one for one in (*TARGETS, View.OTHER) if one is not said]
    return ViewBelief(((said, share), *((one, (1.0 - share) / len(rest)) for one in rest)))


def probe_for(view: View) -> Probe:
    """Return the probe that a view is looked for with."""
    return usual_machine(view).probe
