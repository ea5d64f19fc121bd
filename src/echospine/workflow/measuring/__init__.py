"""The measures of muscles in an examination, side beside side: repeats, their mean, and the figures made of them.

Knows which frames stand for a muscle on a side, at rest or contracted, what cannot be compared, and why.
"""

from echospine.workflow.measuring.board import Board, Cell, Repeat, Row, Shown, board_of
from echospine.workflow.measuring.figures import Figure
from echospine.workflow.measuring.recordings import InRecording, measured_in

__all__ = ["Board", "Cell", "Figure", "InRecording", "Repeat", "Row", "Shown", "board_of", "measured_in"]
