"""Shapes between key frames come back where they were: a disc that grows and moves, a band, two neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from echospine.domain.labels import Structure
from echospine.engine.vision.between import labels_between, signed_distance

ROWS, COLUMNS = 120, 160
MULTIFIDUS, FASCIA = Structure.MULTIFIDUS, Structure.FASCIA


def disc(row: float, column: float, radius: float, label: int = MULTIFIDUS) -> np.ndarray:
    y, x = np.mgrid[:ROWS, :COLUMNS]
    return np.where(np.hypot(y - row, x - column) <= radius, label, 0).astype(np.uint8)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def edge_error(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest distance of a cell that only one of them has from the other's edge, cells."""
    off = a != b
    return float(np.abs(signed_distance(b))[off].max(initial=0.0))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
@pytest.mark.parametrize("to", [(60.0, 90.0, 28.0), (85.0, 130.0, 12.0)], ids=["grows", "moves further than its size"])
def test_a_disc_that_grows_and_moves_is_recovered(share, to):
    at = np.array([40.0, 40.0, 16.0])
    truth = disc(*(at + share * (np.array(to) - at)))
    found = labels_between(disc(*at), disc(*to), share, [MULTIFIDUS], np.zeros((ROWS, COLUMNS), np.uint8))
    assert dice(found > 0, truth > 0) >= 0.97
    assert edge_error(found > 0, truth > 0) <= 1.0


def test_a_thin_band_that_sinks_keeps_its_thickness():
    first, last = np.zeros((2, ROWS, COLUMNS), np.uint8)
    first[20:24, 30:130], last[60:64, 30:130] = FASCIA, FASCIA
    found = labels_between(first, last, 0.5, [FASCIA], np.zeros_like(first))
    assert np.array_equal(np.flatnonzero(found[:, 80]), np.arange(40, 44))


def test_the_ends_are_the_key_frames_themselves_and_the_rest_stays():
    first, last = disc(40, 40, 15), disc(70, 80, 20)
    under = np.full((ROWS, COLUMNS), Structure.SUBCUTANEOUS, np.uint8)
    under[:50, :50] = MULTIFIDUS
    for share, key in ((0.0, first), (1.0, last)):
        found = labels_between(first, last, share, [MULTIFIDUS], under)
        assert np.array_equal(found == MULTIFIDUS, key == MULTIFIDUS)
        outside = (under == Structure.SUBCUTANEOUS) & (key == 0)
        assert np.all(found[outside] == Structure.SUBCUTANEOUS)
    assert np.all(found[(under == MULTIFIDUS) & (last == 0)] == 0)


def test_neighbours_never_overlap_and_leave_no_gap_where_they_touch():
    first, last = np.zeros((2, ROWS, COLUMNS), np.uint8)
    for labels, edge in ((first, 40), (last, 80)):
        labels[10:edge, 20:140], labels[edge:110, 20:140] = MULTIFIDUS, FASCIA
    found = labels_between(first, last, 0.5, [MULTIFIDUS, FASCIA], np.zeros_like(first))
    column = found[10:110, 80]
    assert np.all(column > 0)
    assert abs(np.flatnonzero(column == FASCIA)[0] + 10 - 60) <= 1


def test_what_one_key_frame_lacks_shrinks_away():
    first, nothing = disc(60, 80, 20), np.zeros((ROWS, COLUMNS), np.uint8)
    sizes = [(labels_between(first, nothing, t, [MULTIFIDUS], nothing) > 0).sum() for t in (0, 0.25, 0.5, 0.75, 1)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 0
    assert sizes[2] == pytest.approx(np.pi * 10**2, rel=0.15)
    back = labels_between(nothing, first, 0.75, [MULTIFIDUS], nothing) > 0
    assert back.sum() == sizes[1]
    assert not labels_between(nothing, nothing, 0.5, [MULTIFIDUS], nothing).any()
