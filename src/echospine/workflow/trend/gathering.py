"""The readings of one patient out of all examinations, and which of them may be compared with each other."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from echospine.domain.errors import EchoSpineError
from echospine.domain.exams import ExamFile, ExamState, Recording
from echospine.domain.labels import Side, Structure
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.units import Unit
from echospine.engine.trend import Measure, Reading, Visit, day_text
from echospine.ports import House
from echospine.workflow.exam import open_recording

NEED_A_STRUCTURE = frozenset({Quantity.LENGTH, Quantity.ANGLE, Quantity.AREA})


@dataclass(frozen=True, slots=True)
class Found:
    """One measured value with where and when it was taken. `draft`: the examination is not signed."""

    measured: Measurement
    day: date
    device: str
    draft: bool

    @property
    def kind(self) -> tuple[str, str, Unit]:
        """What must be the same in all readings of a trend: method, device, unit."""
        return str(self.measured.method), self.device, self.measured.unit


@dataclass(frozen=True, slots=True)
class Followed:
    """A measure that a patient has readings of, and on how many days."""

    measure: Measure
    n_visits: int
    latest: date


def measures_of(house: House, patient: str) -> tuple[Followed, ...]:
    """Return what can be followed in a patient, the measure with most visits first."""
    days: defaultdict[Measure, set[date]] = defaultdict(set)
    for found in gather(house, patient):
        days[_measure(found.measured)].add(found.day)
    followed = [Followed(measure, len(theirs), max(theirs)) for measure, theirs in days.items()]
    return tuple(sorted(followed, key=lambda one: (-one.n_visits, -one.latest.toordinal(), one.measure.title)))


def gather(house: House, patient: str) -> tuple[Found, ...]:
    """Return every value of a patient that can be followed, in the order of examinations.

    Rejected ones cannot; nor can callipers that name no structure, for two of them may be of different things.
    """
    found: list[Found] = []
    for exam in house.studies.exams_of(patient):
        file = house.studies.load(exam.id)
        taken = {recording.id: _taken(house, file, recording) for recording in file.recordings}
        found += [
            Found(finding.measurement, *taken[finding.recording_id], file.exam.state is not ExamState.SIGNED)
            for finding in file.findings
            if _stands(finding.measurement)
        ]
    return tuple(found)


def of_measure(found: Sequence[Found], measure: Measure) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return the readings of a measure, and what is said of those that lack a side where one was asked for."""
    asked = tuple(one for one in found if _measure(one.measured) == measure)
    if measure.side is Side.UNKNOWN:
        return asked, ()
    alike = [replace(measure, side=side) for side in Side]
    sides = Counter(one.measured.side for one in found if _measure(one.measured) in alike)
    said = []
    if sides[Side.UNKNOWN]:
        said.append(f"{_count(sides[Side.UNKNOWN])} whose side is not named: it may be the other one.")
    if not asked:
        others = [f"{_count(n)} of the {side.value} side" for side, n in sides.items() if side is not Side.UNKNOWN]
        said += [f"There is {' and '.join(others)}, which is another measure."] if others else []
    return asked, tuple(said)


def comparable(found: Sequence[Found]) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    """Return the readings of one method, device and unit, and a sentence for each kind that was left out.

    The kind with most visits stays; of two alike, the one that was used last.
    """
    kinds: defaultdict[tuple[str, str, Unit], list[Found]] = defaultdict(list)
    for one in found:
        kinds[one.kind].append(one)
    if not kinds:
        return (), ()
    kept = max(kinds, key=lambda kind: (len({one.day for one in kinds[kind]}), max(one.day for one in kinds[kind])))
    said = [_left_out(kinds[kind], kept) for kind in kinds if kind != kept]
    return tuple(kinds[kept]), tuple(said)


def visits_of(found: Sequence[Found]) -> tuple[Visit, ...]:
    """Return one visit for each day: the mean of its readings, with their spread, or one reading's own doubt."""
    days: defaultdict[date, list[Found]] = defaultdict(list)
    for one in found:
        days[one.day].append(one)
    return tuple(_visit(day, days[day]) for day in sorted(days))


def _visit(day: date, found: Sequence[Found]) -> Visit:
    values = [one.measured.value for one in found if one.measured.value is not None]
    measured, device = found[0].measured, found[0].device
    reading = Reading(
        math.fsum(values) / len(values),
        measured.unit.value,
        measured.quantity.value,
        str(measured.method),
        device,
        measured.side.value,
        len(values),
    )
    spread = statistics.stdev(values) if len(values) > 1 else measured.uncertainty
    return Visit(day, reading, spread, any(one.draft for one in found))


def _taken(house: House, file: ExamFile, recording: Recording) -> tuple[date, str]:
    """Return the day and the device of a recording: what DICOM says, else the day of the examination and no device."""
    made = file.exam.created_at.date()
    try:
        with open_recording(house, recording) as source:
            origin = source.header.dicom
    except EchoSpineError:  # its measurements stand all the same
        return made, ""
    if origin is None:
        return made, ""
    device = " ".join(part for part in (origin.manufacturer, origin.model_name) if part)
    return _day(origin.study_date) or made, device


def _day(dicom: str) -> date | None:
    """Return a date of DICOM ("20160503"), or None where it is none."""
    try:
        return date(int(dicom[:4]), int(dicom[4:6]), int(dicom[6:8]))
    except ValueError:
        return None


def _stands(measured: Measurement) -> bool:
    nameless = measured.structure is Structure.BACKGROUND and measured.quantity in NEED_A_STRUCTURE
    return measured.value is not None and measured.status is not Status.REJECTED and not nameless


def _measure(measured: Measurement) -> Measure:
    return Measure(measured.quantity, measured.structure, measured.side, measured.level, measured.state)


def _left_out(found: Sequence[Found], kept: tuple[str, str, Unit]) -> str:
    """Return what was left out of a trend and why."""
    method, device, unit = found[0].kind
    why = [
        f"another {what} ({one or 'not named'}, not {other or 'a device without a name'})"
        for what, one, other in (
            ("method", method, kept[0]),
            ("device", device, kept[1]),
            ("unit", unit.value, kept[2].value),
        )
        if one != other
    ]
    days = sorted({one.day for one in found})
    when = day_text(days[0]) if len(days) == 1 else f"{day_text(days[0])} to {day_text(days[-1])}"
    return f"{_count(len(found))} of {when}: {' and '.join(why)}."


def _count(n: int) -> str:
    return "1 reading" if n == 1 else f"{n} readings"
