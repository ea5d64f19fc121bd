"""A device's own value keeps its unit and its device; a conversion is made on request and says so."""

from __future__ import annotations

import pytest

from echospine.domain.elastography import stiffness, youngs_modulus
from echospine.domain.errors import InputError
from echospine.domain.labels import Side, Structure
from echospine.domain.measures import Naming, Quantity
from echospine.domain.units import Unit

OF = Naming(Structure.MULTIFIDUS, Side.LEFT, "L4")


def test_unit_and_device_are_kept():
    speed = stiffness(2.5, "m/s", " Example  One ", OF, uncertainty=0.2)
    assert (speed.quantity, speed.unit, speed.value) == (Quantity.SHEAR_WAVE_SPEED, Unit.M_PER_S, 2.5)
    assert str(speed.method) == "shear-wave elastography by Example One 1"
    assert (speed.structure, speed.side, speed.level) == (Structure.MULTIFIDUS, Side.LEFT, "L4")
    assert stiffness(14.0, "kPa", "Example One").quantity is Quantity.ELASTICITY


@pytest.mark.parametrize(
    ("value", "unit", "device", "words"),
    [
        (2.5, "cm/s", "x", "m/s or kPa"),
        (0.0, "m/s", "x", "is none"),
        (float("nan"), "kPa", "x", "is none"),
        (2.5, "m/s", " ", "name the device"),
        (2.5, "m/s", "x" * 65, "name the device"),
    ],
)
def test_what_is_no_value_is_refused(value, unit, device, words):
    with pytest.raises(InputError, match=words):
        stiffness(value, unit, device)


def test_youngs_modulus_is_a_quantity_of_its_own_and_says_what_it_assumes():
    found = youngs_modulus(stiffness(2.0, "m/s", "Example One", OF, uncertainty=0.1))
    assert (found.quantity, found.unit) == (Quantity.YOUNGS_MODULUS, Unit.KPA)
    assert found.value == pytest.approx(12.0)
    assert found.uncertainty == pytest.approx(2 * 3 * 2.0 * 0.1)
    assert "converted, not measured" in found.note and "1000 kg/m3" in found.note
    assert found.method.name.startswith("E = 3 rho c^2 of ")
    with pytest.raises(InputError, match="device's own conversion"):
        youngs_modulus(stiffness(14.0, "kPa", "Example One"))
