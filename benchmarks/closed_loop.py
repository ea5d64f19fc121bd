"""The network in the loop: it counts levels over simulated sweeps, and leads a hand by what it reads in each picture.

`python -m benchmarks closed_loop`. People that no training has seen, by usual machines that it has not seen either;
what reads, counts and advises is what the live page runs, but for the 8 bits. All simulated. Takes about ten minutes.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.table import Row
from echospine.adapters.onnx import NetworkModel, open_network
from echospine.adapters.onnx.registry import SHIPPED
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import View
from echospine.domain.poses import Pose
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import Scanner, prepare, render
from echospine.engine.twin.patient import Transition
from echospine.engine.twin.person import build_patient, sample_patient
from echospine.engine.twin.probe import ABDOMINAL, CONVEX, LINEAR, Machine, Settings
from echospine.engine.twin.scene.hand import lead
from echospine.engine.twin.scene.record import Lie, Place, Scene
from echospine.engine.twin.scene.record import Sweep as SweepStep
from echospine.engine.twin.scene.views import usual_machine
from echospine.engine.vision.advice import hallmark_share
from echospine.engine.vision.advice.targets import TARGETS
from echospine.engine.vision.level.anatomy import NAMES
from echospine.workflow.live.sweep import Sweep
from training.following import FRAMES, Back, Look, Outcome, back_of, follow
from training.guidance import BELOW_TIP
from training.people import Part, person_seed
from training.places import LOOKED_AT_MM

PEOPLE = range(20, 28)
SWEEP_HZ, SWEEP_MM_S = 8.0, 16.0
ASIDE_MM, PRESS_MM = 14.0, 5.0
"""Of a sweep along the spine, from the midline; how far the probe is pressed into the furrow over it."""
HANDS_PEOPLE, HANDS_EACH = range(10, 14), 2
SETTINGS = {
    CONVEX.name: Settings(depth_mm=100.0, focus_mm=50.0),
    LINEAR.name: Settings(depth_mm=55.0, focus_mm=25.0),
}
"""By probe."""


def rows() -> list[Row]:
    network = open_network(SHIPPED)
    return [*_levels(network), *_hands(network)]


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """A person under a machine, and who reads its pictures."""

    body: Body
    machine: Machine
    scanner: Scanner
    network: NetworkModel

    @classmethod
    def of(cls, anatomy: Anatomy, machine: Machine, network: NetworkModel, seed: int) -> Scanned:
        """Return a person under a machine as it is usually set."""
        return cls(Body(anatomy, seed), machine, prepare(machine, SETTINGS[machine.probe.name]), network)

    def seen(self, pose: Pose, index: int) -> tuple[Frame, Interpretation]:
        """Return the picture at a pose, and what is read in it."""
        settings = SETTINGS[self.machine.probe.name]
        made = render(self.body, pose, self.machine, settings, scanner=self.scanner, frame_seed=index)
        frame = Frame(made.pixels, made.geometry, index, index / SWEEP_HZ, (pose, made.image_to_probe))
        return frame, self.network.interpret(frame, self.network.survey([frame]))


def _levels(network: NetworkModel) -> list[Row]:
    told = {True: _Told(), False: _Told()}
    for number in PEOPLE:
        parameters = sample_patient(person_seed(Part.TEST, number))
        if parameters.transition is not Transition.NONE:
            continue
        anatomy = build_patient(parameters)
        for lie in Lie:
            _sweep(network, anatomy, number, _way(anatomy, lie), told)
    found = []
    for tracked, one in told.items():
        word = "tracked" if tracked else "not tracked"
        found += [
            Row(f"network's sweeps, {word}: frames in which a level is surely said", 100 * one.sure_share, "%"),
            Row(f"network's sweeps, {word}: levels said surely that are right", 100 * one.right_share, "%", ">= 95"),
            Row(f"network's sweeps, {word}: sweeps that end sure, of {one.ends}", 100 * one.end_share, "%"),
        ]
    return found


@dataclass(slots=True)
class _Told:
    """Counts of frames and of sweeps' ends: all, with a level surely said, and right."""

    frames: int = 0
    sure: int = 0
    right: int = 0
    ends: int = 0
    sure_ends: int = 0

    @property
    def sure_share(self) -> float:
        return self.sure / max(self.frames, 1)

    @property
    def right_share(self) -> float:
        return self.right / self.sure if self.sure else float("nan")

    @property
    def end_share(self) -> float:
        return self.sure_ends / max(self.ends, 1)

    def add(self, said: str | None, true: str) -> None:
        self.frames += 1
        self.sure += said is not None
        self.right += said == true


def _way(anatomy: Anatomy, lie: Lie) -> list[Pose]:
    """Return poses of a hand that slides from the sacrum up to L1, on the midline or a little beside it."""
    aside = (0.0, 0.0, 0.0) if lie is Lie.TRANSVERSE else (ASIDE_MM, 0.0, 0.0)
    first, last = (Place("spinous_tip", level, offset_mm=aside) for level in ("S2", "L1"))
    slide = SweepStep(first, last, lie, speed_mm_s=SWEEP_MM_S, press_mm=PRESS_MM)
    way = lead(Scene("count", (slide,), machine=ABDOMINAL), anatomy)
    return [way.at(float(t)) for t in np.arange(0.0, way.end_s, 1.0 / SWEEP_HZ)]


def _sweep(network: NetworkModel, anatomy: Anatomy, seed: int, way: list[Pose], told: dict[bool, _Told]) -> None:
    """Sweep once; count what is said by one who knows the tracker's poses, and by one who does not."""
    person = Scanned.of(anatomy, ABDOMINAL, network, seed)
    counts = {tracked: Sweep() for tracked in told}
    last: dict[bool, str | None] = {}
    for n, pose in enumerate(way):
        frame, seen = person.seen(pose, n)
        true = _level_at(anatomy, pose)
        for tracked, count in counts.items():
            given = frame if tracked else Frame(frame.pixels, frame.geometry, n, frame.time_s)
            level = count.update(seen, given, n / SWEEP_HZ).level
            last[tracked] = level.surely() if level else None
            told[tracked].add(last[tracked], true)
    for tracked, one in told.items():
        one.ends += 1
        one.sure_ends += last[tracked] is not None


def _level_at(anatomy: Anatomy, pose: Pose) -> str:
    """Return the vertebra in the middle of a picture: whose spinous tip is nearest."""
    z = float((pose.matrix[:3, 3] + LOOKED_AT_MM * pose.matrix[:3, 1])[2])
    tips = {name: anatomy.landmarks[f"{name}_spinous_tip"].point_mm[2] for name in BELOW_TIP}
    nearest = min(tips, key=lambda name: abs(tips[name] - z))
    assert nearest in NAMES
    return nearest


@dataclass(frozen=True, slots=True, eq=False)
class NetworkReader:
    """Reads each picture once; the hand is still, and what is said of it is said again."""

    person: Scanned
    wanted: View

    def looks(self, pose: Pose) -> Iterator[Look]:
        """Give what the network reads at a pose, or nothing where it is silent."""
        _, seen = self.person.seen(pose, 0)
        if seen.bearing is None:
            return
        shown = None if seen.structures is None else hallmark_share(seen.structures, self.wanted)
        for _ in range(FRAMES):
            yield seen.bearing, seen.view, shown


def _hands(network: NetworkModel) -> list[Row]:
    outcomes: list[Outcome] = []
    for number in HANDS_PEOPLE:
        anatomy = build_patient(sample_patient(person_seed(Part.TEST, number)))
        backs: dict[str, Back] = {}
        for view in TARGETS:
            machine = usual_machine(view)
            if machine.name not in backs:
                backs[machine.name] = back_of(anatomy, machine.probe)
            back = backs[machine.name]
            if not back.has(view):
                continue
            reader = NetworkReader(Scanned.of(anatomy, machine, network, number), view)
            outcomes += [follow(back, view, HANDS_EACH * number + n, reader=reader) for n in range(HANDS_EACH)]
    found = []
    for view in (*TARGETS, None):
        part = [one for one in outcomes if view in (None, one.wanted)]
        reached = [one for one in part if one.reached]
        held = sum(one.held for one in part)
        word = "all views" if view is None else view.value
        found += [
            Row(f"network's hands, {word}: view reached, of {len(part)}", 100 * len(reached) / max(len(part), 1), "%"),
            Row(f"network's hands, {word}: told to hold where it is not, of {held}", 100 * _off(held, reached), "%"),
        ]
    median = statistics.median([len(one.advices) for one in outcomes if one.reached] or [float("nan")])
    return [*found, Row("network's hands: advices until reached, median", median, "")]


def _off(held: int, reached: list[Outcome]) -> float:
    return (held - len(reached)) / held if held else float("nan")
