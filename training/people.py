"""Who is drawn: people split for good into those that train, those that tune, and those that test.

A person is a seed. The split is by person, never by picture: nobody is in two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.person import build_patient, cast, sample_patient
from echospine.engine.twin.tissues import Tissue


class Part(StrEnum):
    """A part of the split."""

    TRAIN = "train"
    TUNE = "tune"
    """For thresholds, temperatures and when to stop."""
    TEST = "test"
    """Held out: touched by nothing but the tables that are printed."""


FIRST_SEED = {Part.TRAIN: 100_000, Part.TUNE: 800_000, Part.TEST: 900_000}
"""Seeds of a part begin here, and no part has more than 100,000 people."""
PHANTOM_SHARE = 0.2
"""Of people, who are bones cast in one even tissue, as teaching phantoms are."""
PHANTOM_TISSUES = (Tissue.EPIDURAL_FAT, Tissue.FASCIA_LOOSE, Tissue.FACET_GAP, Tissue.GEL)
"""What phantoms are cast in: brighter and duller gels, and water."""


def person_seed(part: Part, number: int) -> int:
    """Return the seed of one person of a part."""
    return FIRST_SEED[part] + number


def cast_in(seed: int) -> Tissue | None:
    """Return the tissue that a phantom is cast in, or None for a person of flesh."""
    rng = np.random.default_rng([seed, 7])
    if rng.random() >= PHANTOM_SHARE:
        return None
    return PHANTOM_TISSUES[int(rng.choice(len(PHANTOM_TISSUES), p=(0.4, 0.3, 0.2, 0.1)))]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody to be drawn; `cast_in`: the tissue that all but bone and skin is of, for a phantom."""

    seed: int
    anatomy: Anatomy
    cast_in: Tissue | None


def person_of(seed: int) -> Person:
    """Return one person, or phantom."""
    anatomy, tissue = build_patient(sample_patient(seed)), cast_in(seed)
    return Person(seed, anatomy if tissue is None else cast(anatomy, tissue), tissue)
