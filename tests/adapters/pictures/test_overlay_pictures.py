"""What is drawn on a frame: areas in their colours, surfaces, landmarks; never on another frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from echospine.adapters.pictures.overlays import draw_overlay
from echospine.domain.colours import rgb
from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure
from rich_model import RichModel


def seen(index: int = 0):
    frame = Frame(np.full((120, 160), 100, np.uint8), ImageGeometry(160, 120), index)
    return frame, RichModel().interpret(frame, RichModel().survey([frame]))


def test_areas_are_tinted_and_outlined_in_their_colours():
    frame, interpretation = seen()
    drawn = np.asarray(draw_overlay(frame, replace(interpretation, surfaces=(), landmarks=())))
    assert drawn.shape == (120, 160, 3)
    fat, muscle = np.array(rgb(Structure.SUBCUTANEOUS)), np.array(rgb(Structure.MULTIFIDUS))
    np.testing.assert_array_equal(drawn[60, 100], (0.78 * 100 + 0.22 * muscle).astype(np.uint8))
    np.testing.assert_array_equal(drawn[20, 100], (0.78 * 100 + 0.22 * fat).astype(np.uint8))
    np.testing.assert_array_equal(drawn[60, 20], muscle)
    assert (drawn[:, :18] == 100).all(), "background stays as it is"


def test_surfaces_and_landmarks_are_drawn_where_they_are():
    frame, interpretation = seen()
    plain = np.asarray(draw_overlay(frame, replace(interpretation, surfaces=(), landmarks=())))
    drawn = np.asarray(draw_overlay(frame, interpretation))
    np.testing.assert_array_equal(drawn[60, 10], rgb(Structure.LAMINA))
    np.testing.assert_array_equal(drawn[57, 80], (255, 255, 255))
    changed = np.argwhere((drawn != plain).any(axis=2))
    assert changed[:, 0].min() >= 60 - 8
    assert changed[:, 0].max() <= 60 + 8


def test_an_interpretation_without_a_map_leaves_the_picture_as_it_is():
    frame, interpretation = seen()
    bare = replace(interpretation, structures=None, surfaces=(), landmarks=())
    assert (np.asarray(draw_overlay(frame, bare)) == 100).all()


def test_it_is_never_drawn_on_another_frame():
    frame, _ = seen(3)
    _, other = seen(4)
    with pytest.raises(ModelError, match="not drawn on 3"):
        draw_overlay(frame, other)
