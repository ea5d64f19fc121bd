"""Write the same network in 8 bits beside it, for live pictures, and note it on its card.

`python -m training.smaller --model FOLDER --data DIR`

Weights by channel, activations by the range that they have for varied pictures of people that tune (Jacob et al. 2018).
Whether it names as well is for `python -m training.score --quick` to say.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from echospine.adapters.onnx.cards import files_in
from echospine.domain.units import Floats
from training.augment import sample_changes
from training.batches import twin_batch
from training.people import Part
from training.shards import read

N_PICTURES = 96


class Shown(CalibrationDataReader):  # type: ignore[misc]
    """Pictures, one at a time, as the runtime asks for them."""

    def __init__(self, pictures: Floats) -> None:
        self._left = iter(pictures)

    def get_next(self) -> dict[str, Floats] | None:
        """Return the next picture, None after the last."""
        one = next(self._left, None)
        return None if one is None else {"picture": one[None]}


def smaller(source: Path, target: Path, pictures: Floats) -> None:
    """Write the network of `source` in 8 bits; `pictures`: (n, 1, SIZE, SIZE), from which ranges are learned."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        quantize_static(
            ready, target, Shown(pictures), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip


def main() -> None:
    """Write the small one and its digest."""
    parser = argparse.ArgumentParser(prog="python -m training.smaller", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    asked = parser.parse_args()
    rng, tune = np.random.default_rng(23), read(asked.data, Part.TUNE)
    index = rng.choice(len(tune), N_PICTURES, replace=False)
    parts = [twin_batch(tune, some, sample_changes(rng, len(some))).pictures.numpy() for some in np.split(index, 12)]
    files = files_in(asked.model)
    smaller(files.weights, files.quick, np.concatenate(parts))
    document = json.loads(files.card.read_text())
    document["quick_sha256"] = hashlib.sha256(files.quick.read_bytes()).hexdigest()
    files.card.write_text(json.dumps(document, indent=1))
    print(f"wrote {files.quick} ({files.quick.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
