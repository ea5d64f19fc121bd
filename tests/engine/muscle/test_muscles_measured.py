"""All measures of one frame: drawn people with known sizes, whatever the picture lacks, and how long it takes."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_muscles import ACROSS, ALONG, HEIGHT, MIDDLE, STEP, WIDTH, across, along, frame, seen

from echospine.domain.errors import InputError
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method, Quality, Side, Structure, View
from echospine.domain.measures import OF_MUSCLES, Measurement, Quantity, heckmatt_grade
from echospine.domain.sights import Landmark, Sighting
from echospine.domain.units import Labels, Unit
from echospine.engine.muscle import measure_frame, measure_muscles
from echospine.engine.muscle.muscles import (
    ACROSS_METHOD,
    CUT,
    NO_BONE_UNDER,
    NO_LAYER,
    NO_MUSCLE,
    NOT_ACROSS,
    NOT_THE_BACK,
    TOO_LITTLE,
)

Key = tuple[Structure, Side, Quantity]


def measured(labels: Labels, view: View | None, *, calibrated: bool = True) -> dict[Key, Measurement]:
    found = measure_muscles(frame(calibrated=calibrated), seen(labels, view))
    named = {(one.structure, one.side, one.quantity): one for one in found}
    assert len(named) == len(found), "each quantity of a structure and side stands there once"
    assert {one.quantity for one in found} <= OF_MUSCLES
    return named


def test_along_the_spine_the_facet_in_the_middle_counts() -> None:
    found = measured(along(), ALONG)
    thick = found[Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.THICKNESS]
    assert thick.value == pytest.approx(20.0, abs=0.15)
    assert thick.uncertainty is not None
    assert 0.3 < thick.uncertainty < 0.6
    (x0, y0), (x1, y1) = thick.points_px
    assert (x0, (y1 - y0) * STEP) == (pytest.approx(x1), pytest.approx(thick.value, abs=0.2))
    assert x0 == pytest.approx(MIDDLE, abs=12)
    assert found[Structure.FASCIA, Side.UNKNOWN, Quantity.THICKNESS].value == pytest.approx(2.0, abs=0.1)
    assert found[Structure.FASCIA, Side.UNKNOWN, Quantity.PERIMUSCULAR_ZONE].value == pytest.approx(2.0, abs=0.1)
    assert found[Structure.SUBCUTANEOUS, Side.UNKNOWN, Quantity.THICKNESS].value == pytest.approx(8.0, abs=0.1)
    assert not any(quantity is Quantity.CROSS_SECTION for _, _, quantity in found)


def test_across_the_spine_left_and_right_are_told_apart() -> None:
    found = measured(across(), ACROSS)
    for side, half in ((Side.LEFT, 12.0), (Side.RIGHT, 10.0)):
        area, width, height, ratio = (
            found[Structure.MULTIFIDUS, side, quantity]
            for quantity in (Quantity.CROSS_SECTION, Quantity.WIDTH, Quantity.HEIGHT, Quantity.SHAPE_RATIO)
        )
        assert area.value == pytest.approx(np.pi * half * 15.0, rel=0.02)
        assert (area.unit, ratio.unit) == (Unit.MM2, Unit.ONE)
        assert width.value == pytest.approx(2 * half, abs=0.3)
        assert height.value == pytest.approx(30.0, abs=0.3)
        assert ratio.value == pytest.approx(2 * half / 30.0, rel=0.03)
        (x0, y0), (x1, y1) = width.points_px
        assert (y0, (x1 - x0) * STEP) == (y1, pytest.approx(width.value))
    assert (Structure.ERECTOR_SPINAE, Side.LEFT, Quantity.ECHO_INTENSITY) in found
    assert "iliocostalis" in found[Structure.ERECTOR_SPINAE, Side.LEFT, Quantity.ECHO_INTENSITY].note
    assert found[Structure.FASCIA, Side.MIDLINE, Quantity.THICKNESS].note == NO_LAYER, "no muscle under the midline"


def test_a_thickness_across_the_spine_is_of_another_method() -> None:
    labels = across()
    labels[270:283, 180:220] = Structure.ARTICULAR_PROCESS
    thick = measured(labels, ACROSS)[Structure.MULTIFIDUS, Side.LEFT, Quantity.THICKNESS]
    assert thick.method == ACROSS_METHOD


def test_a_landmark_of_the_midline_tells_sides_where_no_bone_does() -> None:
    labels = across()
    labels[labels == Structure.SPINOUS_PROCESS] = 0
    mark = Sighting(Landmark.MIDLINE, (float(MIDDLE), 90.0), np.eye(2), 0.9)
    found = measure_muscles(frame(), seen(labels, ACROSS, mark))
    assert {one.side for one in found if one.quantity is Quantity.CROSS_SECTION} == {Side.LEFT, Side.RIGHT}
    bare = measured(labels, ACROSS)
    assert {side for _, side, _ in bare} == {Side.UNKNOWN}


def test_a_muscle_that_the_field_cuts_has_no_cross_section() -> None:
    labels = across()[:, 140:]
    found = measured(np.pad(labels, ((0, 0), (0, 140))), ACROSS)
    left = found[Structure.MULTIFIDUS, Side.LEFT, Quantity.CROSS_SECTION]
    assert (left.value, left.note) == (None, CUT)
    assert found[Structure.MULTIFIDUS, Side.RIGHT, Quantity.CROSS_SECTION].value is not None
    assert found[Structure.MULTIFIDUS, Side.LEFT, Quantity.ECHO_INTENSITY].value is not None


def test_a_side_that_is_not_there_is_said_so() -> None:
    labels = across()
    labels[:, MIDDLE:][labels[:, MIDDLE:] == Structure.MULTIFIDUS] = 0
    right = measured(labels, ACROSS)[Structure.MULTIFIDUS, Side.RIGHT, Quantity.CROSS_SECTION]
    assert (right.value, right.note) == (None, NO_MUSCLE)


def test_a_sliver_at_the_edge_of_a_shadow_is_no_cross_section() -> None:
    labels = across()
    labels[:, 130:MIDDLE][labels[:, 130:MIDDLE] == Structure.MULTIFIDUS] = 0
    left = measured(labels, ACROSS)[Structure.MULTIFIDUS, Side.LEFT, Quantity.CROSS_SECTION]
    assert (left.value, left.note) == (None, TOO_LITTLE)


def test_what_the_view_should_show_and_does_not_is_said() -> None:
    bare = along()
    bare[bare == Structure.ARTICULAR_PROCESS] = 0
    key = Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.THICKNESS
    assert measured(bare, ALONG)[key].note == NO_BONE_UNDER
    bare = np.where(bare == Structure.MULTIFIDUS, 0, bare).astype(np.uint8)
    found = measured(bare, ALONG)
    assert found[key].note == NO_MUSCLE
    assert found[Structure.FASCIA, Side.UNKNOWN, Quantity.THICKNESS].note == NO_LAYER


def test_in_a_view_that_is_not_known_nothing_is_taken_for_a_cross_section() -> None:
    found = measured(across(), None)
    area = found[Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.CROSS_SECTION]
    assert (area.value, area.note) == (None, NOT_ACROSS)


@pytest.mark.parametrize(("labels", "view"), [(along(), ALONG), (across(), ACROSS)])
def test_without_a_scale_there_are_grey_levels_and_no_millimetres(labels: Labels, view: View) -> None:
    found = measured(labels, view, calibrated=False)
    for (_, _, quantity), one in found.items():
        lengths = one.unit in (Unit.MM, Unit.MM2) or quantity is Quantity.SHAPE_RATIO
        assert (one.value is None) == lengths, one
        assert not lengths or one.note.startswith("uncalibrated")
    echoes = {one.method for one in found.values() if one.quantity is Quantity.ECHO_INTENSITY}
    scaled = {one.method for one in measured(labels, view).values() if one.quantity is Quantity.ECHO_INTENSITY}
    assert not echoes & scaled, "so that a trend does not mix them"


def test_echo_is_that_of_the_pixels() -> None:
    found = measured(along(), ALONG)
    echo = found[Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.ECHO_INTENSITY]
    assert echo.value == pytest.approx(30.0 * np.sqrt(np.pi / 2.0), abs=1.0)
    assert (echo.unit, echo.note) == (Unit.GREY, "")
    assert found[Structure.MULTIFIDUS, Side.UNKNOWN, Quantity.ECHO_SD].value == pytest.approx(19.7, abs=1.0)


def test_a_frame_without_a_map_is_measured_over_bone_alone() -> None:
    bare = Interpretation(0, Method("finder", "1"), seen(along(), ALONG).field, (), Quality(1.0, 0.0, 0.0, 1.0))
    assert measure_muscles(frame(), bare) == ()
    assert {one.quantity for one in measure_frame(frame(), bare)}.isdisjoint(OF_MUSCLES)


def test_every_measurement_names_its_frame_and_level() -> None:
    found = measure_muscles(frame(), seen(along(), ALONG, level="L4"))
    assert {(one.frame, one.level) for one in found} == {(0, "L4")}


def test_an_empty_map_gives_notes_and_no_value() -> None:
    for view in (ALONG, ACROSS, None):
        found = measured(np.zeros((HEIGHT, WIDTH), np.uint8), view)
        assert found
        assert all(one.value is None and one.note for one in found.values())


@pytest.mark.parametrize("view", [View.OTHER, View.ABDOMINAL_WALL_LATERAL])
def test_a_picture_of_something_else_is_not_measured_for_muscles_of_the_back(view: View) -> None:
    (only,) = measure_muscles(frame(), seen(along(), view))
    assert (only.value, only.note) == (None, NOT_THE_BACK)


def test_a_heckmatt_grade_is_a_readers_entry() -> None:
    entry = heckmatt_grade(3, Structure.MULTIFIDUS, Side.LEFT, 4)
    assert (entry.value, entry.method.name, entry.words) == (3.0, "reader", "3.0")
    for bad in (0, 5, 2.5, True):
        with pytest.raises(InputError, match="1, 2, 3 or 4"):
            heckmatt_grade(bad, Structure.MULTIFIDUS, Side.LEFT)  # type: ignore[arg-type]
