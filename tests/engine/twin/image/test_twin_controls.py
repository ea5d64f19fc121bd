"""The knobs do what they say, and equal arguments give equal bytes however they are run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from twin_blocks import BOTH, CONVEX_SET, block, bone_block, over, pure, shifted

from echospine.domain.errors import GeometryError
from echospine.domain.poses import Pose
from echospine.engine.twin.body import Echoes
from echospine.engine.twin.image import prepare, render, truth
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Settings

INTO = over(y_mm=-12.0)


def middle(picture):
    rows, columns = picture.pixels.shape
    return picture.pixels[rows // 2 - 40 : rows // 2 + 40, columns // 2 - 40 : columns // 2 + 40].astype(float)


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_same_arguments_same_bytes_however_they_are_run(machine, settings):
    y = np.linspace(-59.75, 0, 240)
    body = replace(
        bone_block((np.arange(240)[None, :, None] - 239.5) * 0.5 + 50.0 + 0.0 * y[None, :, None]),
        displacement=shifted(x_mm=0.4),
    )
    echoes = Echoes(np.array([[1.0, 20.0, 0.3]]), np.array([30.0]))
    pose = over(x_mm=2.0, y_mm=-12.0, turn_rad=0.6)
    once = render(body, pose, machine, settings, echoes=echoes, frame_seed=3)
    scanner = prepare(machine, settings)

    def backwards(work, items):
        return [work(item) for item in reversed(list(items))]

    with ThreadPoolExecutor(3) as pool:
        for run in (pool.map, map, backwards):
            again = render(body, pose, machine, settings, echoes=echoes, frame_seed=3, scanner=scanner, run=run)
            assert again.pixels.tobytes() == once.pixels.tobytes()
            assert again.power.tobytes() == once.power.tobytes()
        labels = truth(body, pose, machine, settings).labels
        assert truth(body, pose, machine, settings, run=pool.map).labels.tobytes() == labels.tobytes()


def test_noise_is_new_in_each_frame_and_speckle_is_not():
    body, scanner = block(), prepare(ABDOMINAL, CONVEX_SET)
    one, two = (render(body, INTO, ABDOMINAL, CONVEX_SET, frame_seed=seed, scanner=scanner).envelope for seed in (1, 2))
    assert np.corrcoef(one[100:300].ravel(), two[100:300].ravel())[0, 1] > 0.999
    quiet = render(over_air(), over(y_mm=30.0), ABDOMINAL, CONVEX_SET, frame_seed=1, scanner=scanner).envelope
    other = render(over_air(), over(y_mm=30.0), ABDOMINAL, CONVEX_SET, frame_seed=2, scanner=scanner).envelope
    assert abs(np.corrcoef(quiet[600:].ravel(), other[600:].ravel())[0, 1]) < 0.1


def over_air():
    return block()


def test_noise_level_is_as_set():
    machine = pure(ABDOMINAL, noise_db=-50.0)
    power = render(block(), over(y_mm=30.0), machine, CONVEX_SET).power[300:]
    assert 10.0 * np.log10(power.mean()) == pytest.approx(-50.0, abs=0.5)


def test_gain_brightens_by_its_decibels():
    body = block()
    machine = pure(ABDOMINAL)
    low, high = (middle(render(body, INTO, machine, replace(CONVEX_SET, gain_db=gain))) for gain in (-4.0, 4.0))
    inside = (low > 5) & (high < 250)
    per_db = 255.0 / CONVEX_SET.dynamic_range_db
    assert np.median((high - low)[inside]) == pytest.approx(8.0 * per_db, abs=1.0)


def test_tgc_sliders_work_at_their_depth():
    body, machine = block(), pure(MUSCULOSKELETAL)
    flat = Settings(depth_mm=50.0, focus_mm=25.0)
    deep = replace(flat, tgc_db=(0.0,) * 4 + (6.0,) * 4)
    one, two = (render(body, INTO, machine, settings).pixels.astype(float) for settings in (flat, deep))
    rise = np.median(two - one, axis=1)
    per_db = 255.0 / flat.dynamic_range_db
    top = np.flatnonzero(prepare(machine, flat).raster.inside.any(axis=1))[0]
    shallow, below = top + 60, top + 400
    assert rise[shallow] == pytest.approx(0.0, abs=0.5)
    assert rise[below] == pytest.approx(6.0 * per_db, abs=1.0)


def test_dynamic_range_stretches_contrast():
    body, machine = block(), pure(ABDOMINAL)
    narrow, wide = (
        middle(render(body, INTO, machine, replace(CONVEX_SET, dynamic_range_db=db))).std() for db in (60.0, 120.0)
    )
    assert narrow / wide == pytest.approx(2.0, rel=0.1)


def test_grey_curve_keeps_black_and_white_and_darkens_between():
    body = block()
    straight, bent = (render(body, INTO, pure(ABDOMINAL, curve=curve), CONVEX_SET).pixels for curve in (1.0, 1.6))
    expected = np.round(255.0 * (straight / 255.0) ** 1.6)
    assert np.abs(bent - expected).max() <= 2


def test_speckle_reduction_evens_tissue_and_keeps_edges():
    body = bone_block((np.arange(240)[None, :, None] - 239.5) * 0.5 + 50.0)
    rough, soft = (
        render(body, INTO, pure(ABDOMINAL, speckle_reduction=strength), CONVEX_SET) for strength in (0.0, 0.8)
    )
    above = (slice(200, 230), slice(236, 276))
    assert soft.pixels[above].std() < 0.85 * rough.pixels[above].std()
    assert soft.pixels[above].mean() == pytest.approx(rough.pixels[above].mean(), abs=3.0)
    assert soft.pixels[:, 256].max() >= rough.pixels[:, 256].max() - 10


@pytest.mark.parametrize("turned", [{"gain_db": 5.0}, {"focus_mm": 30.0}, {"depth_mm": 80.0}, {"tgc_db": (3.0, 0.0)}])
def test_turning_a_knob_is_the_same_as_starting_anew(turned):
    before = prepare(ABDOMINAL, CONVEX_SET)
    settings = replace(CONVEX_SET, **turned)
    one, two = (
        render(block(), INTO, ABDOMINAL, settings, scanner=scanner).pixels.tobytes()
        for scanner in (prepare(ABDOMINAL, settings, before), prepare(ABDOMINAL, settings))
    )
    assert one == two


def test_deeper_setting_shows_more():
    for machine, settings in BOTH:
        one = prepare(machine, settings).raster
        two = prepare(machine, replace(settings, depth_mm=1.5 * settings.depth_mm)).raster
        assert two.geometry.main_region().step_mm[1] > one.geometry.main_region().step_mm[1]


@pytest.mark.parametrize("turn", np.linspace(0.0, np.pi, 5))
def test_any_direction_of_the_probe_gives_a_picture(turn):
    picture = render(block(), over(y_mm=-20.0, turn_rad=turn), ABDOMINAL, Settings(depth_mm=60.0))
    assert middle(picture).mean() > 40


def test_pictures_cannot_be_written_to():
    picture = render(block(), INTO, ABDOMINAL, CONVEX_SET)
    assert not picture.pixels.flags.writeable
    assert picture.pixels.shape == (ABDOMINAL.height_px, ABDOMINAL.width_px)


def test_wrong_frames_and_wrong_scanner_are_refused():
    body, settings = block(), CONVEX_SET
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        render(body, Pose("Patient", "Image", np.eye(4)), ABDOMINAL, settings)
    with pytest.raises(GeometryError, match="ProbeToPatient"):
        render(body, Pose("Patient", "Probe", np.diag([2.0, 1.0, 1.0, 1.0])), ABDOMINAL, settings)
    scanner = prepare(ABDOMINAL, replace(settings, gain_db=3.0))
    with pytest.raises(GeometryError, match="prepare it again"):
        render(body, INTO, ABDOMINAL, settings, scanner=scanner)
    with pytest.raises(GeometryError, match="lines"):
        prepare(replace(ABDOMINAL, n_lines=3), settings)
