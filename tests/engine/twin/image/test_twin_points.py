"""Point targets come back where the geometry says, as wide as the specification says."""

from __future__ import annotations

import numpy as np
import pytest
from twin_blocks import BOTH, block, gaussian_fwhm, over, pure

from echospine.engine.twin.body import Echoes
from echospine.engine.twin.image import lateral_width_mm, prepare, pulse_width_mm, render, slice_width_mm
from echospine.engine.twin.image.beams import line_pitch_mm, lines_of, off_lines
from echospine.engine.twin.tissues import Tissue

WATER = block(Tissue.GEL)


def picture_of_point(machine, settings, point_mm, scanner):
    echoes = Echoes(np.array([point_mm]), np.array([45.0]))
    return render(WATER, over(), machine, settings, scanner=scanner, echoes=echoes)


def brightest_px(pixels):
    """Return the centre (column, row) of the brightest spot: the mean place of what is above half its grey."""
    top = pixels.max()
    row, column = np.argwhere(pixels == top).mean(axis=0).round().astype(int)
    around = (slice(max(row - 6, 0), row + 7), slice(max(column - 6, 0), column + 7))
    weight = np.clip(pixels[around].astype(float) - 0.7 * top, 0.0, None)
    rows, columns = np.mgrid[around]
    return float((columns * weight).sum() / weight.sum()), float((rows * weight).sum() / weight.sum())


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_points_come_back_within_a_fifth_of_a_millimetre(machine, settings):
    machine = pure(machine, gel_mm=500.0)
    scanner, lines = prepare(machine, settings), lines_of(machine, settings)
    rng = np.random.default_rng(4)
    worst = 0.0
    for depth in np.linspace(6.0, settings.depth_mm - 6.0, 8):
        for line in rng.uniform(12.0, lines.n_lines - 13.0, 4):
            x, y = (float(value) for value in off_lines(lines, depth, line))
            picture = picture_of_point(machine, settings, (x, y, 0.0), scanner)
            column, row = brightest_px(picture.pixels)
            found = picture.image_to_probe.apply([column, row, 0.0])
            worst = max(worst, float(np.hypot(found[0] - x, found[1] - y)))
            region = picture.geometry.region_for([(column, row)])
            assert region.step_mm == pytest.approx((picture.image_to_probe.matrix[0, 0],) * 2)
    assert worst < 0.2, f"a point came back {worst:.3f} mm from its place"


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_width_at_focus_is_as_specified(machine, settings):
    machine = pure(machine, gel_mm=500.0)
    scanner, lines = prepare(machine, settings), lines_of(machine, settings)
    depth = settings.focus_mm
    for line in np.linspace(60.0, 61.0, 5):
        x, y = (float(value) for value in off_lines(lines, depth, line))
        envelope = picture_of_point(machine, settings, (x, y, 0.0), scanner).envelope.astype(float)
        i, j = np.unravel_index(envelope.argmax(), envelope.shape)
        lateral = gaussian_fwhm(envelope[i], float(line_pitch_mm(lines, depth)))
        axial = gaussian_fwhm(envelope[:, j], lines.sample_mm)
        assert lateral == pytest.approx(lateral_width_mm(machine.probe, depth, depth), rel=0.10)
        assert axial == pytest.approx(pulse_width_mm(machine.probe), rel=0.10)


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_point_fades_out_of_the_slice_as_specified(machine, settings):
    machine = pure(machine, gel_mm=500.0)
    scanner = prepare(machine, settings)
    for depth in (15.0, machine.probe.elevation_focus_mm):
        half = float(slice_width_mm(machine.probe, depth)) / 2
        peaks = [
            picture_of_point(machine, settings, (0.0, depth, away), scanner).envelope.max() for away in (0.0, half)
        ]
        assert peaks[1] / peaks[0] == pytest.approx(0.5, abs=0.04)


def test_beam_is_narrowest_near_the_focus_and_widens_away_from_it():
    for machine, settings in BOTH:
        focus = settings.focus_mm
        near, there, far = lateral_width_mm(machine.probe, focus, [0.5 * focus, focus, 1.6 * focus])
        assert near > 1.2 * there
        assert far > 1.2 * there
