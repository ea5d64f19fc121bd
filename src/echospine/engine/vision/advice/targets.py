"""Where the standard views lie, for a hand that looks for them.

Measured on drawn people by `python -m training.guidance`. Lengths mm, angles degrees. "At most off": how far off a view
still counts as reached.
"""

from __future__ import annotations

from dataclasses import dataclass

from echospine.domain.labels import View

ANYWHERE = 360.0
LEVEL_MM = 28.0
"""Mean distance from one spinous process to the next."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one view lies.

    `turn_deg`: 0 across, 90 along the spine; `lateral_mm`: of the picture's middle from the midline, and at most off;
    `phase_deg`: see Bearing, and at most off; `tilt_deg`: across the spine, above zero towards the feet, and at most
    off; `inwards`: along the spine, the beam looks towards the midline; `below_lumbar`: it shows the sacrum.
    """

    turn_deg: float
    lateral_mm: tuple[float, float]
    phase_deg: tuple[float, float] = (0.0, ANYWHERE)
    tilt_deg: tuple[float, float] = (0.0, ANYWHERE)
    inwards: bool = False
    below_lumbar: bool = False

    @property
    def across(self) -> bool:
        """Whether the picture lies across the spine."""
        return self.turn_deg < 45.0


TARGETS: dict[View, Target] = {
    View.TRANSVERSE_SPINOUS: Target(0.0, (0.0, 6.0), (0.0, 60.0), (0.0, 14.0)),
    View.TRANSVERSE_INTERLAMINAR: Target(0.0, (0.0, 6.0), (165.0, 95.0), (-10.0, 12.0)),
    View.MULTIFIDUS_TRANSVERSE: Target(0.0, (17.0, 6.0), tilt_deg=(-2.0, 14.0)),
    View.MIDLINE_SAGITTAL: Target(90.0, (0.0, 5.0)),
    View.PARASAGITTAL_LAMINA: Target(90.0, (9.0, 4.0), inwards=True),
    View.PARASAGITTAL_ARTICULAR_PROCESS: Target(90.0, (15.5, 4.5)),
    View.PARASAGITTAL_TRANSVERSE_PROCESS: Target(90.0, (34.0, 7.0)),
    View.FASCIA_LONGITUDINAL: Target(90.0, (22.0, 7.0)),
    View.SACRAL: Target(90.0, (14.0, 6.0), inwards=True, below_lumbar=True),
}
"""Views that a hand can be led to. The flank is reached by another way than over the back, and is not among them."""

OUTWARDS = (
    View.MIDLINE_SAGITTAL,
    View.PARASAGITTAL_LAMINA,
    View.PARASAGITTAL_ARTICULAR_PROCESS,
    View.PARASAGITTAL_TRANSVERSE_PROCESS,
)
"""Views along the spine, from the midline outwards."""
