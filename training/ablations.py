"""Learn what each part of the training is worth: the same short training without it, judged alike.

`python -m training.ablations --data DIR --painted DIR --runs DIR --out ablations.json --steps 500 --people 150`

`--painted` is a folder of `training.generate --painted`. What is judged needs no threshold, so that none has to be
chosen for networks that nobody ships. A training that was done before is not done again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from echospine.apps.wiring import build_reader
from echospine.domain.labels import BONES, Structure
from echospine.ports import LocalFile, RecordingPlan
from training.augment import sample_changes, unchanged
from training.batches import IGNORE, real_batch, twin_batch
from training.export import load
from training.machines import SIZE
from training.measures import average_precision
from training.net import Network
from training.people import Part
from training.pictures import RECORDINGS
from training.real import cells_per_pixel, data_folder, fitted, margins, real_sets
from training.score import MUSCLES
from training.shards import Pictures, read

PAINTED = "without the physics"
ARMS: dict[str, tuple[str, ...]] = {
    "all of it": (),
    "without randomised machines": ("--no-randomisation",),
    PAINTED: (),
    "without real pictures": ("--no-real",),
}
"""Trainings by name, and what `training.fit` is asked for."""
AREAS: dict[str, Collection[Structure]] = {
    "fascia": (Structure.FASCIA,),
    "muscle": MUSCLES,
}
NEAR_MM = 1.0
"""Of marked bone, that counts as bone."""
MARKS = Path(__file__).parents[1] / "tests/engine/vision/bone_l14_reference.json"


def trained(name: str, asked: argparse.Namespace) -> Path:
    """Train without one part, or go on with it; return the checkpoint."""
    out = asked.runs / name.replace(" ", "-")
    data = asked.painted if name == PAINTED else asked.data
    command = [sys.executable, "-m", "training.fit", "--data", data, "--out", out, *ARMS[name]]
    command += ["--steps", asked.steps, "--people", asked.people, "--fold", asked.fold]
    subprocess.run([str(one) for one in command], check=True)
    return Path(out, "last.pt")


@torch.no_grad()
def judged(network: Network, asked: argparse.Namespace) -> dict[str, float]:
    """Return what a network reaches on held-out people and machines, varied, and on real pictures held back."""
    simulated = _simulated(network, read(asked.data, Part.TEST))
    return {**simulated, **_real(network, asked.fold), **_in_vivo(network, asked.marks)}


def _simulated(network: Network, pictures: Pictures) -> dict[str, float]:
    rng, bone, true = np.random.default_rng(5), [], []
    sums = {name: np.zeros(2) for name in AREAS}
    for some in np.array_split(np.arange(0, len(pictures), 2), max(1, len(pictures) // 32)):
        batch = twin_batch(pictures, some, sample_changes(rng, len(some)))
        share = torch.softmax(network(batch.pictures)[0], dim=1)
        for name, structures in AREAS.items():
            sums[name] += _overlap(share.argmax(dim=1), batch.labels, structures)
        labels = batch.labels[:, 2::4, 2::4]
        bone.append(share[:, list(BONES), 2::4, 2::4].sum(dim=1)[labels != IGNORE].numpy())
        true.append(torch.isin(labels, torch.tensor(list(BONES)))[labels != IGNORE].numpy())
    return {
        **{f"{name} (simulated), Dice": float(both / sizes) for name, (both, sizes) in sums.items()},
        "bone (simulated), AP": average_precision(np.concatenate(bone), np.concatenate(true)),
    }


def _real(network: Network, fold: int) -> dict[str, float]:
    found = {}
    for chosen in real_sets():
        held = np.flatnonzero(chosen.fold == fold)
        batch = real_batch(chosen, held, unchanged(len(held)))
        shares = torch.cat([torch.softmax(network(some)[0], dim=1) for some in batch.pictures.split(16)])
        for structure in chosen.known:
            score, true = shares[:, structure].flatten(), batch.labels == structure
            found[f"{structure.label} (real), AP"] = average_precision(score.numpy(), true.flatten().numpy())
    return found


def _in_vivo(network: Network, marks: Path) -> dict[str, float]:
    """Return how well bone is found in the columns of a real recording in which eyes have marked its surface."""
    marked: dict[str, list[list[int]]] = json.loads(marks.read_text())["frames"]
    files = tuple(LocalFile(name, data_folder() / "plus" / name) for name in RECORDINGS["vision-l14"])
    scores, true = [], []
    with build_reader().open(RecordingPlan(files[0].name, files)) as source:
        for number, points in marked.items():
            frame = source.frame(int(number))
            square = torch.from_numpy(fitted(frame.grey, Image.Resampling.BOX).astype(np.float32) / 255.0)
            share = torch.softmax(network(square[None, None])[0], dim=1)[0, list(BONES)].sum(dim=0).numpy()
            (left, top), cells = margins(frame.grey), cells_per_pixel(frame.grey)
            x, y = np.array(points, float).T
            columns = np.rint(left + x * cells).astype(int)
            off_mm = np.abs(np.arange(SIZE)[:, None] - top - y * cells) * frame.geometry.regions[0].step_mm[1] / cells
            scores.append(share[:, columns].ravel())
            true.append((off_mm <= NEAR_MM).ravel())
    return {"bone in vivo (real), AP": average_precision(np.concatenate(scores), np.concatenate(true))}


def _overlap(found: Tensor, labels: Tensor, structures: Collection[Structure]) -> tuple[float, float]:
    """Return twice the overlap of an area of several structures, and the sum of its sizes."""
    taught, ids = labels != IGNORE, torch.tensor(list(structures))
    ours, theirs = (torch.isin(one, ids) & taught for one in (found, labels))
    return 2.0 * float((ours & theirs).sum()), float(ours.sum() + theirs.sum())


def main() -> None:
    """Train without each part in turn, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m training.ablations", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--painted", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--marks", type=Path, default=MARKS, help="the surface of in-vivo bone, as eyes marked it")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--people", type=int, default=150)
    parser.add_argument("--fold", type=int, default=4)
    asked = parser.parse_args()
    table = {}
    for name in ARMS:
        network = load(trained(name, asked), "network")
        table[name] = {what: round(value, 4) for what, value in judged(network, asked).items()}
        print(json.dumps({name: table[name]}), flush=True)
    asked.out.write_text(json.dumps({"steps": asked.steps, "people": asked.people, "arms": table}, indent=1))


if __name__ == "__main__":
    main()
