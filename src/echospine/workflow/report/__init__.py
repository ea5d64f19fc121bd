"""What an examination says, as a report and as files: key images, series, findings with their provenance.

Knows which frames are worth showing, and the forms of `findings.csv`, `report.json` and the measurement tables.
"""

from echospine.workflow.report.building import build_report
from echospine.workflow.report.document import report_document
from echospine.workflow.report.labels import labels_json
from echospine.workflow.report.rendering import render
from echospine.workflow.report.tables import COHORT_COLUMNS, Row, cohort_table, measure_rows, measure_table

__all__ = [
    "COHORT_COLUMNS",
    "Row",
    "build_report",
    "cohort_table",
    "labels_json",
    "measure_rows",
    "measure_table",
    "render",
    "report_document",
]
