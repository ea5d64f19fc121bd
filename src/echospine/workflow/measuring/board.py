"""Rows of measures: one muscle and quantity at one level, its sides and states beside each other."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from echospine.domain.exams import ExamFile, Finding, Recording
from echospine.domain.images import Point
from echospine.domain.labels import Part, Side, Structure, View, WallMuscle
from echospine.domain.measures import Measurement, Quantity, Status
from echospine.domain.remarks import CaliperEdit, FrameChoice, Measured
from echospine.domain.takes import Contraction, Taken
from echospine.domain.units import Unit
from echospine.workflow.exam import ENDS, OUTLINES
from echospine.workflow.measuring.figures import Figure, Value, figures_of, wall_figures
from echospine.workflow.measuring.recordings import InRecording, named_as

QUANTITIES = (*sorted(ENDS | OUTLINES, key=list(Quantity).index), Quantity.SHAPE_RATIO, Quantity.ECHO_INTENSITY)
"""What the page shows, in the order of a list."""
WALL = tuple(WallMuscle)
BACK = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)
"""Muscles whose thickness can be taken by hand where nothing was measured."""

Place = tuple[Part, Quantity, str]
"""Muscle, quantity and level of a row."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """One frame's value. `counts`: it has a part in the value of its cell; `by`: the correction that stands, if any."""

    recording_id: str
    frame: int
    value: float | None
    sd: float | None
    note: str
    points_px: tuple[Point, ...]
    counts: bool
    by: CaliperEdit | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A recording in a cell: `measured`: the measure as the picture names it, which corrections refer to.

    `value`, `sd`: over its frames, None where it has none or does not count; `how`: of what frames, in words; `chosen`:
    who chose them.
    """

    recording: Recording
    measured: Measured
    repeats: tuple[Repeat, ...]
    value: float | None
    sd: float | None
    how: str
    chosen: FrameChoice | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A muscle on one side in one state. `spread`: standard deviation of the frames that count, None below two."""

    side: Side
    state: Contraction
    shown: tuple[Shown, ...]
    value: float | None
    sd: float | None
    spread: float | None
    n_frames: int
    how: str


@dataclass(frozen=True, slots=True)
class Row:
    """One measure at one level."""

    structure: Part
    quantity: Quantity
    level: str
    unit: Unit
    cells: tuple[Cell, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """All rows of an examination; `unread`: recordings that are not interpreted yet."""

    rows: tuple[Row, ...]
    unread: tuple[str, ...]


def board_of(file: ExamFile, measured: Callable[[Recording], InRecording]) -> Board:
    """Return the measures of an examination; `measured`: of a recording, see `measured_in`."""
    found = [measured(one) for one in file.recordings if one.interpretation]
    shown: defaultdict[Place, defaultdict[tuple[Side, Contraction], list[Shown]]]
    shown = defaultdict(lambda: defaultdict(list))
    for one in found:
        for place, side, state, of_recording in _shown_in(file, one):
            shown[place][side, state].append(of_recording)
    acquired = {one.recording.id: one.acquired for one in found}
    rows = [_row(place, [_cell(*at, tuple(all_)) for at, all_ in cells.items()]) for place, cells in shown.items()]
    rows.sort(key=lambda row: (row.level == "", row.level, _rank(row.structure), QUANTITIES.index(row.quantity)))
    values = {(row.structure, row.quantity, row.level): _values(row.cells) for row in rows}
    with_figures = tuple(
        Row(
            *(row.structure, row.quantity, row.level, row.unit, row.cells),
            (*figures_of(row.quantity, values[_place(row)], acquired), *_of_wall(row, values)),
        )
        for row in rows
    )
    return Board(with_figures, tuple(one.name for one in file.recordings if not one.interpretation))


def _place(row: Row) -> Place:
    return row.structure, row.quantity, row.level


def _rank(part: Part) -> int:
    order: tuple[Part, ...] = (*BACK, Structure.FASCIA, Structure.SUBCUTANEOUS, *WALL)
    return order.index(part) if part in order else len(order)


def _of_wall(row: Row, values: dict[Place, dict[tuple[Side, Contraction], Value]]) -> tuple[Figure, ...]:
    """Return the preferential activation, which stands with the muscle that it is of."""
    if row.structure is not WallMuscle.TRANSVERSUS_ABDOMINIS or row.quantity is not Quantity.THICKNESS:
        return ()
    return wall_figures([values.get((muscle, row.quantity, row.level), {}) for muscle in WALL])


def _shown_in(file: ExamFile, one: InRecording) -> Iterator[tuple[Place, Side, Contraction, Shown]]:
    """Yield every measure of a recording that the page shows, with where it stands."""
    taken = file.taken(one.recording.id)
    findings = [finding for finding in file.findings if finding.recording_id == one.recording.id]
    seen = set()
    for raw, named in named_as(one.summary, taken):
        if named.quantity not in QUANTITIES or not (raw.value is not None or _due(raw, file, taken)):
            continue
        seen.add((raw.structure, raw.quantity))
        finding = next((f for f in findings if _same(f.measurement, named)), None)
        place = named.structure, named.quantity, named.level
        yield place, named.side, named.state, _shown(file, one, raw, finding)
    for part in _by_hand(taken):
        if (part, Quantity.THICKNESS) not in seen:
            measure = Measured(part, Side.UNKNOWN, Quantity.THICKNESS)
            empty = Shown(one.recording, measure, (), None, None, NOT_MEASURED, None)
            yield (part, Quantity.THICKNESS, taken.level), taken.side, taken.state, empty


NOT_MEASURED = "not measured in any frame; a calliper can be placed by hand"


def _due(raw: Measurement, file: ExamFile, taken: Taken) -> bool:
    """True for a measure that is shown without a value too: muscles, whose callipers can be placed by hand."""
    said = [one for one in file.remarks if isinstance(one, (CaliperEdit, FrameChoice))]
    of_muscle = raw.structure in _by_hand(taken) and raw.quantity in {Quantity.THICKNESS, Quantity.CROSS_SECTION}
    return of_muscle or any(one.measured.holds(raw) for one in said)


def _by_hand(taken: Taken) -> tuple[Part, ...]:
    """Return the muscles whose thickness a person may want to take in a recording so labelled."""
    return WALL if taken.view is View.ABDOMINAL_WALL_LATERAL else BACK


def _same(one: Measurement, other: Measurement) -> bool:
    return (one.structure, one.side, one.level, one.quantity) == (
        *(other.structure, other.side, other.level),
        other.quantity,
    )


def _shown(file: ExamFile, one: InRecording, raw: Measurement, finding: Finding | None) -> Shown:
    measured = Measured(raw.structure, raw.side, raw.quantity)
    remarks = file.remarks_of(one.recording.id)
    edits = {r.frame: r for r in remarks if isinstance(r, CaliperEdit) and r.measured == measured}
    choice = next((r for r in remarks if isinstance(r, FrameChoice) and r.measured == measured), None)
    rejected = finding is not None and finding.measurement.status is Status.REJECTED
    repeats = tuple(
        _repeat(one.recording.id, each, choice, edits, rejected=rejected)
        for frame in one.per_frame
        for each in frame
        if measured.holds(each) and (each.level == raw.level or choice is not None)
    )
    value, sd, how = _over(raw, choice, finding)
    return Shown(one.recording, measured, repeats, value, sd, how, choice)


def _repeat(
    recording_id: str, each: Measurement, choice: FrameChoice | None, edits: dict[int, CaliperEdit], *, rejected: bool
) -> Repeat:
    frame = each.frame or 0
    chosen = choice is None or frame in choice.frames
    return Repeat(
        recording_id,
        frame,
        each.value,
        each.uncertainty,
        each.note,
        each.points_px,
        each.value is not None and chosen and not rejected,
        edits.get(frame),
    )


def _over(
    raw: Measurement, choice: FrameChoice | None, finding: Finding | None
) -> tuple[float | None, float | None, str]:
    """Return the value of a recording, its doubt, and of what it is, as its finding has it."""
    if finding is not None and finding.measurement.status is Status.REJECTED:
        return None, None, f"rejected by {finding.decided_by}: {finding.reason}"
    if finding is not None and (finding.original is not None or finding.measurement.status is Status.EDITED):
        return finding.measurement.value, None, f"typed by {finding.decided_by}"
    if raw.value is None:
        return None, None, raw.note
    frames = "one frame" if raw.n_frames == 1 else f"{raw.n_frames} frames"
    if choice is not None:
        return raw.value, raw.uncertainty, f"mean of {frames}, chosen by {choice.who}"
    return raw.value, raw.uncertainty, frames if raw.n_frames == 1 else f"median of {frames}"


def _cell(side: Side, state: Contraction, shown: tuple[Shown, ...]) -> Cell:
    """Return a cell: one recording's value, or the mean of several, as a trend takes readings of a day."""
    valued = [one for one in shown if one.value is not None]
    counted = [r.value for one in shown for r in one.repeats if r.counts and r.value is not None]
    spread = statistics.stdev(counted) if len(counted) > 1 else None
    if not valued:
        how = "; ".join(dict.fromkeys(one.how for one in shown))
        return Cell(side, state, shown, None, None, spread, len(counted), how)
    if len(valued) == 1:
        one = valued[0]
        return Cell(side, state, shown, one.value, one.sd, spread, len(counted), one.how)
    values = [one.value for one in valued if one.value is not None]
    between = statistics.stdev(values) / math.sqrt(len(values))
    doubts = [one.sd for one in valued if one.sd is not None]
    sd = math.hypot(between, math.fsum(doubts) / len(doubts)) if doubts else between
    how = f"mean of {len(values)} recordings"
    return Cell(side, state, shown, math.fsum(values) / len(values), sd, spread, len(counted), how)


def _row(place: Place, cells: Iterable[Cell]) -> Row:
    structure, quantity, level = place
    order = (list(Side), list(Contraction))
    kept = tuple(sorted(cells, key=lambda cell: (order[1].index(cell.state), order[0].index(cell.side))))
    unit = {Quantity.CROSS_SECTION: Unit.MM2, Quantity.SHAPE_RATIO: Unit.ONE, Quantity.ECHO_INTENSITY: Unit.GREY}
    return Row(structure, quantity, level, unit.get(quantity, Unit.MM), kept, ())


def _values(cells: Sequence[Cell]) -> dict[tuple[Side, Contraction], Value]:
    """Return the values that figures are made of."""
    return {
        (cell.side, cell.state): Value(cell.value, cell.sd, frozenset(_ways(cell)), _recordings(cell)) for cell in cells
    }


def _ways(cell: Cell) -> Iterator[str]:
    """Yield whether a thickness was taken along or across the spine; the two are never compared."""
    for one in cell.shown:
        if one.value is not None and one.measured.quantity is Quantity.THICKNESS:
            yield "across" if one.measured.side in {Side.LEFT, Side.RIGHT} else "along"


def _recordings(cell: Cell) -> frozenset[str]:
    return frozenset(one.recording.id for one in cell.shown if one.value is not None)
