"""A scene as a frozen record: who lies there, how the probe is held, what moves, and where a needle goes.

A scene with equal fields gives equal bytes: everything random is drawn from its seed before the first frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.engine.twin.motion import Breathing, Contraction, Flexion
from echospine.engine.twin.needle import Needle
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.probe import ABDOMINAL, Machine, Settings
from echospine.engine.twin.tracker import TrackerNoise

MAX_FRAMES = 6000
"""Most frames of one scene."""
MAX_S = 300.0
"""Longest scene, s."""

Where: TypeAlias = tuple[str | int, ...]
"""A place in a scene: ("steps", 2, "level")."""


class SceneFault(GeometryError):  # noqa: N818 -- a place in a scene, not the end of a program
    """A scene that cannot be; `where`: the place in it that is at fault, for whoever knows its line in a file."""

    def __init__(self, message: str, where: Where = ()) -> None:
        super().__init__(message)
        self.where = where


class Lie(StrEnum):
    """How the picture plane lies to the spine."""

    TRANSVERSE = "transverse"
    SAGITTAL = "sagittal"


class PictureSide(StrEnum):
    """Side of the picture, as it is seen."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Place:
    """A named place in the body.

    `kind`: of a landmark (`facet`), or `nerve`, `vessel`, `dura`: the part of that tissue nearest to the joint;
    `offset_mm`: from there, Patient (left, back, head).
    """

    kind: str
    level: str
    side: Side = Side.MIDLINE
    offset_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def name(self) -> str:
        """Name in files: `L4_facet_left`."""
        middle = f"{self.level}_{self.kind}"
        return middle if self.side is Side.MIDLINE else f"{middle}_{self.side.value}"


@dataclass(frozen=True, slots=True)
class Stay:
    """The probe held for a standard view, for `for_s` seconds.

    From where the view is found: `slide_mm` along the face and out of the picture; `rock_deg` in the plane, `tilt_deg`
    about the face, `rotate_deg` about the beam; `press_mm` deeper (below zero: lifted). `through`: slid out of its
    plane until that place lies in it.
    """

    view: View
    level: str = "L4"
    side: Side = Side.MIDLINE
    for_s: float = 1.0
    slide_mm: tuple[float, float] = (0.0, 0.0)
    rock_deg: float = 0.0
    tilt_deg: float = 0.0
    rotate_deg: float = 0.0
    press_mm: float = 0.0
    through: Place | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.for_s <= MAX_S:
            raise GeometryError(f"for_s {self.for_s:g} is no time to hold a probe: above 0, up to {MAX_S:g} s")
        if max(abs(self.rock_deg), abs(self.tilt_deg), abs(self.rotate_deg) / 3) > 30.0:
            raise GeometryError("a probe is rocked or tilted by up to 30 degrees, and rotated by up to 90")


@dataclass(frozen=True, slots=True)
class Sweep:
    """The probe slid over the skin in a line from over one place to over another, at `speed_mm_s`."""

    start: Place
    end: Place
    lie: Lie = Lie.TRANSVERSE
    speed_mm_s: float = 15.0
    press_mm: float = 0.0

    def __post_init__(self) -> None:
        if not 0.5 <= self.speed_mm_s <= 200.0:
            raise GeometryError(f"speed_mm_s {self.speed_mm_s:g} is no hand's: between 0.5 and 200 mm/s")


@dataclass(frozen=True, slots=True)
class Insertion:
    """A needle put in beside the probe, in the plane of the picture, from `at_s` on.

    `aim`: where the tip is to go; `enters`: from which side of the picture, by default from the one farther from the
    midline; `beyond_mm`: how far beyond the end of the probe, by default where the way is free of bone;
    `out_of_plane_mm`: how far out of the picture the tip slips on its way (the entry stays in it); `stop_short_mm`:
    before the target (below zero: beyond it); `roll_deg`: of the bevel; `inject_ml`, at `inject_ml_s`, once there.
    """

    aim: Place
    needle: Needle = field(default_factory=Needle)
    enters: PictureSide | None = None
    beyond_mm: float | None = None
    at_s: float = 0.0
    speed_mm_s: float = 10.0
    out_of_plane_mm: float = 0.0
    stop_short_mm: float = 0.0
    roll_deg: float = 0.0
    inject_ml: float = 0.0
    inject_ml_s: float = 0.25

    def __post_init__(self) -> None:
        for name, low, high in (
            ("at_s", 0.0, MAX_S), ("speed_mm_s", 0.5, 100.0), ("out_of_plane_mm", -20.0, 20.0),
            ("stop_short_mm", -30.0, 60.0), ("inject_ml", 0.0, 20.0), ("inject_ml_s", 0.01, 5.0),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise GeometryError(f"{name} {getattr(self, name):g} is out of reach: between {low:g} and {high:g}")


ProbeStep: TypeAlias = Stay | Sweep
MotionStep: TypeAlias = Breathing | Contraction | Flexion
Step: TypeAlias = ProbeStep | MotionStep | Insertion


@dataclass(frozen=True, slots=True)
class Tremor:
    """How a hand trembles: standard deviation along and about each axis of the probe."""

    translation_mm: float = 0.15
    rotation_deg: float = 0.15

    def __post_init__(self) -> None:
        if not (0.0 <= self.translation_mm <= 5.0 and 0.0 <= self.rotation_deg <= 10.0):
            raise GeometryError("a hand trembles by 0 to 5 mm and 0 to 10 degrees")


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene. `steps`: those of the probe follow each other; motions and a needle run beside them.

    `patient`: as on the day of the scene; `tracker`: how it errs, or None where nothing is tracked.
    """

    name: str
    steps: tuple[Step, ...]
    title: str = ""
    patient: PatientParameters = field(default_factory=PatientParameters)
    machine: Machine = ABDOMINAL
    settings: Settings = field(default_factory=Settings)
    tracker: TrackerNoise | None = field(default_factory=TrackerNoise)
    tremor: Tremor = field(default_factory=Tremor)
    seed: int = 0
    frame_rate_hz: float = 20.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.frame_rate_hz) and 0.5 <= self.frame_rate_hz <= 100.0):
            raise SceneFault(f"{self.frame_rate_hz:g} frames/s is no scanner's: 0.5 to 100", ("frame_rate_hz",))
        if self.seed < 0:
            raise SceneFault("a seed is a whole number from 0 on", ("seed",))
        if not any(isinstance(step, Stay | Sweep) for step in self.steps):
            raise SceneFault("the probe is never held: a step `probe` or `sweep` is missing", ("steps",))
        for kind in (Insertion, Breathing, Flexion):
            places = [place for place, step in enumerate(self.steps) if isinstance(step, kind)]
            if len(places) > 1:
                raise SceneFault(f"a scene has one {kind.__name__.lower()} at most", ("steps", places[1]))

    @property
    def probe_steps(self) -> tuple[tuple[int, ProbeStep], ...]:
        """What is done with the probe, each with its place among the steps."""
        return tuple((place, step) for place, step in enumerate(self.steps) if isinstance(step, Stay | Sweep))

    @property
    def motions(self) -> tuple[tuple[int, MotionStep], ...]:
        """What moves the tissue, each with its place among the steps."""
        kinds = (Breathing, Contraction, Flexion)
        return tuple((place, step) for place, step in enumerate(self.steps) if isinstance(step, kinds))

    @property
    def insertion(self) -> tuple[int, Insertion] | None:
        """The needle with its place among the steps, or None."""
        return next(((place, step) for place, step in enumerate(self.steps) if isinstance(step, Insertion)), None)
