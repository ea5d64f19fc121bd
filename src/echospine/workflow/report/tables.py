"""Tables of measurements as CSV: of a report, and of recordings that are in no examination.

Numbers are written in full and without any locale, so that they come back as the very same doubles. Text that
a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from echospine.domain.exams import Finding, Recording
from echospine.domain.measures import Measurement
from echospine.domain.reports import DRAFT_MARK, Report
from echospine.workflow.exam import Interpreted

COLUMNS = ("frame", "structure", "side", "quantity", "value", "unit", "uncertainty", "method", "status")
"""Columns of every table of measurements, first and in this order."""
MEASURE_COLUMNS = (*COLUMNS, "level", "note", "state")
"""Columns of the table of `echospine measure`: also the level where it is known, why a value is absent, and whether the
muscle was at rest, as somebody said it."""
COHORT_COLUMNS = (*MEASURE_COLUMNS, "recording")
"""Columns of the table of `echospine cohort`."""
_OF_FINDING = ("recording", "digest", "level", "note", "n_frames", "original", "decided_by", "state")
FINDING_COLUMNS = (*COLUMNS, *_OF_FINDING, "report")
"""Columns of `findings.csv`; the last one says on every row whether a clinician has signed it."""

Cell: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Cell, ...]


def findings_table(report: Report) -> str:
    """Return `findings.csv`: one row for each finding. `frame` is the one that shows it best."""
    mark = DRAFT_MARK if report.draft else f"signed by {report.exam.signed_by}, {report.made_at.isoformat()}"
    rows = [(*_finding_row(finding, item.recording), mark) for item in report.recordings for finding in item.findings]
    return _csv(FINDING_COLUMNS, rows)


def measure_table(measured: Sequence[tuple[str, Interpreted]]) -> str:
    """Return the table of `echospine measure` for recordings and their names.

    One recording: MEASURE_COLUMNS. Several: a last column `recording` says which.
    """
    if len(measured) == 1:
        return _csv(MEASURE_COLUMNS, measure_rows(measured[0][1]))
    rows = ((*row, name) for name, interpreted in measured for row in measure_rows(interpreted))
    return cohort_table(rows)


def cohort_table(rows: Iterable[Row]) -> str:
    """Return the table of `echospine cohort`: rows of COHORT_COLUMNS."""
    return _csv(COHORT_COLUMNS, rows)


def measure_rows(interpreted: Interpreted) -> Iterator[Row]:
    """Yield a row of MEASURE_COLUMNS for each measurement of each frame, then of the recording, without a frame."""
    for several in interpreted.per_frame:
        for measured in several:
            yield (*_row(measured, measured.frame), measured.level, measured.note, measured.state.value)
    for measured in interpreted.summary:
        yield (*_row(measured, None), measured.level, measured.note, measured.state.value)


def _row(measured: Measurement, frame: int | None) -> Row:
    return (
        frame,
        measured.structure.label,
        measured.side.value,
        measured.quantity.value,
        measured.value,
        measured.unit.value,
        measured.uncertainty,
        str(measured.method),
        measured.status.value,
    )


def _finding_row(finding: Finding, recording: Recording) -> Row:
    measured = finding.measurement
    more = (recording.name, recording.digest, measured.level, measured.note, measured.n_frames)
    return (*_row(measured, measured.frame), *more, finding.original, finding.decided_by, measured.state.value)


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Cell) -> str:
    """Return a cell: numbers in full; text on one line, in letters that can be encoded, and never a formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = " ".join(value.encode("utf-8", "replace").decode().split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
