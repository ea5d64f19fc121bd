"""What is true of one frame of a scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import Side, Structure, View
from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Labels, frozen
from echospine.engine.twin.anatomy import Landmark
from echospine.engine.twin.image import Scanner
from echospine.engine.twin.image import Truth as PictureTruth
from echospine.engine.twin.motion import displacement_at
from echospine.engine.twin.needle import Clearance, Needle, NeedlePose, NeedleTruth, clearance, needle_truth, shaft_mm
from echospine.engine.twin.needle.truth import in_field, in_slice
from echospine.engine.twin.scene.looking import touching
from echospine.engine.twin.scene.stage import Moment, Stage
from echospine.engine.twin.tissues import BONES, TISSUES, Tissue
from echospine.engine.twin.tracker import ToolStatus

SHAFT_STEP_MM = 0.1

_STRUCTURES = np.zeros(256, np.uint8)
_STRUCTURES[[int(tissue) for tissue in Tissue]] = [TISSUES[tissue].structure for tissue in Tissue]
_IS_BONE = np.isin(np.arange(256), [int(bone) for bone in BONES])


@dataclass(frozen=True, slots=True, eq=False)
class SeenLandmark:
    """A landmark in one frame.

    `point_mm`: where it is now, Patient; `pixel`: (column, row) of its foot in the picture plane; `off_plane_mm`: how
    far it lies out of the picture, along z of Probe; `displacement_mm`: how far it is from where it rests.
    """

    landmark: Landmark
    point_mm: Floats
    pixel: tuple[float, float]
    off_plane_mm: float
    displacement_mm: Floats


@dataclass(frozen=True, slots=True, eq=False)
class SeenNeedle:
    """The needle in one frame. Pixels are (column, row) of feet in the picture plane.

    `tip_to_target_mm`: how far the tip is from where it was to go; `nearest`: the nearest tissue that it must not hit.
    """

    truth: NeedleTruth
    tip_px: tuple[float, float]
    entry_px: tuple[float, float]
    tip_to_target_mm: float
    nearest: Clearance | None


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The truth of one frame; arrays are read-only, (height, width) of its picture.

    `labels`: structures that can be seen, bone as a band under its visible surface, the needle on top; `anatomy`: what
    the picture plane cuts, seen or not; `displacement_mm` (height, width, 3): how far the tissue of each pixel is from
    where it rests, Patient, NaN outside of the field; `probe`: Probe to Patient; `tools`: true poses to Tracker;
    `statuses`: of the tools as the tracker says them; `middle_mm`: length of the middle line of the picture in each
    structure that it goes through before the first bone; `skin_to_bone_mm`: of that line, NaN where there is no bone.
    """

    index: int
    time_s: float
    view: View
    level: str
    side: Side
    labels: Labels
    anatomy: Labels
    displacement_mm: npt.NDArray[np.float32]
    probe: Pose
    image_to_probe: Pose
    tools: Mapping[str, Pose]
    statuses: Mapping[str, ToolStatus]
    landmarks: tuple[SeenLandmark, ...]
    needle: SeenNeedle | None
    injected_ml: float
    contact: float
    middle_mm: Mapping[Structure, float]
    skin_to_bone_mm: float


def frame_truth(stage: Stage, moment: Moment, picture: PictureTruth, scanner: Scanner, *, index: int) -> Truth:
    """Return the truth of a frame, given that of its picture."""
    image_to_probe = scanner.raster.image_to_probe
    labels = _with_needle(picture, stage, moment, image_to_probe)
    displacement = _moved(picture, moment, image_to_probe)
    for array in (labels, displacement):
        array.setflags(write=False)
    middle, to_bone = _middle(picture, scanner)
    return Truth(
        index,
        moment.t_s,
        moment.leg.view,
        moment.leg.level,
        moment.leg.side,
        labels,
        frozen(_STRUCTURES[picture.tissues], np.uint8),
        displacement,
        moment.probe,
        image_to_probe,
        stage.tools(moment.probe, moment.needle),
        stage.tracked(index).statuses,
        _landmarks(stage, moment, image_to_probe),
        _needle(stage, moment, image_to_probe),
        moment.injected_ml,
        touching(stage.anatomy, moment.held, stage.scene.machine.probe),
        middle,
        to_bone,
    )


def pixel_of(image_to_probe: Pose, point_probe_mm: Floats) -> tuple[float, float]:
    """Return (column, row) of the foot of a point in the picture plane."""
    column, row, _ = image_to_probe.inverse.apply(point_probe_mm)
    return float(column), float(row)


def _landmarks(stage: Stage, moment: Moment, image_to_probe: Pose) -> tuple[SeenLandmark, ...]:
    known = tuple(stage.anatomy.landmarks.values())
    if not known:
        return ()
    rest = np.array([landmark.point_mm for landmark in known])
    field = moment.body.displacement
    by = np.zeros_like(rest) if field is None else displacement_at(field, rest)
    now = rest + by
    seen = moment.probe.inverse.apply(now)
    return tuple(
        SeenLandmark(one, frozen(now[i]), pixel_of(image_to_probe, seen[i]), float(seen[i, 2]), frozen(by[i]))
        for i, one in enumerate(known)
    )


def _needle(stage: Stage, moment: Moment, image_to_probe: Pose) -> SeenNeedle | None:
    course, pose = stage.course, moment.needle
    if course is None or pose is None or pose.inserted_mm <= 0.0:
        return None
    scene = stage.scene
    true = needle_truth(course.needle, pose, moment.probe, scene.machine.probe, scene.settings)
    return SeenNeedle(
        true,
        pixel_of(image_to_probe, true.tip_probe_mm),
        pixel_of(image_to_probe, true.entry_probe_mm),
        float(np.linalg.norm(true.tip_mm - course.target_mm)),
        clearance(stage.anatomy, true.tip_mm, displacement=moment.body.displacement),
    )


def _with_needle(picture: PictureTruth, stage: Stage, moment: Moment, image_to_probe: Pose) -> Labels:
    """Return the label map with the needle on it: as thick as it is, where slice and field hold it, out of shadow."""
    drawn: Labels = np.array(picture.labels)
    if stage.course is None or moment.needle is None or moment.needle.inserted_mm <= 0.0:
        return drawn
    shaft = _shaft_in_probe(stage.course.needle, moment.needle, moment.probe)
    probe, settings = stage.scene.machine.probe, stage.scene.settings
    pixels = image_to_probe.inverse.apply(shaft[in_slice(probe, shaft) & in_field(probe, settings, shaft)])[:, :2]
    step_mm = float(np.linalg.norm(image_to_probe.matrix[:3, 0]))
    reach = max(stage.course.needle.outer_mm / 2 / step_mm, 0.75)
    offsets = np.arange(-int(reach) - 1, int(reach) + 2)
    for down in offsets:
        for right in offsets:
            at = np.rint(pixels + np.array([right, down])).astype(int)
            near = np.hypot(*(at - pixels).T) <= reach
            inside = near & np.all((at >= 0) & (at < drawn.shape[::-1]), axis=1)
            drawn[at[inside, 1], at[inside, 0]] = Structure.NEEDLE
    hidden = picture.shadow & (drawn == Structure.NEEDLE)
    drawn[hidden] = picture.labels[hidden]
    return drawn


def _shaft_in_probe(needle: Needle, pose: NeedlePose, probe_pose: Pose) -> Floats:
    along = np.arange(0.0, pose.inserted_mm + SHAFT_STEP_MM / 2, SHAFT_STEP_MM)
    return probe_pose.inverse.apply(shaft_mm(needle, pose, np.minimum(along, pose.inserted_mm)))


def _moved(picture: PictureTruth, moment: Moment, image_to_probe: Pose) -> npt.NDArray[np.float32]:
    """Return how far the tissue of each pixel is from where it rests."""
    row, column = np.indices(picture.tissues.shape, np.float64)
    now = (moment.probe @ image_to_probe).apply(np.stack([column, row, np.zeros_like(row)], axis=-1))
    return np.asarray(now - picture.rest_mm, np.float32)


def _middle(picture: PictureTruth, scanner: Scanner) -> tuple[dict[Structure, float], float]:
    """Return mm of each structure along the middle line down to the first bone, and how deep that lies."""
    tissues = picture.tissues[:, scanner.raster.geometry.width // 2]
    bone = np.flatnonzero(_IS_BONE[tissues])
    above = _STRUCTURES[tissues[: bone[0]] if bone.size else tissues]
    step_mm = float(scanner.raster.image_to_probe.matrix[1, 1])
    lengths = {Structure(n): float(np.count_nonzero(above == n) * step_mm) for n in np.unique(above) if n}
    surface = picture.surface_mm
    return lengths, float(surface[surface.size // 2])
