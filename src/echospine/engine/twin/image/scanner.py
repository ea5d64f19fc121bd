"""A scanner made ready: all that depends on the machine and its knobs, but not on the body or the probe's place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from echospine.domain.units import Floats, Pixels
from echospine.engine.twin.image.arithmetic import Singles, steady
from echospine.engine.twin.image.beams import (
    FWHM_PER_SIGMA,
    Raster,
    lines_of,
    pulse_of,
    raster_of,
    slice_width_mm,
    spread_of,
)
from echospine.engine.twin.image.rays import ROW_SAMPLES
from echospine.engine.twin.image.tables import Levels, Lines, Slice, Spread
from echospine.engine.twin.probe import Machine, Settings
from echospine.engine.twin.tissues import TISSUES, Tissue

GREYS = 4096
"""Entries of the grey curve."""
RAYS = (-1.0, 0.0, 1.0)
"""Rays through the thickness of the slice, in SD of its profile."""
SIDE_DB = -20.0
"""Side lobes next to the main lobe of a strong reflector, over `Machine.clutter_db` = -45; they fall with distance squared."""
NEAR_MM = 3.0
"""Depth over which the ringing of the face falls by e."""
HAZE_MM = 35.0
"""Depth over which multiples between the layers near the skin fall by e."""
DIRT_DB = -22.0
"""Reverberation in gas relative to its surface."""
RING_MM = 1.1
"""From band to band of a probe in air: the thickness of its matching layers and lens, there and back."""


@dataclass(frozen=True, slots=True, eq=False)
class Scanner:
    """A machine with its knobs set, ready to make pictures; keep it as long as the knobs stay.

    `directions`: sine, cosine and lateral offset (mm) of each line, (n_lines, 3); `gain_db`: by sample, with TGC;
    `line_db`: by line; `clutter`, `haze`: by sample; `noise`: amplitude; `greys`: grey curve.
    """

    machine: Machine
    settings: Settings
    lines: Lines
    spread: Spread
    slices: Slice
    raster: Raster
    levels: Levels
    directions: Floats
    pulse: Singles
    gain_db: Singles
    line_db: Singles
    clutter: Singles
    haze: Singles
    noise: float
    greys: Pixels

    @property
    def n_rows(self) -> int:
        """Steps of a ray."""
        return self.lines.n_samples // ROW_SAMPLES

    @property
    def depth_mm(self) -> Floats:
        """Depth of each sample, mm, (n_samples,)."""
        return np.arange(self.lines.n_samples) * self.lines.sample_mm


def prepare(machine: Machine, settings: Settings) -> Scanner:
    """Return `machine` with its knobs set to `settings`, ready to render."""
    lines = lines_of(machine, settings)
    depth = np.arange(lines.n_samples) * lines.sample_mm
    pulse = pulse_of(machine, lines)
    per_sample = np.sqrt(lines.sample_mm)
    black_db = machine.white_db - settings.dynamic_range_db
    levels = Levels(
        mirror=_amplitude(machine.mirror_db) / float(pulse.max()),
        side=_amplitude(SIDE_DB + machine.clutter_db + 45.0),
        again=_amplitude(machine.reverberation_db),
        dirt=_amplitude(DIRT_DB),
        ring_mm=RING_MM,
        black_db=black_db,
        per_db=1.0 / settings.dynamic_range_db,
    )
    return Scanner(
        machine,
        settings,
        lines,
        spread_of(machine, settings, lines),
        _slices(machine, lines),
        raster_of(machine, settings, lines),
        levels,
        _directions(machine, lines),
        pulse,
        steady(settings.gain_db + tgc_db(machine, settings, depth)),
        _ripple(machine),
        steady(_amplitude(machine.clutter_db) * per_sample * np.exp(-depth / NEAR_MM) * (depth < 5 * NEAR_MM)),
        steady(_amplitude(machine.haze_db) * np.exp(-depth / HAZE_MM)),
        _amplitude(machine.noise_db) * float(per_sample),
        np.round(255.0 * np.linspace(0.0, 1.0, GREYS) ** machine.curve).astype(np.uint8),
    )


def tgc_db(machine: Machine, settings: Settings, depth_mm: Floats) -> Floats:
    """Return the gain over depth, dB: what muscle takes, there and back, and the sliders, evenly spread over the depth."""
    muscle = TISSUES[Tissue.MULTIFIDUS].attenuation_db_cm_mhz * machine.probe.frequency_mhz / 10.0
    places = np.linspace(0.0, settings.depth_mm, len(settings.tgc_db))
    return np.asarray(2.0 * muscle * depth_mm + np.interp(depth_mm, places, settings.tgc_db))


def _amplitude(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


def _slices(machine: Machine, lines: Lines) -> Slice:
    places = np.array(RAYS)
    depth = np.arange(lines.n_samples // ROW_SAMPLES) * lines.sample_mm * ROW_SAMPLES
    sigma = slice_width_mm(machine.probe, depth) / FWHM_PER_SIGMA
    weight = np.exp(-0.5 * places**2)
    return Slice(steady(places[:, None] * sigma), steady(weight / weight.sum()))


def _directions(machine: Machine, lines: Lines) -> Floats:
    offset = (np.arange(lines.n_lines) - (lines.n_lines - 1) / 2) * lines.step
    if lines.radius_mm:
        rows = np.stack([np.sin(offset), np.cos(offset), np.zeros_like(offset)], axis=1)
    else:
        rows = np.stack([np.zeros_like(offset), np.ones_like(offset), offset], axis=1)
    return np.round(rows * 2.0**40) / 2.0**40


def _ripple(machine: Machine) -> Singles:
    """Return the gain of each line, dB: neighbours share elements, so it varies smoothly."""
    rng = np.random.Generator(np.random.PCG64(31))
    raw = rng.standard_normal(machine.n_lines + 8)
    smooth = np.convolve(raw, np.ones(9) / 3.0, mode="valid")
    return steady(machine.ripple_db * smooth + 1e-30)
