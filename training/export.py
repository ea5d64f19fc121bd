"""Write the trained network as ONNX, with its card.

`python -m training.export --checkpoint DIR/last.pt --data DIR --out FOLDER`

Temperatures (Guo et al. 2017), thresholds and the statistics by which a strange picture is told come from people of the
part that tunes; nothing here sees the part that tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from echospine.adapters.onnx.examples import NAME as EXAMPLES
from echospine.adapters.onnx.examples import Examples, written
from echospine.domain.errors import ModelError
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Landmark
from training.augment import sample_changes, unchanged
from training.batches import IGNORE, twin_batch
from training.machines import SIZE
from training.net import N_STRUCTURES, OUTPUTS, Network, n_weights
from training.people import Part
from training.real import real_sets
from training.shards import Pictures, read
from training.thresholds import of_landmarks, of_real, of_structures

VERSION = "3"
UNHEARD = 1e12
"""Variance of features that say nothing of strangeness."""
LEAST_EDGE = 5.0
"""Of the last feature: so much is not strange yet. One more than `fit.EDGE`: odds of e to 1 that no spine is shown. A
real phantom of a spine, which training never sees, reaches 4.3."""
KEPT_SHARE = 0.95
"""Of good pictures, whose strangeness is to stay at or under 1."""


def load(checkpoint: Path, which: str = "smooth") -> Network:
    """Return a network of a checkpoint, ready to answer: the averaged one (`smooth`), or the last (`network`)."""
    kept = torch.load(checkpoint, weights_only=True)[which]
    network = Network()
    network.load_state_dict({name.removeprefix("module."): one for name, one in kept.items() if name != "n_averaged"})
    return network.eval()


def better(checkpoint: Path, tune: Pictures) -> Network:
    """Return whichever of the two names more pixels right, on people that tune: a short training's average lags."""
    networks = [load(checkpoint, which) for which in ("smooth", "network")]
    shares = []
    for network in networks:
        found = answers(network, tune, varied=True)
        taught = (found["labels"] != IGNORE) & (found["labels"] > 0)
        shares.append(float((found["structures"].argmax(dim=1) == found["labels"])[taught].float().mean()))
    print(f"named right: average {shares[0]:.3f}, last {shares[1]:.3f}", flush=True)
    return networks[int(np.argmax(shares))]


def write_onnx(network: Network, target: Path) -> None:
    """Write a network as ONNX, float32, any number of pictures at once.

    Weights keep their names and norms stay apart, so that `read_onnx` can go on from the file; runtimes fold norms
    into convolutions when they load it.
    """
    names = {name: {0: "n"} for name in ("picture", *OUTPUTS)}
    picture = torch.zeros(1, 1, SIZE, SIZE)
    torch.onnx.export(
        network, (picture,), target, input_names=["picture"], output_names=list(OUTPUTS), dynamic_axes=names,
        opset_version=17, dynamo=False, training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
    )  # fmt: skip


def read_onnx(source: Path) -> Network:
    """Return the network that `write_onnx` wrote; raises ModelError for another one."""
    network = Network()
    stored = onnx.load(source).graph.initializer
    held = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in stored}
    try:
        missing = network.load_state_dict(held, strict=False).missing_keys
    except RuntimeError as error:
        raise ModelError(f"{source}: its weights are not those of this network ({error})") from error
    if any(not name.endswith("num_batches_tracked") for name in missing):
        raise ModelError(f"{source}: is not a network of training.export, and training cannot go on from it")
    return network.eval()


@torch.no_grad()
def answers(network: nn.Module, pictures: Pictures, *, varied: bool, seed: int = 5) -> dict[str, Tensor]:
    """Return outputs for pictures of the twin, on a usual machine or varied, and what is true of them.

    Structures are logits at every fourth cell; heat maps are in half precision.
    """
    found: dict[str, list[Tensor]] = {name: [] for name in (*OUTPUTS, "labels", "truth_view", "heat")}
    rng = np.random.default_rng(seed)
    for first in range(0, len(pictures), 16):
        index = np.arange(first, min(first + 16, len(pictures)))
        changes = sample_changes(rng, len(index)) if varied else unchanged(len(index))
        batch = twin_batch(pictures, index, changes)
        outputs = dict(zip(OUTPUTS, network(batch.pictures), strict=True))
        outputs["structures"] = outputs["structures"][:, :, 2::4, 2::4]
        outputs["landmarks"] = outputs["landmarks"].half()
        for name, value in outputs.items():
            found[name].append(value)
        found["labels"].append(batch.labels[:, 2::4, 2::4])
        found["truth_view"].append(batch.view)
        found["heat"].append(batch.heat.half())
    return {name: torch.cat(values) for name, values in found.items()}


def temperature(logits: Tensor, truth: Tensor) -> float:
    """Return the temperature of least cross-entropy, which calibrates probabilities; (n, classes), (n,)."""
    tried = torch.exp(torch.linspace(-1.2, 1.2, 61))
    losses = [float(functional.cross_entropy(logits / one, truth)) for one in tried]
    return round(float(tried[int(np.argmin(losses))]), 4)


def strangeness(features: Tensor) -> dict[str, object]:
    """Return how strangeness is read: the last feature alone, over what nearly all known pictures stay under.

    As a Mahalanobis distance it has one direction, and a variance of the others that makes them count for nothing.
    """
    last = features.shape[1] - 1
    return {
        "mean": [0.0] * (last + 1),
        "directions": [[0.0] * last + [1.0]],
        "variances": [1.0],
        "rest_variance": UNHEARD,
        "scale": round(max(LEAST_EDGE, float(torch.quantile(features[:, last], KEPT_SHARE))), 4),
    }


EXAMPLES_EACH, EXAMPLE_EDGE = 24, 80
EXAMPLE_PEOPLE = 60
"""Of the people that train."""


def card(network: Network, digest: str, tune: Pictures, fold: int) -> dict[str, object]:
    """Return the card: what the network is, what its outputs mean, and how they are to be read.

    `fold`: of the real sets, by which thresholds of nerve and vessel are chosen.
    """
    usual, varied = (answers(network, tune, varied=one) for one in (False, True))
    both = {name: torch.cat((usual[name], varied[name])) for name in usual}
    warmth = structure_temperature(both["structures"], both["labels"])
    told = both["truth_view"] >= 0
    heat = ([one.float().numpy() for one in both[name]] for name in ("landmarks", "heat"))
    return {
        "name": "spine",
        "version": VERSION,
        "weights_sha256": digest,
        "n_weights": n_weights(network),
        "input": {"name": "picture", "size": SIZE},
        "structures": [structure.label for structure in Structure],
        "landmarks": [landmark.value for landmark in Landmark],
        "views": [view.value for view in View],
        "temperature": {"structures": warmth, "view": temperature(both["view"][told], both["truth_view"][told])},
        "thresholds": {
            **of_structures(torch.softmax(both["structures"] / warmth, dim=1), both["labels"]),
            **of_real(network, real_sets(), fold, warmth),
        },
        "landmark_thresholds": of_landmarks(*(list(one) for one in heat)),
        "strangeness": strangeness(both["features"]),
    }


@torch.no_grad()
def examples(network: Network, pictures: Pictures, seed: int = 11) -> Examples:
    """Return EXAMPLES_EACH pictures of each view, small, with their features: what an answer can be shown beside."""
    rng, index = np.random.default_rng(seed), []
    for view in range(len(View)):
        of_view = np.flatnonzero(pictures.view == view)
        index += rng.permutation(of_view)[:EXAMPLES_EACH].tolist()
    chosen = np.array(sorted(index))
    greys = twin_batch(pictures, chosen, unchanged(len(chosen))).pictures
    features = torch.cat([network(some)[4] for some in greys.split(16)])
    small = functional.interpolate(greys, size=(EXAMPLE_EDGE, EXAMPLE_EDGE), mode="bilinear", antialias=True)
    names = []
    for one in chosen.tolist():
        whose = "phantom" if pictures.phantom[one] else "person"
        names.append(f"{list(View)[int(pictures.view[one])].value}, {whose} {pictures.person[one]} of the twin")
    return Examples((small[:, 0] * 255.0).round().byte().numpy(), features.numpy(), tuple(names))


def structure_temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the temperature of structures, from a part of the cells: thousands of thousands say no more."""
    flat, truth = logits.movedim(1, 3).reshape(-1, N_STRUCTURES), labels.flatten()
    some = torch.nonzero(truth != IGNORE)[::11, 0]
    return temperature(flat[some], truth[some])


def main() -> None:
    """Write network and card."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=3, help="of the real sets, to choose thresholds by")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    tune = read(asked.data, Part.TUNE)
    network = better(asked.checkpoint, tune)
    target = asked.out / "spine.onnx"
    write_onnx(network, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    kept = written(examples(network, read(asked.data, Part.TRAIN, EXAMPLE_PEOPLE)))
    (asked.out / EXAMPLES).write_bytes(kept)
    made = {**card(network, digest, tune, asked.fold), "examples_sha256": hashlib.sha256(kept).hexdigest()}
    (asked.out / "spine.json").write_text(json.dumps(made, indent=1))
    print(f"wrote {target} ({target.stat().st_size / 1e6:.1f} MB) and its card")


if __name__ == "__main__":
    main()
