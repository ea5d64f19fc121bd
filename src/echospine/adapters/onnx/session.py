"""Running a network with onnxruntime: which processor, how many threads, and one line for what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import ModelError

INPUT = "picture"


class Provider(StrEnum):
    """What the network runs on."""

    CPU = "cpu"
    GPU = "gpu"


_GPU_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider")
_CPU_PROVIDER = "CPUExecutionProvider"


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """A network ready to answer. `notes`: what is not as it was asked for, one sentence each."""

    inner: Any
    notes: tuple[str, ...]

    def run(self, picture: npt.NDArray[np.float32], only: Sequence[str] = ()) -> dict[str, npt.NDArray[np.generic]]:
        """Return the outputs by name for pictures, (n, 1, size, size); raises ModelError when it cannot be run.

        `only`: names of outputs that are wanted; none: all.
        """
        names = list(only) or [output.name for output in self.inner.get_outputs()]
        try:
            found = self.inner.run(names, {INPUT: picture})
        except Exception as error:  # onnxruntime raises its own kinds, which share no base of their own
            raise ModelError(f"the network cannot be run ({_first_line(error)})") from error
        return dict(zip(names, found, strict=True))


def open_session(name: str, weights: bytes, provider: Provider, threads: int) -> Session:
    """Return a network ready to answer. `threads`: for one picture; 0: as many as there are cores.

    Where no GPU can be used the CPU stands in, and a note says so. Raises ModelError for weights that are no network
    which this version can run.
    """
    import onnxruntime  # noqa: PLC0415 -- a fifth of a second, which lists of models need not wait for

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    wanted = [one for one in _GPU_PROVIDERS if one in onnxruntime.get_available_providers()]
    chosen = wanted if provider is Provider.GPU else []
    try:
        inner = onnxruntime.InferenceSession(weights, options, providers=[*chosen, _CPU_PROVIDER])
    except Exception as error:
        raise ModelError(f"{name}: is no network that can be run here ({_first_line(error)})") from error
    if [one.name for one in inner.get_inputs()] != [INPUT]:
        found = ", ".join(one.name for one in inner.get_inputs())
        raise ModelError(f"{name}: the network's input must be {INPUT!r}, found {found!r}")
    return Session(inner, _notes(provider, inner.get_providers()))


def _notes(provider: Provider, used: list[str]) -> tuple[str, ...]:
    if provider is Provider.CPU or any(one in _GPU_PROVIDERS for one in used):
        return ()
    return ("a GPU was asked for, but onnxruntime finds none it can use; the model runs on the CPU",)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
