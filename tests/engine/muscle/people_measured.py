"""People of the twin, measured from their true label maps, and in the volume itself; for tests and for the bench.

The truth is walked along the beam and counted in the plane, in steps of 0.05 and 0.1 mm: nothing of the picture, its
pixels or its beams is used for it but where the probe is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from echospine.domain.errors import GeometryError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Side, Structure, View
from echospine.domain.measures import Measurement, Quantity
from echospine.domain.poses import Pose
from echospine.domain.sights import StructureMap, ViewBelief
from echospine.domain.units import Floats, Labels, Pixels
from echospine.engine.muscle import measure_muscles
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import prepare, truth
from echospine.engine.twin.image.scanner import Scanner
from echospine.engine.twin.probe import ABDOMINAL, Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.twin.tissues import BONES, TISSUES

SETTINGS = Settings(depth_mm=90.0, focus_mm=45.0)
SIDES = (Side.LEFT, Side.RIGHT)
RADIUS_MM = float(ABDOMINAL.probe.radius_mm or 0.0)
WITHIN = np.array([t for t, one in TISSUES.items() if one.structure is Structure.MULTIFIDUS])
WALK_MM, COUNT_MM = 0.05, 0.1


@dataclass(frozen=True, eq=False)
class Pictured:
    """A standard view of somebody: its true labels, and where it lies."""

    anatomy: Anatomy
    pose: Pose
    scanner: Scanner
    view: View
    labels: Labels
    sector: Sector

    @property
    def geometry(self) -> ImageGeometry:
        return self.scanner.raster.geometry

    def tissue_at(self, points_mm: Floats) -> Labels:
        """Return the tissue at points of the picture plane (x, y), mm, Probe."""
        plane = np.concatenate((points_mm, np.zeros((*points_mm.shape[:-1], 1))), axis=-1)
        return self.anatomy.tissue_at(self.pose.apply(plane.reshape(-1, 3))).reshape(points_mm.shape[:-1])

    def measured(self, pixels: Pixels | None = None) -> tuple[Measurement, ...]:
        """Return all measures of muscles, fascia and fat; `pixels`: the picture, black where only sizes matter."""
        grey = np.zeros(self.labels.shape, np.uint8) if pixels is None else pixels
        sure = np.full_like(self.labels, 255)
        seen = Interpretation(
            frame_index=0,
            method=Method("truth", "1"),
            field=Field(self.sector),
            surfaces=(),
            quality=Quality(1.0, 0.0, 0.0, 1.0),
            structures=StructureMap(self.labels, sure, (0.0, 0.0), 1.0),
            view=ViewBelief(((self.view, 1.0),)),
        )
        return measure_muscles(Frame(grey, self.geometry, 0), seen)


def pictured(anatomy: Anatomy, view: View, side: Side, level: str = "L4") -> Pictured:
    """Return the truth of a standard view; raises GeometryError where this anatomy lacks what the view needs."""
    pose = standard_view(anatomy, view, level, side, ABDOMINAL.probe)
    scanner = prepare(ABDOMINAL, SETTINGS)
    labels = truth(Body(anatomy, 1), pose, ABDOMINAL, SETTINGS, scanner=scanner).labels
    inside = scanner.raster.inside
    column = inside.any(axis=0)
    top = np.where(column, inside.argmax(axis=0), np.nan)
    bottom = np.where(column, inside.shape[0] - 1 - inside[::-1].argmax(axis=0), np.nan)
    x, y, _ = scanner.raster.image_to_probe.inverse.apply(np.array([[0.0, -RADIUS_MM, 0.0]]))[0]
    return Pictured(anatomy, pose, scanner, view, labels, Sector(top, bottom, (float(x), float(y))))


def thicknesses(anatomy: Anatomy) -> list[tuple[float, float]]:
    """Return the thickness of multifidus over the facet at L4, mm: measured and true, for each side that has it."""
    found = []
    for side in SIDES:
        try:
            one = pictured(anatomy, View.PARASAGITTAL_ARTICULAR_PROCESS, side)
        except GeometryError:
            continue
        thick = _one(one.measured(), Quantity.THICKNESS, Side.UNKNOWN)
        if thick is not None and thick.value is not None:
            found.append((thick.value, _walked(one, thick.points_px[1])))
    return [(value, true) for value, true in found if np.isfinite(true)]


def areas(anatomy: Anatomy) -> list[tuple[float, float]]:
    """Return the cross-section of multifidus at L4, mm2: measured and true, for each side that is not cut."""
    found = []
    for side in SIDES:
        one = pictured(anatomy, View.MULTIFIDUS_TRANSVERSE, side)
        area = _one(one.measured(), Quantity.CROSS_SECTION, side)
        if area is not None and area.value is not None:
            found.append((area.value, _counted(one)))
    return found


def _one(measured: tuple[Measurement, ...], quantity: Quantity, side: Side) -> Measurement | None:
    wanted = Structure.MULTIFIDUS, quantity, side
    return next((one for one in measured if (one.structure, one.quantity, one.side) == wanted), None)


def _walked(one: Pictured, foot_px: tuple[float, float]) -> float:
    """Return the thickness of the muscle over the crest of a facet, mean over 3 mm of beams, in the volume.

    The crest is looked for anew, within 4 mm to either side of the beam through the calliper's foot.
    """
    foot = one.scanner.raster.image_to_probe.apply(np.array([[*foot_px, 0.0]]))[0, :2]
    depth = np.arange(0.0, SETTINGS.depth_mm, WALK_MM)
    turns = np.arctan2(foot[0], foot[1] + RADIUS_MM) + np.arange(-4.0, 4.01, 0.25) / (RADIUS_MM + np.hypot(*foot))
    along = RADIUS_MM + depth[:, None]
    tissue = one.tissue_at(np.stack((along * np.sin(turns), along * np.cos(turns) - RADIUS_MM), axis=-1))
    bone = np.isin(tissue, [int(part) for part in BONES])
    first = np.where(bone.any(axis=0), bone.argmax(axis=0), len(depth))
    crest = int(np.argmin(ndimage.uniform_filter1d(first.astype(np.float64), 5, mode="nearest")))
    thick = []
    for beam in range(max(0, crest - 6), min(len(turns), crest + 7)):
        over = np.flatnonzero(np.isin(tissue[: first[beam], beam], WITHIN))
        if over.size and first[beam] < len(depth):
            thick.append((first[beam] - over[0]) * WALK_MM)
    return float(np.mean(thick)) if thick else float("nan")


def _counted(one: Pictured) -> float:
    """Return the area of the muscle within the field, mm2: its largest piece in the plane of the picture."""
    grid = np.arange(-70.0, 70.0, COUNT_MM), np.arange(0.0, SETTINGS.depth_mm, COUNT_MM)
    points = np.stack(np.meshgrid(*grid), axis=-1)
    muscle = np.isin(one.tissue_at(points), WITHIN)
    beam = np.abs(np.arctan2(points[..., 0], points[..., 1] + RADIUS_MM)) <= ABDOMINAL.probe.half_angle
    depth = np.hypot(points[..., 0], points[..., 1] + RADIUS_MM) - RADIUS_MM
    pieces, _ = ndimage.label(muscle & beam & (depth >= 0) & (depth <= SETTINGS.depth_mm))
    return float(np.bincount(pieces.ravel())[1:].max()) * COUNT_MM**2
