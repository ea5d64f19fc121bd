"""Units of measured values, and the array types that the whole house shares."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
"""One picture, shape (rows, columns) grey or (rows, columns, 3) RGB."""
Floats: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Labels: TypeAlias = npt.NDArray[np.uint8]
"""A label map: structure ids, shape (rows, columns)."""


class Unit(StrEnum):
    """Unit of a measured value, in UCUM spelling."""

    MM = "mm"
    MM2 = "mm2"
    MM_PER_S = "mm/s"
    DEGREE = "deg"
    SECOND = "s"
    GREY = "{grey}"
    """Grey level on the 0-255 scale."""
    PERCENT = "%"
    PIXEL = "{pixel}"
    ONE = "1"
    """A number without a unit: ratios and grades."""
    BIT = "bit"
    M_PER_S = "m/s"
    KPA = "kPa"


def frozen(values: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Return `values` as a read-only array that shares no writable memory with the caller."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
