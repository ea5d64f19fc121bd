"""Fitting to labels of one's own: what is labelled is learned, what is not is kept. Needs torch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="torch is not installed: fitting to one's own labels was not tried")

from echospine.adapters.onnx import open_network  # noqa: E402
from echospine.adapters.onnx.cards import files_in, read_card  # noqa: E402
from echospine.adapters.onnx.registry import SHIPPED  # noqa: E402
from echospine.apps.wiring import build_reader  # noqa: E402
from echospine.domain.errors import ModelError  # noqa: E402
from echospine.domain.labels import BONES, Structure  # noqa: E402
from echospine.workflow.evaluate import answers_of_model, evaluate, find_pairs  # noqa: E402
from small_network import write_network  # noqa: E402
from training import finetune  # noqa: E402
from training.export import read_onnx, write_onnx  # noqa: E402
from training.finetune import allowed_by, among  # noqa: E402
from training.machines import SIZE  # noqa: E402
from training.net import N_STRUCTURES  # noqa: E402

PEOPLE, EACH = 5, 4


FIRST = SHIPPED


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of five people, each with a bright disc that the masks call a vessel (1)."""
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(8)
    rows, columns = np.mgrid[:200, :240]
    for part in ("images", "masks"):
        (folder / part).mkdir()
    lines = ["file,group"]
    for n in range(PEOPLE * EACH):
        disc = np.hypot(rows - rng.uniform(50, 150), columns - rng.uniform(50, 190)) < rng.uniform(18, 30)
        picture = rng.integers(30, 80, disc.shape) + 150 * disc
        Image.fromarray(picture.astype(np.uint8)).save(folder / "images" / f"{n:02d}.png")
        Image.fromarray(disc.astype(np.uint8)).save(folder / "masks" / f"{n:02d}.png")
        lines.append(f"{n:02d}.png,person {n // EACH}")
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    (folder / "masks" / "labels.json").write_text('{"1": "vessel"}')
    return folder


def run(monkeypatch: pytest.MonkeyPatch, scans: Path, out: Path, **more: object) -> int:
    given = {"images": scans / "images", "masks": scans / "masks", "from": FIRST, "out": out, **more}
    monkeypatch.setattr(sys, "argv", ["finetune", *(f"--{name}={value}" for name, value in given.items())])
    return finetune.main()


def test_a_network_comes_back_from_onnx_and_goes_out_the_same(tmp_path: Path) -> None:
    network = read_onnx(files_in(FIRST).weights)
    write_onnx(network, tmp_path / "again.onnx")
    picture = torch.rand(1, 1, SIZE, SIZE)
    with torch.no_grad():
        ours = network(picture)
        for one, other in zip(ours, read_onnx(tmp_path / "again.onnx")(picture), strict=True):
            torch.testing.assert_close(one, other)
    answer = open_network(FIRST).answer(picture[0, 0].numpy())
    np.testing.assert_allclose(answer.features, ours[4][0], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(answer.structures, ours[0][0], rtol=1e-3, atol=1e-2)


def test_a_network_of_another_build_is_refused(tmp_path: Path) -> None:
    other = write_network(tmp_path / "other")
    with pytest.raises(ModelError, match="training cannot go on from it"):
        read_onnx(other / "model.onnx")


def test_what_a_label_leaves_open_keeps_the_first_answer() -> None:
    allowed = allowed_by((Structure.NERVE, Structure.BONE))
    logits = torch.randn(1, N_STRUCTURES, 1, 3)
    target = among(logits, torch.tensor([[[0, int(Structure.NERVE), int(Structure.BONE)]]]), allowed)
    share = torch.softmax(logits, dim=1)
    assert target[0, Structure.NERVE, 0].tolist() == [0.0, 1.0, 0.0]
    bones = [int(one) for one in BONES]
    assert float(target[0, bones, 0, 2].sum()) == pytest.approx(1.0)
    assert float(target[0, bones, 0, 0].sum()) == 0.0, "no bone where the set says that there is none"
    fat, muscle = int(Structure.SUBCUTANEOUS), int(Structure.MULTIFIDUS)
    ratio = share[0, fat, 0, 0] / share[0, muscle, 0, 0]
    assert float(target[0, fat, 0, 0] / target[0, muscle, 0, 0]) == pytest.approx(float(ratio), rel=1e-4)


def test_what_is_labelled_is_learned(
    monkeypatch: pytest.MonkeyPatch, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    assert run(monkeypatch, scans, out, groups=scans / "people.csv", steps=25, rate=2e-3) == 0
    said = capsys.readouterr().out
    assert "held back: 4 pictures of 1 people" in said
    card = read_card(files_in(out))
    assert (card["name"], card["made_from"].split()[0]) == ("mine", "spine")
    assert card["fitted"] == {"labelled": ["vessel"], "pictures": 16, "people": 4, "steps": 25, "seed": 0}
    pairs = find_pairs(scans / "images", scans / "masks")
    before, after = (
        evaluate(build_reader(), pairs, answers_of_model(open_network(one)))[0].dice[Structure.VESSEL]
        for one in (FIRST, out)
    )
    assert before is not None
    assert after is not None
    assert before.value < 0.3 < 0.7 < after.value
    assert run(monkeypatch, scans, out) == 2
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("groups", "words"),
    [("file,group\n" + "".join(f"{n:02d}.png,one\n" for n in range(20)), "at least two"), ("a,b\n", "columns file")],
)
def test_what_cannot_be_fitted_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, scans: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], groups: str, words: str,
) -> None:  # fmt: skip
    (tmp_path / "groups.csv").write_text(groups)
    assert run(monkeypatch, scans, tmp_path / "new", groups=tmp_path / "groups.csv") == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not (tmp_path / "new").exists()
