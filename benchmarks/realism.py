"""Is a simulated picture like a real one? Greys, speckle size and shadow, measured alike on both.

`python -m benchmarks realism`. The real pictures are the public example data; the simulated ones come from a machine
record that matches the real one. See docs/methods/twin.md for the pictures side by side.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import fft, ndimage

from benchmarks.table import Row
from echospine.adapters.sequences import open_sequence
from echospine.domain.frames import Frame
from echospine.domain.labels import Side, View
from echospine.domain.units import Mask, Pixels
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import render
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.probe import Machine, Probe, Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan

WINDOW_MM = 6.0
"""Edge of the windows in which speckle is measured, mm: several speckles, but little anatomy."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What one picture looks like, in numbers.

    `greys`: 5th, 25th, 50th, 75th and 95th percentile of the field; `speckle_mm`: width at half height of the
    autocorrelation along the beam and across it, median over windows; `shadow_grey`: grey of the tissue over bone minus
    that of the shadow under it, where bone is.
    """

    greys: tuple[float, float, float, float, float]
    speckle_mm: tuple[float, float]
    shadow_grey: float


def measure(pixels: Pixels, step_mm: tuple[float, float], field: Mask, bone_row: npt.NDArray[np.float64]) -> Likeness:
    """Return the likeness of a picture; `step_mm`: per column and row; `bone_row`: per column, NaN where none."""
    values = np.percentile(pixels[field], (5, 25, 50, 75, 95))
    return Likeness(
        tuple(float(value) for value in values),  # type: ignore[arg-type]
        speckle_size_mm(pixels, step_mm, field),
        shadow_contrast(pixels, step_mm[1], field, bone_row),
    )


def speckle_size_mm(pixels: Pixels, step_mm: tuple[float, float], field: Mask) -> tuple[float, float]:
    """Return the median width of speckle along the beam (down) and across it, mm, over bright enough windows."""
    width, height = (max(16, round(WINDOW_MM / step)) for step in step_mm)
    grey = pixels.astype(np.float64)
    grey -= ndimage.gaussian_filter(grey, (2.0 / step_mm[1], 2.0 / step_mm[0]))
    sizes = []
    for row in range(0, pixels.shape[0] - height, height // 2):
        for column in range(0, pixels.shape[1] - width, width // 2):
            window = (slice(row, row + height), slice(column, column + width))
            if field[window].all() and 20 < pixels[window].mean() < 200:
                down, across = _widths_px(grey[window])
                sizes.append((down * step_mm[1], across * step_mm[0]))
    if not sizes:
        return float("nan"), float("nan")
    down_mm, across_mm = np.median(sizes, axis=0)
    return float(down_mm), float(across_mm)


def _widths_px(window: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the full widths at half height of the autocorrelation, rows and columns."""
    window = window - window.mean()
    shape = tuple(2 * size for size in window.shape)
    power = np.abs(fft.rfft2(window, s=shape)) ** 2
    correlation = fft.irfft2(power, s=shape)
    down, across = correlation[: shape[0] // 2, 0], correlation[0, : shape[1] // 2]
    return _half_width(down), _half_width(across)


def _half_width(correlation: npt.NDArray[np.float64]) -> float:
    half = correlation[0] / 2
    below = int(np.argmax(correlation < half))
    if below == 0:
        return float("nan")
    before, after = correlation[below - 1], correlation[below]
    return 2 * float(below - 1 + (before - half) / (before - after))


def shadow_contrast(pixels: Pixels, step_mm: float, field: Mask, bone_row: npt.NDArray[np.float64]) -> float:
    """Return the mean grey from 12 to 2 mm above the bone minus that from 6 to 16 mm under it."""
    above, under = [], []
    near, far, skip, reach = (round(mm / step_mm) for mm in (2, 12, 6, 16))
    for column in np.flatnonzero(np.isfinite(bone_row)):
        row = round(float(bone_row[column]))
        for rows, kept in (
            (slice(max(0, row - far), max(0, row - near)), above),
            (slice(row + skip, row + reach), under),
        ):
            inside = field[rows, column]
            kept.append(pixels[rows, column][inside])
    if not above or not any(part.size for part in under):
        return float("nan")
    return float(np.concatenate(above).mean() - np.concatenate(under).mean())


LIKE_L14 = Machine(
    "like the scanner of BoneUltrasound_L14",
    Probe("L14-5", 38.0, None, 7.6, 0.6, 3.5, 8.0, 4.5, 20.0),
    n_lines=84,
    noise_db=-62.0,
    haze_db=-30.0,
    fog_db=-23.0,
    speckle_reduction=0.4,
    scatterers_per_mm3=30.0,
    mirror_db=52.0,
)
"""Set by eye and by these numbers to resemble the real recording."""
LIKE_L14_KNOBS = Settings(depth_mm=52.0, gain_db=-26.0, focus_mm=16.0, dynamic_range_db=74.0)


def rows() -> list[Row]:
    """Compare real in-vivo bone and muscle with a simulated spinous process and muscle under a matching machine."""
    recording = data_folder() / "plus" / "BoneUltrasound_L14.igs.mha"
    if not recording.exists():
        return []
    files = (recording, recording.with_name("BoneUltrasound_L14_config.xml"))
    plan = RecordingPlan(recording.name, tuple(LocalFile(file.name, file) for file in files))
    with open_sequence(plan) as source:
        real = _likeness([source.frame(index) for index in (0, 10, 20)])
    simulated = _likeness(_frames())
    table = []
    for what, unit, ours, theirs in (
        ("speckle along the beam", "mm", simulated.speckle_mm[0], real.speckle_mm[0]),
        ("speckle across the beam", "mm", simulated.speckle_mm[1], real.speckle_mm[1]),
        ("grey, 25th percentile", "{grey}", simulated.greys[1], real.greys[1]),
        ("grey, median", "{grey}", simulated.greys[2], real.greys[2]),
        ("grey, 95th percentile", "{grey}", simulated.greys[4], real.greys[4]),
        ("tissue over bone minus shadow", "{grey}", simulated.shadow_grey, real.shadow_grey),
    ):
        peer = f"{theirs:.3g} {unit} in BoneUltrasound_L14 (real)"
        table.append(Row(f"{what} (simulated)", ours, unit, "", peer, ours / theirs))
    return table


def data_folder() -> Path:
    """Return the folder of the public example data."""
    return Path(os.environ.get("ECHOSPINE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def _frames() -> list[Frame]:
    """Return simulated pictures of spinous processes and the muscle beside them."""
    anatomy = build_patient(PatientParameters())
    frames = []
    for index, level in enumerate(("L2", "L3", "L4")):
        pose = standard_view(anatomy, View.TRANSVERSE_SPINOUS, level, Side.LEFT, LIKE_L14.probe)
        picture = render(Body(anatomy), pose, LIKE_L14, LIKE_L14_KNOBS, frame_seed=index)
        frames.append(Frame(picture.pixels, picture.geometry, index))
    return frames


def _likeness(frames: list[Frame]) -> Likeness:
    """Return the mean likeness of some frames of one recording."""
    finder = BoneFinder()
    field = finder.survey(frames)
    found = []
    for frame in frames:
        region = frame.geometry.main_region()
        assert region is not None
        bone = finder.interpret(frame, field).surfaces[0].row_px
        found.append(measure(frame.grey, region.step_mm, field.sector.mask(frame.geometry.height), bone))
    greys = np.mean([one.greys for one in found], axis=0)
    speckle = np.nanmean([one.speckle_mm for one in found], axis=0)
    return Likeness(tuple(greys), tuple(speckle), float(np.nanmean([one.shadow_grey for one in found])))
