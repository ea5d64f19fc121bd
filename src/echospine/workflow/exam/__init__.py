"""Recordings come in, are interpreted and measured, and lie in examinations as drafts with their provenance.

Knows which files make a recording, the stored form of an interpretation, and the words of the history.
"""

from echospine.workflow.exam.codec import decode, encode
from echospine.workflow.exam.commits import PATIENCE, commit_latest
from echospine.workflow.exam.contours import by_hand, contour_rows
from echospine.workflow.exam.edits import applied, load_interpreted
from echospine.workflow.exam.gathering import Gathered, expand, gather, natural_key
from echospine.workflow.exam.imports import (
    Imported,
    create_exam,
    find_again,
    import_recording,
    open_recording,
    patient_of,
)
from echospine.workflow.exam.interpret import each_interpretation, for_review, interpret_recording, interpret_source
from echospine.workflow.exam.journal import (
    contour_from_text,
    contour_target,
    contour_to_text,
    exam_to_text,
    finding_from_text,
    finding_target,
    finding_to_text,
    map_from_text,
    map_target,
    map_to_text,
    measurement_to_json,
    revision_after,
)
from echospine.workflow.exam.journal_remarks import remark_from_text, remark_target, remark_to_text
from echospine.workflow.exam.maps import base_map, corrected_by, keep_map, read_map, with_map
from echospine.workflow.exam.remarked import ENDS, OUTLINES, caliper_value
from echospine.workflow.exam.results import Interpreted

__all__ = [
    "ENDS",
    "OUTLINES",
    "PATIENCE",
    "Gathered",
    "Imported",
    "Interpreted",
    "applied",
    "base_map",
    "by_hand",
    "caliper_value",
    "commit_latest",
    "contour_from_text",
    "contour_rows",
    "contour_target",
    "contour_to_text",
    "corrected_by",
    "create_exam",
    "decode",
    "each_interpretation",
    "encode",
    "exam_to_text",
    "expand",
    "find_again",
    "finding_from_text",
    "finding_target",
    "finding_to_text",
    "for_review",
    "gather",
    "import_recording",
    "interpret_recording",
    "interpret_source",
    "keep_map",
    "load_interpreted",
    "map_from_text",
    "map_target",
    "map_to_text",
    "measurement_to_json",
    "natural_key",
    "open_recording",
    "patient_of",
    "read_map",
    "remark_from_text",
    "remark_target",
    "remark_to_text",
    "revision_after",
    "with_map",
]
