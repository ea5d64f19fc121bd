"""What a needle does to tissue: it pushes and drags a little, and what is injected makes room for itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.units import Floats, frozen
from echospine.engine.twin.body import Displacement, Inclusion
from echospine.engine.twin.motion.back import Back
from echospine.engine.twin.motion.fields import determinant, on_grid, smooth_step
from echospine.engine.twin.needle.shape import Needle, NeedlePose, shaft_mm, tangents
from echospine.engine.twin.tissues import Tissue

DRAG_REACH_MM = 3.0
"""Distance from the shaft over which the tissue dragged along falls to 1/e."""
BONE_REACH_MM = 4.0
"""Clearance over which bone holds the tissue."""
SOAKED = 0.35
"""Share of a pocket's volume that soaks into tissue; the rest pushes tissue away."""
FITTING_TURNS = 8
"""Of finding how large a pocket at rest must be on a grid."""
SOFTNESS = 0.2
"""How the push begins within a pocket, in its volume: smooth enough for grids of 1 to 2 mm."""
PUSHED = (1.0 - SOAKED) / (1.0 - math.exp(-SOAKED / SOFTNESS))
"""Volume by which tissue far away is pushed, in volumes of the pocket (b below); more than what is not soaked in."""
REACH_MM = 12.0
"""Farther from the shaft than this, tissue stays where it is: it would move by 0.01 mm."""
SPAN_MM = 5.0
"""Length of the straight pieces in which distances to the shaft are counted."""


@dataclass(frozen=True, slots=True, eq=False)
class Pocket:
    """One pocket of an injection, which grows in proportion.

    `offset`: of its middle from the tip, Patient, in radii of a ball that holds the whole volume; `proportions`: of its
    radii; `share`: of the volume.
    """

    offset: Floats
    proportions: Floats
    share: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "offset", frozen(self.offset))
        object.__setattr__(self, "proportions", frozen(self.proportions))
        fits = self.offset.shape == self.proportions.shape == (3,) and bool(np.all(self.proportions > 0))
        if not (fits and 0.0 < self.share <= 1.0):
            raise GeometryError("a pocket needs an offset, three proportions above zero, and a share up to 1")


ROUND = Pocket(np.zeros(3), np.ones(3))
ALONG_A_PLANE = (
    Pocket(np.zeros(3), np.array([1.2, 0.55, 1.5]), 0.6),
    Pocket(np.array([0.2, 0.05, 2.35]), np.array([1.0, 0.5, 1.7]), 0.25),
    Pocket(np.array([-0.15, -0.05, -2.05]), np.array([1.1, 0.45, 1.4]), 0.15),
)
"""Three pockets that spread along a plane of fascia, mostly up and down."""


@dataclass(frozen=True, slots=True, eq=False)
class Injection:
    """Fluid let out at `centre_mm` (Patient, at rest): from `start_s`, at `rate_ml_s`, until `volume_ml` are in."""

    centre_mm: Floats
    volume_ml: float = 2.0
    start_s: float = 0.0
    rate_ml_s: float = 0.25
    pockets: tuple[Pocket, ...] = (ROUND,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre_mm", frozen(self.centre_mm))
        if self.centre_mm.shape != (3,) or not np.all(np.isfinite(self.centre_mm)):
            raise GeometryError("an injection needs a centre of three finite coordinates")
        if not (0.0 < self.volume_ml <= 50.0 and self.rate_ml_s > 0.0):
            raise GeometryError("an injection lets out up to 50 mL, at a rate above zero")
        if not self.pockets or abs(sum(pocket.share for pocket in self.pockets) - 1.0) > 1e-6:
            raise GeometryError("the shares of the pockets of an injection must add up to 1")


@dataclass(frozen=True, slots=True, eq=False)
class Injected:
    """What an injection has done: `volume_ml` in so far, its pockets at rest, and how tissue made room for them."""

    volume_ml: float
    inclusions: tuple[Inclusion, ...]
    displacement: Displacement


def injected_ml(injection: Injection, t_s: float) -> float:
    """Return how much is in at `t_s`, mL."""
    return min(max(t_s - injection.start_s, 0.0) * injection.rate_ml_s, injection.volume_ml)


def inject(injection: Injection, t_s: float, back: Back) -> Injected:
    """Return what an injection has done at `t_s`, on the grid of `back`; bone does not give way.

    In coordinates in which the pocket now is a ball of radius 1, a ball of volume w (in its units) around the centre at
    rest becomes one of volume w + b (1 - exp(-w / s)): the pocket at rest, w = SOAKED, fills the ball, and farther out
    tissue keeps its volume, pushed away by b. What grid and bone change in this is made up for in the pockets at rest,
    so that each holds its share of the volume now.
    """
    volume_ml = injected_ml(injection, t_s)
    field = on_grid(back.grid, np.zeros((*back.grid.shape, 3)))
    if volume_ml <= 0.0:
        return Injected(0.0, (), field)
    balls = [_ball(injection, pocket, volume_ml) for pocket in injection.pockets]
    knots, held = back.grid.knots_mm, smooth_step(back.clearance_mm / BONE_REACH_MM)[..., None]
    pushed = np.sum([_pushed(knots, centre, radii) for centre, radii in balls], axis=0)
    field = on_grid(back.grid, held * pushed)
    return Injected(volume_ml, tuple(_filled(field, centre, radii) for centre, radii in balls), field)


def _ball(injection: Injection, pocket: Pocket, volume_ml: float) -> tuple[Floats, Floats]:
    """Return the middle at rest of a pocket, and the radii that it has now, mm."""
    whole_mm = (volume_ml * 1000.0 * 3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
    even = pocket.proportions / np.prod(pocket.proportions) ** (1.0 / 3.0)
    return injection.centre_mm + whole_mm * pocket.offset, whole_mm * pocket.share ** (1.0 / 3.0) * even


def _pushed(points_mm: Floats, centre_mm: Floats, radii_mm: Floats) -> Floats:
    """Return how a pocket with these radii now pushes `points_mm` (..., 3), mm."""
    unit = (points_mm - centre_mm) / radii_mm
    r = np.maximum(np.linalg.norm(unit, axis=-1, keepdims=True), 1e-9)
    opened = np.cbrt(r**3 - PUSHED * np.expm1(-(r**3) / SOFTNESS))
    vectors: Floats = unit * (opened / r - 1.0) * radii_mm
    return vectors


def _filled(field: Displacement, centre_mm: Floats, radii_mm: Floats) -> Inclusion:
    """Return the pocket at rest that `field` opens to the volume of an ellipsoid of `radii_mm`."""
    inside = _ball_points()
    share = SOAKED
    for _ in range(FITTING_TURNS):
        at_rest = centre_mm + inside * share ** (1.0 / 3.0) * radii_mm
        share = min(1.0 / float(np.mean(determinant(field, at_rest))), 1.0)
    return Inclusion(Tissue.INJECTATE, centre_mm, share ** (1.0 / 3.0) * radii_mm)


def _ball_points(n: int = 800) -> Floats:
    """Return points spread evenly through the unit ball, (n, 3): a spiral of golden angles, at radii out of step."""
    index = np.arange(n) + 0.5
    height, turn = 1.0 - 2.0 * index / n, index * math.pi * (3.0 - math.sqrt(5.0))
    across = np.sqrt(1.0 - height**2)
    radius = np.cbrt((index * 0.7548776662466927) % 1.0)
    points: Floats = radius[:, None] * np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=-1)
    return points


def needle_push(needle: Needle, pose: NeedlePose, back: Back, drag_mm: float = 0.5) -> Displacement:
    """Return how a needle moves the tissue around it, on the grid of `back`.

    It makes room for its shaft (r goes to sqrt(r^2 + a^2), which keeps volume), and drags tissue along by `drag_mm`,
    also ahead of the tip; a drag below zero is that of a needle that is drawn back.
    """
    vectors = np.zeros((*back.grid.shape, 3))
    if pose.inserted_mm > 0.0:
        knots = back.grid.knots_mm
        path = shaft_mm(needle, pose, np.linspace(0.0, pose.inserted_mm, 9))
        near = np.all((knots > path.min(axis=0) - REACH_MM) & (knots < path.max(axis=0) + REACH_MM), axis=-1)
        held = smooth_step(back.clearance_mm[near] / BONE_REACH_MM)[:, None]
        vectors[near] = held * _pushed_aside(needle, pose, knots[near], drag_mm)
    return on_grid(back.grid, vectors)


def _pushed_aside(needle: Needle, pose: NeedlePose, points_mm: Floats, drag_mm: float) -> Floats:
    """Return how the shaft moves tissue at rest at `points_mm` (n, 3), mm."""
    away, direction = _from_shaft(needle, pose, points_mm)
    r = np.linalg.norm(away, axis=1, keepdims=True)
    radius = needle.outer_mm / 2
    aside = away / np.maximum(r, radius) * (np.sqrt(r**2 + radius**2) - r)
    vectors: Floats = aside + drag_mm * np.exp(-((r / DRAG_REACH_MM) ** 2)) * direction
    return vectors


def _from_shaft(needle: Needle, pose: NeedlePose, points_mm: Floats) -> tuple[Floats, Floats]:
    """Return vectors from the nearest point of the inserted shaft to `points_mm`, and its direction there, (n, 3)."""
    ends = np.linspace(0.0, pose.inserted_mm, max(2, math.ceil(pose.inserted_mm / SPAN_MM) + 1))
    if needle.bend_mm == 0.0:
        ends = ends[[0, -1]]
    nodes, directions = shaft_mm(needle, pose, ends), tangents(needle, pose, ends)
    best = np.full(len(points_mm), np.inf)
    away, along = np.zeros_like(points_mm), np.zeros_like(points_mm)
    for first, last, direction in zip(nodes[:-1], nodes[1:], directions[1:], strict=True):
        piece = last - first
        share = np.clip((points_mm - first) @ piece / (piece @ piece), 0.0, 1.0)
        vector = points_mm - first - share[:, None] * piece
        squared = np.sum(vector**2, axis=1)
        nearer = squared < best
        best[nearer], away[nearer], along[nearer] = squared[nearer], vector[nearer], direction
    return away, along
