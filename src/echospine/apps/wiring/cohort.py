"""Measuring many recordings: what one worker does, who the workers are, and the tables at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from echospine.apps.wiring.formats import build_reader
from echospine.apps.wiring.models import build_model
from echospine.domain.errors import EchoSpineError
from echospine.domain.takes import Taken
from echospine.ports import Crowd, Model
from echospine.workflow.cohort import Outcome, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from echospine.workflow.report import Row


@dataclass(frozen=True, slots=True)
class MeasurePiece:
    """What each worker does: open a recording, measure it, return its rows. `model`: by name; see build_model."""

    model: str | None
    taken: Taken

    def __call__(self, piece: Piece) -> Outcome:
        """Return the rows of one recording, or why there are none."""
        from echospine.workflow.exam import interpret_source
        from echospine.workflow.report import measure_rows

        try:
            with build_reader().open(piece.plan) as source:
                interpreted = interpret_source(_model(self.model), source, taken=self.taken)
        except (EchoSpineError, OSError) as error:
            return Outcome(problem=str(error))
        return Outcome(tuple((*row, piece.plan.name) for row in measure_rows(interpreted)))


@cache
def _model(name: str | None) -> Model:
    """Return the model of this process: one worker measures many recordings."""
    return build_model(name)


def build_crowd(address: str | None = None, workers: int = 0) -> Crowd:
    """Return who shares the work: the cores of this machine, or the workers of the scheduler at `address`."""
    from echospine.adapters.dask import DaskCrowd, OneByOne

    return OneByOne() if workers == 1 and address is None else DaskCrowd(address, workers)


def write_cohort_parquet(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write the table as Parquet; raises StorageError."""
    from echospine.adapters.tables import write_parquet

    write_parquet(path, columns, rows)
