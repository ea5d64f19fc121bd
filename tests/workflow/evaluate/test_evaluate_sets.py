"""Pictures and masks in folders: paired, scored; what cannot be used is said and left out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echospine.apps.wiring import build_reader
from echospine.domain.errors import InputError
from echospine.domain.labels import Structure
from echospine.workflow.evaluate import answers_of_maps, answers_of_model, evaluate, find_pairs
from rich_model import RichModel

SHAPE = (60, 80)


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Four pictures with masks as RichModel answers, the last one half wrong."""
    for n in range(4):
        save(tmp_path / "images" / f"p{n}.png", np.full(SHAPE, 90 + n))
        mask = np.full(SHAPE, int(Structure.MULTIFIDUS))
        mask[:20] = Structure.SUBCUTANEOUS
        mask[:, :10] = 0
        if n == 3:
            mask[30:] = 0
        save(tmp_path / "masks" / f"p{n}.png", mask)
    return tmp_path


def score(folder: Path, **more):
    pairs = find_pairs(folder / "images", folder / "masks", **more)
    return evaluate(build_reader(), pairs, answers_of_model(RichModel()))


def test_a_model_is_scored_on_what_the_masks_show(labelled: Path) -> None:
    scores, problems = score(labelled)
    assert problems == ()
    assert (scores.pictures, scores.groups) == (4, 4)
    assert set(scores.dice) == {Structure.SUBCUTANEOUS, Structure.MULTIFIDUS}
    assert scores.dice[Structure.SUBCUTANEOUS].value > 0.97
    muscle = scores.dice[Structure.MULTIFIDUS]
    assert muscle.low < muscle.value < 0.95
    assert scores.calibration_error.value == pytest.approx(0.1, abs=0.1)


def test_values_may_have_meanings_of_their_own(labelled: Path) -> None:
    for n in range(4):
        path = labelled / "masks" / f"p{n}.png"
        old = np.asarray(Image.open(path))
        save(path, np.where(old == Structure.SUBCUTANEOUS, 7, 0))
    (labelled / "masks" / "labels.json").write_text(json.dumps({"7": "subcutaneous"}))
    scores, _ = score(labelled)
    assert set(scores.dice) == {Structure.SUBCUTANEOUS}
    assert scores.dice[Structure.SUBCUTANEOUS].value > 0.97
    save(labelled / "masks" / "p1.png", np.full(SHAPE, 9))
    scores, problems = score(labelled)
    assert scores.pictures == 3
    assert "value 9" in problems[0]


def test_groups_are_people(labelled: Path) -> None:
    table = labelled / "people.csv"
    table.write_text("file,group\np0.png,anna\np1.png,anna\np2,bert\np3,bert\n")
    scores, _ = score(labelled, groups=table)
    assert scores.groups == 2
    table.write_text("file,group\np0.png,anna\n")
    pairs = find_pairs(labelled / "images", labelled / "masks", table)
    assert len(pairs.pairs) == 1
    assert len(pairs.problems) == 3
    assert "does not say whose" in pairs.problems[0]


def test_maps_from_anywhere_are_scored_too(labelled: Path) -> None:
    pairs = find_pairs(labelled / "images", labelled / "masks")
    scores, _ = evaluate(build_reader(), pairs, answers_of_maps(build_reader(), labelled / "masks"))
    assert all(one.value == 1.0 for one in scores.dice.values())
    assert scores.calibration_error is None


def test_what_cannot_be_used_is_said_and_the_rest_is_scored(labelled: Path) -> None:
    (labelled / "images" / "p0.png").write_bytes(b"no picture")
    save(labelled / "masks" / "p1.png", np.full((10, 10), 3))
    save(labelled / "masks" / "alone.png", np.full(SHAPE, 3))
    save(labelled / "masks" / "p2.png", np.full((*SHAPE, 3), (200, 3, 3)))
    pairs = find_pairs(labelled / "images", labelled / "masks")
    assert pairs.problems == (f"alone.png: there is no picture of that name in {labelled / 'images'}",)
    scores, problems = score(labelled)
    assert scores.pictures == 1
    assert len(problems) == 3
    assert any("10 x 10" in one for one in problems)
    assert any("colour" in one for one in problems)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("groups", "name,who\np0,anna\n", "columns file and group"),
        ("labels", "[1]", "must be JSON"),
        ("labels", '{"1": "spleen"}', "spleen"),
        ("labels", '{"300": "nerve"}', "0 to 254"),
        ("labels", "{", "must be JSON"),
    ],
)
def test_tables_that_cannot_be_are_refused(labelled: Path, name: str, text: str, words: str) -> None:
    path = labelled / "table"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        find_pairs(labelled / "images", labelled / "masks", **{name: path})


def test_folders_that_do_not_belong_together_are_refused(labelled: Path) -> None:
    with pytest.raises(InputError, match="same names"):
        find_pairs(labelled, labelled / "masks")
    with pytest.raises(InputError, match="no folder"):
        find_pairs(labelled / "nowhere", labelled / "masks")
