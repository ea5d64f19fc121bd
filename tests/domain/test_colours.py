"""The structure colours can be told apart, on a dark page and on paper, whatever cones the reader has."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np

from echospine.domain.colours import COLOURS, colours_by_label
from echospine.domain.labels import Structure

ROOT = Path(__file__).resolve().parents[2]
DARK_PAGE, PAPER = "#0F1318", "#FFFFFF"
NAMED = [structure for structure in Structure if structure is not Structure.BACKGROUND]

SIGHT = {  # Machado, Oliveira and Fernandes 2009, severity 1.0, linear RGB
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_OKLAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip


def linear(colour: str) -> np.ndarray:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def oklab(colour: str, sight: str) -> np.ndarray:
    seen = np.clip(np.asarray(SIGHT[sight]) @ linear(colour), 0, 1)
    return np.asarray(TO_OKLAB) @ np.cbrt(np.asarray(TO_CONES) @ seen)


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_every_structure_has_one_colour():
    assert set(COLOURS) == set(Structure)
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert colours_by_label()["erector_spinae"] == COLOURS[Structure.ERECTOR_SPINAE]


def test_the_page_has_the_same_table():
    table = json.loads((ROOT / "web" / "src" / "shared" / "structure-colours.json").read_text(encoding="utf-8"))
    assert table == colours_by_label()


def test_any_two_structures_stay_apart_for_every_kind_of_sight():
    for one, other in combinations(NAMED, 2):
        for sight in SIGHT:
            apart = np.linalg.norm(oklab(COLOURS[one], sight) - oklab(COLOURS[other], sight))
            assert apart >= 0.06, (one, other, sight, apart)


def test_a_line_can_be_seen_on_a_dark_page_and_on_paper():
    for structure in NAMED:
        assert contrast(COLOURS[structure], DARK_PAGE) >= 3.0, structure
        assert contrast(COLOURS[structure], PAPER) >= 1.5, structure
