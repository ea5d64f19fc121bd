"""Score the shipped network on real pictures: one fold of each labelled set, and pictures of no spine at all.

`python -m training.score_real --model FOLDER --fold 4 [--out FILE.json]`

The fold must be the one that training held back. What no one is to name - an eye, a
limb, a heart, a screen, noise - is to be told from pictures of the twin's people.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from echospine.domain.labels import Structure
from echospine.domain.units import Floats, Mask, Pixels
from training.answers import Answers
from training.augment import unchanged
from training.batches import twin_batch
from training.machines import SIZE
from training.measures import by_person, ranked_apart
from training.people import Part
from training.real import data_folder, fitted, read_set
from training.score import plain
from training.shards import read

NEAR_SHARE = 0.01
"""Of a picture's height, within which two outlines agree."""


def nerve_and_vessel(answers: Answers, fold: int) -> dict[str, object]:
    """Return Dice of nerve and vessel, mean over pictures that have one."""
    chosen = read_set("usgra_train")
    held = np.flatnonzero(chosen.fold == fold)
    found = _labels(answers, chosen.pixels[held])
    truth = chosen.labels[held]
    table: dict[str, object] = {"pictures": len(held)}
    for structure in chosen.known:
        ours, true = found == structure, truth == structure
        sizes = ours.sum((1, 2)) + true.sum((1, 2))
        dice = np.where(true.any((1, 2)), 2.0 * (ours & true).sum((1, 2)) / np.maximum(sizes, 1), np.nan)
        table[structure.label] = by_person(dice)
    return table


def aponeuroses(answers: Answers, fold: int) -> dict[str, object]:
    """Return how well outlines of aponeuroses agree, mean over pictures.

    `marked`: only what is found within a twentieth of the height of a mark counts against precision, for other fasciae
    are in these pictures and not marked; `all`: everything counts.
    """
    chosen = read_set("dltrack_aponeurosis")
    held = np.flatnonzero(chosen.fold == fold)
    found = _labels(answers, chosen.pixels[held]) == Structure.FASCIA
    truth = chosen.labels[held] == Structure.FASCIA
    scores = {"all": [], "marked": []}
    for ours, true in zip(found, truth, strict=True):
        near = ndimage.distance_transform_edt(~true) <= 0.05 * SIZE
        scores["all"].append(outline_f(ours, true, NEAR_SHARE * SIZE))
        scores["marked"].append(outline_f(ours & near, true, NEAR_SHARE * SIZE))
    return {"pictures": len(held), **{name: by_person(values) for name, values in scores.items()}}


def outline_f(ours: Mask, true: Mask, reach_px: float) -> float:
    """Return the F measure of two masks' outlines, those within `reach_px` agreeing (Csurka et al. 2013)."""
    edges = [one & ~ndimage.binary_erosion(one) for one in (ours, true)]
    if not edges[0].any():
        return 0.0
    shares = []
    for these, those in (edges, edges[::-1]):
        shares.append(float((ndimage.distance_transform_edt(~those)[these] <= reach_px).mean()))
    return 2.0 * shares[0] * shares[1] / max(sum(shares), 1e-9)


def strange_pictures() -> Iterator[tuple[str, Pixels]]:
    """Return pictures in which nothing of a spine is to be named, by kind."""
    folder = data_folder()
    for name in ("clarius-ocular-short.mp4", "butterfly-ocular-phantom_first10s.mp4"):
        for frame in _frames(folder / "itkpocus" / name, 12):
            yield "eye", frame
    for frame in _frames(folder / "dicom" / "examples_ybr_color.dcm", 8):
        yield "heart", frame
    for file in sorted((folder / "timtrack").rglob("*.jpg"))[::12]:
        yield "limb", np.asarray(Image.open(file).convert("L"))
    for file in sorted((Path(__file__).parents[1] / "docs/pictures").glob("*.png")):
        yield "screen", np.asarray(Image.open(file).convert("L"))
    rng = np.random.default_rng(3)
    for n in range(8):
        yield "noise", rng.integers(0, 256, (300, 400)).astype(np.uint8)
        yield "even grey", np.full((300, 400), 30 * n, np.uint8)


def _frames(file: Path, count: int) -> list[Pixels]:
    from echospine.apps.wiring import build_reader
    from echospine.ports import LocalFile, RecordingPlan

    if not file.exists():
        return []
    with build_reader().open(RecordingPlan(file.name, (LocalFile(file.name, file),))) as source:
        return [source.frame(int(one)).grey for one in np.linspace(0, len(source) - 1, count)]


def strange(answers: Answers, data: Path, part: Part) -> dict[str, object]:
    """Return how well strange pictures are told from good ones of the twin (all of its probes on the skin)."""
    pictures = read(data, part)
    good_index = np.flatnonzero(pictures.place[:, 6] > 0.8)[::3]
    batch = twin_batch(pictures, good_index, unchanged(len(good_index)))
    good = _strangeness(answers, batch.pictures[:, 0].numpy())
    kinds: dict[str, list[float]] = {}
    for kind, pixels in strange_pictures():
        picture = fitted(pixels, Image.Resampling.BOX)[None] / 255.0
        kinds.setdefault(kind, []).extend(_strangeness(answers, picture).tolist())
    everything = np.concatenate([np.array(values) for values in kinds.values()])
    return {
        "AUROC": ranked_apart(good, everything),
        "good kept": float(np.mean(good <= 1.0)),
        "by kind": {kind: ranked_apart(good, np.array(values)) for kind, values in kinds.items()},
        "silent": {kind: float(np.mean(np.array(values) > 1.0)) for kind, values in kinds.items()},
    }


def _labels(answers: Answers, pixels: Pixels) -> Pixels:
    return np.stack([answers.of(one / 255.0).labels for one in pixels])


def _strangeness(answers: Answers, pictures: Floats) -> Floats:
    return np.array([answers.of(one).strangeness for one in pictures])


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(prog="python -m training.score_real", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="drawn people, for the good pictures")
    parser.add_argument("--fold", type=int, required=True)
    parser.add_argument("--part", choices=("tune", "test"), default="tune")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="the network in 8 bits, as live pictures are read")
    asked = parser.parse_args()
    answers = Answers.of_folder(asked.model, quick=asked.quick)
    table = {
        "nerve and vessel (usgra, real)": nerve_and_vessel(answers, asked.fold),
        "aponeuroses (DL_Track, real)": aponeuroses(answers, asked.fold),
        "strange pictures (real) from simulated good ones": strange(answers, asked.data, Part(asked.part)),
    }
    print(json.dumps(plain(table), indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(plain(table), indent=1))


if __name__ == "__main__":
    main()
