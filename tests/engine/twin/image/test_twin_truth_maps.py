"""The truth of a picture agrees with geometry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from twin_blocks import BOTH, EVEN, LINEAR_SET, anatomy, axes_mm, block, bone_block, over, pure, shifted

from echospine.domain.labels import Structure
from echospine.engine.twin.body import Body, Displacement, Inclusion
from echospine.engine.twin.image import prepare, render, truth
from echospine.engine.twin.image.beams import on_lines
from echospine.engine.twin.probe import MUSCULOSKELETAL
from echospine.engine.twin.tissues import Tissue

INTO = over(y_mm=-12.0)
X, Y, Z = axes_mm()


def pixel_points_mm(scanner):
    """Return the place of every pixel in Probe, (height, width, 3)."""
    rows, columns = np.mgrid[: scanner.machine.height_px, : scanner.machine.width_px]
    return scanner.raster.image_to_probe.apply(np.stack([columns, rows, 0 * rows], axis=-1))


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_poses_chain_from_image_to_patient(machine, settings):
    scanner = prepare(machine, settings)
    pose = over(x_mm=5.0, y_mm=-12.0, z_mm=-3.0, turn_rad=0.4)
    found = truth(block(), pose, machine, settings, scanner=scanner)
    expected = (pose @ scanner.raster.image_to_probe).apply([300.0, 200.0, 0.0])
    assert found.rest_mm[200, 300] == pytest.approx(expected, abs=1e-3)
    assert np.isnan(found.rest_mm[~scanner.raster.inside]).all()


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_bone_band_lies_under_the_analytic_surface(machine, settings):
    depth = 0.4 * settings.depth_mm
    scanner = prepare(machine, settings)
    ball = np.sqrt(X**2 + (Y + 12.0 + depth + 12.0) ** 2 + Z**2) - 12.0
    body = bone_block(ball, bone=Tissue.SPINOUS_PROCESS)
    found = truth(body, INTO, machine, settings, scanner=scanner)
    points = pixel_points_mm(scanner)
    gap = np.hypot(points[..., 0], points[..., 1] - depth - 12.0) - 12.0
    band = found.labels == Structure.SPINOUS_PROCESS
    assert band.sum() > 20
    assert gap[band].max() < 0.25
    straight_down = band[:, 256]
    step = scanner.raster.image_to_probe.matrix[1, 1]
    assert straight_down.sum() * step == pytest.approx(2.0, abs=1.1 * step)
    assert points[np.flatnonzero(straight_down)[0], 256, 1] == pytest.approx(depth, abs=step)
    assert np.nanmin(found.surface_mm) == pytest.approx(depth, abs=0.05)


def test_nothing_is_labelled_in_deep_shadow():
    body = bone_block(np.maximum(Y + 32.0, np.abs(X) - 8.0) + 0.0 * Z, tissue=Tissue.MULTIFIDUS)
    found = truth(body, INTO, MUSCULOSKELETAL, LINEAR_SET)
    scanner = prepare(MUSCULOSKELETAL, LINEAR_SET)
    points = pixel_points_mm(scanner)
    inside = scanner.raster.inside
    under = inside & (np.abs(points[..., 0]) < 5.0) & (points[..., 1] > 26.0)
    beside = inside & (np.abs(points[..., 0]) > 14.0) & (points[..., 1] > 24.0) & (points[..., 1] < 40.0)
    assert (found.labels[under] == Structure.BACKGROUND).all()
    assert found.shadow[under].all()
    assert (found.labels[beside] == Structure.MULTIFIDUS).mean() > 0.99
    assert not found.shadow[beside].any()


def test_soft_tissue_fades_into_the_noise_with_depth():
    machine, settings = replace(MUSCULOSKELETAL, noise_db=-40.0), LINEAR_SET
    found = truth(block(Tissue.MULTIFIDUS), INTO, machine, settings)
    scanner = prepare(machine, settings)
    deepest = pixel_points_mm(scanner)[found.labels == Structure.MULTIFIDUS][:, 1].max()
    assert deepest == pytest.approx(40.0 / (2.0 * 0.75 * 8.0 / 10.0), abs=0.5)


def test_anatomy_as_cut_is_the_anatomy_at_rest():
    layers = np.where(Y > -30.0, Tissue.FAT, Tissue.MULTIFIDUS) + 0 * X + 0 * Z
    body = Body(anatomy(layers.astype(np.uint8)), 1, inclusions=(Inclusion(Tissue.INJECTATE, (0, -40, 0), (5, 3, 5)),))
    moved = replace(body, displacement=shifted(y_mm=-2.0))
    found = truth(moved, INTO, MUSCULOSKELETAL, LINEAR_SET)
    inside = prepare(MUSCULOSKELETAL, LINEAR_SET).raster.inside
    rest = found.rest_mm[inside].astype(float)
    near_edge = (np.abs(rest[:, 1] + 30.0) < 0.3) | (np.abs(np.hypot(rest[:, 0] / 5, (rest[:, 1] + 40) / 3) - 1) < 0.2)
    expected = body.anatomy.tissue_at(rest)
    expected = np.where(np.hypot(rest[:, 0] / 5, (rest[:, 1] + 40) / 3) < 1, Tissue.INJECTATE, expected)
    assert (found.tissues[inside] == expected)[~near_edge].all()
    row, column = 250, 256
    now = (INTO @ prepare(MUSCULOSKELETAL, LINEAR_SET).raster.image_to_probe).apply([column, row, 0])
    assert found.rest_mm[row, column] == pytest.approx([now[0], now[1] + 2.0, now[2]], abs=1e-3)


def test_rest_coordinates_undo_an_uneven_displacement():
    """Tissue squeezed by up to a tenth: rest plus displacement is the pixel's own place."""
    knots = np.linspace(-120.0, 20.0, 29)
    squeeze = np.zeros((3, 29, 3, 3), np.float32)
    squeeze[..., 1] = (4.0 * np.sin(knots / 40.0))[None, :, None]
    body = replace(block(), displacement=Displacement(squeeze, (-90.0, -120.0, -60.0), (90.0, 5.0, 60.0)))
    scanner = prepare(MUSCULOSKELETAL, LINEAR_SET)
    found = truth(body, INTO, MUSCULOSKELETAL, LINEAR_SET, scanner=scanner)
    rest = found.rest_mm[scanner.raster.inside].astype(float)
    now = (INTO @ scanner.raster.image_to_probe).apply(
        np.stack([*np.nonzero(scanner.raster.inside)[::-1], np.zeros(len(rest))], axis=-1)
    )
    moved = rest + np.stack(
        [0 * rest[:, 1], np.interp(rest[:, 1], knots, squeeze[0, :, 0, 1]), 0 * rest[:, 1]], axis=-1
    )
    assert np.abs(moved - now).max() < 0.01


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_what_is_left_falls_by_the_attenuation(machine, settings):
    machine = pure(machine)
    found = truth(block(), INTO, machine, settings)
    scanner = prepare(machine, settings)
    points = pixel_points_mm(scanner)[scanner.raster.inside]
    depth, line = on_lines(scanner.lines, points[:, 0], points[:, 1])
    central = (np.abs(line - 95.5) < 50) & (depth > 2.0)
    expected = -2.0 * 0.7 * machine.probe.frequency_mhz / 10.0 * depth[central]
    assert found.left_db[scanner.raster.inside][central] == pytest.approx(expected, abs=0.5)


def test_labels_and_picture_agree():
    """What is labelled as fascia is brighter than the muscle beside it."""
    layer = np.where((Y > -34.0) & (Y < -30.0), Tissue.FASCIA, EVEN) + 0 * X + 0 * Z
    body = Body(anatomy(layer.astype(np.uint8)), 1)
    picture = render(body, INTO, MUSCULOSKELETAL, LINEAR_SET)
    found = truth(body, INTO, MUSCULOSKELETAL, LINEAR_SET)
    fascia = found.labels == Structure.FASCIA
    muscle = (found.labels == Structure.DURAL_SAC) & ~found.shadow
    assert picture.pixels[fascia].mean() > picture.pixels[muscle].mean() + 40
