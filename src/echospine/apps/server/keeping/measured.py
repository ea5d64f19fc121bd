"""What was measured in stored recordings, kept for the many small corrections of one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from echospine.apps.server.keeping.kept import Kept
from echospine.domain.exams import ExamFile, Recording
from echospine.ports import House

if TYPE_CHECKING:
    from echospine.workflow.measuring import Board, InRecording

CAPACITY = 64
"""Recordings, without their maps: numbers alone."""


class MeasuredRecordings:
    """The recordings that the measure page asked for last; a correction makes one of them anew, not all."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: Kept[tuple[object, ...], InRecording] = Kept(CAPACITY)

    def board(self, file: ExamFile) -> Board:
        """Return the measures of an examination; raises InputError, StorageError."""
        from echospine.workflow.measuring import board_of, measured_in

        def measured(recording: Recording) -> InRecording:
            said = (file.edits_of(recording.id), file.remarks_of(recording.id))
            key = (recording.id, recording.interpretation, *said)
            return self._kept.get(key, lambda: measured_in(self._house, file, recording))

        return board_of(file, measured)
