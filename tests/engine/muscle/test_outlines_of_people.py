"""Muscles of the twin's people from true label maps, held against the volume that the people are made of.

One symmetric person here; fifty random ones in `python -m benchmarks muscle`.
"""

from __future__ import annotations

import pytest
from people_measured import areas, thicknesses

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient


@pytest.fixture(scope="module")
def person() -> Anatomy:
    return build_patient(PatientParameters(seed=5))


def test_thickness_over_the_facet_is_that_of_the_volume_and_alike_on_both_sides(person: Anatomy) -> None:
    (left, left_true), (right, right_true) = thicknesses(person)
    assert left == pytest.approx(left_true, abs=0.5)
    assert right == pytest.approx(right_true, abs=0.5)
    assert left == pytest.approx(right, rel=0.01)


def test_area_is_that_of_the_volume_and_alike_on_both_sides(person: Anatomy) -> None:
    (left, left_true), (right, right_true) = areas(person)
    assert left == pytest.approx(left_true, rel=0.05)
    assert right == pytest.approx(right_true, rel=0.05)
    assert left == pytest.approx(right, rel=0.01)
