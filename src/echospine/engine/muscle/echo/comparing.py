"""When two echo intensities may be compared, and how: the same machine set alike, or a conversion from a phantom.

Grey levels are made by a machine. Another device, preset, gain or depth shifts them by more than any muscle's change,
so what is not known to be equal is taken as different.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from echospine.domain.errors import InputError, NotAllowed


@dataclass(frozen=True, slots=True)
class Acquisition:
    """With what, and how, a picture was taken; None where that is not known.

    `device`: maker, model and probe; `preset`: the machine's programme; `gain_db`; `depth_mm`: of the picture.
    """

    device: str | None = None
    preset: str | None = None
    gain_db: float | None = None
    depth_mm: float | None = None

    def apart(self, other: Acquisition) -> tuple[str, ...]:
        """Return what speaks against comparing grey levels: one reason for each part that differs or is not known."""
        reasons = []
        for part in fields(self):
            name = part.name.partition("_")[0]
            mine, theirs = getattr(self, part.name), getattr(other, part.name)
            if mine is None or theirs is None:
                reasons.append(f"the {name} is not known")
            elif mine != theirs:
                reasons.append(f"the {name} differs: {_said(mine)} and {_said(theirs)}")
        return tuple(reasons)


@dataclass(frozen=True, slots=True)
class Echo:
    """An echo intensity, 0-255, with its standard deviation as a measurement, and how it was taken."""

    mean: float
    sd: float
    taken: Acquisition


@dataclass(frozen=True, slots=True)
class Conversion:
    """Grey levels of one setting put into those of another: `slope` x grey + `offset`, found on a phantom.

    `phantom`: which one, when and by whom; `slope_sd`, `offset_sd`: one standard deviation.
    """

    taken: Acquisition
    into: Acquisition
    slope: float
    offset: float
    slope_sd: float
    offset_sd: float
    phantom: str

    def __post_init__(self) -> None:
        numbers = (self.slope, self.offset, self.slope_sd, self.offset_sd)
        if not all(map(math.isfinite, numbers)) or self.slope <= 0 or min(self.slope_sd, self.offset_sd) < 0:
            raise InputError("a conversion needs a slope above 0, an offset, and doubts that are not negative")
        if not self.phantom.strip():
            raise InputError("a conversion of grey levels names the phantom that it was found on")

    def __call__(self, echo: Echo) -> Echo:
        """Return the echo in the other setting; raises NotAllowed for one that was taken otherwise."""
        _require_alike(echo.taken, self.taken, "this conversion is not for it")
        value = self.slope * echo.mean + self.offset
        return Echo(value, math.hypot(self.slope * echo.sd, echo.mean * self.slope_sd, self.offset_sd), self.into)


def difference(one: Echo, other: Echo, conversion: Conversion | None = None) -> tuple[float, float]:
    """Return one - other in grey levels, and its standard deviation; `conversion`: of `one` into how `other` was taken.

    Raises NotAllowed, with every reason, where they were not taken alike and no conversion brings them together.
    """
    if conversion is not None:
        one = conversion(one)
    _require_alike(one.taken, other.taken, "echo intensities cannot be compared")
    return one.mean - other.mean, math.hypot(one.sd, other.sd)


@dataclass(frozen=True, slots=True)
class ReferenceSet:
    """Echo intensities of `n` people taken alike: their mean and standard deviation; `source`: whose they are."""

    mean: float
    sd: float
    n: int
    taken: Acquisition
    source: str

    def __post_init__(self) -> None:
        if self.n < 2 or not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd > 0):
            raise InputError("a reference set has two people or more, a mean, and a standard deviation above 0")


def z_score(echo: Echo, reference: ReferenceSet, conversion: Conversion | None = None) -> float:
    """Return how many standard deviations of the reference an echo lies above its mean; raises as `difference`."""
    away, _ = difference(echo, Echo(reference.mean, 0.0, reference.taken), conversion)
    return away / reference.sd


@dataclass(frozen=True, slots=True)
class FatCorrection:
    """Echo intensity put right for the fat over it: + `grey_per_mm` for each mm of subcutaneous thickness.

    Only by name and source: the figure is that of one study's muscle, machine and setting, and it comes with the person
    who wants it. EchoSpine has none of its own (docs/methods/muscle.md says which studies give one).
    """

    name: str
    source: str
    grey_per_mm: float

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.source.strip():
            raise InputError("a correction for subcutaneous fat needs a name and the source of its figure")
        if not math.isfinite(self.grey_per_mm):
            raise InputError(f"{self.name}: grey levels per mm must be a finite number")

    def __call__(self, echo: Echo, fat_mm: tuple[float, float]) -> Echo:
        """Return the corrected echo; `fat_mm`: subcutaneous thickness and its standard deviation."""
        value = echo.mean + self.grey_per_mm * fat_mm[0]
        return Echo(value, math.hypot(echo.sd, self.grey_per_mm * fat_mm[1]), echo.taken)


def _require_alike(one: Acquisition, other: Acquisition, words: str) -> None:
    if reasons := one.apart(other):
        raise NotAllowed(f"{words}: {'; '.join(reasons)}. Grey levels are the machine's own")


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
