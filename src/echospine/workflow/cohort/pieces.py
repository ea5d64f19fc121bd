"""What a cohort is made of: recordings, each under a key that says what was asked of which files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from echospine.ports import RecordingPlan
from echospine.workflow.report import Row


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording of a cohort. `key`: names what is kept of it; another file or another question has another one."""

    plan: RecordingPlan
    key: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a piece: the rows of its table, or one line that says why there are none."""

    rows: tuple[Row, ...] = ()
    problem: str = ""


def pieces_of(plans: Iterable[RecordingPlan], asked: str) -> tuple[Piece, ...]:
    """Return the pieces of a cohort, in order. `asked`: what else decides the result, the model above all.

    A file is known by path, size and time of its last change: to read hundreds of recordings only to know them again
    would take as long as to measure them. Raises OSError for a file that is not there any more.
    """
    return tuple(Piece(plan, _key(plan, asked)) for plan in plans)


def _key(plan: RecordingPlan, asked: str) -> str:
    known = hashlib.sha256(f"{asked}\n{plan.name}\n{plan.pixel_spacing_mm}\n".encode())
    for file in plan.files:
        told = file.path.stat()
        known.update(f"{file.name}\n{file.path.resolve()}\n{told.st_size}\n{told.st_mtime_ns}\n".encode())
    return known.hexdigest()[:32]
