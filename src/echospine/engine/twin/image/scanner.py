"""A scanner made ready: all that depends on the machine and its knobs, but not on the body or the probe's place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.image.arithmetic import Singles, log_table, steady
from echospine.engine.twin.image.beams import (
    FWHM_PER_SIGMA,
    Raster,
    lines_of,
    pulse_of,
    pulse_width_mm,
    raster_of,
    slice_width_mm,
    spread_of,
)
from echospine.engine.twin.image.patterns import answers_of
from echospine.engine.twin.image.rays import AIR, BONE, GAS, ROW_SAMPLES, SOFT
from echospine.engine.twin.image.tables import Answers, Levels, Lines, Reading, Scout, Spread, Tones
from echospine.engine.twin.probe import Machine, Settings
from echospine.engine.twin.tissues import BONES, TISSUES, Tissue

GREYS = 4096
"""Entries of the grey curve."""
RAYS = (-1.0, 0.0, 1.0)
"""Rays through the thickness of the slice, in SD of its profile."""
SIDE_DB = -20.0
"""First side lobes of a strong reflector, in a machine whose clutter is USUAL_CLUTTER_DB; they fall with distance."""
USUAL_CLUTTER_DB = -45.0
NEAR_MM = 3.0
"""Depth over which the ringing of the face falls by e."""
HAZE_MM = 35.0
"""Depth over which multiples between the layers near the skin fall by e."""
DIRT_DB = -30.0
"""Reverberation in gas relative to its surface."""
TAIL_DB, TAIL_PULSES = -7.0, 1.8
"""What cortex sends back from within one length of the pulse under its surface; it falls by e in so many pulses."""
RING_MM = 1.1
"""From band to band of a probe in air: the thickness of its matching layers and lens, there and back."""


@dataclass(frozen=True, slots=True, eq=False)
class Scanner:
    """A machine with its knobs set, ready to make pictures; keep it as long as the knobs stay.

    `pulse`: its envelope by sample; the rest: see tables.
    """

    machine: Machine
    settings: Settings
    lines: Lines
    spread: Spread
    answers: Answers
    scout: Scout
    raster: Raster
    levels: Levels
    pulse: Singles
    tones: Tones
    reading: Reading

    @property
    def n_rows(self) -> int:
        """Steps of a ray."""
        return self.lines.n_samples // ROW_SAMPLES

    @property
    def depth_mm(self) -> Floats:
        """Depth of each sample, mm, (n_samples,)."""
        return np.arange(self.lines.n_samples, dtype=np.float64) * self.lines.sample_mm


def prepare(machine: Machine, settings: Settings, before: Scanner | None = None) -> Scanner:
    """Return `machine` with its knobs set to `settings`, ready to render.

    `before`: the scanner until now; what the knobs that were turned do not touch is taken from it.
    """
    lines = lines_of(machine, settings)
    if before is not None and before.machine == machine and before.lines == lines:
        spread = before.spread
        if before.settings.focus_mm != settings.focus_mm:
            spread = spread_of(machine, settings, lines)
        return replace(before, settings=settings, spread=spread, tones=_tones(machine, settings, lines))
    pulse = pulse_of(machine, lines)
    raster = raster_of(machine, settings, lines)
    greys = np.round(255.0 * np.linspace(0.0, 1.0, GREYS) ** machine.curve).astype(np.uint8)
    return Scanner(
        machine,
        settings,
        lines,
        spread_of(machine, settings, lines),
        answers_of(machine.scatterers_per_mm3),
        _scout(machine, lines),
        raster,
        _levels(machine, lines, pulse),
        pulse,
        _tones(machine, settings, lines),
        Reading(raster.pixel, raster.corner, raster.down, raster.across, greys),
    )


def _levels(machine: Machine, lines: Lines, pulse: Singles) -> Levels:
    depth = np.arange(lines.n_samples) * lines.sample_mm
    ringing = np.exp(-depth / NEAR_MM) * (depth < 5 * NEAR_MM)
    per_sample = float(np.sqrt(lines.sample_mm))  # the pulse has unit energy per mm
    return Levels(
        mirror=_amplitude(machine.mirror_db) / float(pulse.max()),
        side=_amplitude(SIDE_DB + machine.clutter_db - USUAL_CLUTTER_DB),
        again=_amplitude(machine.reverberation_db),
        dirt=_amplitude(DIRT_DB),
        tail=_amplitude(TAIL_DB) * float(np.sqrt(lines.sample_mm / pulse_width_mm(machine.probe))),
        tail_mm=TAIL_PULSES * pulse_width_mm(machine.probe),
        ring_mm=RING_MM,
        noise=_amplitude(machine.noise_db) * per_sample,
        clutter=steady(_amplitude(machine.clutter_db) * per_sample * ringing),
        fog=_amplitude(machine.fog_db),
        haze=steady(_amplitude(machine.haze_db) * np.exp(-depth / HAZE_MM)),
    )


def _tones(machine: Machine, settings: Settings, lines: Lines) -> Tones:
    depth = np.arange(lines.n_samples, dtype=np.float64) * lines.sample_mm
    return Tones(
        log_table(),
        steady(settings.gain_db + tgc_db(machine, settings, depth)),
        _ripple(machine),
        machine.white_db - settings.dynamic_range_db,
        1.0 / settings.dynamic_range_db,
    )


def _scout(machine: Machine, lines: Lines) -> Scout:
    """Return what rays need: three of them through the slice, and how tissues pass and reflect at this frequency."""
    step_mm = lines.sample_mm * ROW_SAMPLES
    depth = np.arange(lines.n_samples // ROW_SAMPLES) * step_mm
    places = np.array(RAYS)
    weight = np.exp(-0.5 * places**2)
    n_tissues = max(TISSUES) + 1
    impedance, passed, kind = np.ones(n_tissues), np.ones(n_tissues), np.full(n_tissues, SOFT, np.uint8)
    for tissue, acoustics in TISSUES.items():
        impedance[tissue] = acoustics.impedance_mrayl
        lost_db = acoustics.attenuation_db_cm_mhz * machine.probe.frequency_mhz * step_mm / 10.0
        passed[tissue] = 10.0 ** (-lost_db / 20.0)
    kind[[int(bone) for bone in BONES]] = BONE
    kind[Tissue.BOWEL_GAS], kind[Tissue.AIR] = GAS, AIR
    return Scout(
        lines,
        impedance,
        np.round(passed * 2.0**40) / 2.0**40,
        kind,
        steady(places[:, None] * slice_width_mm(machine.probe, depth) / FWHM_PER_SIGMA),
        steady(weight / weight.sum()),
        _directions(lines),
        machine.gel_mm,
    )


def tgc_db(machine: Machine, settings: Settings, depth_mm: Floats) -> Floats:
    """Return the gain over depth, dB: what muscle takes, there and back, and the sliders, spread evenly over depth."""
    muscle = TISSUES[Tissue.MULTIFIDUS].attenuation_db_cm_mhz * machine.probe.frequency_mhz / 10.0
    places = np.linspace(0.0, settings.depth_mm, len(settings.tgc_db))
    return np.asarray(2.0 * muscle * depth_mm + np.interp(depth_mm, places, settings.tgc_db))


def _amplitude(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


def _directions(lines: Lines) -> Floats:
    offset = (np.arange(lines.n_lines) - (lines.n_lines - 1) / 2) * lines.step
    if lines.radius_mm:
        rows = np.stack([np.sin(offset), np.cos(offset), np.zeros_like(offset)], axis=1)
    else:
        rows = np.stack([np.zeros_like(offset), np.ones_like(offset), offset], axis=1)
    return np.asarray(np.round(rows * 2.0**40) / 2.0**40)


def _ripple(machine: Machine) -> Singles:
    """Return the gain of each line, dB: neighbours share elements, so it varies smoothly."""
    rng = np.random.Generator(np.random.PCG64(31))
    raw = rng.standard_normal(machine.n_lines + 8)
    smooth = np.convolve(raw, np.ones(9) / 3.0, mode="valid")
    return steady(machine.ripple_db * smooth + 1e-30)
