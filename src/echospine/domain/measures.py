"""Measured values with their doubt, method, provenance and review status; and callipers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from echospine.domain.errors import InputError, NotAllowed
from echospine.domain.images import ImageGeometry, Point
from echospine.domain.labels import Method, Part, Side, Structure
from echospine.domain.takes import Contraction, Taken
from echospine.domain.units import Unit


class Status(StrEnum):
    """Review status of one measurement."""

    DRAFT = "draft"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class Decision(StrEnum):
    """What a clinician decides about one measurement."""

    ACCEPT = "accept"
    EDIT = "edit"
    REJECT = "reject"


DECIDED: dict[tuple[Status, Decision], Status] = {
    (Status.DRAFT, Decision.ACCEPT): Status.ACCEPTED,
    (Status.DRAFT, Decision.EDIT): Status.EDITED,
    (Status.DRAFT, Decision.REJECT): Status.REJECTED,
    (Status.ACCEPTED, Decision.EDIT): Status.EDITED,
    (Status.ACCEPTED, Decision.REJECT): Status.REJECTED,
    (Status.EDITED, Decision.EDIT): Status.EDITED,
    (Status.EDITED, Decision.REJECT): Status.REJECTED,
    (Status.REJECTED, Decision.ACCEPT): Status.ACCEPTED,
    (Status.REJECTED, Decision.EDIT): Status.EDITED,
}
"""What a decision makes of a status; a pair that is absent is not allowed."""


class Quantity(StrEnum):
    """What was measured."""

    BONE_DEPTH_MIN = "bone_depth_min"
    BONE_DEPTH_MIDLINE = "bone_depth_midline"
    TISSUE_THICKNESS = "tissue_thickness"
    TISSUE_GREY = "tissue_grey"
    SWEEP_LENGTH = "sweep_length"
    SWEEP_SPEED = "sweep_speed"
    LENGTH = "length"
    ANGLE = "angle"
    AREA = "area"
    THICKNESS = "thickness"
    PERIMUSCULAR_ZONE = "perimuscular_zone"
    CROSS_SECTION = "cross_section_area"
    WIDTH = "width"
    HEIGHT = "height"
    SHAPE_RATIO = "shape_ratio"
    ECHO_INTENSITY = "echo_intensity"
    ECHO_SD = "echo_sd"
    ECHO_SKEWNESS = "echo_skewness"
    ECHO_ENTROPY = "echo_entropy"
    GLCM_CONTRAST = "glcm_contrast"
    GLCM_DISSIMILARITY = "glcm_dissimilarity"
    GLCM_HOMOGENEITY = "glcm_homogeneity"
    GLCM_ASM = "glcm_asm"
    GLCM_ENERGY = "glcm_energy"
    GLCM_CORRELATION = "glcm_correlation"
    HECKMATT_GRADE = "heckmatt_grade"
    PEAK_DISPLACEMENT = "peak_displacement"
    TRACKING_DRIFT = "tracking_drift"
    THICKNESS_AT_REST = "thickness_at_rest"
    THICKNESS_CONTRACTED = "thickness_contracted"
    THICKNESS_CHANGE = "thickness_change"
    CONTRACTION_ONSET = "contraction_onset"
    CONTRACTION_PEAK = "contraction_peak"
    CONTRACTION_HOLD = "contraction_hold"
    CONTRACTION_RETURN = "contraction_return"
    SHEAR_LANGEVIN_2011 = "shear_strain_langevin_2011"
    SHEAR_CUMULATED = "shear_strain_cumulated"
    SHEAR_MAXIMUM = "shear_strain_maximum"
    SHEAR_PEAK_TO_PEAK = "shear_strain_peak_to_peak"
    SHEAR_WAVE_SPEED = "shear_wave_speed"
    ELASTICITY = "elasticity"
    YOUNGS_MODULUS = "youngs_modulus"


TITLES: dict[Quantity, str] = {
    Quantity.BONE_DEPTH_MIN: "Bone depth, shallowest",
    Quantity.BONE_DEPTH_MIDLINE: "Bone depth at the midline of the image",
    Quantity.TISSUE_THICKNESS: "Thickness of tissue over bone",
    Quantity.TISSUE_GREY: "Mean grey level of tissue over bone",
    Quantity.SWEEP_LENGTH: "Sweep length",
    Quantity.SWEEP_SPEED: "Sweep speed",
    Quantity.LENGTH: "Length",
    Quantity.ANGLE: "Angle",
    Quantity.AREA: "Area",
    Quantity.THICKNESS: "Thickness",
    Quantity.PERIMUSCULAR_ZONE: "Thickness of the perimuscular zone",
    Quantity.CROSS_SECTION: "Cross-sectional area",
    Quantity.WIDTH: "Width",
    Quantity.HEIGHT: "Height",
    Quantity.SHAPE_RATIO: "Shape ratio, width / height",
    Quantity.ECHO_INTENSITY: "Echo intensity, mean grey level",
    Quantity.ECHO_SD: "Echo intensity, standard deviation",
    Quantity.ECHO_SKEWNESS: "Echo intensity, skewness",
    Quantity.ECHO_ENTROPY: "Echo intensity, entropy",
    Quantity.GLCM_CONTRAST: "Texture, contrast",
    Quantity.GLCM_DISSIMILARITY: "Texture, dissimilarity",
    Quantity.GLCM_HOMOGENEITY: "Texture, homogeneity",
    Quantity.GLCM_ASM: "Texture, angular second moment",
    Quantity.GLCM_ENERGY: "Texture, energy",
    Quantity.GLCM_CORRELATION: "Texture, correlation",
    Quantity.HECKMATT_GRADE: "Heckmatt grade",
    Quantity.PEAK_DISPLACEMENT: "Peak displacement of tissue",
    Quantity.TRACKING_DRIFT: "Drift of tracking, forth and back",
    Quantity.THICKNESS_AT_REST: "Thickness at rest, before a contraction",
    Quantity.THICKNESS_CONTRACTED: "Thickness at the peak of a contraction",
    Quantity.THICKNESS_CHANGE: "Change of thickness, (C - R) / R",
    Quantity.CONTRACTION_ONSET: "Contraction, onset",
    Quantity.CONTRACTION_PEAK: "Contraction, time of the peak",
    Quantity.CONTRACTION_HOLD: "Contraction, time held",
    Quantity.CONTRACTION_RETURN: "Contraction, back at rest",
    Quantity.SHEAR_LANGEVIN_2011: "Shear strain, Langevin 2011",
    Quantity.SHEAR_CUMULATED: "Shear strain, cumulated",
    Quantity.SHEAR_MAXIMUM: "Shear strain, maximum",
    Quantity.SHEAR_PEAK_TO_PEAK: "Shear strain, peak to peak",
    Quantity.SHEAR_WAVE_SPEED: "Shear-wave speed",
    Quantity.ELASTICITY: "Elasticity, as the device gives it",
    Quantity.YOUNGS_MODULUS: "Young's modulus, converted from speed",
}
"""Names of quantities as people read them, in pages, reports and tables."""


TEXTURES = frozenset(
    {
        Quantity.ECHO_SD,
        Quantity.ECHO_SKEWNESS,
        Quantity.ECHO_ENTROPY,
        Quantity.GLCM_CONTRAST,
        Quantity.GLCM_DISSIMILARITY,
        Quantity.GLCM_HOMOGENEITY,
        Quantity.GLCM_ASM,
        Quantity.GLCM_ENERGY,
        Quantity.GLCM_CORRELATION,
    }
)
"""Features of grey levels that studies use and nobody reviews one by one."""
OF_MUSCLES = TEXTURES | {
    Quantity.THICKNESS,
    Quantity.PERIMUSCULAR_ZONE,
    Quantity.CROSS_SECTION,
    Quantity.WIDTH,
    Quantity.HEIGHT,
    Quantity.SHAPE_RATIO,
    Quantity.ECHO_INTENSITY,
}
"""What a map of structures is measured for, of each structure and on each side."""
OF_MOTION = frozenset(
    {
        Quantity.PEAK_DISPLACEMENT,
        Quantity.TRACKING_DRIFT,
        Quantity.THICKNESS_AT_REST,
        Quantity.THICKNESS_CONTRACTED,
        Quantity.THICKNESS_CHANGE,
        Quantity.CONTRACTION_ONSET,
        Quantity.CONTRACTION_PEAK,
        Quantity.CONTRACTION_HOLD,
        Quantity.CONTRACTION_RETURN,
        Quantity.SHEAR_LANGEVIN_2011,
        Quantity.SHEAR_CUMULATED,
        Quantity.SHEAR_MAXIMUM,
        Quantity.SHEAR_PEAK_TO_PEAK,
    }
)
"""What is measured by following speckle through a cine, where a person says so; interpreting does not touch it."""


UNIT_WORDS: dict[Unit, str] = {
    Unit.MM: "mm",
    Unit.MM2: "mm²",
    Unit.MM_PER_S: "mm/s",
    Unit.DEGREE: "°",
    Unit.SECOND: "s",
    Unit.GREY: "of 255",
    Unit.PERCENT: "%",
    Unit.PIXEL: "px",
    Unit.ONE: "",
    Unit.BIT: "bit",
    Unit.M_PER_S: "m/s",
    Unit.KPA: "kPa",
}
"""Units as people read them."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value. `value` None means that it cannot be given, and `note` says why ("uncalibrated").

    `uncertainty`: one standard deviation, in `unit`, or None where it is not known; `frame`: index of the
    frame it was read from (for a value over a whole recording, the frame that shows it best), or None;
    `n_frames`: how many frames contributed; `points_px`: calliper points (x, y), when there are any; `state`: of the
    muscles, as a person said it.
    """

    structure: Part
    side: Side
    quantity: Quantity
    value: float | None
    unit: Unit
    method: Method
    level: str = ""
    uncertainty: float | None = None
    frame: int | None = None
    n_frames: int = 1
    status: Status = Status.DRAFT
    points_px: tuple[Point, ...] = ()
    note: str = ""
    state: Contraction = Contraction.UNKNOWN

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            raise InputError(f"{self.quantity}: a value must be a finite number or absent, not {self.value}")
        if self.uncertainty is not None and not (math.isfinite(self.uncertainty) and self.uncertainty >= 0):
            raise InputError(f"{self.quantity}: an uncertainty must be finite and not negative")
        if self.value is None and not self.note:
            raise InputError(f"{self.quantity}: a value that is absent needs a note that says why")

    @property
    def decimals(self) -> int:
        """How many decimals people are shown: as far as the first digit of the uncertainty, at least 1, at most 3.

        Without one, 3 for a plain number or bits, else 1.
        """
        doubt = self.uncertainty
        if not doubt:
            return 3 if self.unit in (Unit.ONE, Unit.BIT) and self.quantity is not Quantity.HECKMATT_GRADE else 1
        return max(1, min(3, math.ceil(-math.log10(doubt))))

    @property
    def words(self) -> str:
        """The value as people read it: "31.4 ± 0.8 mm", or the note where there is no value."""
        if self.value is None:
            return self.note
        digits = self.decimals
        doubt = "" if self.uncertainty is None else f" ± {self.uncertainty:.{digits}f}"
        return f"{self.value:.{digits}f}{doubt} {UNIT_WORDS[self.unit]}".rstrip()

    def taken(self, as_said: Taken) -> Measurement:
        """Return the measurement with what a person said of its recording.

        Their level and state count; their side only where the picture does not tell sides apart.
        """
        side = as_said.side if self.side is Side.UNKNOWN else self.side
        return replace(self, side=side, level=as_said.level or self.level, state=as_said.state)

    def decided(self, decision: Decision, value: float | None = None) -> Measurement:
        """Return the measurement after a clinician's decision; EDIT needs the new `value`.

        Raises NotAllowed for a pair that DECIDED does not list, InputError for a missing or stray value.
        """
        after = DECIDED.get((self.status, decision))
        if after is None:
            raise NotAllowed(f"a measurement that is {self.status} cannot be given '{decision}'")
        if decision is Decision.ACCEPT and self.value is None:
            raise NotAllowed(f"{self.quantity} has no value to accept ({self.note}); reject it or enter a value")
        if (decision is Decision.EDIT) != (value is not None):
            raise InputError("an edit needs a new value, and nothing else does")
        if value is None:
            return replace(self, status=after)
        return replace(self, status=after, value=value, uncertainty=None)


OF_CHOSEN = ", mean of chosen frames"
"""What the method of such a mean says: a median over all frames is another one, and trends never mix two silently."""


class CaliperKind(StrEnum):
    """What a calliper measures."""

    LENGTH = "length"
    ANGLE = "angle"
    AREA = "area"


CALIPER_METHOD = Method("calliper", "1")


@dataclass(frozen=True, slots=True)
class Naming:
    """What a calliper is of, as far as its owner says it; one that names a structure can be followed in a trend."""

    structure: Part = Structure.BACKGROUND
    side: Side = Side.UNKNOWN
    level: str = ""
    state: Contraction = Contraction.UNKNOWN


NAMELESS = Naming()


def measure_caliper(
    kind: CaliperKind, points_px: tuple[Point, ...], geometry: ImageGeometry, frame: int, naming: Naming = NAMELESS
) -> Measurement:
    """Return the calliper's value, exact in mm, mm2 or degrees.

    Raises UncalibratedError where the points do not lie in one spatial region, GeometryError for too few.
    """
    quantity, unit, measure = {
        CaliperKind.LENGTH: (Quantity.LENGTH, Unit.MM, geometry.length_mm),
        CaliperKind.ANGLE: (Quantity.ANGLE, Unit.DEGREE, geometry.angle_deg),
        CaliperKind.AREA: (Quantity.AREA, Unit.MM2, geometry.area_mm2),
    }[kind]
    value = measure(points_px)
    return Measurement(
        structure=naming.structure,
        side=naming.side,
        quantity=quantity,
        value=value,
        unit=unit,
        method=CALIPER_METHOD,
        level=naming.level,
        frame=frame,
        points_px=points_px,
        state=naming.state,
    )


READER_METHOD = Method("reader", "1")


def heckmatt_grade(grade: int, muscle: Structure, side: Side, frame: int | None = None) -> Measurement:
    """Return a reader's entry of how bright a muscle and the bone under it look, 1 (normal) to 4 (bone not seen).

    Heckmatt, Leeman and Dubowitz 1982, J Pediatr 101:656. Read by eye, never computed: a grade is no number of grey
    levels. Raises InputError for another grade.
    """
    if isinstance(grade, bool) or not isinstance(grade, int) or not 1 <= grade <= 4:
        raise InputError(f"a Heckmatt grade is 1, 2, 3 or 4, not {grade}")
    return Measurement(muscle, side, Quantity.HECKMATT_GRADE, float(grade), Unit.ONE, READER_METHOD, frame=frame)
