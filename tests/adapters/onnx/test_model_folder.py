"""The folder of models: what is there, what is wrong with it, and which one is used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from echospine.adapters.onnx import (
    ModelFolder,
    ModelSettings,
    NetworkModel,
    Provider,
    choose,
    folder_of,
    open_network,
    registry,
)
from echospine.adapters.onnx.examples import Examples, written
from echospine.domain.errors import Conflict, ModelError
from echospine.engine.vision.bone import BoneFinder
from small_network import write_network


@pytest.fixture
def models(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def test_a_model_is_kept_whole_and_listed(models: ModelFolder, tmp_path: Path) -> None:
    assert models.entries() == ()
    models.add("mine", write_network(tmp_path / "source"))
    (entry,) = models.entries()
    assert (entry.name, entry.about, entry.trouble) == ("mine", "a test network", "")
    assert entry.method.startswith("small 3 (")
    assert sorted(file.name for file in models.find("mine").iterdir()) == ["card.json", "model.onnx"]
    with pytest.raises(Conflict, match="already"):
        models.add("mine", tmp_path / "source")


def test_examples_go_with_their_model_or_it_is_damaged(models: ModelFolder, tmp_path: Path) -> None:
    kept = written(Examples(np.zeros((2, 8, 8), np.uint8), np.eye(2), ("a lamina", "a facet")))
    digest = hashlib.sha256(kept).hexdigest()
    source = write_network(tmp_path / "source", lambda card: card.update(examples_sha256=digest))
    (source / "examples.npz").write_bytes(kept)
    found = open_network(models.add("mine", source)).examples
    assert found is not None
    assert found.names == ("a lamina", "a facet")
    np.testing.assert_array_equal(found.features, np.eye(2))
    (source / "examples.npz").write_bytes(kept[:-1])
    with pytest.raises(ModelError, match="not the file that the card was written for"):
        open_network(source)
    (source / "examples.npz").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        models.add("other", source)
    assert open_network(write_network(tmp_path / "plain")).examples is None


def test_a_damaged_model_is_listed_with_what_is_wrong(models: ModelFolder, tmp_path: Path) -> None:
    models.add("mine", write_network(tmp_path / "source"))
    (models.root / "mine" / "model.onnx").write_bytes(b"cut")
    (models.root / "empty").mkdir()
    empty, mine = models.entries()
    assert "no .onnx" in empty.trouble
    assert "card was written for" in mine.trouble
    with pytest.raises(ModelError, match="card was written for"):
        models.add("copy", models.root / "mine")
    assert not (models.root / "copy").exists()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 65, "with space"])
def test_a_name_that_is_a_path_is_refused(models: ModelFolder, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError):
        models.add(name, write_network(tmp_path / "source"))
    with pytest.raises(ModelError):
        models.find(name)


def test_what_was_asked_for_is_used_or_it_is_an_error(models: ModelFolder, tmp_path: Path) -> None:
    models.add("mine", write_network(tmp_path / "source"))
    chosen = choose(ModelSettings(models, "mine"))
    assert isinstance(chosen.model, NetworkModel)
    assert chosen.model.method.name == "small"
    assert isinstance(choose(ModelSettings(models, "finder")).model, BoneFinder)
    assert isinstance(choose(ModelSettings(models, str(tmp_path / "source"))).model, NetworkModel)
    with pytest.raises(ModelError, match=r"no model 'other'.*there: mine"):
        choose(ModelSettings(models, "other"))
    (models.root / "mine" / "card.json").unlink()
    with pytest.raises(ModelError, match="no card"):
        choose(ModelSettings(models, "mine"))


def test_a_choice_stays_and_what_is_asked_for_goes_before_it(models: ModelFolder, tmp_path: Path) -> None:
    models.add("mine", write_network(tmp_path / "source"))
    assert models.chosen is None
    models.choose("mine")
    assert ModelFolder(models.root).chosen == "mine"
    assert isinstance(choose(ModelSettings(models)).model, NetworkModel)
    assert isinstance(choose(ModelSettings(models, "finder")).model, BoneFinder)
    models.choose(None)
    assert models.chosen is None


def test_shipped_weights_that_are_damaged_leave_the_bone_finder(
    models: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "none")
    chosen = choose(ModelSettings(models))
    assert isinstance(chosen.model, BoneFinder)
    assert chosen.notes == (), "a build without weights is nothing to be warned of"
    with pytest.raises(ModelError, match="comes without weights"):
        folder_of("shipped", models)
    own = write_network(tmp_path / "own")
    monkeypatch.setattr(registry, "SHIPPED", own)
    assert isinstance(choose(ModelSettings(models)).model, NetworkModel)
    (own / "model.onnx").write_bytes(b"cut")
    chosen = choose(ModelSettings(models))
    assert isinstance(chosen.model, BoneFinder)
    assert "stands in" in chosen.notes[0]
    with pytest.raises(ModelError):
        choose(ModelSettings(models, "shipped"))


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    plain = ModelSettings.read({}, tmp_path)
    assert (plain.folder.root, plain.name, plain.provider, plain.threads) == (tmp_path, None, Provider.CPU, 0)
    said = ModelSettings.read(
        {"ECHOSPINE_MODEL": "mine", "ECHOSPINE_MODELS": "/m", "ECHOSPINE_PROVIDER": "gpu", "ECHOSPINE_THREADS": "2"},
        tmp_path,
    )
    assert (said.folder.root, said.name, said.provider, said.threads) == (Path("/m"), "mine", Provider.GPU, 2)
    for wrong in ({"ECHOSPINE_PROVIDER": "tpu"}, {"ECHOSPINE_THREADS": "many"}, {"ECHOSPINE_THREADS": "-1"}):
        with pytest.raises(ModelError, match=next(iter(wrong))):
            ModelSettings.read(wrong, tmp_path)
