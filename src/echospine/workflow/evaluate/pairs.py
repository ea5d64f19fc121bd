"""Pictures and their masks: which belong together, whose they are, and what the masks' values mean."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from echospine.domain.errors import UnreadableError, UnsupportedError
from echospine.domain.labels import Structure
from echospine.domain.units import Labels
from echospine.engine.vision.scores import IGNORED
from echospine.ports import LocalFile, RecordingPlan, RecordingReader

LABELS = "labels.json"
_NUMBERED = re.compile(r"(.+)_(\d{4,})")


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture with its mask. `frame`: which one of the recording; `group`: whose it is."""

    image: Path
    frame: int
    mask: Path
    group: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """A labelled set. `meaning`: structure by value of the masks; `problems`: what could not be paired, a line each."""

    pairs: tuple[Pair, ...]
    meaning: Mapping[int, Structure]
    grouped: bool
    problems: tuple[str, ...]

    @property
    def known(self) -> tuple[Structure, ...]:
        """Structures that the set labels: others in its pictures are not marked, which is not to say absent."""
        return tuple(sorted({one for one in self.meaning.values() if one}))


def find_pairs(images: Path, masks: Path, groups: Path | None = None, labels: Path | None = None) -> Pairs:
    """Return the pictures of one folder that have a mask in another: `STEM.png`, or `STEM_0007.png` of frame 7.

    `groups`: a CSV with the columns `file` and `group`; without it every recording is a group of its own. `labels`:
    JSON {value: name of the structure}, by default `labels.json` beside the masks; without either, values are the ids
    of the house, and what some mask of the set shows counts as labelled. Raises InputError.
    """
    of_stem: dict[str, Path] = {}
    for path in _files(images):
        of_stem.setdefault(path.name.split(".")[0], path)
    group_of = _groups(groups) if groups else {}
    pairs, problems = [], []
    for mask in _files(masks):
        if mask.suffix.lower() in {".json", ".csv", ".txt", ".md"}:
            continue
        found = _image_of(mask, of_stem)
        if found is None:
            problems.append(f"{mask.name}: there is no picture of that name in {images}")
            continue
        image, frame = found
        group = group_of.get(image.name, group_of.get(image.name.split(".")[0], None if groups else image.name))
        if group is None:
            problems.append(f"{image.name}: {groups} does not say whose it is")
            continue
        pairs.append(Pair(image, frame, mask, group))
    chosen = labels or (masks / LABELS if (masks / LABELS).is_file() else None)
    meaning = _meaning(chosen) if chosen else {}
    if not pairs:
        raise UnsupportedError(f"{masks}: no mask belongs to a picture of {images}; give them the same names")
    return Pairs(tuple(pairs), meaning, groups is not None, tuple(problems))


def read_mask(reader: RecordingReader, path: Path, meaning: Mapping[int, Structure]) -> Labels:
    """Return a mask as structure ids, IGNORED where nobody judges; raises InputError for values without a meaning."""
    with reader.open(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
        pixels = source.frame(0).pixels
    if pixels.ndim != 2:
        raise UnsupportedError(f"{path.name}: is a colour picture; a mask is grey, 8 bits, its values are structures")
    table = np.full(256, IGNORED, np.uint8)
    table[0] = 0
    ids = meaning or {int(one): one for one in Structure}
    for value, structure in ids.items():
        table[value] = structure
    strange = [int(value) for value in np.unique(pixels) if value not in ids and value not in {0, IGNORED}]
    if strange:
        raise UnsupportedError(f"{path.name}: holds the value {strange[0]}, which {LABELS} does not name")
    named: Labels = table[pixels]
    return named


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UnreadableError(f"{folder}: is no folder")
    return sorted(one for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))


def _image_of(mask: Path, of_stem: Mapping[str, Path]) -> tuple[Path, int] | None:
    stem = mask.name.split(".")[0]
    if stem in of_stem:
        return of_stem[stem], 0
    numbered = _NUMBERED.fullmatch(stem)
    if numbered and numbered[1] in of_stem:
        return of_stem[numbered[1]], int(numbered[2])
    return None


def _groups(path: Path) -> dict[str, str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"{path}: cannot be read as CSV ({error})") from error
    if not rows or not {"file", "group"} <= set(rows[0]):
        raise UnsupportedError(f"{path}: needs a head with the columns file and group, and a row for each picture")
    return {row["file"]: row["group"] or "" for row in rows if row["file"]}


def _meaning(path: Path) -> dict[int, Structure]:
    names = {one.label: one for one in Structure}
    try:
        document = json.loads(path.read_text("utf-8"))
        meaning = {int(value): names[name] for value, name in document.items()}
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: cannot be read ({error})") from error
    except KeyError as error:
        raise UnsupportedError(f"{path}: {error.args[0]!r} is no structure; these are: {', '.join(names)}") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise UnsupportedError(f'{path}: must be JSON such as {{"1": "nerve", "2": "vessel"}} ({error})') from error
    if not all(0 <= value < IGNORED for value in meaning):
        raise UnsupportedError(f"{path}: values of masks lie from 0 to 254; 255 is what nobody judges")
    return {0: Structure.BACKGROUND, **meaning}
