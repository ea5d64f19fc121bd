"""A real, tiny network in the form that EchoSpine runs, written as ONNX: what it answers can be told by hand.

With grey g of a cell, 0 to 1: background below 0.2, multifidus to 0.7, lamina above. A lamina (landmark) lies where the
mean of two by two cells is bright. A dark picture is a midline view, a bright one a lamina view. The features are the
picture's mean and its maximum; the contact is always whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from echospine.domain.labels import Structure, View
from echospine.domain.sights import Landmark

SIZE = 256
FEATURES = 2
MULTIFIDUS_FROM, LAMINA_FROM = 0.2, 0.7
Card = dict[str, Any]


def card(digest: str) -> Card:
    return {
        "name": "small",
        "version": "3",
        "about": "a test network",
        "weights_sha256": digest,
        "input": {"name": "picture", "size": SIZE},
        "structures": [one.label for one in Structure],
        "landmarks": [one.value for one in Landmark],
        "views": [one.value for one in View],
        "temperature": {"structures": 1.0, "view": 1.0},
        "thresholds": {one.label: 0.5 for one in Structure if one},
        "strangeness": {
            "mean": [0.3, 0.9],
            "directions": [[1.0, 0.0]],
            "variances": [0.04],
            "rest_variance": 1.0,
            "scale": 2.0,
        },
    }


def write_network(
    folder: Path, change: Callable[[Card], None] | None = None, graph: onnx.ModelProto | None = None
) -> Path:
    """Write the network and its card (changed by `change`) into `folder`; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    data = (graph or network()).SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    document = card(hashlib.sha256(data).hexdigest())
    if change is not None:
        change(document)
    (folder / "card.json").write_text(json.dumps(document))
    return folder


def network(size: int = SIZE, n_structures: int = len(Structure)) -> onnx.ModelProto:
    slopes, offsets = np.zeros(n_structures), np.full(n_structures, -30.0)
    offsets[0] = 0.0
    slopes[Structure.MULTIFIDUS], offsets[Structure.MULTIFIDUS] = 40.0, -40.0 * MULTIFIDUS_FROM
    slopes[Structure.LAMINA] = 120.0
    offsets[Structure.LAMINA] = 40.0 * (LAMINA_FROM - MULTIFIDUS_FROM) - 120.0 * LAMINA_FROM
    marks = np.zeros(len(Landmark)), np.full(len(Landmark), -12.0)
    lamina_mark = list(Landmark).index(Landmark.LAMINA)
    marks[0][lamina_mark], marks[1][lamina_mark] = 40.0, -20.0
    views = np.zeros((2, len(View))), np.full(len(View), -8.0)
    midline, lamina = (list(View).index(one) for one in (View.MIDLINE_SAGITTAL, View.PARASAGITTAL_LAMINA))
    views[1][midline], views[0][0, lamina], views[1][lamina] = 0.0, 100.0, -10.0
    place = np.zeros((2, 9)), np.array([0.0] * 8 + [1.0])
    held: dict[str, np.ndarray] = {
        "slopes": slopes.reshape(-1, 1, 1, 1), "offsets": offsets,
        "mark_slopes": marks[0].reshape(-1, 1, 1, 1), "mark_offsets": marks[1],
        "view_slopes": views[0], "view_offsets": views[1], "place_slopes": place[0], "place_offsets": place[1],
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["picture", "slopes", "offsets"], ["structures"]),
        helper.make_node("AveragePool", ["picture"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["half", "mark_slopes", "mark_offsets"], ["landmarks"]),
        helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
        helper.make_node("GlobalMaxPool", ["picture"], ["most"]),
        helper.make_node("Concat", ["mean", "most"], ["both"], axis=1),
        helper.make_node("Flatten", ["both"], ["features"]),
        helper.make_node("Gemm", ["features", "view_slopes", "view_offsets"], ["view"]),
        helper.make_node("Gemm", ["features", "place_slopes", "place_offsets"], ["place"]),
    ]
    shapes = {
        "structures": [n_structures, size, size],
        "landmarks": [len(Landmark), size // 2, size // 2],
        "view": [len(View)],
        "place": [9],
        "features": [FEATURES],
    }
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, size, size])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape]) for name, shape in shapes.items()],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in held.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model
