"""People decide about what was measured, draw their own contours, correct structures, take back, sign and amend.

Every act is one commit with one history line for each thing it changed, enough to take it back exactly.
"""

from echospine.workflow.review.decisions import accept_all, decide
from echospine.workflow.review.drawing import add_caliper, edit_contour
from echospine.workflow.review.labelling import label_recording
from echospine.workflow.review.painting import edit_map, fill_between, map_to_paint
from echospine.workflow.review.remeasuring import choose_frames, correct_caliper
from echospine.workflow.review.signing import amend, sign
from echospine.workflow.review.undoing import can_undo, undo

__all__ = [
    "accept_all",
    "add_caliper",
    "amend",
    "can_undo",
    "choose_frames",
    "correct_caliper",
    "decide",
    "edit_contour",
    "edit_map",
    "fill_between",
    "label_recording",
    "map_to_paint",
    "sign",
    "undo",
]
