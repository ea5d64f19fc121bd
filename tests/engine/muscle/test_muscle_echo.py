"""Grey levels and texture against published and hand-computed values; and what may not be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from echospine.domain.errors import InputError, NotAllowed
from echospine.engine.muscle.echo import (
    ERODE_MM,
    Acquisition,
    Conversion,
    Echo,
    FatCorrection,
    ReferenceSet,
    difference,
    eroded,
    grey_levels,
    mean_and_doubt,
    texture,
    z_score,
)

HARALICK = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]], np.uint8)
"""The picture of Haralick et al. 1973, Fig. 3 (a), which scikit-image documents as well."""
PUBLISHED = (
    np.array([[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]]),
    np.array([[4, 1, 0, 0], [1, 2, 2, 0], [0, 2, 4, 1], [0, 0, 1, 0]]),
    np.array([[6, 0, 2, 0], [0, 4, 2, 0], [2, 2, 2, 2], [0, 0, 2, 0]]),
    np.array([[2, 1, 3, 0], [1, 2, 1, 0], [3, 1, 0, 2], [0, 0, 2, 0]]),
)
"""Its matrices of pairs side by side, along both diagonals and on top of each other: Fig. 3 (c) to (f)."""
HERE = Acquisition("maker model probe", "muscle", 50.0, 60.0)


def of_matrix(pairs: np.ndarray) -> dict[str, float]:
    """Features of one matrix, written out from Haralick's equations."""
    p = pairs / pairs.sum()
    i, j = np.indices(p.shape)
    mean_i, mean_j = (p * i).sum(), (p * j).sum()
    spread = np.sqrt((p * (i - mean_i) ** 2).sum() * (p * (j - mean_j) ** 2).sum())
    return {
        "contrast": (p * (i - j) ** 2).sum(),
        "dissimilarity": (p * abs(i - j)).sum(),
        "homogeneity": (p / (1 + (i - j) ** 2)).sum(),
        "asm": (p**2).sum(),
        "energy": np.sqrt((p**2).sum()),
        "correlation": (p * (i - mean_i) * (j - mean_j)).sum() / spread,
    }


def test_texture_of_haralicks_picture_is_that_of_the_published_matrices() -> None:
    found = texture(HARALICK, np.ones((4, 4), np.bool_), 4, of=4)
    assert found is not None
    each = [of_matrix(pairs) for pairs in PUBLISHED]
    for name in each[0]:
        assert getattr(found, name) == pytest.approx(np.mean([one[name] for one in each]), rel=1e-12), name


def test_contrast_and_moment_of_haralicks_picture_by_hand() -> None:
    found = texture(HARALICK, np.ones((4, 4), np.bool_), 4, of=4)
    assert found is not None
    assert found.contrast == pytest.approx((14 / 24 + 8 / 18 + 24 / 24 + 32 / 18) / 4)
    assert found.asm == pytest.approx((84 / 24**2 + 48 / 18**2 + 80 / 24**2 + 38 / 18**2) / 4)
    assert found.dissimilarity == pytest.approx((10 / 24 + 8 / 18 + 16 / 24 + 20 / 18) / 4)


def test_pixels_outside_the_region_have_no_part_in_texture() -> None:
    rng = np.random.default_rng(3)
    framed = rng.integers(0, 256, (12, 12)).astype(np.uint8)
    framed[4:8, 4:8] = 64 * HARALICK
    mask = np.zeros((12, 12), np.bool_)
    mask[4:8, 4:8] = True
    assert texture(framed, mask, 4) == texture(HARALICK, np.ones((4, 4), np.bool_), 4, of=4)
    assert texture(framed, np.zeros((12, 12), np.bool_)) is None


def test_grey_levels_by_hand_and_against_scipy() -> None:
    found = grey_levels(np.array([0, 0, 0, 255], np.uint8))
    assert (found.mean, found.entropy_bit) == (63.75, pytest.approx(0.8112781245))
    rng = np.random.default_rng(1)
    values = rng.rayleigh(40, 5000).clip(0, 255).astype(np.uint8)
    found = grey_levels(values)
    share = np.bincount(values) / values.size
    assert found.mean == pytest.approx(values.mean())
    assert found.sd == pytest.approx(values.std())
    assert found.skewness == pytest.approx(stats.skew(values.astype(float)))
    assert found.entropy_bit == pytest.approx(stats.entropy(share, base=2))


def test_zeros_count_and_one_grey_has_neither_spread_nor_skewness() -> None:
    flat = grey_levels(np.full(50, 7, np.uint8))
    assert (flat.mean, flat.sd, flat.skewness, flat.entropy_bit) == (7.0, 0.0, 0.0, 0.0)
    assert grey_levels(np.array([0, 100], np.uint8)).mean == 50.0


def test_the_edge_is_taken_off_by_so_many_millimetres() -> None:
    outline = np.zeros((200, 300), np.bool_)
    outline[50:150, 80:240] = True
    inside = eroded(outline, (0.25, 0.5))
    assert inside is not None
    rows, columns = np.nonzero(inside.mask)
    assert (np.ptp(rows) + 1) * 0.5 == pytest.approx(50.0 - 2 * ERODE_MM, abs=0.5)
    assert (np.ptp(columns) + 1) * 0.25 == pytest.approx(40.0 - 2 * ERODE_MM, abs=0.25)


def test_a_bright_sheath_is_left_out_and_the_outline_has_a_doubt() -> None:
    outline = np.zeros((200, 200), np.bool_)
    outline[20:180, 20:180] = True
    grey = np.full((200, 200), 40, np.uint8)
    grey[:28], grey[172:], grey[:, :28], grey[:, 172:] = 200, 200, 200, 200
    inside = eroded(outline, (0.2, 0.2))
    assert inside is not None
    mean, doubt = mean_and_doubt(grey, inside)
    assert (mean, doubt) == (40.0, 0.0)
    ramp = np.tile(np.arange(200, dtype=np.uint8), (200, 1))
    ramp[100:] = 0
    assert mean_and_doubt(ramp, inside)[1] < 1.0


def test_a_region_that_is_all_edge_is_no_region() -> None:
    thin = np.zeros((100, 100), np.bool_)
    assert eroded(thin, (0.2, 0.2)) is None
    thin[50:55] = True
    assert eroded(thin, (0.2, 0.2)) is None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (replace(HERE, device="another"), "the device differs"),
        (replace(HERE, preset="abdomen"), "the preset differs"),
        (replace(HERE, gain_db=53.0), "the gain differs: 50 and 53"),
        (replace(HERE, depth_mm=80.0), "the depth differs: 60 and 80"),
        (replace(HERE, gain_db=None), "the gain is not known"),
        (Acquisition(), "the device is not known; the preset is not known"),
    ],
)
def test_echoes_taken_otherwise_are_not_compared(other: Acquisition, reason: str) -> None:
    with pytest.raises(NotAllowed, match=reason):
        difference(Echo(60.0, 2.0, HERE), Echo(50.0, 2.0, other))
    with pytest.raises(NotAllowed, match=reason):
        z_score(Echo(60.0, 2.0, HERE), ReferenceSet(50.0, 8.0, 20, other, "a study"))


def test_what_is_not_known_of_both_is_not_taken_as_equal() -> None:
    with pytest.raises(NotAllowed, match="not known"):
        difference(Echo(60.0, 2.0, Acquisition()), Echo(50.0, 2.0, Acquisition()))


def test_echoes_taken_alike_are_compared() -> None:
    assert difference(Echo(60.0, 3.0, HERE), Echo(50.0, 4.0, HERE)) == (10.0, 5.0)
    assert z_score(Echo(66.0, 3.0, HERE), ReferenceSet(50.0, 8.0, 20, HERE, "a study")) == 2.0


def test_a_conversion_from_a_phantom_brings_two_machines_together() -> None:
    there = replace(HERE, device="another")
    conversion = Conversion(there, HERE, 1.5, -10.0, 0.02, 1.0, "grey-scale phantom, three targets")
    away, sd = difference(Echo(40.0, 2.0, there), Echo(50.0, 0.0, HERE), conversion)
    assert away == pytest.approx(0.0)
    assert sd == pytest.approx(np.sqrt(3.0**2 + 0.8**2 + 1.0))
    with pytest.raises(NotAllowed, match="not for it"):
        difference(Echo(40.0, 2.0, HERE), Echo(50.0, 0.0, HERE), conversion)


@given(st.floats(0.5, 2.0), st.floats(-20.0, 20.0), st.floats(0.0, 255.0))
def test_a_conversion_there_and_back_changes_nothing(slope: float, offset: float, grey: float) -> None:
    there = replace(HERE, preset="abdomen")
    onward = Conversion(HERE, there, slope, offset, 0.0, 0.0, "phantom")
    back = Conversion(there, HERE, 1.0 / slope, -offset / slope, 0.0, 0.0, "phantom")
    assert back(onward(Echo(grey, 1.0, HERE))).mean == pytest.approx(grey, abs=1e-9)


@pytest.mark.parametrize("bad", [{"slope": 0.0}, {"slope_sd": -1.0}, {"phantom": " "}, {"offset": float("nan")}])
def test_a_conversion_is_whole_or_refused(bad: dict[str, object]) -> None:
    whole = Conversion(HERE, HERE, 1.0, 0.0, 0.0, 0.0, "phantom")
    with pytest.raises(InputError):
        replace(whole, **bad)  # type: ignore[arg-type]


def test_a_reference_set_needs_people_and_spread() -> None:
    for sd, n in ((8.0, 1), (0.0, 20)):
        with pytest.raises(InputError):
            ReferenceSet(50.0, sd, n, HERE, "a study")


def test_a_correction_for_fat_comes_with_its_name_and_source() -> None:
    corrected = FatCorrection("of this site", "own phantom with layers of fat", 2.0)(Echo(50.0, 3.0, HERE), (10.0, 2.0))
    assert (corrected.mean, corrected.sd, corrected.taken) == (70.0, 5.0, HERE)
    for name, source, figure in (("", "x", 1.0), ("x", " ", 1.0), ("x", "y", float("inf"))):
        with pytest.raises(InputError):
            FatCorrection(name, source, figure)
