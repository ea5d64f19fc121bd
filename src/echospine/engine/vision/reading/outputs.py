"""What a network answers for one picture, checked for its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from echospine.domain.errors import ModelError
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Landmark

Singles = npt.NDArray[np.float32]
N_PLACE = 9
CONTACT = 8
"""Where in `place` the share of the probe's face on skin stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """Outputs for one picture.

    `structures`: logits, (19, size, size); `landmarks`: logits of heat maps, (7, size / 2, size / 2); `view`: logits,
    (11,); `place`: (9,); `features`: (n,).
    """

    structures: Singles
    landmarks: Singles
    view: Singles
    place: Singles
    features: Singles

    @classmethod
    def checked(cls, found: Mapping[str, npt.NDArray[np.generic]], size: int, n_features: int) -> Outputs:
        """Return the outputs of a batch of one, by name; raises ModelError for other shapes or what is not finite."""
        parts = {}
        for name, shape in shapes(size, n_features).items():
            if name not in found:
                raise ModelError(f"the network has no output {name!r}")
            value = np.asarray(found[name], np.float32)
            if value.shape != (1, *shape):
                raise ModelError(f"the network's output {name!r} has the shape {value.shape}, expected {(1, *shape)}")
            if not (np.isfinite(value.max()) and np.isfinite(value.min())):
                raise ModelError(f"the network's output {name!r} holds numbers that are not finite")
            parts[name] = value[0]
        return cls(**parts)


def shapes(size: int, n_features: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each output for one picture of `size` x `size` cells."""
    return {
        "structures": (len(Structure), size, size),
        "landmarks": (len(Landmark), size // 2, size // 2),
        "view": (len(View),),
        "place": (N_PLACE,),
        "features": (n_features,),
    }
