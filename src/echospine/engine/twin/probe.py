"""Probes, machines and the knobs that a sonographer turns: records of parameters, no behaviour.

Frame "Probe": origin at the middle of the probe's face, x across the picture to its right, y into the body,
z out of the picture (right-handed), mm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from echospine.domain.errors import GeometryError


@dataclass(frozen=True, slots=True)
class Probe:
    """A transducer.

    `width_mm`: along the face, from the first scan line to the last (arc length where curved); `radius_mm`: radius of
    the face, or None for a linear one; `frequency_mhz`: centre; `bandwidth`: -6 dB, as a share of the centre
    frequency; `aperture_mm`: largest active aperture; `f_number`: smallest depth over aperture;
    `elevation_mm`: height of the elements; `elevation_focus_mm`: depth of the lens focus.
    """

    name: str
    width_mm: float
    radius_mm: float | None
    frequency_mhz: float
    bandwidth: float
    aperture_mm: float
    f_number: float
    elevation_mm: float
    elevation_focus_mm: float

    def __post_init__(self) -> None:
        sizes = (self.width_mm, self.frequency_mhz, self.aperture_mm, self.f_number, self.elevation_mm)
        if not all(math.isfinite(size) and size > 0 for size in (*sizes, self.elevation_focus_mm, self.bandwidth)):
            raise GeometryError(f"probe {self.name}: every size must be finite and above zero")
        if self.radius_mm is not None and not self.width_mm / 2 < math.pi / 2 * self.radius_mm:
            raise GeometryError(
                f"probe {self.name}: {self.width_mm} mm of face do not fit on {self.radius_mm} mm of radius"
            )

    @property
    def half_angle(self) -> float:
        """Angle of the outermost scan lines to the axis, radians; 0 for a linear probe."""
        return 0.0 if self.radius_mm is None else self.width_mm / 2 / self.radius_mm


CONVEX = Probe("C5-2", 66.0, 60.0, 3.5, 0.65, 30.0, 2.2, 13.0, 70.0)
"""Curved array for the lumbar spine of adults."""
LINEAR = Probe("L12-4", 50.0, None, 8.0, 0.65, 20.0, 1.8, 5.0, 25.0)
"""Linear array for muscle and fascia."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The knobs. `tgc_db`: sliders from shallow to deep, dB, over the gain that makes up for muscle's attenuation."""

    depth_mm: float = 90.0
    gain_db: float = 0.0
    tgc_db: tuple[float, ...] = (0.0,) * 8
    focus_mm: float = 45.0
    dynamic_range_db: float = 60.0

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("depth", self.depth_mm, 20.0, 300.0),
            ("gain", self.gain_db, -60.0, 60.0),
            ("focus", self.focus_mm, 5.0, 300.0),
            ("dynamic range", self.dynamic_range_db, 20.0, 120.0),
        ):
            if not low <= value <= high:
                raise GeometryError(f"{name} {value:g} is out of reach: between {low:g} and {high:g}")
        if not self.tgc_db or not all(abs(step) <= 40.0 for step in self.tgc_db):
            raise GeometryError("TGC needs one slider or more, each within 40 dB")


@dataclass(frozen=True, slots=True)
class Machine:
    """A scanner with its probe: everything that stays the same while the knobs are turned.

    `n_lines`, `n_samples`: scan lines, and samples along each; `width_px`, `height_px`: the picture, in which the image
    field is fitted and centred; levels in dB relative to resting muscle at the focus: `noise_db` (electronic, before
    gain), `clutter_db` (side lobes and near field), `haze_db` (reverberation in the fat), `fog_db` (echoes of echoes,
    which fill shadows, relative to what lies less deep), `reverberation_db` (between probe and strong reflectors, per
    return trip); `speckle_reduction`: 0 none to 1 strong; `curve`: exponent of the grey curve; `scatterers_per_mm3`:
    density of point scatterers.
    """

    name: str
    probe: Probe
    n_lines: int = 192
    n_samples: int = 1024
    width_px: int = 512
    height_px: int = 512
    noise_db: float = -70.0
    clutter_db: float = -45.0
    haze_db: float = -40.0
    fog_db: float = -40.0
    reverberation_db: float = -28.0
    speckle_reduction: float = 0.0
    curve: float = 1.0
    scatterers_per_mm3: float = 8.0
    mirror_db: float = 46.0
    white_db: float = 36.0
    gel_mm: float = 2.5
    ripple_db: float = 0.3


ABDOMINAL = Machine("convex C5-2", CONVEX, white_db=38.0, curve=1.25)
"""A general-purpose scanner with a curved probe, as for the spine."""
MUSCULOSKELETAL = Machine(
    "linear L12-4", LINEAR, scatterers_per_mm3=80.0, speckle_reduction=0.3, white_db=38.0, curve=1.25
)
"""A general-purpose scanner with a linear probe, as for muscle and fascia."""
