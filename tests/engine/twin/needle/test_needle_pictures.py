"""A needle in a picture: where it is bright, and how bright, by angle and by plane."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from needle_kit import SKIN_Y, probe_pose, slanted

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import render
from echospine.engine.twin.image.beams import lines_of, on_lines
from echospine.engine.twin.motion import grid_over, survey_back
from echospine.engine.twin.needle import Injection, Needle, NeedlePose, inject, needle_echoes, shaft_mm
from echospine.engine.twin.probe import MUSCULOSKELETAL, Settings
from layered import layered_back

SETTINGS = Settings(depth_mm=45.0, focus_mm=20.0)
NEEDLE = Needle(20, 120.0)
PROBE = probe_pose(24.0)


@cache
def body() -> Anatomy:
    return layered_back(0.5)


@cache
def levels_db(angle_deg: float, aside_mm: float = 0.0) -> tuple[float, float]:
    """Median level along a needle through one place in muscle, dB, and of the same places without it."""
    place = np.array([28.0, SKIN_Y - 25.0, 75.0 + aside_mm])
    pose = NeedlePose(place - 26.0 * slanted(angle_deg), slanted(angle_deg), 40.0)
    return along_needle(pose, echoes=True), along_needle(pose, echoes=False)


def along_needle(pose: NeedlePose, *, echoes: bool) -> float:
    heard = needle_echoes(NEEDLE, pose, PROBE, MUSCULOSKELETAL) if echoes else None
    power = render(Body(body(), 3), PROBE, MUSCULOSKELETAL, SETTINGS, echoes=heard).power
    lines = lines_of(MUSCULOSKELETAL, SETTINGS)
    places = PROBE.inverse.apply(shaft_mm(NEEDLE, pose, np.linspace(18.0, 34.0, 60)))
    depth, line = on_lines(lines, places[:, 0], places[:, 1])
    row, column = np.rint(depth / lines.sample_mm).astype(int), np.rint(line).astype(int)
    half = round(0.8 / lines.sample_mm)
    brightest = [power[r - half : r + half, c - 1 : c + 2].max() for r, c in zip(row, column, strict=True)]
    return float(10 * np.log10(np.median(brightest)))


def test_a_shallow_needle_stands_out_and_a_steep_one_fades() -> None:
    over = [levels_db(angle)[0] - levels_db(angle)[1] for angle in (25.0, 40.0, 60.0)]
    assert over[0] > 10.0
    assert over[0] > over[1] > over[2]
    assert over[0] - over[2] > 5.0


def test_a_needle_beside_the_plane_is_not_seen() -> None:
    with_needle, without = levels_db(30.0, 6.0)
    assert with_needle == pytest.approx(without, abs=0.5)
    in_plane, _ = levels_db(30.0)
    assert in_plane > with_needle + 8.0


def test_the_brightest_place_near_the_shaft_is_the_shaft() -> None:
    pose = NeedlePose(np.array([4.0, SKIN_Y - 20.0, 75.0]), slanted(2.0), 30.0)
    heard = needle_echoes(NEEDLE, pose, PROBE, MUSCULOSKELETAL)
    power = render(Body(body(), 3), PROBE, MUSCULOSKELETAL, SETTINGS, echoes=heard).power
    lines = lines_of(MUSCULOSKELETAL, SETTINGS)
    for along in (8.0, 14.0, 20.0):
        place = PROBE.inverse.apply(shaft_mm(NEEDLE, pose, [along]))
        depth, line = on_lines(lines, place[:, 0], place[:, 1])
        first = round((depth[0] - 4.0) / lines.sample_mm)
        found = np.argmax(power[first : first + round(8.0 / lines.sample_mm), round(line[0])])
        wall_mm = depth[0] - NEEDLE.outer_mm / 2
        assert (first + found) * lines.sample_mm == pytest.approx(wall_mm, abs=0.2)


def test_injectate_is_a_dark_pocket() -> None:
    centre = np.array([28.0, 66.0, 75.0])
    back = survey_back(body(), grid_over((4.0, 46.0, 55.0), (48.0, 88.0, 95.0), 1.0))
    done = inject(Injection(centre, 1.0), 60.0, back)
    full = Body(body(), 3, done.displacement, done.inclusions)
    lines = lines_of(MUSCULOSKELETAL, SETTINGS)
    depth, line = on_lines(lines, *PROBE.inverse.apply(centre)[:2])
    row, column, reach = round(float(depth) / lines.sample_mm), round(float(line)), round(3.0 / lines.sample_mm)
    inside = (slice(row - reach, row + reach), slice(column - 8, column + 9))
    empty, dark = (
        render(one, PROBE, MUSCULOSKELETAL, SETTINGS).power[inside].mean() for one in (Body(body(), 3), full)
    )
    assert 10 * np.log10(dark / empty) < -15.0
