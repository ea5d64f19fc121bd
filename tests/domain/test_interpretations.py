"""What follows from an interpretation: its bone, its label map, and what a person's line replaces."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from echospine.domain.exams import ContourEdit
from echospine.domain.images import ImageGeometry
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, Surface
from echospine.domain.sights import StructureMap
from echospine.workflow.exam.contours import with_contour

WIDTH, HEIGHT = 60, 40
GEOMETRY = ImageGeometry(WIDTH, HEIGHT)
FIELD = Field(Sector(np.zeros(WIDTH), np.full(WIDTH, HEIGHT - 1.0)))


def surface(structure: Structure, first: int, last: int, row: float, confidence: float = 0.9) -> Surface:
    rows = np.full(WIDTH, np.nan)
    rows[first:last] = row
    return Surface(structure, rows, np.where(np.isfinite(rows), confidence, 0.7))


def seen(*surfaces: Surface, structures: StructureMap | None = None) -> Interpretation:
    return Interpretation(0, Method("made", "1"), FIELD, surfaces, Quality(1, 0, 0, 1), structures=structures)


def grid() -> StructureMap:
    labels = np.zeros((20, 30), np.uint8)
    labels[2:8] = Structure.MULTIFIDUS
    labels[10:12, 5:15] = Structure.LAMINA
    labels[16:18, 20:25] = Structure.VERTEBRAL_BODY
    return StructureMap(labels, np.where(labels, 200, 250), (0.5, 0.5), 2.0)


def test_bone_is_the_shallowest_part_in_each_column_and_no_vertebral_body():
    bone = seen(
        surface(Structure.LAMINA, 10, 30, 20.0),
        surface(Structure.SACRUM, 25, 50, 15.0, 0.6),
        surface(Structure.VERTEBRAL_BODY, 0, 60, 5.0),
    ).bone()
    assert bone is not None
    assert bone.structure is Structure.BONE
    assert np.isnan(bone.row_px[:10]).all()
    assert (bone.row_px[10:25] == 20.0).all()
    assert (bone.row_px[25:50] == 15.0).all()
    assert bone.confidence[12] == pytest.approx(0.9)
    assert bone.confidence[27] == pytest.approx(0.6)
    assert bone.confidence[55] == pytest.approx(0.7)


def test_one_part_is_the_bone_and_none_is_none():
    lamina = surface(Structure.LAMINA, 10, 30, 20.0)
    bone = seen(lamina).bone()
    assert bone is not None
    np.testing.assert_array_equal(bone.row_px, lamina.row_px)
    assert seen(surface(Structure.VERTEBRAL_BODY, 0, 60, 5.0)).bone() is None


def test_a_map_is_spread_over_the_picture_with_its_probability():
    labels = seen(structures=grid()).label_map(GEOMETRY)
    assert labels.shape == (HEIGHT, WIDTH)
    assert set(np.unique(labels)) == {0, Structure.MULTIFIDUS, Structure.LAMINA, Structure.VERTEBRAL_BODY}
    assert (labels[20:24, 10:30] == Structure.LAMINA).all()
    probability = grid().probability_over(GEOMETRY)
    assert set(np.unique(probability[labels > 0])) == {200}


def test_a_drawn_line_stands_for_all_posterior_bone_on_the_map_and_beside_it():
    machine = seen(surface(Structure.LAMINA, 10, 30, 20.0), surface(Structure.VERTEBRAL_BODY, 40, 50, 32.0))
    machine = replace(machine, structures=grid())
    drawn = with_contour(
        machine, ContourEdit("recording", 0, (((5.0, 28.0), (45.0, 28.0)),), "A. Reader", datetime.now(UTC)), HEIGHT
    )
    assert [one.structure for one in drawn.surfaces] == [Structure.BONE, Structure.VERTEBRAL_BODY]
    bone = drawn.bone()
    assert bone is not None
    assert (bone.row_px[5:46] == 28.0).all()
    labels = drawn.label_map(GEOMETRY)
    assert not (labels == Structure.LAMINA).any()
    assert (labels[28, 5:40] == Structure.BONE).all()
    assert (labels[4:16] == Structure.MULTIFIDUS).all()
    assert (labels == Structure.VERTEBRAL_BODY).any()
