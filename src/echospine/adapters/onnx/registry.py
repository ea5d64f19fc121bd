"""The folder of models: `<folder>/NAME/` holds `model.onnx` and `card.json`, and `chosen` names one of them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from echospine.adapters.onnx.cards import QUICK, card_of, files_in, read_card, read_quick, read_weights
from echospine.adapters.onnx.examples import NAME as EXAMPLES
from echospine.adapters.onnx.examples import read_examples
from echospine.domain.errors import Conflict, ModelError, StorageError

SHIPPED = Path(__file__).parent / "shipped"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CHOSEN = "chosen"


def shipped() -> Path | None:
    """Return the folder of the weights that come with EchoSpine, None where this build has none."""
    return SHIPPED if any(SHIPPED.glob("*.onnx")) else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the folder. `trouble`: why it cannot be used, one line, empty where it can."""

    name: str
    folder: Path
    method: str
    about: str
    trouble: str


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Models that this user has, each in a folder of its own; a damaged one is listed with what is wrong with it."""

    root: Path

    def entries(self) -> tuple[Entry, ...]:
        """Return all models by name, with what their cards say; networks are not loaded."""
        folders = sorted(one for one in self.root.iterdir() if one.is_dir()) if self.root.is_dir() else []
        return tuple(look_at(one.name, one) for one in folders if _NAME.fullmatch(one.name))

    def find(self, name: str) -> Path:
        """Return the folder of a model; raises ModelError that names those there are."""
        folder = self.root / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            known = ", ".join(entry.name for entry in self.entries()) or "none"
            raise ModelError(f"there is no model {name!r} in {self.root} (there: {known})")
        return folder

    def add(self, name: str, source: Path) -> Path:
        """Copy a model under `name`, whole or not at all; raises ModelError, Conflict where the name is taken."""
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r} cannot be a model's name; use letters, digits, dots, dashes, up to 64")
        files = files_in(source)
        trouble = look_at(name, source).trouble
        if trouble:
            raise ModelError(trouble)
        target, partial = self.root / name, self.root / f".{name}.partial"
        if target.exists():
            raise Conflict(f"there is a model {name!r} already; choose another name")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            shutil.copyfile(files.weights, partial / "model.onnx")
            shutil.copyfile(files.card, partial / "card.json")
            if files.quick.is_file():
                shutil.copyfile(files.quick, partial / f"model{QUICK}")
            if (source / EXAMPLES).is_file():
                shutil.copyfile(source / EXAMPLES, partial / EXAMPLES)
            partial.rename(target)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise StorageError(f"{target}: the model cannot be kept ({error.strerror})") from error
        return target

    @property
    def chosen(self) -> str | None:
        """Name of the model that was chosen, None where nobody has chosen."""
        try:
            return (self.root / _CHOSEN).read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def choose(self, name: str | None) -> None:
        """Keep which model is to be used, None for the usual one; raises StorageError."""
        path = self.root / _CHOSEN
        partial = path.with_name(f".{_CHOSEN}.partial")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            partial.write_text(name or "", "utf-8")
            partial.replace(path)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror})") from error


def look_at(name: str, folder: Path) -> Entry:
    """Return what card and digest say of a model, without loading its network."""
    try:
        files = files_in(folder)
        document = read_card(files)
        card = card_of(files, document)
        read_weights(files, document)
        read_quick(files, document)
        read_examples(folder, document)
    except ModelError as error:
        return Entry(name, folder, "", "", str(error))
    return Entry(name, folder, str(card.method), str(document.get("about", "")), "")
