"""With what they are drawn: random machines for training, and fixed ones that training never sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from echospine.engine.twin.probe import ABDOMINAL, CONVEX, LINEAR, MUSCULOSKELETAL, Machine, Probe, Settings

SIZE = 256
"""Edge of the pictures, pixels."""
RANGE_DB = 100.0
"""Dynamic range that is kept, so that training can choose gain, range and curve anew: 0.4 dB per grey step."""
WHITE_DB = 46.0


@dataclass(frozen=True, slots=True)
class Setup:
    """A machine, and how its knobs stand."""

    machine: Machine
    settings: Settings


def _kept(machine: Machine) -> Machine:
    """Return a machine whose pictures hold RANGE_DB, with nothing clipped, in a square of SIZE."""
    return replace(machine, width_px=SIZE, height_px=SIZE, white_db=WHITE_DB, curve=1.0)


def sample_setup(rng: np.random.Generator, *, linear: bool) -> Setup:
    """Return one of many machines and settings."""
    probe = _linear(rng) if linear else _convex(rng)
    machine = Machine(
        probe.name,
        probe,
        n_lines=int(rng.choice((96, 128, 128, 160, 192))),
        n_samples=768,
        noise_db=float(rng.triangular(-80.0, -72.0, -52.0)),
        clutter_db=float(rng.uniform(-55.0, -30.0)),
        haze_db=float(rng.uniform(-48.0, -22.0)),
        fog_db=float(rng.uniform(-48.0, -22.0)),
        reverberation_db=float(rng.uniform(-36.0, -18.0)),
        speckle_reduction=float(rng.choice((0.0, rng.uniform(0.0, 0.9)))),
        scatterers_per_mm3=float(rng.uniform(15.0, 60.0) if linear else rng.uniform(4.0, 9.0)),
        mirror_db=float(rng.uniform(38.0, 54.0)),
        gel_mm=float(rng.uniform(0.5, 5.0)),
        ripple_db=float(rng.uniform(0.0, 1.0)),
    )
    depth = float(rng.uniform(35.0, 75.0) if linear else rng.uniform(60.0, 150.0))
    settings = Settings(depth_mm=depth, focus_mm=float(rng.uniform(0.25, 0.8)) * depth, dynamic_range_db=RANGE_DB)
    return Setup(_kept(machine), settings)


def _convex(rng: np.random.Generator) -> Probe:
    radius = float(rng.uniform(40.0, 66.0))
    width = float(rng.uniform(0.75, 1.25)) * radius
    frequency = float(rng.uniform(2.2, 5.2))
    return Probe(
        "convex", width, radius, frequency, float(rng.uniform(0.45, 0.85)), float(rng.uniform(14.0, 32.0)),
        float(rng.uniform(1.8, 4.0)), float(rng.uniform(9.0, 15.0)), float(rng.uniform(45.0, 90.0)),
    )  # fmt: skip


def _linear(rng: np.random.Generator) -> Probe:
    return Probe(
        "linear", float(rng.uniform(34.0, 56.0)), None, float(rng.uniform(4.5, 11.0)), float(rng.uniform(0.45, 0.85)),
        float(rng.uniform(6.0, 22.0)), float(rng.uniform(1.5, 5.0)), float(rng.uniform(3.5, 6.5)),
        float(rng.uniform(14.0, 32.0)),
    )  # fmt: skip


HELD_OUT: dict[str, Setup] = {
    "convex C5-2": Setup(_kept(ABDOMINAL), Settings(depth_mm=100.0, focus_mm=50.0, dynamic_range_db=RANGE_DB)),
    "linear L12-4": Setup(_kept(MUSCULOSKELETAL), Settings(depth_mm=55.0, focus_mm=25.0, dynamic_range_db=RANGE_DB)),
    "wide convex, hazy": Setup(
        _kept(
            replace(
                ABDOMINAL,
                name="wide convex, hazy",
                probe=replace(CONVEX, radius_mm=72.0, width_mm=80.0, frequency_mhz=2.0),
                haze_db=-18.0,
                fog_db=-20.0,
            )
        ),
        Settings(depth_mm=110.0, focus_mm=60.0, dynamic_range_db=RANGE_DB),
    ),
    "low linear, noisy": Setup(
        _kept(
            replace(
                MUSCULOSKELETAL,
                name="low linear, noisy",
                probe=replace(LINEAR, frequency_mhz=4.0, width_mm=60.0),
                noise_db=-46.0,
                speckle_reduction=0.0,
            )
        ),
        Settings(depth_mm=70.0, focus_mm=30.0, dynamic_range_db=RANGE_DB),
    ),
}
"""Machines that no training has seen: two usual ones, and two beyond the ranges that training draws from."""
