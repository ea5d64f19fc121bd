"""Fit a network to labels of one's own: what `echospine train` runs.

`python -m training.finetune --images DIR --masks DIR --groups CSV --from FOLDER --out FOLDER`

What the masks do not label is left as the first network knows it: pixels that are none of the labelled structures are
taught its own answer among the others, and landmarks, view, place and features are held where they were (learning
without forgetting, Li & Hoiem 2016). A fifth of the people are held back, and both networks are scored on them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from echospine.adapters.onnx import open_network
from echospine.adapters.onnx.cards import ModelFiles, card_of, files_in, read_card
from echospine.apps.wiring import build_reader
from echospine.domain.errors import EchoSpineError, UnsupportedError
from echospine.domain.labels import BONES, Structure
from echospine.domain.units import Labels
from echospine.engine.vision.field import find_field
from echospine.engine.vision.framing import Framing, fitted, framing_of
from echospine.engine.vision.reading import Strangeness
from echospine.engine.vision.scores import Scores
from echospine.ports import RecordingReader
from echospine.workflow.evaluate import Pairs, answers_of_model, evaluate, find_pairs, labelled, read_pair
from training.augment import sample_changes
from training.batches import IGNORE, Batch, real_batch
from training.export import KEPT_SHARE, read_onnx, write_onnx
from training.machines import SIZE
from training.net import N_STRUCTURES, Network, half_precision
from training.real import RealSet

BATCH = 8
HELD_SHARE = 0.2
"""Of people, at least one."""
HOLD = 0.5
"""Weight in the loss of staying what the first network is, beside that of the labels."""


def fit_to(network: Network, chosen: RealSet, steps: int, rate: float, seed: int) -> Network:
    """Return a network fitted to a labelled set from `network`, which stays as it is. Norms keep their statistics."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    fitting = Network()
    fitting.load_state_dict(network.state_dict())
    fitting.eval()
    optimiser = torch.optim.AdamW(fitting.parameters(), lr=rate, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=0.1)
    allowed = allowed_by(chosen.known)
    for step in range(1, steps + 1):
        index = rng.integers(0, len(chosen.pixels), BATCH)
        loss = _loss(fitting, network, real_batch(chosen, index, sample_changes(rng, BATCH)), allowed)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(fitting.parameters(), 5.0)
        optimiser.step()
        plan.step()
        if step % 50 == 0 or step == steps:
            print(f"step {step} of {steps}, loss {float(loss.detach()):.4f}", flush=True)
    return fitting


def allowed_by(known: Sequence[Structure]) -> Tensor:
    """Return which structures a label leaves open, (19, 19): itself; every part for bone; for 0 all that is unknown."""
    allowed = torch.eye(N_STRUCTURES, dtype=torch.bool)
    covered = {*known, *(BONES if Structure.BONE in known else ())}
    allowed[0] = torch.tensor([one not in covered for one in Structure])
    allowed[Structure.BONE, [int(one) for one in BONES]] = True
    return allowed


def _loss(fitting: Network, first: Network, batch: Batch, allowed: Tensor) -> Tensor:
    with half_precision():
        with torch.no_grad():
            before = tuple(one.float() for one in first(batch.pictures))
        after = tuple(one.float() for one in fitting(batch.pictures))
    taught = batch.labels != IGNORE
    labels = batch.labels.clamp(max=N_STRUCTURES - 1)
    target = among(before[0], labels, allowed)
    log_share = functional.log_softmax(after[0], dim=1)
    each = -(target * log_share).sum(dim=1)
    cross = (each * taught).sum() / taught.sum().clamp(min=1)
    held = functional.mse_loss(torch.sigmoid(after[1]), torch.sigmoid(before[1])) * 100.0
    held = held + sum(functional.mse_loss(new, old) for new, old in zip(after[2:], before[2:], strict=True))
    return cross + _overlap_loss(log_share.exp(), target, taught) + HOLD * held


def among(logits: Tensor, labels: Tensor, allowed: Tensor) -> Tensor:
    """Return what a network answers among the structures that each label leaves open, sum 1, (n, 19, rows, columns)."""
    left_open = allowed[labels].movedim(-1, 1)
    return torch.softmax(logits.masked_fill(~left_open, -torch.inf), dim=1)


def _overlap_loss(share: Tensor, target: Tensor, taught: Tensor) -> Tensor:
    """Return one less the soft Dice (Milletari et al. 2016), mean over structures that are there."""
    both, sizes = ((one * taught[:, None]).sum(dim=(0, 2, 3)) for one in (share * target, share + target))
    there = (target * taught[:, None]).sum(dim=(0, 2, 3)) > 50.0
    there[0] = False
    return (1.0 - (2.0 * both + 1.0) / (sizes + 1.0))[there].sum() / there.sum().clamp(min=1)


def read_pairs(reader: RecordingReader, pairs: Pairs, known: Sequence[Structure], spacing_mm: float | None) -> RealSet:
    """Return pictures and masks in the square that a network sees; raises InputError for one that cannot be used."""
    pixels, labels = [], []
    for pair in pairs.pairs:
        frame, truth = read_pair(reader, pair, pairs.meaning, spacing_mm)
        sector = find_field([frame]).sector
        framing = framing_of(frame.geometry, sector, SIZE)
        pixels.append(np.rint(fitted(frame, sector, framing) * 255.0).astype(np.uint8))
        labels.append(np.where(framing.inside(sector), _in_square(truth, framing), IGNORE).astype(np.uint8))
    return RealSet("own", np.stack(pixels), np.stack(labels), np.zeros(len(pixels)), tuple(known))


def _in_square(truth: Labels, framing: Framing) -> Labels:
    """Return the label at each cell's centre, (SIZE, SIZE)."""
    cells = np.arange(SIZE, dtype=np.float64)
    columns, rows = np.rint(framing.to_picture(np.stack([cells, cells], axis=1))).astype(int).T
    height, width = truth.shape
    return truth[np.clip(rows, 0, height - 1)[:, None], np.clip(columns, 0, width - 1)]


def split(pairs: Pairs, seed: int) -> tuple[Pairs, Pairs]:
    """Return pairs to fit to, and those of a fifth of the people, held back; raises InputError for one person alone."""
    people = sorted({pair.group for pair in pairs.pairs})
    if len(people) < 2:
        raise UnsupportedError("all pictures are of one person; give those of at least two, one is held back")
    count = max(1, round(HELD_SHARE * len(people)))
    held = set(np.random.default_rng(seed).permutation(people)[:count].tolist())
    fit, back = (tuple(one for one in pairs.pairs if (one.group in held) == which) for which in (False, True))
    return replace(pairs, pairs=fit), replace(pairs, pairs=back)


def write(network: Network, first: ModelFiles, chosen: RealSet, out: Path, facts: dict[str, object]) -> None:
    """Write a fitted network with the card of the first one, made its own. What it was fitted to is not strange."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / "model.onnx"
    write_onnx(network, target)
    document = read_card(first)
    made_from = f"{document['name']} {document['version']} ({document['weights_sha256'][:8]})"
    document |= {
        "name": out.resolve().name,
        "version": "1",
        "weights_sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "about": f"{made_from}, fitted to {len(chosen.pixels)} pictures with {', '.join(map(str, facts['labelled']))}",
        "made_from": made_from,
        "fitted": facts,
    }
    for stale in ("data", "licence", "metrics", "trained", "examples_sha256", "quick_sha256"):
        document.pop(stale, None)
    document["strangeness"]["scale"] = _scale(network, chosen, card_of(first, read_card(first)).strangeness)
    (out / "card.json").write_text(json.dumps(document, indent=1))


@torch.no_grad()
def _scale(network: Network, chosen: RealSet, known: Strangeness) -> float:
    """Return the distance within which pictures are familiar: the first network's, or what nearly all of these need."""
    squares = torch.from_numpy(chosen.pixels.astype(np.float32))[:, None] / 255.0
    features = torch.cat([network(some)[4] for some in squares.split(BATCH)]).numpy()
    needed = float(np.quantile([known.of(one) for one in features], KEPT_SHARE))
    return round(known.scale * max(1.0, needed), 4)


def compare(before: Scores, after: Scores) -> str:
    """Return the scores on the people held back, a line for each structure."""
    lines = [f"held back: {after.pictures} pictures of {after.groups} people"]
    for structure, one in after.dice.items():
        lines.append(f"  {structure.label}: Dice {before.dice[structure]} before, {one} after")
    return "\n".join(lines)


def run(asked: argparse.Namespace) -> None:
    """Fit, score and write; raises EchoSpineError."""
    if asked.out.exists() and any(asked.out.iterdir()):
        raise UnsupportedError(f"{asked.out}: is not empty; name another folder for the new model")
    reader, files = build_reader(), files_in(asked.start)
    network = read_onnx(files.weights)
    pairs = find_pairs(asked.images, asked.masks, asked.groups, asked.labels)
    known = labelled(reader, pairs)
    mine, held = split(pairs, asked.seed)
    chosen = read_pairs(reader, mine, known, asked.pixel_spacing)
    fitting = fit_to(network, chosen, asked.steps, asked.rate, asked.seed)
    facts: dict[str, object] = {
        "labelled": [one.label for one in known],
        "pictures": len(mine.pairs),
        "people": len({one.group for one in mine.pairs}),
        "steps": asked.steps,
        "seed": asked.seed,
    }
    write(fitting, files, chosen, asked.out, facts)
    scores = [
        evaluate(reader, held, answers_of_model(open_network(folder)), pixel_spacing_mm=asked.pixel_spacing)[0]
        for folder in (asked.start, asked.out)
    ]
    print(compare(*scores))
    print(f"wrote {asked.out}; keep it with: echospine models add {asked.out.resolve().name} {asked.out}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.finetune", description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures or recordings")
    parser.add_argument("--masks", type=Path, required=True, help="folder of masks of the same names")
    parser.add_argument("--groups", type=Path, help="CSV with columns file,group: whose each picture is")
    parser.add_argument("--labels", type=Path, help="JSON: what the masks' values mean")
    parser.add_argument("--from", dest="start", type=Path, required=True, help="folder of the first model")
    parser.add_argument("--out", type=Path, required=True, help="folder for the new model")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pixel-spacing", type=float, help="mm per pixel, where pictures do not say")
    return parser.parse_args()


def main() -> int:
    """Return 0, or 2 after one line that says what is wrong."""
    try:
        run(_arguments())
    except EchoSpineError as error:
        print(f"echospine: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
