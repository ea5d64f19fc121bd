"""What the network must beat at finding bone: a plain threshold with a shadow test, and a published network.

`python -m training.peers --model FOLDER --data DIR [--part test]`

The published one is SlicerIGT's SagittalSpine_05 (aigt, BSD-3-Clause): 128x128, two classes, sagittal, deep end first.
Both get their best threshold (and the peer its best zoom) on the people that tune. Pictures are simulated.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from scipy import ndimage

from echospine.domain.labels import Structure
from echospine.domain.units import Floats, Labels, Mask
from training.answers import Answers
from training.augment import sample_changes
from training.batches import IGNORE, twin_batch
from training.machines import SIZE
from training.measures import ratio_by_person, tops, within
from training.people import Part
from training.real import data_folder
from training.score import SURFACE_MM, plain
from training.shards import Pictures, read

POSTERIOR = tuple(int(one) for one in (Structure.SPINOUS_PROCESS, Structure.LAMINA, Structure.ARTICULAR_PROCESS,
                                       Structure.TRANSVERSE_PROCESS, Structure.SACRUM))  # fmt: skip
BODY = int(Structure.VERTEBRAL_BODY)
EDGE = 128

Finder = Callable[[Floats], Floats]
"""From pictures (n, SIZE, SIZE), 0 to 1, to a score of bone for each pixel, same shape."""


def by_threshold(pictures: Floats) -> Floats:
    """Return brightness where it is dark below: grey less twice the mean grey of the next 40 rows."""
    below = np.zeros_like(pictures)
    total = np.cumsum(pictures, axis=1)
    for row in range(SIZE):
        last = min(row + 46, SIZE - 1)
        below[:, row] = (total[:, last] - total[:, min(row + 6, SIZE - 1)]) / 40.0
    return np.asarray(ndimage.gaussian_filter(pictures, (0, 1, 1)) - 2.0 * below)


def peer_network(file: Path) -> bytes:
    """Return the published Keras network as ONNX, channels first; input `picture` (n, 1, 128, 128), output `bone`."""
    with h5py.File(file) as kept:
        layers = json.loads(kept.attrs["model_config"])["config"]["layers"]
        weights = {name: _arrays(kept["model_weights"][name]) for name in kept["model_weights"]}
    nodes, constants, names = [], [], {}
    for layer in layers:
        kind, name = layer["class_name"], layer["name"]
        inputs = [names[node[0]] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
        names[name] = "picture" if kind == "InputLayer" else name
        made, held = _NODES[kind](name, inputs, layer["config"], weights.get(name, []))
        nodes += made
        constants += held
    graph = helper.make_graph(
        nodes, "peer",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, EDGE, EDGE])],
        [helper.make_tensor_value_info(layers[-1]["name"], TensorProto.FLOAT, ["n", 2, EDGE, EDGE])],
        constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


Made = tuple[list[onnx.NodeProto], list[onnx.TensorProto]]


def _arrays(group: h5py.Group) -> list[Floats]:
    found: list[tuple[str, Floats]] = []
    group.visititems(lambda name, one: found.append((name, np.asarray(one))) if isinstance(one, h5py.Dataset) else None)
    order = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")
    return [value for key in order for name, value in found if name.split("/")[-1].startswith(key)]


def _convolution(name: str, inputs: list[str], config: dict, weights: list[Floats]) -> Made:
    kernel, bias = weights
    held = [
        numpy_helper.from_array(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), f"{name}.kernel"),
        numpy_helper.from_array(bias, f"{name}.bias"),
    ]
    before = f"{name}.before"
    ends = {"relu": ("Relu", {}), "softmax": ("Softmax", {"axis": 1})}
    after, how = ends[config["activation"]]
    return [
        helper.make_node(
            "Conv", [*inputs, f"{name}.kernel", f"{name}.bias"], [before],
            strides=config["strides"], auto_pad="SAME_UPPER",
        ),
        helper.make_node(after, [before], [name], **how),
    ], held  # fmt: skip


def _norm(name: str, inputs: list[str], config: dict, weights: list[Floats]) -> Made:
    held = [numpy_helper.from_array(value, f"{name}.{n}") for n, value in enumerate(weights)]
    names = [one.name for one in held]
    return [helper.make_node("BatchNormalization", [*inputs, *names], [name], epsilon=config["epsilon"])], held


def _grown(name: str, inputs: list[str], config: dict, weights: list[Floats]) -> Made:
    scales = numpy_helper.from_array(np.array([1.0, 1.0, 2.0, 2.0], np.float32), f"{name}.scales")
    node = helper.make_node(
        "Resize", [*inputs, "", scales.name], [name], mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    return [node], [scales]


def _joined(name: str, inputs: list[str], config: dict, weights: list[Floats]) -> Made:
    return [helper.make_node("Concat", inputs, [name], axis=1)], []


_NODES: dict[str, Callable[[str, list[str], dict, list[Floats]], Made]] = {
    "InputLayer": lambda name, inputs, config, weights: ([], []),
    "Conv2D": _convolution,
    "BatchNormalization": _norm,
    "UpSampling2D": _grown,
    "Concatenate": _joined,
}


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """The published network at one zoom: the middle 1 / zoom of a picture fills its input."""

    session: onnxruntime.InferenceSession
    zoom: float

    def __call__(self, pictures: Floats) -> Floats:
        """Return its score of bone; 0 outside the part that it sees."""
        size = round(SIZE / self.zoom)
        first = (SIZE - size) // 2
        part = pictures[:, first : first + size, first : first + size]
        small = ndimage.zoom(part, (1, EDGE / size, EDGE / size), order=1)[:, ::-1]
        small = small / np.maximum(small.max(axis=(1, 2), keepdims=True), 1e-6)
        (found,) = self.session.run(None, {"picture": small[:, None].astype(np.float32)})
        result = np.zeros_like(pictures)
        result[:, first : first + size, first : first + size] = ndimage.zoom(
            found[:, 1, ::-1], (1, size / EDGE, size / EDGE), order=1
        )
        return result


def score_finder(find: Finder, least: float, chosen: list[tuple[Floats, Labels, Floats]], person: Labels) -> dict:
    """Return how well a finder tells bone: surfaces within 1 mm, and overlap of its bands (2 mm under each top)."""
    counts, overlap = [], []
    for pictures, labels, steps_mm in chosen:
        scores = find(pictures)
        for found, truth, step in zip(scores >= least, labels, steps_mm, strict=True):
            bone, body = np.isin(truth, POSTERIOR), truth == BODY
            mask = found & (truth != IGNORE)
            ours, true = tops(mask), tops(bone | body)
            reach = SURFACE_MM / step
            counts.append((within(ours, true, reach), ours.sum(), within(true, ours, reach), true.sum()))
            band = _band(mask, step)
            overlap.append((2.0 * (band & (bone | body)).sum(), band.sum() + (bone | body).sum()))
    good, said, met, there = np.array(counts, np.float64).T
    both, sizes = np.array(overlap, np.float64).T
    return {
        "precision": ratio_by_person(good, said, person),
        "recall": ratio_by_person(met, there, person),
        "Dice of bands": ratio_by_person(both, sizes, person),
    }


def _band(mask: Mask, step_mm: float) -> Mask:
    """Return 2 mm under the top of each run, so that who finds blobs and who finds surfaces are judged alike."""
    rows = max(1, round(2.0 / step_mm))
    band = top = tops(mask)
    for _ in range(rows - 1):
        top = np.roll(top, 1, axis=0)
        band = band | top
    return np.asarray(band)


def frames(pictures: Pictures, seed: int, at_most: int) -> tuple[list[tuple[Floats, Labels, Floats]], Labels]:
    """Return varied pictures with bone, in batches, and whose they are."""
    index = np.flatnonzero([np.isin(one, (*POSTERIOR, BODY)).sum() > 60 for one in pictures.labels])[:at_most]
    rng, chosen = np.random.default_rng(seed), []
    for part in np.array_split(index, max(1, len(index) // 8)):
        changes = sample_changes(rng, len(part))
        batch = twin_batch(pictures, part, changes)
        steps = pictures.step_mm[part] / changes.zoom.numpy()
        chosen.append((batch.pictures[:, 0].numpy(), batch.labels.numpy(), steps))
    return chosen, pictures.person[index]


def best(find: Finder, tried: Floats, chosen: list, person: Labels) -> tuple[float, float]:
    """Return the threshold of best Dice of bands, and that Dice."""
    scores = [score_finder(find, float(least), chosen, person)["Dice of bands"].mean for least in tried]
    at = int(np.argmax(scores))
    return float(tried[at]), scores[at]


def main() -> None:
    """Tune the peers, score everybody, print."""
    parser = argparse.ArgumentParser(prog="python -m training.peers", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=("tune", "test"), default="test")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    answers = Answers.of_folder(asked.model)
    session = onnxruntime.InferenceSession(peer_network(data_folder() / "aigt" / "SagittalSpine_05.h5"))

    def ours(pictures: Floats) -> Floats:
        return np.stack([answers.of(one).bone for one in pictures])

    tuned = frames(read(asked.data, Part.TUNE), 31, 160)
    tried = {
        "threshold and shadow": (by_threshold, np.linspace(0.05, 0.7, 10)),
        "this network": (ours, np.array([0.3, 0.4, 0.5, 0.6])),
    }
    for zoom in (1.0, 1.4, 2.0):
        tried[f"SagittalSpine_05, zoom {zoom:g}"] = (Peer(session, zoom), np.array([0.1, 0.3, 0.5, 0.7, 0.9]))
    chosen = {name: best(find, least, *tuned) for name, (find, least) in tried.items()}
    peer = max((name for name in tried if name.startswith("Sagittal")), key=lambda name: chosen[name][1])
    tested = frames(read(asked.data, Part(asked.part)), 32, asked.pictures)
    table = {}
    for name in ("this network", "threshold and shadow", peer):
        began = time.perf_counter()
        table[name] = score_finder(tried[name][0], chosen[name][0], *tested)
        table[name]["s"] = time.perf_counter() - began
    print(json.dumps(plain(table), indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(plain(table), indent=1))


if __name__ == "__main__":
    main()
