"""Corrections come out as a labelled set that training reads, without the patient's name."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from workflow_kit import READER, exam_with, make_house, picture_folder, plan_of

from echospine.adapters.objects import FileObjects
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.apps.cli.main import main
from echospine.apps.wiring import build_reader
from echospine.domain.labels import Structure
from echospine.workflow.evaluate import find_pairs, read_pair
from echospine.workflow.review import edit_map, fill_between, map_to_paint
from rich_model import RichModel


@pytest.fixture
def store(tmp_path):
    """A store with two examinations; in the first, frames 0 and 2 are corrected and 1 is filled in."""
    folder = tmp_path / "store"
    folder.mkdir()
    studies = SqlStudies(sqlite_url(folder / "echospine.sqlite"))
    house = replace(make_house(studies, FileObjects(folder / "objects")), model=RichModel())
    for n in range(2):
        plan = plan_of(picture_folder(tmp_path / f"scan{n}", rows=(20, 21, 22), seed=10 * n))
        exam, recording = exam_with(house, plan)
        for frame in (0, 2)[: 2 - n]:
            labels = map_to_paint(house, studies.load(exam.id), recording.id, frame).copy()
            labels[30:38, 20:28] = Structure.VESSEL
            edit_map(house, exam.id, recording.id, frame, labels, person=READER, revision=None, reason="missed")
        if n == 0:
            wanted = [Structure.VESSEL]
            fill_between(house, exam.id, recording.id, 0, 2, wanted, person=READER, revision=None, reason="so")
    studies.close()
    return folder


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return ended.value.code


def test_training_reads_what_was_corrected(store, tmp_path):
    out = tmp_path / "mine"
    assert run("corrections", "--store", store, "--out", out) == 0
    pairs = find_pairs(out / "images", out / "masks", out / "people.csv")
    assert len(pairs.pairs) == 3 and pairs.problems == () and len({pair.group for pair in pairs.pairs}) == 2
    assert Structure.VESSEL in pairs.known and Structure.NERVE not in pairs.known
    frame, truth = read_pair(build_reader(), pairs.pairs[0], pairs.meaning, 0.5)
    assert frame.grey.shape == truth.shape and np.all(truth[30:38, 20:28] == Structure.VESSEL)
    assert json.loads((out / "masks" / "labels.json").read_text())["16"] == "vessel"
    with (out / "people.csv").open() as file:
        assert {row["group"] for row in csv.DictReader(file)} == {"person 1", "person 2"}


def test_filled_frames_come_when_they_are_wanted(store, tmp_path):
    assert run("corrections", "--store", store, "--out", tmp_path / "all", "--filled") == 0
    assert len(list((tmp_path / "all" / "images").iterdir())) == 4


def test_without_corrections_one_line_says_what_to_do(tmp_path, capsys):
    assert run("corrections", "--store", tmp_path / "empty", "--out", tmp_path / "none") == 2
    said = capsys.readouterr().err
    assert "nobody has corrected" in said and said.count("\n") == 1
