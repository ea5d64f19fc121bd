"""The card beside a network: read, and held against the weights and against what this version of EchoSpine knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from echospine.domain.errors import ModelError
from echospine.domain.labels import Method, Structure, View
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats
from echospine.engine.vision.reading import Card, Strangeness

FORMAT = 1
"""Of cards that this version reads; a card that does not say has this one."""
LARGEST_CARD = 8 << 20
LARGEST_WEIGHTS = 1 << 30
Kind = TypeVar("Kind", Structure, Landmark)


QUICK = ".int8.onnx"
"""End of the name of the same network in 8 bits, which may lie beside the weights."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where one model lies. `quick`: the same network in 8 bits for live pictures; the file may not be there."""

    weights: Path
    card: Path

    @property
    def quick(self) -> Path:
        """Where the network in 8 bits lies, if there is one."""
        return self.weights.with_suffix(QUICK)


def files_in(folder: Path) -> ModelFiles:
    """Return the model in a folder: the one `.onnx` file, and `card.json` or the JSON of the same name beside it.

    Raises ModelError where there is none, more than one, or no card.
    """
    weights = sorted(folder.glob("*.onnx")) if folder.is_dir() else []
    weights = [one for one in weights if not one.name.endswith(QUICK)]
    if len(weights) != 1:
        raise ModelError(f"{folder}: holds {len(weights) or 'no'} .onnx files; a model is one .onnx file and its card")
    for card in (weights[0].with_suffix(".json"), folder / "card.json"):
        if card.is_file():
            return ModelFiles(weights[0], card)
    raise ModelError(f"{folder}: {weights[0].name} has no card; put card.json beside it")


def read_card(files: ModelFiles) -> dict[str, Any]:
    """Return the card's document; raises ModelError for what is no card, or one of another format."""
    document = _document(files.card)
    found = document.get("format", FORMAT)
    if found != FORMAT:
        raise ModelError(f"{files.card}: is a card of format {found}, this version reads {FORMAT}; update EchoSpine")
    return document


def read_weights(files: ModelFiles, document: Mapping[str, Any]) -> bytes:
    """Return the weights, which must be those that the card was written for; raises ModelError."""
    return _checked(files.weights, document.get("weights_sha256"))


def read_quick(files: ModelFiles, document: Mapping[str, Any]) -> bytes | None:
    """Return the same network in 8 bits, None where the card knows of none; raises ModelError."""
    expected = document.get("quick_sha256")
    return None if expected is None else _checked(files.quick, expected)


def _checked(path: Path, expected: object) -> bytes:
    """Return a file's bytes, which must have that SHA-256; raises ModelError."""
    try:
        size = path.stat().st_size
        if size > LARGEST_WEIGHTS:
            raise ModelError(f"{path}: is {size:,} bytes, the limit is {LARGEST_WEIGHTS:,}")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        raise ModelError(
            f"{path}: is not the file that its card was written for (SHA-256 {digest[:12]}..., the card says "
            f"{str(expected)[:12]}...); get weights and card together again"
        )
    return data


def card_of(files: ModelFiles, document: Mapping[str, Any]) -> Card:
    """Return how the outputs are to be read; raises ModelError, one line, for anything that is missing or cannot be."""
    try:
        _require_names(document)
        temperature = document["temperature"]
        digest = str(document["weights_sha256"])
        return Card(
            method=Method(str(document["name"]), f"{document['version']} ({digest[:8]})"),
            size=int(document["input"]["size"]),
            strangeness=_strangeness(document["strangeness"]),
            temperature=_per_structure(temperature["structures"]),
            view_temperature=float(temperature["view"]),
            thresholds=_thresholds(document.get("thresholds", {}), Structure, "structure"),
            landmark_thresholds=_thresholds(document.get("landmark_thresholds", {}), Landmark, "landmark"),
        )
    except ModelError as error:
        raise ModelError(f"{files.card}: {error}") from error
    except KeyError as error:
        raise ModelError(f"{files.card}: the card does not say {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{files.card}: the card holds what it cannot ({error})") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise ModelError(f"{path}: is {path.stat().st_size:,} bytes, a card has at most {LARGEST_CARD:,}")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: the card cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: is no card, for it is no JSON ({error})") from error
    if not isinstance(document, dict):
        raise ModelError(f"{path}: is no card: it holds a {type(document).__name__} instead of an object")
    return document


def _require_names(document: Mapping[str, Any]) -> None:
    """Raise ModelError unless the channels mean what they mean here."""
    known: dict[str, list[str]] = {
        "structures": [one.label for one in Structure],
        "landmarks": [one.value for one in Landmark],
        "views": [one.value for one in View],
    }
    for key, names in known.items():
        if list(document[key]) != names:
            raise ModelError(f"its {key} are not those of this version, in this order: {', '.join(names)}")


def _per_structure(found: float | Mapping[str, float]) -> Floats:
    """Return one temperature per structure: one for all, or by name (1 where it is not named)."""
    if isinstance(found, Mapping):
        return np.array([float(found.get(one.label, 1.0)) for one in Structure])
    return np.full(len(Structure), float(found))


def _thresholds(found: Mapping[str, float], kinds: type[Kind], what: str) -> dict[Kind, float]:
    names = {one.label if isinstance(one, Structure) else one.value: one for one in kinds}
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise ModelError(f"it has a threshold for {unknown[0]!r}, which is no {what}")
    return {names[name]: float(value) for name, value in found.items()}


def _strangeness(found: Mapping[str, Any]) -> Strangeness:
    return Strangeness(
        mean=np.asarray(found["mean"], np.float64),
        directions=np.asarray(found["directions"], np.float64),
        variances=np.asarray(found["variances"], np.float64),
        rest_variance=float(found["rest_variance"]),
        scale=float(found["scale"]),
    )
