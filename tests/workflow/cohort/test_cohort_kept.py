"""Rows are kept one by one; another file or another question is another piece; failures are tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from echospine.adapters.dask import OneByOne
from echospine.domain.errors import StorageError
from echospine.ports import LocalFile, RecordingPlan
from echospine.workflow.cohort import KeptRows, Outcome, Piece, measure_all, pieces_of

ROW = (0, "multifidus", "left", "thickness", 0.1 + 0.2, "mm", None, "made 1", "draft", "L4", "", "rest", "a.png")


def plan(folder: Path, name: str) -> RecordingPlan:
    (folder / name).write_bytes(name.encode())
    return RecordingPlan(name, (LocalFile(name, folder / name),))


@pytest.fixture
def pieces(tmp_path: Path) -> tuple[Piece, ...]:
    return pieces_of([plan(tmp_path, name) for name in ("a.png", "b.png", "c.png")], "made 1")


def test_rows_come_back_as_the_very_same_numbers(tmp_path, pieces):
    kept = KeptRows(tmp_path / "kept")
    assert not kept.has(pieces[0])
    kept.keep(pieces[0], (ROW,))
    again = KeptRows(tmp_path / "kept")
    assert again.has(pieces[0])
    assert again.rows(pieces[0]) == (ROW,)


def test_another_file_or_another_question_is_another_piece(tmp_path, pieces):
    same, asked = (pieces_of([pieces[0].plan], said)[0] for said in ("made 1", "made 2"))
    assert same.key == pieces[0].key != asked.key
    pieces[0].plan.files[0].path.write_bytes(b"changed")
    assert pieces_of([pieces[0].plan], "made 1")[0].key != pieces[0].key


def test_a_second_run_measures_only_what_failed(tmp_path, pieces):
    kept, asked, told = KeptRows(tmp_path / "kept"), [], []

    def work(piece: Piece) -> Outcome:
        asked.append(piece.plan.name)
        if piece.plan.name == "b.png" and len(asked) < 4:
            return Outcome(problem="b.png: ends early")
        if piece.plan.name == "c.png" and len(asked) < 4:
            raise MemoryError
        return Outcome((ROW,))

    first = measure_all(pieces, kept, OneByOne(), work, lambda done, total: told.append((done, total)))
    assert (first.measured, first.known) == (1, 0)
    assert first.problems[0] == "b.png: ends early"
    assert "c.png: could not be measured (MemoryError)" in first.problems[1]
    assert told == [(1, 3), (2, 3), (3, 3)]
    second = measure_all(pieces, kept, OneByOne(), work)
    assert (second.measured, second.known, second.problems) == (2, 1, ())
    assert asked == ["a.png", "b.png", "c.png", "b.png", "c.png"]


def test_a_damaged_file_says_what_to_do(tmp_path, pieces):
    kept = KeptRows(tmp_path / "kept")
    kept.keep(pieces[0], (ROW,))
    next((tmp_path / "kept").iterdir()).write_text("{")
    with pytest.raises(StorageError, match="delete it and run the same command again"):
        kept.rows(pieces[0])


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "kept").write_text("")
    with pytest.raises(StorageError, match="choose another --out"):
        KeptRows(tmp_path / "kept")
