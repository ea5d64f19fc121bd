"""Which model is to be used: by name, by what was chosen once, or the one that comes with EchoSpine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from echospine.adapters.onnx.cards import files_in, read_card
from echospine.adapters.onnx.model import NetworkModel, open_network
from echospine.adapters.onnx.registry import Entry, ModelFolder, look_at, shipped
from echospine.adapters.onnx.session import Provider
from echospine.domain.errors import ModelError
from echospine.engine.vision.bone import BoneFinder

FINDER = "finder"
"""Name of the bone finder, which needs no training."""
FINDER_ABOUT = "the surface of bone, without training"
SHIPPED = "shipped"
"""Name of the model that comes with EchoSpine."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`name`: the model that was asked for: of the folder, `shipped`, `finder`, or a path; None: the usual one."""

    folder: ModelFolder
    name: str | None = None
    provider: Provider = Provider.CPU
    threads: int = 0

    @classmethod
    def read(cls, environment: Mapping[str, str], models: Path) -> ModelSettings:
        """Return the settings of ECHOSPINE_MODEL, _MODELS, _PROVIDER and _THREADS; `models`: the usual folder.

        Raises ModelError for a value that is none.
        """
        provider = environment.get("ECHOSPINE_PROVIDER") or Provider.CPU
        threads = environment.get("ECHOSPINE_THREADS") or "0"
        if provider not in list(Provider):
            raise ModelError(f"ECHOSPINE_PROVIDER={provider}: must be one of {', '.join(Provider)}")
        if not threads.isdecimal() or int(threads) > 1024:
            raise ModelError(f"ECHOSPINE_THREADS={threads}: must be a number of threads, 0 for as many as cores")
        folder = ModelFolder(Path(environment.get("ECHOSPINE_MODELS") or models))
        return cls(folder, environment.get("ECHOSPINE_MODEL") or None, Provider(provider), int(threads))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be used, and what is to be said about it, one sentence each."""

    model: NetworkModel | BoneFinder
    notes: tuple[str, ...] = ()


def choose(settings: ModelSettings) -> Chosen:
    """Return the model to use.

    One that somebody asked for or chose is used, or it is a ModelError: another must not stand in for it unseen. Where
    nobody did, it is the one that comes with EchoSpine; the bone finder stands in, and says so, where that is damaged,
    and without a word where this build has none.
    """
    name = settings.name or settings.folder.chosen
    if name == FINDER:
        return Chosen(BoneFinder())
    if name is not None:
        return _opened(folder_of(name, settings.folder), settings)
    own = shipped()
    if own is None:
        return Chosen(BoneFinder())
    try:
        return _opened(own, settings)
    except ModelError as error:
        return Chosen(BoneFinder(), (f"{error}; the bone finder, which needs no training, stands in",))


def folder_of(name: str, models: ModelFolder) -> Path:
    """Return where the model of that name lies; raises ModelError."""
    if name == SHIPPED:
        own = shipped()
        if own is None:
            raise ModelError(
                f"this build of EchoSpine comes without weights; use --model {FINDER}, or a model of yours"
            )
        return own
    path = Path(name)
    return path if path.is_dir() and len(path.parts) > 1 else models.find(name)


def _opened(folder: Path, settings: ModelSettings) -> Chosen:
    model = open_network(folder, provider=settings.provider, threads=settings.threads, second=BoneFinder())
    return Chosen(model, model.notes)


@dataclass(frozen=True, slots=True)
class Known:
    """One model that can be named. `used`: whether it is the one that is used; `trouble`: why it cannot be."""

    name: str
    method: str
    about: str
    trouble: str
    used: bool

    def summary(self) -> dict[str, str | bool]:
        """Return it as JSON has it."""
        return asdict(self)


def known_models(settings: ModelSettings) -> tuple[Known, ...]:
    """Return every model that can be named, the shipped one and the bone finder first."""
    own = shipped()
    usual = SHIPPED if own is not None else FINDER
    used = settings.name or settings.folder.chosen or usual
    finder = BoneFinder().method
    entries = [Entry(FINDER, Path(), str(finder), FINDER_ABOUT, "")]
    entries += [look_at(SHIPPED, own)] if own is not None else []
    entries += settings.folder.entries()
    return tuple(Known(one.name, one.method, one.about, one.trouble, one.name == used) for one in entries)


def card_document(name: str, settings: ModelSettings) -> Mapping[str, Any]:
    """Return all that the card of the model of that name says; raises ModelError where there is none, or no card."""
    if name == FINDER:
        finder = BoneFinder().method
        return {"name": finder.name, "version": finder.version, "about": FINDER_ABOUT}
    return read_card(files_in(folder_of(name, settings.folder)))


def use(name: str, settings: ModelSettings) -> str:
    """Choose a model for good, when it can be opened; return its method. Raises ModelError, StorageError."""
    method = str(choose(replace(settings, name=name)).model.method)
    settings.folder.choose(name)
    return method
