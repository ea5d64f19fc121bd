"""The network that comes with EchoSpine: a live frame, a frame with its second opinion, and a folder of pictures.

`python -m benchmarks network`. The peer is SlicerIGT's SagittalSpine_05 (128 x 128, bone alone) in the same runtime.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from benchmarks.table import Row, median_s, paired_s
from echospine.adapters.onnx import open_network
from echospine.adapters.onnx.registry import shipped
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.engine.vision.bone import BoneFinder
from echospine.engine.vision.field import find_field

ROOT = Path(__file__).resolve().parents[1]


def rows() -> list[Row]:
    folder = shipped()
    if folder is None:
        print("left out: this build has no weights")
        return []
    return [*_frame(folder), *_folder()]


def _frame(folder: Path) -> list[Row]:
    """Time one 820 x 616 frame."""
    quick, careful = open_network(folder), open_network(folder, second=BoneFinder())
    grey = np.random.default_rng(1).integers(0, 200, (616, 820)).astype(np.uint8)
    frame = Frame(grey, ImageGeometry.uniform(820, 616, 0.1, 0.1, Spacing.USER), 0)
    field = find_field([frame])
    square = np.zeros((quick.card.size, quick.card.size), np.float32)
    found = [
        Row(
            "from frame to all that is read of it, live",
            1e3 * median_s(lambda: quick.interpret(frame, field), 30),
            "ms",
        ),
        Row("the same with the second opinion", 1e3 * median_s(lambda: careful.interpret(frame, field), 15), "ms"),
    ]
    peer = _peer()
    if peer is None:
        return [*found, Row("the network alone", 1e3 * median_s(lambda: quick.answer(square), 30), "ms")]
    small = np.zeros((1, 1, 128, 128), np.float32)
    ours, theirs = paired_s(lambda: quick.answer(square), lambda: peer.run(None, {"picture": small}), runs=30)
    what = "SagittalSpine_05, 128 x 128, onnxruntime"
    return [*found, Row("the network alone, 256 x 256", 1e3 * ours, "ms", "", what, ours / theirs)]


def _peer() -> onnxruntime.InferenceSession | None:
    """Return the published network, None where it or what reads it is not there."""
    if any(importlib.util.find_spec(name) is None for name in ("h5py", "onnx")):
        print("the peer is left out: pip install -e '.[train]'")
        return None
    from training.peers import peer_network

    file = _data() / "aigt" / "SagittalSpine_05.h5"
    return onnxruntime.InferenceSession(peer_network(file)) if file.exists() else None


def _folder() -> list[Row]:
    """Time `echospine segment` on a folder of pictures, its start included."""
    pictures = _data() / "timtrack" / "dataset1_vastus_lateralis"
    if not pictures.is_dir():
        print("the folder is left out: public example data not found (ECHOSPINE_DATA)")
        return []
    count = len(list(pictures.glob("*.jpg")))
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        command = (sys.executable, "-m", "echospine", "segment", str(pictures), "--out", out, "--model", "shipped")
        subprocess.run(command, check=True, capture_output=True)
        took_s = time.perf_counter() - began
    return [Row(f"segment a folder of {count} pictures of 514 x 458, written to disk", count / took_s, "pictures/s")]


def _data() -> Path:
    return Path(os.environ.get("ECHOSPINE_DATA") or ROOT.parent / "shared" / "data")
