"""What really lies under each pixel: structure ids from the anatomy, moved as the body is moved."""

from __future__ import annotations

import numpy as np

from echospine.domain.poses import Pose
from echospine.domain.units import Floats, Labels, Mask
from echospine.engine.twin.body import Body
from echospine.engine.twin.motion import displacement_at
from echospine.engine.twin.probe import Probe, Settings
from echospine.engine.twin.tissues import TISSUES, Tissue
from echospine.workflow.scanner.twin import Image

EVERY = 2
"""Every other pixel is told: outlines are drawn from it, and the eye sees no finer ones."""
ROUNDS = 2
"""Steps of the way back to the resting place; smooth fields come within 0.1 mm in two."""

_STRUCTURES = np.zeros(256, np.uint8)
_STRUCTURES[[int(tissue) for tissue in Tissue]] = [TISSUES[tissue].structure for tissue in Tissue]


def label_map(body: Body, pose: Pose, probe: Probe, settings: Settings, image: Image) -> Labels:
    """Return the structure under every other pixel, uint8, (height / 2, width / 2); 0 outside the field."""
    height, width = image.geometry.height // EVERY, image.geometry.width // EVERY
    row, column = np.mgrid[:height, :width] * float(EVERY) + (EVERY - 1) / 2
    points = image.image_to_probe.apply(np.stack([column, row, np.zeros_like(row)], axis=-1))
    inside = in_field(points, probe, settings)
    labels = np.zeros((height, width), np.uint8)
    labels[inside] = _STRUCTURES[body.anatomy.tissue_at(_at_rest(body, pose.apply(points[inside])))]
    return labels


def in_field(points: Floats, probe: Probe, settings: Settings) -> Mask:
    """Return which points (..., 3), Probe frame, mm, lie in the insonified field."""
    x, y = points[..., 0], points[..., 1]
    if probe.radius_mm is None:
        depth, aside = y, np.abs(x) <= probe.width_mm / 2
    else:
        depth = np.hypot(x, y + probe.radius_mm) - probe.radius_mm
        aside = np.abs(np.arctan2(x, y + probe.radius_mm)) <= probe.half_angle
    inside: Mask = aside & (depth >= 0) & (depth <= settings.depth_mm)
    return inside


def _at_rest(body: Body, now: Floats) -> Floats:
    """Return where the tissue that is now at `now` (n, 3) lies at rest: X = now - u(X)."""
    rest = now
    if body.displacement is not None:
        for _ in range(ROUNDS):
            rest = now - displacement_at(body.displacement, rest)
    return rest
