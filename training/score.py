"""Score the shipped network on people and machines that neither training nor tuning has seen. All simulated.

`python -m training.score --model FOLDER --data DIR --out FILE.json [--varied]`
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from echospine.domain.labels import BONES as ALL_BONES
from echospine.domain.labels import Structure
from echospine.domain.sights import Landmark
from echospine.domain.units import Floats, Mask
from training.answers import Answer, Answers, heights
from training.augment import sample_changes, unchanged
from training.batches import IGNORE, twin_batch
from training.measures import (
    Interval,
    by_person,
    calibration_error,
    overlaps,
    ratio_by_person,
    tops,
    within,
)
from training.people import Part
from training.shards import Pictures, read

BONES = tuple(sorted(ALL_BONES))
MUSCLES = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE, Structure.PSOAS, Structure.QUADRATUS_LUMBORUM)
EVERY = slice(None)
Persons = npt.NDArray[np.int64]
SURFACE_MM = 1.0
LANDMARK_REACH_MM = 8.0


def score(answers: Answers, pictures: Pictures, *, varied: bool) -> dict[str, object]:
    """Return the table of one part of the split. Too strange pictures are scored as the others, and counted."""
    kept = _Tally(len(pictures))
    rng = np.random.default_rng(17)
    for first in range(0, len(pictures), 8):
        index = np.arange(first, min(first + 8, len(pictures)))
        changes = sample_changes(rng, len(index)) if varied else unchanged(len(index))
        batch = twin_batch(pictures, index, changes)
        steps = pictures.step_mm[index] / changes.zoom.numpy()
        for n, one in enumerate(index.tolist()):
            answer = answers.of(batch.pictures[n, 0].numpy())
            kept.structures(one, answer, batch.labels[n].numpy(), float(steps[n]))
            kept.landmarks(one, answer, batch.heat[n].numpy(), 2.0 * float(steps[n]))
            if batch.view[n] >= 0:
                kept.right_view[one] = float(answer.view == int(batch.view[n]))
            kept.strange[one] = answer.strangeness
    return kept.table(pictures)


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

    def structures(self, one: int, answer: Answer, truth: Floats, step_mm: float) -> None:
        found, taught = answer.labels, truth != IGNORE
        self.both[one], self.sizes[one], self.true[one] = overlaps(found, truth, taught, len(Structure))
        self.confused += np.bincount(
            (truth[taught] * len(Structure) + found[taught]).ravel(), minlength=self.confused.size
        ).reshape(self.confused.shape)
        reach = SURFACE_MM / step_mm
        for k, part in enumerate((*BONES, None)):
            ours = np.isin(found, (*BONES, Structure.BONE)) if part is None else found == part
            true = np.isin(truth, BONES) if part is None else truth == part
            seen, there = tops(ours & taught), tops(true)
            self.surfaces[one, k] = within(seen, there, reach), seen.sum(), within(there, seen, reach), there.sum()
        self.confidence.append(answer.sure[::5, ::5][taught[::5, ::5]])
        self.right.append((found == truth)[::5, ::5][taught[::5, ::5]])

    def landmarks(self, one: int, answer: Answer, heat: Floats, cell_mm: float) -> None:
        for kind, found in enumerate(answer.places):
            truth = heights(heat[kind], 0.6)
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

    def table(self, pictures: Pictures) -> dict[str, object]:
        """Return all of it, intervals by person."""
        person = pictures.person
        confidence, right = np.concatenate(self.confidence), np.concatenate(self.right)
        return {
            "pictures": self.n,
            "people": len(np.unique(person)),
            "dice": {one.label: self._dice((one,), person) for one in Structure if one},
            "surface within 1 mm": {
                part.label if part else "any bone": self._surface(k, person) for k, part in enumerate((*BONES, None))
            },
            "landmarks": {landmark.value: self._landmark(kind) for kind, landmark in enumerate(Landmark)},
            "view right": self._views(person),
            "by machine": {
                str(name): self._of_machine(pictures.setup == name, person) for name in np.unique(pictures.setup)
            },
            "confusion": self._confusion(),
            "calibration error": calibration_error(confidence, right),
            "familiar": float(np.mean(self.strange <= 1.0)),
            "strangeness": [round(float(one), 4) for one in self.strange],
        }

    def _dice(self, of: Sequence[Structure], person: Persons, some: Mask | slice = EVERY) -> Interval:
        both, sizes, true = (one[some][:, list(of)].sum(axis=1) for one in (self.both, self.sizes, self.true))
        return ratio_by_person(both, sizes, person[some], true)

    def _surface(self, kind: int, person: Persons, some: Mask | slice = EVERY) -> dict[str, Interval]:
        good, said, met, there = self.surfaces[some, kind].T
        return {
            "precision": ratio_by_person(good, said, person[some]),
            "recall": ratio_by_person(met, there, person[some], there),
        }

    def _landmark(self, kind: int) -> dict[str, float]:
        errors = [error for _, error in self.errors_mm[kind]]
        hits = [hit for _, hit in self.found[kind]]
        return {
            "median_mm": float(np.median(errors)) if errors else float("nan"),
            "found": float(np.mean(hits)) if hits else float("nan"),
            "true": len(hits),
            "extra": int(self.extra[kind]),
        }

    def _views(self, person: Persons, some: Mask | slice = EVERY) -> Interval:
        right, whose = self.right_view[some], person[some]
        means = [right[(whose == one) & np.isfinite(right)] for one in np.unique(whose)]
        return by_person([one.mean() if one.size else np.nan for one in means])

    def _confusion(self) -> dict[str, dict[str, float]]:
        """Return what cells of each part of bone are named, shares of its cells."""
        table = {}
        for part in BONES:
            named = self.confused[part]
            shares = {other.label: float(named[other] / max(1.0, named.sum())) for other in (*BONES, Structure.BONE)}
            table[part.label] = {**shares, "no bone": 1.0 - sum(shares.values())}
        return table

    def _of_machine(self, some: Mask, person: Persons) -> dict[str, object]:
        return {
            "pictures": int(some.sum()),
            "people": len(np.unique(person[some])),
            "muscle": self._dice(MUSCLES, person, some),
            **self._surface(len(BONES), person, some),
            "view right": self._views(person, some),
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
    parser.add_argument("--quick", action="store_true", help="the network in 8 bits, as live pictures are read")
    parser.add_argument("--part", choices=("tune", "test"), default="tune")
    parser.add_argument("--varied", action="store_true", help="vary the pictures as in training")
    asked = parser.parse_args()
    table = score(
        Answers.of_folder(asked.model, quick=asked.quick), read(asked.data, Part(asked.part)), varied=asked.varied
    )
    print(show(table))
    if asked.out:
        asked.out.write_text(json.dumps(plain(table), indent=1))


if __name__ == "__main__":
    main()
