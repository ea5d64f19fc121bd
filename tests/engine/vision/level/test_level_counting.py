"""Levels are counted from the sacrum or the last rib; without either nothing is ever sure."""

from __future__ import annotations

import math

import numpy as np
import pytest

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Quality, Sector, Structure, View
from echospine.domain.sights import Bearing, Doubt, LevelBelief, StructureMap, ViewBelief
from echospine.engine.vision.level import Evidence, LevelFilter, evidence_of
from echospine.engine.vision.level.anatomy import NAMES, SPACING_MM, sacrum_chance, sacrum_truth
from echospine.engine.vision.level.evidence import sacrum_share
from training.guidance import spacing_mm
from training.sweeps import sample_sweep


def said(sweep) -> list[LevelBelief]:
    count = LevelFilter()
    return [count.update(one, float(t)) for one, t in zip(sweep.evidence, sweep.times_s, strict=True)]


def still(
    height: float, *, moved_mm: float | None = None, sacrum: float | None = None, rib: float | None = None
) -> Evidence:
    """What a faultless reader says across the spine."""
    return Evidence(sacrum, 0.0, rib, 0.0, 2 * math.pi * height, 0.9, moved_mm)


def counted_up(to: float, *, speed: float = 0.5, rib: bool = False, tracked: bool = True) -> list[LevelBelief]:
    """A sweep from the sacrum upwards at 10 frames/s, levels/s."""
    count, found = LevelFilter(), []
    heights = [6.5] * 15 + list(np.arange(6.5, to, -speed / 10)) + [to] * 5
    before = heights[0]
    for n, height in enumerate(heights):
        mm = float(
            np.interp([before, height], np.arange(-1, 9), np.concatenate([[0], np.cumsum(SPACING_MM)])) @ (-1, 1)
        )
        seen = still(height, moved_mm=mm if tracked else None, sacrum=1.0 if height > 5.6 else 0.0,
                     rib=(1.0 if abs(height) < 0.4 else 0.0) if rib else None)  # fmt: skip
        found.append(count.update(seen, n / 10))
        before = height
    return found


@pytest.mark.parametrize(("to", "name"), [(5.0, "L5"), (4.0, "L4"), (3.0, "L3"), (1.0, "L1")])
def test_a_tracked_sweep_counts_up_from_the_sacrum(to, name):
    last = counted_up(to)[-1]
    assert last.surely() == name
    assert last.reason == "Counted from the sacrum."


def test_between_two_spinous_processes_the_level_is_doubtful_and_the_reason_names_both():
    last = counted_up(3.5)[-1]
    assert last.surely() is None
    assert {last.shares[0][0], last.shares[1][0]} == {"L3", "L4"}


def test_without_a_tracker_phases_are_counted():
    told = counted_up(4.0, tracked=False)
    assert told[-1].shares[0][0] == "L4"
    assert not any(one.surely() for one in told)
    assert "without a tracker" in told[-1].reason


def test_seeing_the_last_rib_too_settles_how_many_lumbar_vertebrae_there_are():
    above = counted_up(0.0, rib=True)
    assert above[-1].surely(0.95) == "T12"
    assert counted_up(0.0)[-1].surely(0.95) is None
    assert "the sacrum and the last rib" in above[-1].reason


def test_with_neither_sacrum_nor_rib_it_says_what_to_do_and_stays_doubtful():
    count = LevelFilter()
    for n in range(200):
        last = count.update(still(4.0 - n * 0.01, moved_mm=-0.28, sacrum=0.0), n / 10)
        assert last.shares[0][1] <= 0.6 + 1e-9
    assert "Neither the sacrum nor the last rib" in last.reason


def test_a_cut_forgets_where_the_probe_was():
    count = LevelFilter()
    for n in range(40):
        count.update(still(6.5, moved_mm=0.0, sacrum=1.0), n / 10)
    after = count.update(Evidence(0.0, 0.0, None, 0.0, 0.0, 0.9, None, jumped=True), 4.1)
    assert after.surely() is None and "Neither" in after.reason
    backwards = LevelFilter()
    for n in range(40):
        backwards.update(still(6.5, moved_mm=0.0, sacrum=1.0), n / 10)
    assert "Neither" in backwards.update(still(4.0, moved_mm=0.0, sacrum=0.0), 1.0).reason, "time ran backwards"


def test_lost_contact_widens_the_belief_and_is_told():
    count = LevelFilter()
    for n in range(120):
        held = count.update(still(max(6.4 - 0.05 * n, 4.0), sacrum=1.0 if n < 16 else 0.0), n / 10)
    for n in range(120, 160):
        lost = count.update(Evidence(), n / 10)
    assert lost.shares[0][1] < 0.7 * held.shares[0][1]
    assert "nothing was seen for 4 s" in lost.reason


def test_a_tracked_probe_that_loses_contact_is_still_followed():
    count, height = LevelFilter(), 6.5
    for n in range(30):
        count.update(still(height, moved_mm=0.0, sacrum=1.0), n / 10)
    for n in range(30, 60):
        height -= 0.05
        mm = -0.05 * float(np.interp(height, np.arange(9) - 0.5, SPACING_MM))
        seen = Evidence(moved_mm=mm) if n < 50 else still(height, moved_mm=mm, sacrum=0.0)
        last = count.update(seen, n / 10)
    assert last.shares[0][0] == "L5"


def test_the_same_evidence_gives_the_same_belief():
    sweep = sample_sweep(5)
    assert said(sweep)[-1] == said(sample_sweep(5))[-1]


def test_tables_are_those_of_drawn_people():
    assert np.allclose(spacing_mm(60).mean(axis=0), SPACING_MM[1:7], rtol=0.06)
    below = np.linspace(-4.0, 2.0, 30)
    for along in (False, True):
        assert np.allclose(sacrum_truth(below, along=along).sum(axis=-1), 1.0, atol=0.02)
        assert np.allclose(sacrum_chance(np.tile(below, (6, 1)), along=along).sum(axis=-1), 1.0, atol=0.02)


@pytest.mark.slow
def test_what_is_surely_said_over_many_sweeps_is_right():
    right = sure = 0
    for seed in range(2000, 2120):
        sweep = sample_sweep(seed, tracked=True)
        for belief, name in list(zip(said(sweep), sweep.names(), strict=True))[::5]:
            sure += belief.surely() is not None
            right += belief.surely() == name
    assert sure > 100
    assert right / sure >= 0.95


@pytest.mark.slow
def test_sweeps_without_an_anchor_do_not_end_sure():
    ends = [said(sample_sweep(seed, anchored=False))[-1] for seed in range(2000, 2080)]
    assert not any(one.surely() for one in ends)


def picture(labels: np.ndarray, *, contact: float = 1.0, silent: bool = False) -> Interpretation:
    field = Field(Sector(np.zeros(64), np.full(64, 63.0)))
    return Interpretation(
        3, Method("made", "1"), field, (), Quality(contact, 0.0, 0.2, 0.9),
        structures=StructureMap(labels, np.full(labels.shape, 200, np.uint8), (0.0, 0.0), 1.0),
        view=ViewBelief(((View.SACRAL, 0.7), (View.OTHER, 0.3))),
        doubt=Doubt(0.3, silent),
    )  # fmt: skip


def test_the_share_of_sacrum_is_that_of_columns_whose_first_bone_it_is():
    labels = np.zeros((64, 64), np.uint8)
    labels[30, :20], labels[35, 10:40], labels[50, :] = Structure.LAMINA, Structure.SACRUM, Structure.VERTEBRAL_BODY
    assert sacrum_share(StructureMap(labels, labels, (0.0, 0.0), 1.0)) == pytest.approx(20 / 64)
    assert sacrum_share(StructureMap(np.zeros((9, 9), np.uint8), np.zeros((9, 9), np.uint8), (0.0, 0.0), 1.0)) is None


def test_a_silent_picture_or_lost_contact_says_nothing_but_its_motion():
    labels = np.full((64, 64), Structure.SACRUM, np.uint8)
    bearing = Bearing(0.0, 3.0, 0.1, 0.9, 0.4, 0.8, 0.0, 0.0, 1.0)
    whole = evidence_of(picture(labels), bearing, moved_mm=1.5)
    assert whole == Evidence(1.0, 0.7, None, 0.1, 0.4, 0.8, 1.5)
    for nothing in (picture(labels, contact=0.1), picture(labels, silent=True)):
        assert evidence_of(nothing, bearing, moved_mm=1.5) == Evidence(moved_mm=1.5)
        assert evidence_of(nothing, bearing).blind


def test_names_go_from_the_head_down():
    assert NAMES.index("T12") < NAMES.index("L1") < NAMES.index("L5") < NAMES.index("S1")
