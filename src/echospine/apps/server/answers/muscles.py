"""The measures of muscles as the HTTP API says them."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from echospine.apps.server import measure_shapes as shapes
from echospine.apps.server.answers import present
from echospine.apps.server.answers.present import number
from echospine.domain.exams import ExamFile
from echospine.domain.measures import TITLES
from echospine.domain.people import Person

if TYPE_CHECKING:
    from echospine.domain.remarks import Remark
    from echospine.workflow.measuring import Board, Cell, Figure, Repeat, Row, Shown


def muscles(file: ExamFile, board: Board, person: Person | None = None) -> shapes.MusclesView:
    """Return all measures of muscles in an examination."""
    return shapes.MusclesView(
        exam=present.detail(file, person), rows=[_row(row) for row in board.rows], unread=list(board.unread)
    )


def _row(row: Row) -> shapes.RowView:
    from echospine.workflow.exam import ENDS, OUTLINES

    movable = 2 if row.quantity in ENDS else 3 if row.quantity in OUTLINES else 0
    return shapes.RowView(
        structure=row.structure.label,
        quantity=row.quantity,
        title=TITLES[row.quantity],
        level=row.level,
        unit=row.unit,
        movable=movable,
        cells=[_cell(cell) for cell in row.cells],
        figures=[_figure(figure) for figure in row.figures],
    )


def _cell(cell: Cell) -> shapes.CellView:
    counted = [r.value for one in cell.shown for r in one.repeats if r.counts and r.value is not None]
    return shapes.CellView(
        side=cell.side,
        state=cell.state,
        shown=[_shown(one) for one in cell.shown],
        value=number(cell.value),
        sd=number(cell.sd),
        spread=number(cell.spread),
        n_frames=cell.n_frames,
        mean=statistics.fmean(counted) if counted else None,
        how=cell.how,
    )


def _shown(one: Shown) -> shapes.ShownView:
    return shapes.ShownView(
        recording_id=one.recording.id,
        name=one.recording.name,
        side=one.measured.side,
        repeats=[_repeat(repeat) for repeat in one.repeats],
        value=number(one.value),
        sd=number(one.sd),
        how=one.how,
        chosen=_by(one.chosen),
    )


def _repeat(repeat: Repeat) -> shapes.RepeatView:
    return shapes.RepeatView(
        frame=repeat.frame,
        value=number(repeat.value),
        sd=number(repeat.sd),
        note=repeat.note,
        points_px=list(repeat.points_px),
        counts=repeat.counts,
        correction=_by(repeat.by),
    )


def _by(remark: Remark | None) -> shapes.CorrectionView | None:
    if remark is None:
        return None
    return shapes.CorrectionView(who=remark.who, at=remark.at, reason=remark.reason)


def _figure(figure: Figure) -> shapes.FigureView:
    return shapes.FigureView(
        name=figure.name,
        of=figure.of,
        definition=figure.definition,
        value=number(figure.value),
        sd=number(figure.sd),
        unit=figure.unit,
        refused=figure.refused,
    )
