"""Score the shipped network on people and machines that neither training nor tuning has seen. All simulated.

`python -m training.score --model FOLDER --data DIR --out FILE.json [--varied]`
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnxruntime

from echospine.domain.labels import Structure
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats
from training.augment import sample_changes, unchanged
from training.batches import IGNORE, twin_batch
from training.measures import (
    Interval,
    by_person,
    calibration_error,
    overlaps,
    peaks,
    ratio_by_person,
    tops,
    within,
)
from training.people import Part
from training.shards import Pictures, read

BONES = tuple(Structure(n) for n in (7, 8, 9, 10, 11, 12))
SURFACE_MM = 1.0
LANDMARK_REACH_MM = 8.0
LEAST_PEAK = 0.3


class Answers:
    """The network as it ships, answering for pictures (n, 1, SIZE, SIZE)."""

    def __init__(self, folder: Path) -> None:
        self.session = onnxruntime.InferenceSession(folder / "spine.onnx", providers=["CPUExecutionProvider"])
        self.card = json.loads((folder / "spine.json").read_text())
        self.names = [output.name for output in self.session.get_outputs()]

    def of(self, pictures: Floats) -> dict[str, Floats]:
        """Return the outputs by name."""
        return dict(zip(self.names, self.session.run(None, {"picture": pictures.astype(np.float32)}), strict=True))

    def shares(self, logits: Floats) -> Floats:
        """Return calibrated probabilities of structures, (n, 19, rows, columns)."""
        scaled = logits / self.card["temperature"]["structures"]
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def strangeness(self, features: Floats) -> Floats:
        """Return how unlike training pictures are, 1 at the edge, (n,)."""
        known = self.card["strangeness"]
        away = features - np.array(known["mean"])
        along = away @ np.array(known["directions"]).T
        squared = (along**2 / np.array(known["variances"])).sum(axis=1)
        squared += ((away**2).sum(axis=1) - (along**2).sum(axis=1)) / known["rest_variance"]
        return np.asarray(np.sqrt(np.maximum(squared, 0.0)) / known["scale"])


def score(answers: Answers, pictures: Pictures, *, varied: bool) -> dict[str, object]:
    """Return the table of one part of the split."""
    kept = _Tally(len(pictures))
    rng = np.random.default_rng(17)
    for first in range(0, len(pictures), 8):
        index = np.arange(first, min(first + 8, len(pictures)))
        changes = sample_changes(rng, len(index)) if varied else unchanged(len(index))
        batch = twin_batch(pictures, index, changes)
        outputs = answers.of(batch.pictures.numpy())
        shares = answers.shares(outputs["structures"])
        steps = pictures.step_mm[index] / changes.zoom.numpy()
        for n, one in enumerate(index.tolist()):
            kept.structures(one, shares[n], batch.labels[n].numpy(), float(steps[n]))
            kept.landmarks(one, outputs["landmarks"][n], batch.heat[n].numpy(), 2.0 * float(steps[n]))
            kept.view(one, outputs["view"][n], int(batch.view[n]))
        kept.strange[index] = answers.strangeness(outputs["features"])
    return kept.table(pictures.person)


class _Tally:
    """Counts of each picture."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.both, self.sizes, self.true = (np.zeros((n, len(Structure))) for _ in range(3))
        self.surfaces = np.zeros((n, len(BONES) + 1, 4))
        self.confused = np.zeros((len(Structure), len(Structure)))
        self.errors_mm: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self.found: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        self.extra = np.zeros(len(Landmark))
        self.right_view = np.full(n, np.nan)
        self.strange = np.zeros(n)
        self.confidence: list[Floats] = []
        self.right: list[Floats] = []

    def structures(self, one: int, shares: Floats, truth: Floats, step_mm: float) -> None:
        found = shares.argmax(axis=0)
        taught = truth != IGNORE
        self.both[one], self.sizes[one], self.true[one] = overlaps(found, truth, taught, len(Structure))
        self.confused += np.bincount(
            (truth[taught] * len(Structure) + found[taught]).ravel(), minlength=self.confused.size
        ).reshape(self.confused.shape)
        reach = SURFACE_MM / step_mm
        for k, part in enumerate((*BONES, None)):
            ours = np.isin(found, BONES) if part is None else found == part
            true = np.isin(truth, BONES) if part is None else truth == part
            seen, there = tops(ours & taught), tops(true)
            self.surfaces[one, k] = within(seen, there, reach), seen.sum(), within(there, seen, reach), there.sum()
        self.confidence.append(shares.max(axis=0)[::5, ::5][taught[::5, ::5]])
        self.right.append((found == truth)[::5, ::5][taught[::5, ::5]])

    def landmarks(self, one: int, logits: Floats, heat: Floats, cell_mm: float) -> None:
        for kind in range(len(Landmark)):
            truth = peaks(heat[kind], 0.6)
            found = peaks(1.0 / (1.0 + np.exp(-logits[kind])), LEAST_PEAK)
            used: set[int] = set()
            for x, y, _ in truth:
                away = np.hypot(found[:, 0] - x, found[:, 1] - y) * cell_mm if len(found) else np.array([np.inf])
                nearest = int(np.argmin(away))
                hit = bool(away[nearest] <= LANDMARK_REACH_MM)
                self.found[kind].append((one, hit))
                if hit:
                    used.add(nearest)
                    self.errors_mm[kind].append((one, float(away[nearest])))
            self.extra[kind] += len(found) - len(used)

    def view(self, one: int, logits: Floats, truth: int) -> None:
        if truth >= 0:
            self.right_view[one] = float(int(np.argmax(logits)) == truth)

    def table(self, person: np.ndarray) -> dict[str, object]:
        """Return all of it, intervals by person."""
        dice = {
            structure.label: ratio_by_person(
                self.both[:, structure], self.sizes[:, structure], person, self.true[:, structure]
            )
            for structure in Structure
            if structure
        }
        surface = {}
        for k, part in enumerate((*BONES, None)):
            good, said, met, there = self.surfaces[:, k].T
            surface[part.label if part else "any bone"] = {
                "precision": ratio_by_person(good, said, person),
                "recall": ratio_by_person(met, there, person, there),
            }
        marks = {}
        for kind, landmark in enumerate(Landmark):
            errors = [error for _, error in self.errors_mm[kind]]
            hits = self.found[kind]
            marks[landmark.value] = {
                "median_mm": float(np.median(errors)) if errors else float("nan"),
                "found": float(np.mean([hit for _, hit in hits])) if hits else float("nan"),
                "true": len(hits),
                "extra": int(self.extra[kind]),
            }
        confidence, right = np.concatenate(self.confidence), np.concatenate(self.right)
        return {
            "pictures": self.n,
            "people": len(np.unique(person)),
            "dice": dice,
            "surface within 1 mm": surface,
            "landmarks": marks,
            "view right": by_person([np.nanmean(self.right_view[person == one]) for one in np.unique(person)]),
            "calibration error": calibration_error(confidence, right),
            "familiar": float(np.mean(self.strange <= 1.0)),
            "strangeness": [round(float(one), 4) for one in self.strange],
        }


def plain(value: object) -> object:
    """Return a table as JSON holds it."""
    if isinstance(value, Interval):
        return {name: (round(one, 4) if isinstance(one, float) else one) for name, one in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def show(table: dict[str, object]) -> str:
    """Return a table for a terminal."""
    lines = [f"{table['pictures']} pictures of {table['people']} people (simulated)"]
    lines += [f"  Dice {name:22s} {one}" for name, one in table["dice"].items()]  # type: ignore[attr-defined]
    for name, one in table["surface within 1 mm"].items():  # type: ignore[attr-defined]
        lines.append(f"  surface {name:19s} precision {one['precision']}  recall {one['recall']}")
    for name, one in table["landmarks"].items():  # type: ignore[attr-defined]
        lines.append(f"  landmark {name:20s} {one['median_mm']:.2f} mm, found {one['found']:.3f} of {one['true']}")
    lines += [f"  {name} {table[name]}" for name in ("view right", "calibration error", "familiar")]
    return "\n".join(lines)


def main() -> None:
    """Score and print, over all machines and over those never seen."""
    parser = argparse.ArgumentParser(prog="python -m training.score", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", choices=("tune", "test"), default="tune")
    parser.add_argument("--varied", action="store_true", help="vary the pictures as in training")
    asked = parser.parse_args()
    table = score(Answers(asked.model), read(asked.data, Part(asked.part)), varied=asked.varied)
    print(show(table))
    if asked.out:
        asked.out.write_text(json.dumps(plain(table), indent=1))


if __name__ == "__main__":
    main()
