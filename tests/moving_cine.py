"""A drawn cine whose movement is known: a muscle thickens and comes back, the layer over it glides to the side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from echospine.apps.wiring import write_live
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing

WIDTH, HEIGHT, STEP_MM, HZ = 320, 240, 0.1, 20.0
NEAR, FAR, MIDDLE = 90.0, 200.0, 50.0
"""Rows of the muscle's borders, and of the fascia's middle, at rest."""
LIFT_PX, GLIDE_PX = 16.0, 8.0
"""How far the near border rises at the peak, and the layer over the fascia glides."""
N_FRAMES = 60
LINE = ((160.0, NEAR), (160.0, FAR))
LAYERS = (160.0, MIDDLE)
REST_MM = (FAR - NEAR) * STEP_MM
CHANGE_PERCENT = 100.0 * LIFT_PX / (FAR - NEAR)
SHEAR_PERCENT = 100.0 * GLIDE_PX * STEP_MM / 2.0


def activation(t_s: float) -> float:
    """Rest to 0.6 s, up within 0.5 s, held to 1.8 s, back within 0.6 s."""

    def smooth(share: float) -> float:
        held = min(1.0, max(0.0, share))
        return held * held * (3.0 - 2.0 * held)

    return smooth((t_s - 0.6) / 0.5) * (1.0 - smooth((t_s - 1.8) / 0.6))


def speckle(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.standard_normal((2, HEIGHT + 80, WIDTH + 80)), (0, 1.2, 2.2))
    level = np.log(np.hypot(*field))
    return np.clip(130 + 42 * (level - level.mean()) / level.std(), 0, 255)


def pictures(n_frames: int = N_FRAMES, seed: int = 0) -> list[np.ndarray]:
    """Return the frames, grey."""
    base = speckle(seed)
    rows, columns = np.arange(HEIGHT, dtype=float), np.arange(WIDTH, dtype=float)
    made = []
    for n in range(n_frames):
        share = activation(n / HZ)
        lift = LIFT_PX * share
        rest_rows = np.interp(rows, [-lift, NEAR - lift, FAR, HEIGHT], [0.0, NEAR, FAR, HEIGHT])
        glide = GLIDE_PX * share * np.interp(rest_rows, [MIDDLE - 5, MIDDLE + 5], [1.0, 0.0])
        at = np.stack([np.repeat(rest_rows[:, None], WIDTH, 1) + 40, columns - glide[:, None] + 40])
        made.append(np.rint(ndimage.map_coordinates(base, at, order=3)).clip(0, 255).astype(np.uint8))
    return made


def frames(grey: list[np.ndarray], times_s: list[float] | None = None, *, calibrated: bool = True) -> list[Frame]:
    """Return pictures as frames with a scale and times, 20 a second unless others are given."""
    height, width = grey[0].shape
    geometry = ImageGeometry(width, height)
    if calibrated:
        geometry = ImageGeometry.uniform(width, height, STEP_MM, STEP_MM, Spacing.ELEMENT_SPACING)
    times = times_s or [n / HZ for n in range(len(grey))]
    return [Frame(one, geometry, n, t) for n, (one, t) in enumerate(zip(grey, times, strict=True))]


def write_cine(folder: Path, made: list[Frame]) -> list[Path]:
    """Write frames as a sequence with its calibration; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [file.path for file in write_live(folder, made, simulated=True)]
