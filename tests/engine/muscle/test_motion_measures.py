"""Shear, strain and contraction: made ones come back, and those of the twin are measured."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.adapters.scenes import open_scene_file
from echospine.domain.errors import InputError
from echospine.domain.labels import Method, Structure
from echospine.engine.muscle.motion import Matching, follow
from echospine.engine.muscle.motion.curve import find_contraction
from echospine.engine.muscle.motion.shear import CUMULATED, LANGEVIN_2011, PEAK_TO_PEAK, layer_shear
from echospine.engine.muscle.motion.strain import strain_fields
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.scene import SceneSource


def test_each_definition_of_shear_has_its_own_number():
    glide = np.array([0.0, 0.4, 1.0, 0.2, -0.6, 0.0])
    shear = layer_shear(glide[:, None] + np.zeros((6, 3)), np.zeros((6, 4)))
    assert shear.value(LANGEVIN_2011) == pytest.approx(50.0)
    assert shear.value(PEAK_TO_PEAK) == pytest.approx(80.0)
    assert shear.value(CUMULATED) == pytest.approx(100 * (0.4 + 0.6 + 0.8 + 0.8 + 0.6) / 2)
    with pytest.raises(InputError, match="no shear strain"):
        shear.value(Method("another", "1"))


def test_a_lost_layer_is_said_and_a_lost_point_is_not_missed():
    superficial = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, np.nan]])
    assert layer_shear(superficial, np.zeros((2, 1))).value(LANGEVIN_2011) == pytest.approx(50.0)
    with pytest.raises(InputError, match="deep layer was lost"):
        layer_shear(superficial, np.array([[0.0], [np.nan]]))
    with pytest.raises(InputError, match="apart"):
        layer_shear(superficial, superficial, 0.0)


def test_strain_of_a_stretch_and_none_of_a_turn():
    y, x = np.mgrid[0:8, 0:10] * 1.0
    stretched = np.stack([0.05 * x * 0.5, -0.02 * y * 0.5], axis=-1)
    found = strain_fields(stretched, (0.5, 0.5))
    assert found[..., 0] == pytest.approx(0.05 + 0.05**2 / 2)
    assert found[..., 1] == pytest.approx(-0.02 + 0.02**2 / 2)
    cos, sin = np.cos(0.3), np.sin(0.3)
    turned = np.stack([(cos - 1) * x - sin * y, sin * x + (cos - 1) * y], axis=-1)
    assert strain_fields(turned, (1.0, 1.0)) == pytest.approx(0.0, abs=1e-9)
    stretched[3, 4] = np.nan
    assert np.isfinite(strain_fields(stretched, (0.5, 0.5))).all()


def test_a_contraction_is_found_and_noise_is_none():
    times = np.arange(0.0, 5.0, 0.05)
    rise = np.clip((times - 1.0) / 0.5, 0, 1) - np.clip((times - 3.0) / 0.8, 0, 1)
    noise = np.random.default_rng(0).normal(0, 0.05, times.size)
    found = find_contraction(times, 25.0 + 5.0 * rise + noise)
    assert found is not None
    assert found.onset_s == pytest.approx(1.05, abs=0.1)
    assert found.change == pytest.approx(0.2, abs=0.01)
    assert found.hold_s == pytest.approx(2.0 - 0.5 + 0.13, abs=0.15)
    assert found.return_s == pytest.approx(3.72, abs=0.15)
    assert find_contraction(times, 25.0 + noise) is None
    assert find_contraction(times[:50], (25.0 + 5.0 * rise + noise)[:50]).return_s is None
    with pytest.raises(InputError, match="ten frames"):
        find_contraction(times[:5], rise[:5])


@pytest.mark.slow
def test_the_twins_fascia_shears_by_what_is_measured():
    scene = open_scene_file("flexion").scene
    source = SceneSource(scene, build_patient(scene.patient))
    region = source.header.geometry.main_region()
    truth = source.truth(0).anatomy == Structure.FASCIA
    columns = np.arange(180, 330, 15)
    rows = [np.flatnonzero(truth[:, column]) for column in columns]
    layers = [
        [(c, r[0] - 6) for c, r in zip(columns, rows, strict=True)],
        [(c, r[-1] + 6) for c, r in zip(columns, rows, strict=True)],
    ]
    followed = follow((source.frame(n).pixels for n in range(0, 41, 2)), np.concatenate(layers), Matching((5, 16)))
    moved_mm = followed.displacement_px[..., 0] * region.step_mm[0]
    shear = layer_shear(moved_mm[:, : columns.size], moved_mm[:, columns.size :])
    assert shear.value(LANGEVIN_2011) == pytest.approx(60.0, rel=0.10)
