"""A report becomes files: those of every writer, and the two that need none."""

from __future__ import annotations

from collections.abc import Sequence

from echospine.domain.errors import StorageError
from echospine.domain.reports import Report, ReportFile
from echospine.ports import ReportWriter
from echospine.workflow.report.document import report_json
from echospine.workflow.report.tables import findings_table


def render(report: Report, writers: Sequence[ReportWriter]) -> tuple[ReportFile, ...]:
    """Return the files of the report: what each writer makes of it, then `findings.csv` and `report.json`.

    Nothing is written anywhere. Raises StorageError when two writers claim one file name, and what a writer
    raises.
    """
    files = [file for writer in writers for file in writer.write(report)]
    files.append(ReportFile("findings.csv", "text/csv; charset=utf-8", findings_table(report).encode()))
    files.append(ReportFile("report.json", "application/json", report_json(report).encode()))
    names = [file.name for file in files]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise StorageError(
            f"two parts of the report are called {', '.join(sorted(twice))}; one would replace the other"
        )
    return tuple(files)
