"""Decisions about one measurement, pair by pair; what a measurement may be; and callipers."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echospine.domain.errors import GeometryError, InputError, NotAllowed, UncalibratedError
from echospine.domain.images import ImageGeometry, Region, RegionUnit, Spacing
from echospine.domain.labels import Method, Side, Structure
from echospine.domain.measures import (
    DECIDED,
    TITLES,
    UNIT_WORDS,
    CaliperKind,
    Decision,
    Measurement,
    Quantity,
    Status,
    measure_caliper,
)
from echospine.domain.units import Unit

S, D = Status, Decision

EXPECTED: dict[tuple[Status, Decision], Status | None] = {
    (S.DRAFT, D.ACCEPT): S.ACCEPTED,
    (S.DRAFT, D.EDIT): S.EDITED,
    (S.DRAFT, D.REJECT): S.REJECTED,
    (S.ACCEPTED, D.ACCEPT): None,
    (S.ACCEPTED, D.EDIT): S.EDITED,
    (S.ACCEPTED, D.REJECT): S.REJECTED,
    (S.EDITED, D.ACCEPT): None,
    (S.EDITED, D.EDIT): S.EDITED,
    (S.EDITED, D.REJECT): S.REJECTED,
    (S.REJECTED, D.ACCEPT): S.ACCEPTED,
    (S.REJECTED, D.EDIT): S.EDITED,
    (S.REJECTED, D.REJECT): None,
}


def depth(**changes):
    plain = Measurement(
        Structure.BONE, Side.UNKNOWN, Quantity.BONE_DEPTH_MIN, 31.4, Unit.MM, Method("finder", "1"), uncertainty=0.8
    )
    return replace(plain, **changes)


def test_every_pair_is_spoken_of():
    assert EXPECTED.keys() == {(status, decision) for status in S for decision in D}
    assert {pair for pair, after in EXPECTED.items() if after} == DECIDED.keys()


@pytest.mark.parametrize(("status", "decision"), EXPECTED, ids=lambda value: value.value)
def test_each_decision_leads_where_it_should_or_is_refused(status, decision):
    value = 20.0 if decision is D.EDIT else None
    expected = EXPECTED[status, decision]
    if expected is None:
        with pytest.raises(NotAllowed, match=f"{status.value} cannot be given '{decision.value}'"):
            depth(status=status).decided(decision, value)
        return
    after = depth(status=status).decided(decision, value)
    assert after.status is expected
    assert after.value == (20.0 if decision is D.EDIT else 31.4)
    assert after.uncertainty == (None if decision is D.EDIT else 0.8), "a typed value has no computed doubt"


def test_no_decision_leads_back_to_draft():
    assert S.DRAFT not in DECIDED.values()


def test_what_has_no_value_cannot_be_accepted_but_rejected_or_given_one():
    absent = depth(value=None, uncertainty=None, note="uncalibrated")
    with pytest.raises(NotAllowed, match="uncalibrated"):
        absent.decided(D.ACCEPT)
    assert absent.decided(D.REJECT).status is S.REJECTED
    assert absent.decided(D.EDIT, 12.0).value == 12.0


@pytest.mark.parametrize(("decision", "value"), [(D.EDIT, None), (D.ACCEPT, 1.0), (D.REJECT, 1.0)])
def test_an_edit_needs_a_value_and_nothing_else_takes_one(decision, value):
    with pytest.raises(InputError, match="an edit needs a new value"):
        depth().decided(decision, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_typed_value_must_be_a_number(value):
    with pytest.raises(InputError, match="finite"):
        depth().decided(D.EDIT, value)


@pytest.mark.parametrize(
    "wrong", [{"value": math.nan}, {"uncertainty": -0.1}, {"uncertainty": math.inf}, {"value": None, "note": ""}]
)
def test_a_measurement_is_valid_at_birth(wrong):
    with pytest.raises(InputError):
        depth(**wrong)


def test_people_read_value_doubt_and_unit_or_why_there_is_none():
    assert depth().words == "31.4 ± 0.8 mm"
    assert depth(uncertainty=None).words == "31.4 mm"
    assert depth(uncertainty=0.04).words == "31.40 ± 0.04 mm"
    assert depth(uncertainty=0.00004).words == "31.400 ± 0.000 mm"
    assert depth(uncertainty=12.3).words == "31.4 ± 12.3 mm"
    assert depth(uncertainty=0.0).words == "31.4 ± 0.0 mm"
    assert depth(value=None, note="uncalibrated").words == "uncalibrated"


def test_every_quantity_has_a_title_and_every_unit_a_word():
    assert TITLES.keys() == set(Quantity)
    assert UNIT_WORDS.keys() == set(Unit)


GEOMETRY = ImageGeometry.uniform(400, 300, 0.1, 0.2, Spacing.USER)


@pytest.mark.parametrize(
    ("kind", "points", "value", "unit"),
    [
        (CaliperKind.LENGTH, ((10, 10), (40, 30)), 5.0, Unit.MM),
        (CaliperKind.ANGLE, ((10, 10), (10, 60), (110, 60)), 90.0, Unit.DEGREE),
        (CaliperKind.AREA, ((0, 0), (100, 0), (100, 50), (0, 50)), 100.0, Unit.MM2),
    ],
)
def test_a_calliper_is_exact_and_keeps_its_points_and_frame(kind, points, value, unit):
    measured = measure_caliper(kind, points, GEOMETRY, 7)
    assert measured.value == pytest.approx(value, rel=1e-12)
    assert (measured.unit, measured.frame, measured.points_px, measured.status) == (unit, 7, points, Status.DRAFT)


@given(st.floats(0.01, 1), st.floats(0.01, 1), st.lists(st.tuples(st.floats(0, 399), st.floats(0, 299)), min_size=2))
def test_a_length_is_the_sum_over_its_pieces(step_x, step_y, points):
    geometry = ImageGeometry.uniform(400, 300, step_x, step_y, Spacing.USER)
    by_hand = sum(math.hypot((b[0] - a[0]) * step_x, (b[1] - a[1]) * step_y) for a, b in itertools.pairwise(points))
    value = measure_caliper(CaliperKind.LENGTH, tuple(points), geometry, 0).value
    assert value == pytest.approx(by_hand, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "points"),
    [(CaliperKind.LENGTH, ((1, 1),)), (CaliperKind.ANGLE, ((1, 1), (2, 2))), (CaliperKind.AREA, ((1, 1), (2, 2)))],
)
def test_too_few_points_make_no_figure(kind, points):
    with pytest.raises(GeometryError, match="points"):
        measure_caliper(kind, points, GEOMETRY, 0)


@pytest.mark.parametrize("kind", CaliperKind)
def test_outside_a_spatial_region_the_answer_is_uncalibrated(kind):
    doppler = Region(0, 0, 399, 299, RegionUnit.SECONDS, RegionUnit.CM_PER_SECOND, 0.01, 0.1)
    points = ((1.0, 1.0), (20.0, 4.0), (9.0, 30.0))[: 2 if kind is CaliperKind.LENGTH else 3]
    for geometry in (ImageGeometry(400, 300), ImageGeometry(400, 300, (doppler,))):
        with pytest.raises(UncalibratedError, match="uncalibrated"):
            measure_caliper(kind, points, geometry, 0)
