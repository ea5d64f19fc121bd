"""Which way the axes of a stored picture point, and how to turn it to the orientation MF.

PLUS names the direction of the +x axis, then of the +y axis, then (volumes only) of the +z axis by the
probe: M and U point towards its marked and unmarked side, F and N far from and near to it, A and D
ascending and descending across the picture (PLUS user manual, "Ultrasound image orientation"). B-mode is
kept as MF: columns run towards the marked side, rows away from the skin. Scan lines are often stored one
per row (FM), which is MF transposed. Calibrations (ImageToProbe) refer to MF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import UnsupportedError

_LATERAL, _AXIAL, _ELEVATION = "MU", "FN", "AD"


@dataclass(frozen=True, slots=True)
class Orientation:
    """How to turn a stored picture to MF: swap rows and columns first, then flip what is left."""

    transposed: bool = False
    flip_columns: bool = False
    flip_rows: bool = False

    def to_mf(self, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the picture (rows, columns[, channels]) in MF, as a view."""
        turned = np.swapaxes(stored, 0, 1) if self.transposed else stored
        return turned[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def from_mf(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return an MF picture as it is stored, as a view: the inverse of `to_mf`."""
        flipped = picture[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]
        return np.swapaxes(flipped, 0, 1) if self.transposed else flipped

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height in MF of a picture stored with that width and height."""
        return (height, width) if self.transposed else (width, height)

    def size_mm(self, step_x: float, step_y: float) -> tuple[float, float]:
        """Return the steps per column and per row in MF, given those of the stored picture."""
        return (step_y, step_x) if self.transposed else (step_x, step_y)


def orientation(name: str, letters: str) -> Orientation:
    """Return how pictures marked with `letters` (MF, UF, FM, MFA ...) are turned to MF.

    Raises UnsupportedError for letters that do not name the two axes of a picture.
    """
    code = letters.strip().upper()
    axes, third = code[:2], code[2:]
    lateral = next((letter for letter in axes if letter in _LATERAL), "")
    axial = next((letter for letter in axes if letter in _AXIAL), "")
    if not (lateral and axial) or not (third == "" or third in _ELEVATION):
        raise UnsupportedError(
            f"{name}: has the image orientation {letters[:20]!r}, which is not one of a picture (MF, UF, MN, UN, "
            "FM, FU, NM, NU, with A or D after it); correct UltrasoundImageOrientation in its header"
        )
    return Orientation(axes[0] == axial, lateral == "U", axial == "N")
