"""Values of shear-wave elastography as a device gave them, and the one conversion that is made on request."""

from __future__ import annotations

import math
from dataclasses import replace

from echospine.domain.errors import InputError
from echospine.domain.labels import Method
from echospine.domain.measures import NAMELESS, Measurement, Naming, Quantity
from echospine.domain.units import Unit

DENSITY_KG_M3 = 1000.0
"""Of tissue, as devices take it for their own conversion."""
LONGEST_DEVICE = 64
QUANTITY_OF = {Unit.M_PER_S: Quantity.SHEAR_WAVE_SPEED, Unit.KPA: Quantity.ELASTICITY}
"""What a value is by its unit. The two are never put into one trend: they are different quantities."""
ASSUMED = (
    f"converted, not measured: E = 3 rho c^2 with rho = {DENSITY_KG_M3:g} kg/m3 holds for tissue that is elastic, "
    "incompressible and alike in all directions, and muscle is not alike in all directions"
)


def stiffness(
    value: float,
    unit: str,
    device: str,
    of: Naming = NAMELESS,
    *,
    frame: int | None = None,
    uncertainty: float | None = None,
) -> Measurement:
    """Return a device's own value with its unit; the device is part of the method, so that no trend mixes two.

    Raises InputError for a unit other than m/s and kPa, a value that is not above zero, or no device.
    """
    known = next((one for one in QUANTITY_OF if one.value == unit.strip()), None)
    if known is None:
        raise InputError(f"elastography is read in m/s or kPa, not {unit!r}; take the unit that the device shows")
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"a {QUANTITY_OF[known].value.replace('_', ' ')} of {value:g} {known.value} is none")
    name = " ".join(device.split())
    if not name or len(name) > LONGEST_DEVICE:
        raise InputError(
            f"name the device in at most {LONGEST_DEVICE} characters: values of two devices do not compare"
        )
    return Measurement(
        of.structure,
        of.side,
        QUANTITY_OF[known],
        value,
        known,
        Method(f"shear-wave elastography by {name}", "1"),
        level=of.level,
        uncertainty=uncertainty,
        frame=frame,
        state=of.state,
    )


def youngs_modulus(speed: Measurement) -> Measurement:
    """Return E = 3 rho c^2, kPa, of a shear-wave speed, with what it assumes as its note.

    Doubt to first order: dE = 6 rho c dc. Raises InputError for anything but a speed that has a value.
    """
    if speed.quantity is not Quantity.SHEAR_WAVE_SPEED or speed.unit is not Unit.M_PER_S or speed.value is None:
        raise InputError("only a shear-wave speed in m/s is converted; a value in kPa is the device's own conversion")
    per_m2_s2 = 3.0 * DENSITY_KG_M3 / 1000.0
    doubt = None if speed.uncertainty is None else 2.0 * per_m2_s2 * speed.value * speed.uncertainty
    return replace(
        speed,
        quantity=Quantity.YOUNGS_MODULUS,
        value=per_m2_s2 * speed.value**2,
        unit=Unit.KPA,
        uncertainty=doubt,
        method=Method(f"E = 3 rho c^2 of {speed.method.name}", speed.method.version),
        note=ASSUMED,
    )
