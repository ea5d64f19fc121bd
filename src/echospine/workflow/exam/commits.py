"""One atomic change of an examination, repeated on the newest state when somebody else was first."""

from __future__ import annotations

from collections.abc import Callable

from echospine.domain.errors import Conflict
from echospine.domain.exams import ExamFile, ExamWrite
from echospine.ports import StudyStore

PATIENCE = 40
"""How often a change is made again on a newer state; each lost turn means that somebody else got one done."""


def commit_latest(
    studies: StudyStore, exam_id: str, make: Callable[[ExamFile], ExamWrite | None], *, patience: int = PATIENCE
) -> ExamFile:
    """Commit what `make` says about the newest state (None: nothing to do); return the state that it led to.

    `make` is called again after each Conflict, with what is then the newest. Raises the last Conflict when
    the patience is used up, and whatever `make` and the store raise.
    """
    for attempt in range(patience):
        file = studies.load(exam_id)
        write = make(file)
        if write is None:
            return file
        try:
            studies.commit(write)
        except Conflict:
            if attempt == patience - 1:
                raise
        else:
            return studies.load(exam_id)
    raise Conflict(f"examination {exam_id} keeps changing; try again in a moment")
