"""Reports, rendered when somebody asks and kept until the examination changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from echospine.apps.server.keeping.kept import Kept
from echospine.domain.exams import Exam
from echospine.domain.reports import ReportFile
from echospine.ports import House

CAPACITY = 4


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """All files of one report. `draft`: not signed, and marked so."""

    draft: bool
    made_at: datetime
    files: tuple[ReportFile, ...]


class RenderedReports:
    """The reports that were asked for last, by examination and revision."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: Kept[tuple[str, int], RenderedReport] = Kept(CAPACITY)

    def of(self, exam: Exam) -> RenderedReport:
        """Return the report of an examination as it stands; raises what building it raises."""
        return self._kept.get((exam.id, exam.revision), lambda: self._render(exam.id))

    def _render(self, exam_id: str) -> RenderedReport:
        from echospine.workflow.report import build_report, render

        report = build_report(self._house, exam_id)
        return RenderedReport(report.draft, report.made_at, tuple(render(report, self._house.writers)))
