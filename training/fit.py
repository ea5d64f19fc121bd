"""Train the network; goes on from the last checkpoint where it was stopped.

`python -m training.fit --data DIR --out DIR --steps 12000`

The order of pictures and their changes come from the seed and the step, so that a run that was stopped and gone on with
sees what an unbroken one sees.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.augment import sample_changes, unchanged
from training.batches import IGNORE, Batch, training_batches
from training.net import N_STRUCTURES, Network, half_precision, n_weights
from training.people import Part
from training.real import RealSet, real_sets
from training.shards import Pictures, read

WEIGHTS = (0.4, 0.7, 1.8, 1.0, 1.0, 1.0, 1.2, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.0, 1.6, 2.5, 1.6, 2.5, 1.5)
"""Of structures in the loss, by id: thin ones more."""
SAVE_EVERY = 200


def loss_of(outputs: tuple[Tensor, ...], batch: Batch, step: int = 0) -> dict[str, Tensor]:
    """Return the losses of one batch by name.

    Structures are judged on every other row and column, from another corner with each `step`: a quarter of the work.
    """
    structures = outputs[0]
    landmarks, view, place = (one.float() for one in outputs[1:4])
    whole = batch.whole
    i, j = step % 2, step // 2 % 2
    cross, overlap = _structure_losses(structures[:, :, i::2, j::2], batch.labels[:, i::2, j::2], batch)
    return {
        "structures": cross,
        "overlap": overlap,
        "landmarks": _peak_loss(landmarks[whole], batch.heat[whole]),
        "view": functional.cross_entropy(view, batch.view, ignore_index=-1, reduction="sum") / len(view),
        "place": _place_loss(place, batch.place),
        "strange": _strange_loss(outputs[4][:, -1].float(), batch.strange),
    }


SHARES = {"structures": 1.0, "overlap": 0.6, "landmarks": 4.0, "view": 1.0, "place": 2.0, "strange": 0.5}
EDGE = 4.0
"""Of the last feature: from here on a picture is likelier strange than not."""


def _structure_losses(logits: Tensor, labels: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return cross-entropy, and one less the soft Dice (Milletari et al. 2016), mean over structures that are there.

    Where only some structures are labelled, label 0 means none of those; Dice is of pictures of which all is known.
    """
    log_share = functional.log_softmax(logits.float(), dim=1)
    taught = (labels != IGNORE).float()
    labels = labels.clamp(max=N_STRUCTURES - 1)
    log_true = log_share.gather(1, labels[:, None])[:, 0]
    each = log_true
    for n in torch.nonzero(~batch.whole)[:, 0].tolist():
        other = torch.logsumexp(log_share[n][~batch.known[n]], dim=0)
        each = each.index_put((torch.tensor([n]),), torch.where(labels[n] == 0, other, each[n])[None])
    weight = torch.tensor(WEIGHTS)[labels] * taught
    cross = -(each * weight).sum() / weight.sum().clamp(min=1.0)
    told = taught * batch.whole[:, None, None]
    both = torch.zeros(N_STRUCTURES).index_add(0, labels.flatten(), (log_true.exp() * told).flatten())
    counts = torch.zeros(N_STRUCTURES).index_add(0, labels.flatten(), told.flatten())
    sizes = (log_share.exp() * told[:, None]).sum(dim=(0, 2, 3)) + counts
    there = counts > 50
    there[0] = False
    dice = (2.0 * both + 1.0) / (sizes + 1.0)
    whole = 1.0 - dice[there].mean() if there.any() else cross * 0.0
    return cross, whole + _partial_overlap(log_share, labels, taught, batch)


def _partial_overlap(log_share: Tensor, labels: Tensor, taught: Tensor, batch: Batch) -> Tensor:
    """Return one less the soft Dice of what partial labels know, mean over pictures and structures that are there."""
    losses = []
    for n in torch.nonzero(~batch.whole & ~batch.known.all(dim=1))[:, 0].tolist():
        for structure in torch.nonzero(batch.known[n])[:, 0].tolist():
            true = (labels[n] == structure).float() * taught[n]
            if structure and true.sum() > 50:
                share = log_share[n, structure].exp() * taught[n]
                losses.append(1.0 - (2.0 * (share * true).sum() + 1.0) / (share.sum() + true.sum() + 1.0))
    return torch.stack(losses).mean() if losses else log_share.sum() * 0.0


def _peak_loss(logits: Tensor, heat: Tensor) -> Tensor:
    """Return the focal loss for heat maps of Zhou et al. 2019 (Objects as Points, eq. 1)."""
    share = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    peak = (heat > 0.92).float()
    hit = -((1.0 - share) ** 2) * torch.log(share) * peak
    miss = -((1.0 - heat) ** 4) * share**2 * torch.log(1.0 - share) * (1.0 - peak)
    return (hit.sum() + miss.sum()) / peak.sum().clamp(min=1.0) / 10.0


def _place_loss(place: Tensor, truth: Tensor) -> Tensor:
    told = torch.isfinite(truth)
    if not told.any():
        return place.sum() * 0.0
    return functional.smooth_l1_loss(place[told], truth[told], beta=0.3)


def _strange_loss(feature: Tensor, truth: Tensor) -> Tensor:
    """Return the cross-entropy of being strange, whose logit is the last feature less EDGE."""
    told = torch.isfinite(truth)
    if not told.any():
        return feature.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(feature[told] - EDGE, truth[told])


class Training:
    """A network in training, and how far it is."""

    def __init__(self, out: Path, steps: int, rate: float, seed: int, first: Path | None = None) -> None:
        torch.manual_seed(seed)
        self.out, self.steps, self.seed = out, steps, seed
        self.network = Network().to(memory_format=torch.channels_last)
        self.smooth = torch.optim.swa_utils.AveragedModel(
            self.network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
        )
        self.optimiser = torch.optim.AdamW(_groups(self.network), lr=rate, betas=(0.9, 0.98))
        self.plan = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, rate, total_steps=steps + 1, pct_start=0.08)
        self.step = 0
        if (out / "last.pt").exists():
            self._load()
        elif first is not None:
            self._begin(first)

    def _begin(self, first: Path) -> None:
        """Begin with the averaged weights of another training; layers that it lacks begin anew."""
        kept = torch.load(first, weights_only=True)["smooth"]
        weights = {name.removeprefix("module."): one for name, one in kept.items() if name != "n_averaged"}
        for network in (self.network, self.smooth.module):
            unknown = network.load_state_dict(weights, strict=False).unexpected_keys
            if unknown:
                raise ValueError(f"{first}: has weights for {unknown[0]}, which this network does not have")

    def _load(self) -> None:
        kept = torch.load(self.out / "last.pt", weights_only=True)
        self.network.load_state_dict(kept["network"])
        self.smooth.load_state_dict(kept["smooth"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.step = int(kept["step"])
        self.plan.last_epoch = self.step

    def save(self) -> None:
        """Keep all that is needed to go on, whole or not at all."""
        half = self.out / "last.part"
        torch.save(
            {
                "network": self.network.state_dict(),
                "smooth": self.smooth.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
            },
            half,
        )
        half.replace(self.out / "last.pt")

    def learn(self, batch: Batch) -> dict[str, float]:
        """Take one step; return its losses."""
        self.network.train()
        pictures = batch.pictures.to(memory_format=torch.channels_last)
        with half_precision():
            outputs = self.network(pictures)
        losses = loss_of(outputs, batch, self.step)
        total = sum(SHARES[name] * loss for name, loss in losses.items())
        assert isinstance(total, Tensor)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self.plan.step()
        self.smooth.update_parameters(self.network)
        self.step += 1
        return {name: float(loss.detach()) for name, loss in losses.items()}


def _groups(network: nn.Module) -> list[dict[str, object]]:
    """Return the weights that decay and those (of norms, and biases) that do not."""
    wide = [one for one in network.parameters() if one.ndim > 1]
    thin = [one for one in network.parameters() if one.ndim <= 1]
    return [{"params": wide, "weight_decay": 0.02}, {"params": thin, "weight_decay": 0.0}]


def fit(asked: argparse.Namespace) -> None:
    """Train as asked."""
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(asked.threads)
    training = Training(asked.out, asked.steps, asked.rate, asked.seed, asked.first)
    pictures = read(asked.data, Part.TRAIN, asked.people)
    real = [] if asked.no_real else real_sets()
    print(f"{len(pictures)} pictures, {n_weights(training.network)} weights, from step {training.step}", flush=True)
    batches = _from(training.step, asked, pictures, real)
    _tell(asked, training.step, pictures, real)
    began, losses = time.perf_counter(), []
    while training.step < asked.steps:
        losses.append(training.learn(next(batches)))
        if training.step % SAVE_EVERY == 0 or training.step == asked.steps:
            training.save()
            mean = {name: round(float(np.mean([one[name] for one in losses])), 4) for name in losses[0]}
            took_s = (time.perf_counter() - began) / len(losses)
            print(json.dumps({"step": training.step, "s": round(took_s, 3), **mean}), flush=True)
            began, losses = time.perf_counter(), []


def _tell(asked: argparse.Namespace, step: int, pictures: Pictures, real: list[RealSet]) -> None:
    """Add to `stages.jsonl` what is trained on from this step on: a training may be gone on with otherwise."""
    stage = {
        "from_step": step,
        "planned": asked.steps,
        "batch": asked.batch,
        "pictures": len(pictures),
        "people": len(np.unique(pictures.person)),
        "real": [one.name for one in real],
        "fold": asked.fold,
        "randomised": not asked.no_randomisation,
        "first": str(asked.first.parent.name) if asked.first else "",
        "rate": asked.rate,
        "seed": asked.seed,
    }
    with (asked.out / "stages.jsonl").open("a") as kept:
        kept.write(json.dumps(stage) + "\n")


def _from(step: int, asked: argparse.Namespace, pictures: Pictures, real: list[RealSet]) -> Iterator[Batch]:
    """Return batches from a step on; every SAVE_EVERY steps have a generator of their own."""
    varied = (lambda _, n: unchanged(n)) if asked.no_randomisation else sample_changes
    while True:
        rng = np.random.default_rng([asked.seed, step // SAVE_EVERY])
        batches = training_batches(rng, pictures, real, asked.fold, asked.batch, varied)
        for _ in range(step % SAVE_EVERY):
            next(batches)
        while True:
            yield next(batches)
            step += 1
            if step % SAVE_EVERY == 0:
                break


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.fit", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of training.generate")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=Path, metavar="LAST.PT", help="begin with the weights of another training")
    parser.add_argument("--people", type=int, help="train on the first so many")
    parser.add_argument("--fold", type=int, help="hold back this fold of the real sets")
    parser.add_argument("--no-real", action="store_true", help="simulation alone")
    parser.add_argument("--no-randomisation", action="store_true", help="pictures as a usual machine makes them")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    fit(_arguments())
