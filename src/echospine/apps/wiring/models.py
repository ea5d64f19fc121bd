"""Which model interprets, and which can be named."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from echospine.ports import Explainer, Model

if TYPE_CHECKING:
    from echospine.adapters.onnx import Known, ModelSettings


def build_model(name: str | None = None) -> Model:
    """Return the interpretation engine: the model of that name, or of the settings, or that comes with EchoSpine.

    `name`: of the models' folder, `shipped`, `finder` (the training-free bone finder), or a folder with a model. What
    is not as it was asked for goes to the log. Raises ModelError, one line, where the asked one cannot be used.
    """
    from echospine.adapters.onnx import choose

    settings = model_settings()
    chosen = choose(replace(settings, name=name or settings.name))
    for note in chosen.notes:
        logging.getLogger("echospine").warning("echospine: %s", note)
    return chosen.model


def explainer_of(model: Model) -> Explainer | None:
    """Return what can say why `model` calls something what it calls it; None where it gives no reasons."""
    from echospine.adapters.onnx import NetworkModel

    return model if isinstance(model, NetworkModel) else None


def model_settings() -> ModelSettings:
    """Return the settings of models, from the environment (ECHOSPINE_MODEL and its like)."""
    from platformdirs import user_data_path

    from echospine.adapters.onnx import ModelSettings

    return ModelSettings.read(os.environ, user_data_path("echospine") / "models")


def model_folder(name: str) -> Path:
    """Return the folder of a learned model by its name; raises ModelError where there is none."""
    from echospine.adapters.onnx import folder_of

    return folder_of(name, model_settings().folder)


def known_models() -> tuple[Known, ...]:
    """Return every model that can be named, with what is wrong with a damaged one."""
    from echospine.adapters.onnx import known_models as known

    return known(model_settings())


def model_card(name: str) -> Mapping[str, Any]:
    """Return all that a model's card says; raises ModelError."""
    from echospine.adapters.onnx import card_document

    return card_document(name, model_settings())


def add_model(name: str, source: Path) -> Path:
    """Keep a model under that name, checked; return its folder. Raises ModelError, Conflict, StorageError."""
    return model_settings().folder.add(name, source)


def use_model(name: str) -> str:
    """Use a model from now on; return its method. Raises ModelError where it cannot be opened."""
    from echospine.adapters.onnx import use

    return use(name, model_settings())
