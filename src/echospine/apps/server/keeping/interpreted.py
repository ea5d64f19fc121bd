"""Interpretations of stored recordings, decoded once for the many requests that ask for parts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from echospine.apps.server.keeping.kept import Kept
from echospine.domain.errors import NotAllowed
from echospine.domain.exams import ExamFile, Recording
from echospine.ports import House

if TYPE_CHECKING:
    from echospine.workflow.exam import Interpreted

CAPACITY = 3

Key: TypeAlias = tuple[str, str, tuple[object, ...]]


class InterpretedRecordings:
    """The interpretations that were asked for last, what people drew applied."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: Kept[Key, Interpreted] = Kept(CAPACITY)

    def of(self, file: ExamFile, recording: Recording) -> Interpreted:
        """Return what is known of each frame; raises NotAllowed before the recording was interpreted."""
        from echospine.workflow.exam import load_interpreted

        if not recording.interpretation:
            raise NotAllowed(f"{recording.name} has not been interpreted yet; wait for its job, or start it again")
        edits = tuple((type(edit).__name__, edit.frame, edit.at, edit.who) for edit in file.edits_of(recording.id))
        remarks = tuple((one.place, one.at, one.who) for one in file.remarks_of(recording.id))
        key = (recording.id, recording.interpretation, (*edits, *remarks))
        return self._kept.get(key, lambda: load_interpreted(self._house, file, recording.id))
