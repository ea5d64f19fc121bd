"""Homogeneous tissue: fully developed speckle, the set attenuation, and speckle that moves with the tissue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from twin_blocks import BOTH, EVEN, LINEAR_SET, block, over, pure, shift_between, shifted

from echospine.engine.twin.image import prepare, render
from echospine.engine.twin.probe import MUSCULOSKELETAL
from echospine.engine.twin.tissues import TISSUES

INTO = over(y_mm=-12.0)
"""A probe held inside the block, so that its whole face touches tissue."""


def loss_db_mm(machine):
    """Both ways."""
    return 2.0 * TISSUES[EVEN].attenuation_db_cm_mhz * machine.probe.frequency_mhz / 10.0


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_speckle_is_fully_developed(machine, settings):
    machine = pure(machine)
    scanner = prepare(machine, settings)
    body = block()
    ratios = []
    for seed in (1, 2, 3):
        envelope = render(replace(body, seed=seed), INTO, machine, settings, scanner=scanner).envelope[:, 36:156]
        flat = envelope * 10.0 ** (loss_db_mm(machine) * scanner.depth_mm[:, None] / 20.0)
        ratios.append([part.mean() / part.std() for part in np.array_split(flat[60:], 6)])
    by_depth = np.mean(ratios, axis=0)
    assert np.mean(by_depth) == pytest.approx(1.91, abs=0.05)
    assert by_depth == pytest.approx(np.full(6, 1.91), abs=0.1)


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_level_falls_by_the_set_attenuation(machine, settings):
    machine = pure(machine)
    scanner = prepare(machine, settings)
    body = block()
    level = [
        np.log10(render(replace(body, seed=seed), INTO, machine, settings, scanner=scanner).power[60:, 36:156])
        for seed in (4, 5)
    ]
    slope = np.polyfit(scanner.depth_mm[60:], 10.0 * np.mean(level, axis=(0, 2)), 1)[0]
    assert -slope == pytest.approx(loss_db_mm(machine), rel=0.05)


def test_mean_level_is_that_of_the_tissue():
    machine = pure(MUSCULOSKELETAL)
    scanner = prepare(machine, LINEAR_SET)
    power = render(block(), INTO, machine, LINEAR_SET, scanner=scanner).power[60:]
    flat = power * 10.0 ** (loss_db_mm(machine) * scanner.depth_mm[60:, None] / 10.0)
    assert 10.0 * np.log10(flat.mean()) == pytest.approx(TISSUES[EVEN].echo_db, abs=0.5)


def window(picture, scanner):
    """Return the level around the middle of the picture, its taper, and the size of a pixel, mm."""
    step = scanner.raster.image_to_probe.matrix[0, 0]
    centre = scanner.raster.image_to_probe.inverse.apply([0.0, 0.5 * scanner.settings.depth_mm, 0.0])
    half = round(9.0 / step)
    column, row = round(centre[0]), round(centre[1])
    part = picture.pixels[row - half : row + half, column - half : column + half].astype(float)
    taper = np.hanning(2 * half)
    return (part - part.mean()) * taper[:, None] * taper[None, :], step


MOVES = {
    "axial": (0.0, 1.0),
    "lateral": (1.0, 0.0),
    "both": (0.6, -0.8),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("by", ["pose", "displacement"])
def test_speckle_moves_with_the_tissue(machine, settings, by, move):
    """One millimetre to the left of the patient, or away from the probe, is one millimetre in the picture."""
    machine = pure(machine, height_px=900, width_px=900)
    scanner = prepare(machine, settings)
    body = block()
    across, deeper = MOVES[move]
    rest = render(body, INTO, machine, settings, scanner=scanner)
    if by == "pose":
        moved = render(body, over(x_mm=-across, y_mm=-12.0 + deeper), machine, settings, scanner=scanner)
    else:
        gone = replace(body, displacement=shifted(x_mm=across, y_mm=-deeper))
        moved = render(gone, INTO, machine, settings, scanner=scanner)
    one, step = window(rest, scanner)
    two, _ = window(moved, scanner)
    rows, columns = shift_between(one, two)
    assert rows * step == pytest.approx(deeper, abs=0.05)
    assert columns * step == pytest.approx(across, abs=0.05)


def test_speckle_changes_when_tissue_leaves_the_slice():
    machine = pure(MUSCULOSKELETAL)
    scanner = prepare(machine, LINEAR_SET)
    body = block()
    gain = 10.0 ** (loss_db_mm(machine) * scanner.depth_mm[400:600, None] / 20.0)
    here, near, far = (
        (render(body, over(y_mm=-12.0, z_mm=z), machine, LINEAR_SET, scanner=scanner).envelope[400:600] * gain).ravel()
        for z in (0.0, 0.1, 5.0)
    )
    assert np.corrcoef(here, near)[0, 1] > 0.9
    assert abs(np.corrcoef(here, far)[0, 1]) < 0.1
