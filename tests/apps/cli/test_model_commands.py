"""Models on the command line: named, chosen, scored; and one line for what is wrong."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echospine.apps.cli.main import main
from small_network import write_network

SHAPE = (240, 320)


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


def echospine(models: Path, *arguments: object, **more: str) -> Answer:
    """Run the command in this process, in a folder that is no checkout."""
    said, complained, here = io.StringIO(), io.StringIO(), Path.cwd()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        for name, value in {"ECHOSPINE_MODELS": str(models), "ECHOSPINE_MODEL": "", **more}.items():
            patch.setenv(name, value)
        patch.chdir(models.parent)
        with pytest.raises(SystemExit) as left:
            main([*map(str, arguments)])
    assert Path.cwd() == here
    return Answer(left.value.code or 0, said.getvalue(), complained.getvalue())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    source = write_network(folder / "source")
    assert echospine(folder / "models", "models", "add", "small", source).returncode == 0
    return folder / "models"


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures of muscle over a bright line with a shadow, and masks that say so."""
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(4)
    for n in range(3):
        pixels = np.clip(110 * rng.uniform(0.7, 1.3, SHAPE), 0, 170)
        mask = np.full(SHAPE, 3)
        row = 150 + 10 * n
        pixels[row : row + 6], mask[row : row + 6] = 250, 8
        pixels[row + 6 :], mask[row + 6 :] = 5, 0
        for kind, values in (("images", pixels), ("masks", mask)):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(values.astype(np.uint8)).save(folder / kind / f"p{n}.png")
    return folder


def test_models_are_listed_and_chosen(models: Path) -> None:
    listed = echospine(models, "models", "list", "--json")
    by_name = {one["name"]: one for one in json.loads(listed.stdout)}
    assert {"finder", "small"} <= set(by_name)
    assert not by_name["small"]["used"]
    assert echospine(models, "models", "use", "small").stdout.startswith("used from now on: small 3 (")
    assert "* small" in echospine(models, "models", "list").stdout
    wrong = echospine(models, "models", "use", "nobody")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "no model 'nobody'" in wrong.stderr
    assert echospine(models, "models", "use", "finder").returncode == 0


def test_a_card_is_shown(models: Path) -> None:
    shown = echospine(models, "models", "show", "shipped")
    assert shown.returncode == 0, shown.stderr
    for part in ("spine ", "For what", "It does not diagnose", "Trained on", "usgra", "score / dice / multifidus  0."):
        assert part in shown.stdout
    card = json.loads(echospine(models, "models", "show", "small", "--json").stdout)
    assert card["name"] == "small"
    assert echospine(models, "models", "show", "small").stdout.startswith("small 3: ")
    assert "bone" in echospine(models, "models", "show", "finder").stdout
    wrong = echospine(models, "models", "show", "nobody")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)


def test_segment_writes_the_structures_of_the_model_that_was_named(models: Path, scans: Path, tmp_path: Path) -> None:
    named = echospine(
        models, "segment", scans / "images" / "p0.png", "--out", tmp_path, "--model", "small", "--pixel-spacing", 0.2
    )
    assert named.returncode == 0, named.stderr
    labels = np.asarray(Image.open(tmp_path / "p0.png"))
    assert labels.shape == SHAPE
    assert (labels[152:154, 20:-20] == 8).mean() > 0.9
    assert (labels[20:140, 20:-20] == 3).mean() > 0.9
    finder = echospine(models, "segment", scans / "images" / "p0.png", "--out", tmp_path / "2", "--pixel-spacing", 0.2)
    assert finder.returncode == 0, finder.stderr
    assert set(np.unique(np.asarray(Image.open(tmp_path / "2" / "p0.png")))) <= {0, 18}


def test_examine_measures_and_names_the_model(models: Path, scans: Path, tmp_path: Path) -> None:
    answer = echospine(
        models,
        "examine", scans / "images" / "p0.png", "--out", tmp_path, "--pixel-spacing", 0.2, "--json",
        ECHOSPINE_MODEL="small",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    findings = {one["quantity"]: one for one in json.loads(answer.stdout)["exams"][0]["findings"]}
    depth = findings["bone_depth_min"]
    assert depth["value"] == pytest.approx(150 * 0.2, abs=1.2)
    assert depth["method"].startswith("small 3 (")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert list((tmp_path / "pictures").glob("*.png"))


def test_a_damaged_model_is_one_line(models: Path, scans: Path, tmp_path: Path) -> None:
    bad = write_network(tmp_path / "bad")
    (bad / "model.onnx").write_bytes(b"cut")
    answer = echospine(models, "segment", scans / "images" / "p0.png", "--out", tmp_path / "out", "--model", bad)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "card was written for" in answer.stderr


def test_evaluate_prints_scores_with_intervals(models: Path, scans: Path, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("file,group\np0.png,a\np1.png,a\np2.png,b\n")
    common = ("evaluate", "--images", scans / "images", "--masks", scans / "masks", "--pixel-spacing", 0.2)
    answer = echospine(models, *common, "--model", "small", "--groups", table, "--json")
    assert answer.returncode == 0, answer.stderr
    scores = json.loads(answer.stdout)
    assert (scores["pictures"], scores["groups"], scores["grouped_by"]) == (3, 2, "groups file")
    assert scores["dice"]["multifidus"]["value"] > 0.95
    assert scores["surface_recall"]["lamina"]["value"] > 0.95
    assert scores["surface_precision"]["any bone"]["value"] > 0.95
    assert scores["calibration_error"]["value"] < 0.1
    assert scores["confusion"]["lamina"]["lamina"] > 0.7
    words = echospine(models, *common, "--maps", scans / "masks")
    assert "1.000 [1.000, 1.000]" in words.stdout
    assert "carry no probability" in words.stdout
    both = echospine(models, *common, "--maps", scans / "masks", "--model", "small")
    assert (both.returncode, "not both" in both.stderr) == (2, True)


def test_train_says_what_is_missing(models: Path, scans: Path, tmp_path: Path) -> None:
    """Outside a checkout, whether or not PyTorch is here."""
    answer = echospine(
        models, "train", "--images", scans / "images", "--masks", scans / "masks", "--from", "small",
        "--out", tmp_path / "new",
    )  # fmt: skip
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "pip install 'echospine[train]'" in answer.stderr or "at the root of a checkout" in answer.stderr
    absent = echospine(models, "train", "--images", scans, "--masks", scans / "masks", "--out", tmp_path)
    assert absent.returncode == 2
    assert "same names" in absent.stderr
