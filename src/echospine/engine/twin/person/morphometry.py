"""How large lumbar vertebrae are: published means and spreads, and one person's sizes drawn from them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from echospine.domain.units import Floats
from echospine.engine.twin.patient import PatientParameters, Sex

VERTEBRAE = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
"""Levels of a twin from top to bottom; T12 and S1 close the lumbar spine at its ends."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dimension: mean per level of VERTEBRAE, spread between people (SD, same unit), and who measured it."""

    mean: tuple[float, float, float, float, float, float, float]
    sd: float
    source: str


@dataclass(frozen=True, slots=True)
class VertebraSize:
    """Dimensions of one vertebra, mm and degrees.

    `upper_*`, `lower_*`: end plates; `back_height`: of the body at its posterior wall; `wedge_deg`: upper to lower
    end plate, above zero where the front is higher; `canal_width`: between the pedicles; `canal_depth`: posterior
    wall to the front of the lamina at the midline; `spinous_length`: canal to tip; `spinous_height`: at its middle;
    `transverse_span`: tip to tip; `lamina_height`, `lamina_thickness`; `lamina_slope_deg`: lower edge tipped back;
    `interfacet`, `facet_width`, `facet_height`, `facet_deg`: of the joints below this level (distance between their
    centres; angle between joint and sagittal plane).
    """

    upper_width: float
    upper_depth: float
    lower_width: float
    lower_depth: float
    back_height: float
    wedge_deg: float
    pedicle_width: float
    pedicle_height: float
    canal_width: float
    canal_depth: float
    spinous_length: float
    spinous_height: float
    transverse_span: float
    lamina_height: float
    lamina_thickness: float
    lamina_slope_deg: float
    interfacet: float
    facet_width: float
    facet_height: float
    facet_deg: float

    @property
    def depth(self) -> float:
        """Body depth half-way between the end plates, mm, before the waist."""
        return (self.upper_depth + self.lower_depth) / 2

    @property
    def height(self) -> float:
        """Body height in the middle, between the centres of the end plates, mm."""
        return float(self.back_height + self.depth * np.tan(np.radians(self.wedge_deg)) / 2)


_BODY = "Panjabi et al. 1992, Spine 17:299; T12: Panjabi et al. 1991, Spine 16:888; S1: set"
_HEIGHT = "Panjabi et al. 1992, 8% up, half-way to CT of the living (L5: 26.3 SD 1.9, Int J Spine Surg)"
_WEDGE = "Masharawi et al. 2010, Eur Spine J 19:768, table 1, mean of the sexes"
_PEDICLE = "Zindrick et al. 1987, Spine 12:160; S1: set"
_LAMINA = "set: interlaminar gaps of 8 to 15 mm; about 22 by 6 mm with its edges (Wang et al. 2024, World Neurosurg)"
_SPINOUS = (
    "set: 8 to 12 mm between processes (World Neurosurg 2013, PMID 22120390); smallest at L5 (Aylott et al. 2012)"
)
_FACET = "set, within Panjabi et al. 1993, Spine 18:1298 and Masharawi et al. 2005, Spine 30:E281"
_INTERFACET = "Masharawi et al. 2010, Eur Spine J 19:768: 0.63 to 0.77 of the width of the body below; L5: set"
_FACET_ANGLE = "L4 45.0 degrees: J Pain Res 2022, 15:2363, controls; course: Van Schaik et al. 1985, Spine 10:59"

MORPHOMETRY: dict[str, Row] = {
    "upper_width": Row((39.0, 41.2, 42.6, 44.1, 46.6, 47.3, 49.0), 2.6, _BODY),
    "upper_depth": Row((32.8, 34.1, 34.6, 35.2, 35.5, 34.7, 32.0), 2.2, _BODY),
    "lower_width": Row((42.1, 43.3, 45.5, 48.0, 49.5, 49.4, 38.0), 2.6, _BODY),
    "lower_depth": Row((33.4, 35.3, 34.9, 34.8, 33.9, 33.2, 22.0), 2.2, _BODY),
    "back_height": Row((24.5, 25.7, 26.2, 25.7, 26.0, 24.7, 27.0), 1.4, _HEIGHT),
    "wedge_deg": Row((-4.2, -3.3, -1.6, -0.1, 1.9, 6.2, 0.0), 1.2, _WEDGE),
    "pedicle_width": Row((7.1, 8.7, 8.9, 10.3, 12.9, 18.0, 20.0), 1.3, _PEDICLE),
    "pedicle_height": Row((15.8, 15.4, 15.0, 14.9, 14.8, 14.0, 14.0), 1.2, _PEDICLE),
    "canal_width": Row((22.2, 23.7, 23.8, 24.3, 25.4, 27.1, 31.0), 1.6, _BODY),
    "canal_depth": Row((18.1, 19.0, 18.2, 17.5, 18.6, 19.7, 16.0), 1.4, _BODY),
    "transverse_span": Row((46.9, 71.2, 76.1, 85.7, 79.4, 92.5, 105.0), 4.5, _BODY),
    "spinous_length": Row((28.0, 31.0, 33.0, 33.5, 31.0, 25.0, 15.0), 2.4, _SPINOUS),
    "spinous_height": Row((17.0, 19.0, 20.0, 20.0, 18.0, 14.0, 12.0), 1.5, _SPINOUS),
    "lamina_height": Row((19.5, 18.5, 18.0, 17.0, 16.0, 14.5, 16.0), 1.1, _LAMINA),
    "lamina_thickness": Row((6.0, 6.2, 6.5, 6.6, 6.5, 6.0, 5.0), 0.6, _LAMINA),
    "lamina_slope_deg": Row((14.0, 15.0, 17.0, 19.0, 22.0, 24.0, 20.0), 2.0, _LAMINA),
    "interfacet": Row((26.0, 28.0, 29.8, 32.4, 36.5, 42.0, 40.0), 1.6, _INTERFACET),
    "facet_width": Row((10.5, 11.5, 12.5, 13.5, 14.5, 15.5, 14.0), 0.9, _FACET),
    "facet_height": Row((12.5, 13.5, 14.5, 15.0, 15.5, 16.0, 14.0), 0.9, _FACET),
    "facet_deg": Row((20.0, 25.0, 30.0, 37.0, 45.0, 51.0, 50.0), 4.0, _FACET_ANGLE),
}
"""One row per field of VertebraSize: means of grown people about REFERENCE_HEIGHT_MM tall. A source that begins with
"set" gives the range within which the numbers were set by hand."""

DISC_HEIGHT = Row((6.8, 8.4, 9.8, 10.8, 11.6, 11.0, 0.0), 0.8, "set, between two MRI series")
"""Height in the middle of the disc below each level, mm. L1/2 to L5/S1: 7.9 to 11.1 mm (106 adults of Nepal), 10.0,
11.6, 12.5, 13.8, 13.0 mm (14 healthy adults of Iran, Anat Sci J)."""

REFERENCE_HEIGHT_MM = 1680.0
_WIDER_MALE = 0.04
"""Half of what men's vertebrae are wider than women's of the same height (set; Taylor, Twomey 1984, J Anat 138:281)."""
_COMMON, _OWN = 0.85, 0.35
"""Shares of the spread that all levels of one person have in common, and that each level has for itself."""
_MOST = 1.8
"""A person lies at most so many SD from the mean in any one draw, so that every seed is a person."""


def vertebra_sizes(parameters: PatientParameters, rng: np.random.Generator) -> tuple[VertebraSize, ...]:
    """Return the dimensions of one person's vertebrae, one for each of VERTEBRAE.

    Lengths follow stature in proportion; widths and depths also sex; the rest is drawn from `rng`. The two end plates
    of a body vary together.
    """
    tall = parameters.height_mm / REFERENCE_HEIGHT_MM
    wide = tall * (1 + (_WIDER_MALE if parameters.sex == Sex.MALE else -_WIDER_MALE))
    columns: dict[str, Floats] = {}
    draws: dict[str, Floats] = {}
    for name in (field.name for field in fields(VertebraSize)):
        scale = 1.0 if name.endswith("_deg") else tall if name.endswith(("height", "length")) else wide
        row = MORPHOMETRY[name]
        draws[name] = draws[name.replace("lower", "upper")] if name.startswith("lower") else _draws(row, rng)
        columns[name] = scale * (np.array(row.mean) + row.sd * draws[name])
    return tuple(
        VertebraSize(**{name: float(values[i]) for name, values in columns.items()}) for i in range(len(VERTEBRAE))
    )


def disc_heights(parameters: PatientParameters, rng: np.random.Generator) -> Floats:
    """Return the height in the middle of the disc below each of VERTEBRAE but the last, mm, shape (6,)."""
    drawn = np.array(DISC_HEIGHT.mean) + DISC_HEIGHT.sd * _draws(DISC_HEIGHT, rng)
    heights: Floats = parameters.height_mm / REFERENCE_HEIGHT_MM * drawn[:-1]
    return heights


def _draws(row: Row, rng: np.random.Generator) -> Floats:
    """Return how far one person is from the mean at each level, SD."""
    draws = np.clip(rng.standard_normal(1 + len(row.mean)), -_MOST, _MOST)
    values: Floats = _COMMON * draws[0] + _OWN * draws[1:]
    return values
