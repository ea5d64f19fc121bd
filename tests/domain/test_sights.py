from __future__ import annotations

import math

import numpy as np
import pytest

from echospine.domain.errors import ModelError
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Landmark, LevelBelief, Sighting, StructureMap, ViewBelief


def test_a_map_lies_over_the_picture_cell_by_cell():
    labels = np.zeros((2, 3), np.uint8)
    labels[1, 2] = Structure.LAMINA
    seen = StructureMap(labels, np.full((2, 3), 255, np.uint8), (11.5, 21.5), 4.0)
    over = seen.over(ImageGeometry(40, 30))
    assert np.argwhere(over == Structure.LAMINA).min(axis=0).tolist() == [24, 18]
    assert np.argwhere(over == Structure.LAMINA).max(axis=0).tolist() == [27, 21]
    assert np.count_nonzero(over) == 16
    assert seen.structures == (Structure.LAMINA,)


def test_the_ellipse_of_doubt_is_in_millimetres():
    seen = Sighting(Landmark.FACET, (10.0, 20.0), np.diag([4.0, 25.0]), 0.8)
    longer, shorter, turn = seen.ellipse_mm((0.5, 0.2))
    assert (longer, shorter) == pytest.approx((math.sqrt(5.991), math.sqrt(5.991)))
    longer, shorter, turn = seen.ellipse_mm((0.1, 0.1))
    assert (longer, shorter) == pytest.approx((0.5 * math.sqrt(5.991), 0.2 * math.sqrt(5.991)))
    assert abs(math.sin(turn)) == pytest.approx(1.0)


def test_a_level_is_said_only_when_sure():
    belief = LevelBelief((("L4", 0.7), ("L5", 0.3)), "counted from the sacrum")
    assert belief.surely() is None
    assert belief.surely(0.6) == "L4"


@pytest.mark.parametrize(
    "make",
    [
        lambda: ViewBelief(((View.OTHER, 0.4), (View.SACRAL, 0.6))),
        lambda: ViewBelief(((View.OTHER, 0.4),)),
        lambda: LevelBelief((), "nothing"),
        lambda: Sighting(Landmark.FACET, (1.0, 1.0), np.diag([1.0, -1.0]), 0.5),
        lambda: Sighting(Landmark.FACET, (1.0, 1.0), np.eye(2), 1.5),
        lambda: StructureMap(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8), (0.0, 0.0), 1.0),
        lambda: StructureMap(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8), (0.0, 0.0), 0.0),
    ],
)
def test_nothing_is_born_that_cannot_be(make):
    with pytest.raises(ModelError):
        make()
