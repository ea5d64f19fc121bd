"""Measuring a cohort by many hands, whose number and place this module does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from echospine.ports import Crowd
from echospine.workflow.cohort.kept import KeptRows
from echospine.workflow.cohort.pieces import Outcome, Piece

OnPiece = Callable[[int, int], None]
"""Told (done, total) after every recording."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended. `measured` now, `known` from runs before; `problems`: one line each, in the order of pieces."""

    measured: int
    known: int
    problems: tuple[str, ...]


def measure_all(
    pieces: Sequence[Piece],
    kept: KeptRows,
    crowd: Crowd,
    work: Callable[[Piece], Outcome],
    on_piece: OnPiece | None = None,
) -> Finished:
    """Have every piece measured whose rows are not kept yet, and keep them one by one as they come.

    `work` runs elsewhere, so it and what it returns must be such that they can be sent there. A piece that could not be
    measured is not kept: the next run tries it again. Raises StorageError, and what `crowd` raises.
    """
    todo = [piece for piece in pieces if not kept.has(piece)]
    known, problems = len(pieces) - len(todo), {}
    for done, (place, outcome) in enumerate(crowd.each(work, todo), known + 1):
        if isinstance(outcome, Outcome) and not outcome.problem:
            kept.keep(todo[place], outcome.rows)
        else:
            problems[place] = outcome.problem if isinstance(outcome, Outcome) else _lost(todo[place], outcome)
        if on_piece is not None:
            on_piece(done, len(pieces))
    return Finished(len(todo) - len(problems), known, tuple(problems[place] for place in sorted(problems)))


def _lost(piece: Piece, error: Exception) -> str:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return f"{piece.plan.name}: could not be measured ({why}); try it alone with `echospine measure`"
