"""A story as a table: one row for each visit, each mark and each questionnaire."""

from __future__ import annotations

import csv
import io

from echospine.engine.trend import Change, Judged, Story

COLUMNS = (
    *("day", "kind", "what", "value", "unit", "spread", "readings", "draft", "method", "device"),
    *("since_first", "least_change_first", "verdict_first", "since_last", "least_change_last", "verdict_last"),
)


def trend_table(story: Story) -> str:
    """Return the story as CSV; numbers in full, text that a spreadsheet takes for a formula after an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = [
        *(_visit_row(story, one) for one in story.visits),
        *([one.day.isoformat(), one.kind.value, one.text] for one in story.marks),
        *([one.day.isoformat(), "questionnaire", one.instrument.value, repr(one.total)] for one in story.scores),
    ]
    for row in sorted(rows, key=lambda row: row[0]):
        padded = [*row, *[""] * (len(COLUMNS) - len(row))]
        writer.writerow([_harmless(cell) for cell in padded])
    return text.getvalue()


def _visit_row(story: Story, judged: Judged) -> list[str]:
    visit = judged.visit
    spread = "" if visit.spread is None else repr(visit.spread)
    return [
        *(visit.day.isoformat(), "visit", story.measure.title, repr(visit.reading.value), story.unit.value, spread),
        *(str(visit.reading.n_readings), str(visit.draft).lower(), visit.reading.method, visit.reading.device),
        *_change_cells(judged.since_first),
        *_change_cells(judged.since_last),
    ]


def _change_cells(change: Change | None) -> tuple[str, str, str]:
    if change is None:
        return "", "", ""
    known = change.mdc == change.mdc  # NaN where nothing can be compared
    return (
        (repr(change.difference), repr(change.mdc), change.verdict.value) if known else ("", "", change.verdict.value)
    )


def _harmless(cell: str) -> str:
    """Numbers stay as they are; other text that begins like a formula gets an apostrophe (OWASP, CSV injection)."""
    try:
        float(cell)
    except ValueError:
        return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
    return cell
