"""Surfaces: bright where they face the beam, with shadow behind bone and gas, and nothing at all without contact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from twin_blocks import BOTH, CONVEX_SET, EVEN, LINEAR_SET, anatomy, axes_mm, block, bone_block, over, pure, shifted

from echospine.engine.twin.body import Body, Inclusion
from echospine.engine.twin.image import prepare, render
from echospine.engine.twin.image.beams import line_pitch_mm
from echospine.engine.twin.image.rays import BONE, SOFT, lobe
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL
from echospine.engine.twin.tissues import TISSUES, Tissue

INTO = over(y_mm=-12.0)
X, Y, Z = axes_mm()


def plate(depth_mm: float, tilt_rad: float = 0.0, half_width_mm: float = np.inf):
    """Return the distance to a thick plate of bone whose face lies `depth_mm` under INTO's face on its axis."""
    face = (Y + 12.0 + depth_mm) * np.cos(tilt_rad) - X * np.sin(tilt_rad)
    return np.maximum(face, np.abs(X) - half_width_mm) + 0.0 * Z


def level_db(envelope, scanner):
    """Return mean power by sample and line, with the attenuation of EVEN made up for, dB."""
    loss = 2.0 * TISSUES[EVEN].attenuation_db_cm_mhz * scanner.machine.probe.frequency_mhz / 10.0
    return 20.0 * np.log10(np.maximum(envelope, 1e-9)) + loss * scanner.depth_mm[:, None]


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_below_bone_it_is_twenty_db_darker_than_beside(machine, settings):
    depth = 0.4 * settings.depth_mm
    scanner = prepare(machine, settings)
    envelope = render(bone_block(plate(depth, half_width_mm=8.0)), INTO, machine, settings).envelope
    pitch = float(line_pitch_mm(scanner.lines, depth))
    middle, wide = scanner.lines.n_lines // 2, round(4.0 / pitch)
    beside = round(20.0 / pitch)
    rows = slice(scanner.lines.n_samples * 60 // 100, scanner.lines.n_samples * 85 // 100)
    below = 10.0 * np.log10(np.mean(envelope[rows, middle - wide : middle + wide] ** 2))
    next_to = 10.0 * np.log10(np.mean(envelope[rows, middle + beside : middle + beside + 2 * wide] ** 2))
    assert next_to - below >= 20.0


@pytest.mark.parametrize("tilt_deg", [0.0, 12.0])
@pytest.mark.parametrize("moved_mm", [0.0, -1.3])
def test_bone_is_bright_where_it_is(tilt_deg, moved_mm):
    """The crest of the echo lies on the surface to 0.2 mm, at sub-voxel depths, tilted, and after tissue has moved."""
    machine, settings = pure(MUSCULOSKELETAL), LINEAR_SET
    scanner = prepare(machine, settings)
    tilt = np.deg2rad(tilt_deg)
    for depth in (20.13, 24.37):
        body = bone_block(plate(depth, tilt))
        if moved_mm:
            body = replace(body, displacement=shifted(y_mm=moved_mm))
        envelope = render(body, INTO, machine, settings, scanner=scanner).envelope[:, 48:144]
        x = scanner.scout.directions[48:144, 2]
        surface = depth - moved_mm - x * np.tan(tilt)
        found = scanner.depth_mm[np.argmax(envelope[300:], axis=0) + 300]
        assert np.median(np.abs(found - surface)) < 0.1
        assert np.mean(np.abs(found - surface) < 0.2) > 0.95


def test_brightness_of_bone_falls_with_angle_as_set():
    """Mean brightness along a tilted plate follows the lobe to 2 dB."""
    machine, settings = pure(MUSCULOSKELETAL), LINEAR_SET
    scanner = prepare(machine, settings)
    levels = {}
    for tilt_deg in (0.0, 8.0, 15.0, 25.0, 40.0):
        tilt = np.deg2rad(tilt_deg)
        echo = level_db(
            render(bone_block(plate(25.0, tilt)), INTO, machine, settings, scanner=scanner).envelope, scanner
        )
        lines = slice(80, 112)
        row = np.rint((25.0 - scanner.scout.directions[lines, 2] * np.tan(tilt)) / scanner.lines.sample_mm).astype(int)
        near = np.stack([echo[row + k, np.arange(80, 112)] for k in range(-4, 5)]).max(axis=0)
        levels[tilt_deg] = 10.0 * np.log10(np.mean(10.0 ** (near / 10.0)))
        expected = 20.0 * np.log10(lobe(BONE, np.cos(tilt)))
        assert levels[tilt_deg] - levels[0.0] == pytest.approx(expected, abs=2.0)
    assert list(levels.values()) == sorted(levels.values(), reverse=True)


def test_fascia_shines_where_it_lies_across_the_beam():
    """The step of impedance between two soft tissues is seen across the beam and lost when tilted."""
    machine, settings = pure(MUSCULOSKELETAL), LINEAR_SET
    scanner = prepare(machine, settings)
    crest = {}
    for tilt_deg in (0.0, 30.0):
        tilt = np.deg2rad(tilt_deg)
        lower = (Y + 37.0) * np.cos(tilt) - X * np.sin(tilt) + 0.0 * Z < 0
        body = Body(anatomy(np.where(lower, Tissue.DISC, Tissue.GEL).astype(np.uint8)), 1)
        echo = render(body, INTO, pure(machine, gel_mm=500.0), settings).envelope
        row = np.rint((25.0 - scanner.scout.directions[:, 2] * np.tan(tilt)) / scanner.lines.sample_mm).astype(int)
        crest[tilt_deg] = np.median([echo[row[line] - 6 : row[line] + 2, line].max() for line in range(70, 122)])
    assert crest[0.0] > 4.0 * crest[30.0]
    assert lobe(SOFT, 1.0) == pytest.approx(1.0)


def test_gas_hides_what_is_behind_it_with_a_dirty_shadow():
    machine, settings = replace(ABDOMINAL, noise_db=-120.0), CONVEX_SET
    gas = Inclusion(Tissue.BOWEL_GAS, (0.0, -47.0, 0.0), (10.0, 6.0, 10.0))
    body = block()
    scanner = prepare(machine, settings)
    clear, hidden = (
        render(replace(body, inclusions=put), INTO, machine, settings, scanner=scanner).power[620:800, 90:102].mean()
        for put in ((), (gas,))
    )
    empty = render(block(Tissue.GEL), INTO, machine, settings, scanner=scanner).power[620:800, 90:102].mean()
    assert 10.0 * np.log10(clear / hidden) > 10.0
    assert hidden > 10.0 * empty


def test_fluid_is_black_and_lets_sound_pass():
    machine, settings = pure(ABDOMINAL), CONVEX_SET
    cyst = Inclusion(Tissue.INJECTATE, (0.0, -47.0, 0.0), (9.0, 7.0, 9.0))
    scanner = prepare(machine, settings)
    solid, fluid = (
        render(replace(block(), inclusions=put), INTO, machine, settings, scanner=scanner).power
        for put in ((), (cyst,))
    )
    inside, behind = slice(320, 390), slice(500, 700)
    middle = slice(90, 102)
    assert 10.0 * np.log10(solid[inside, middle].mean() / fluid[inside, middle].mean()) > 20.0
    assert 10.0 * np.log10(fluid[behind, middle].mean() / solid[behind, middle].mean()) > 3.0


@pytest.mark.parametrize(("machine", "settings"), BOTH, ids=lambda value: getattr(value, "name", ""))
def test_no_contact_is_dark(machine, settings):
    """A probe held 5 mm over the skin shows its own bands near the face, and nothing below."""
    scanner = prepare(machine, settings)
    touching = render(block(), INTO, machine, settings, scanner=scanner).pixels
    lifted = render(block(), over(y_mm=5.0), machine, settings, scanner=scanner).pixels
    deep = scanner.raster.inside.copy()
    deep[: deep.shape[0] // 3] = False
    assert touching[deep].mean() > 40
    assert lifted[deep].mean() < 0.1 * touching[deep].mean()
    assert lifted[~deep].max() > 150


def test_partial_contact_is_dark_only_where_the_face_is_in_air():
    x, y, z = axes_mm()
    skin = (x < 8.0) & (y + 0.0 * z < 0)
    body = Body(anatomy(np.where(skin, EVEN, Tissue.AIR).astype(np.uint8)), 1)
    power = render(body, over(y_mm=-6.0), MUSCULOSKELETAL, LINEAR_SET).power[300:500]
    assert 10.0 * np.log10(power[:, 40:80].mean() / power[:, 160:185].mean()) > 25.0


def test_a_little_gel_bridges_a_gap():
    machine, settings = MUSCULOSKELETAL, LINEAR_SET
    close = render(block(), over(y_mm=0.7), machine, settings).pixels
    apart = render(block(), over(y_mm=0.7), replace(machine, gel_mm=0.1), settings).pixels
    assert close[300:].mean() > 10 * max(apart[300:].mean(), 1.0)
