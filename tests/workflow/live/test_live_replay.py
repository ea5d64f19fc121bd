"""A recording is played at its pace: the frame that is due, nothing read ahead, nothing queued."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_kit import HandClock, Tape

from echospine.domain.errors import InputError
from echospine.ports import LiveCounts, LiveState
from echospine.workflow.live import Replay

UNEVEN_S = (0.0, 0.1, 0.5, 0.6)
"""Mean step 0.2 s, so it begins again after 0.8 s."""


def due(replay: Replay, clock: HandClock, at_s: float) -> tuple[int, int, float, float]:
    """Index, frame of the tape, time and arrival of what is due that long after the start."""
    clock.s = 100.0 + at_s
    frame = replay.latest()
    assert frame is not None
    assert frame.time_s is not None
    assert frame.arrived_s is not None
    return frame.index, int(frame.pixels[0, 0]), round(frame.time_s, 6), round(frame.arrived_s - 100.0, 6)


def test_frames_are_due_at_their_own_times_and_again_after_the_end() -> None:
    clock = HandClock()
    replay = Replay(Tape(4, UNEVEN_S), now_s=clock)
    assert due(replay, clock, 0.0) == (0, 0, 0.0, 0.0)
    assert due(replay, clock, 0.45) == (1, 1, 0.1, 0.1)
    assert due(replay, clock, 0.55) == (2, 2, 0.5, 0.5)
    assert due(replay, clock, 0.79) == (3, 3, 0.6, 0.6)
    assert due(replay, clock, 0.81) == (4, 0, 0.8, 0.8)
    assert due(replay, clock, 8.95) == (45, 1, 8.9, 8.9)


def test_a_given_rate_replaces_the_times() -> None:
    clock = HandClock()
    replay = Replay(Tape(4, UNEVEN_S), rate_hz=10, now_s=clock)
    assert [due(replay, clock, at_s)[1] for at_s in (0.05, 0.15, 0.25, 0.35, 0.45)] == [0, 1, 2, 3, 0]


@pytest.mark.parametrize("times_s", [(), (0.0, 0.0, 0.0)])
def test_a_recording_without_times_is_played_at_25_a_second(times_s: tuple[float, ...]) -> None:
    clock = HandClock()
    replay = Replay(Tape(3, times_s), now_s=clock)
    assert [due(replay, clock, at_s)[1] for at_s in (0.0, 0.05, 0.1, 0.13)] == [0, 1, 2, 0]


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 1e-9, 1e9, float("nan"), float("inf")])
def test_a_rate_that_cannot_be_is_refused(rate_hz: float) -> None:
    with pytest.raises(InputError, match="frames/s"):
        Replay(Tape(3), rate_hz=rate_hz)


def test_what_went_by_is_dropped_and_was_never_read() -> None:
    clock = HandClock()
    tape = Tape(100)
    replay = Replay(tape, rate_hz=10, now_s=clock)
    due(replay, clock, 0.01)
    due(replay, clock, 5.01)
    assert tape.read == [0, 50]
    assert replay.counts == LiveCounts(received=51, dropped=49)


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=30), st.sets(st.integers(0, 3)))
def test_counts_agree_with_what_was_given(steps_s: list[float], broken: set[int]) -> None:
    clock = HandClock()
    replay = Replay(Tape(4, broken=frozenset(broken)), rate_hz=4, now_s=clock)
    given_indices: set[int] = set()
    tried: set[int] = set()
    for step_s in steps_s:
        clock.s += step_s
        frame = replay.latest(max(given_indices, default=-1))
        index = int(np.floor((clock.s - 100.0) * 4 + 1e-12))
        if index % 4 in broken:
            assert frame is None
            tried.add(index)
        elif frame is not None:
            given_indices.add(frame.index)
    counts = replay.counts
    assert counts.bad == len(tried)
    assert counts.received + counts.bad == index + 1
    assert counts.dropped == index - len(given_indices - {index}) - len(tried - {index})


def test_a_damaged_frame_is_passed_over_and_told() -> None:
    with Replay(Tape(4, broken=frozenset({1})), rate_hz=50) as replay:
        found, after = [], -1
        while len(found) < 6:
            frame = replay.latest(after, 1.0)
            assert frame is not None
            found.append(int(frame.pixels[0, 0]))
            after = frame.index
        assert 1 not in found
        assert replay.counts.bad >= 1
        assert "could not be read" in replay.trouble


def test_played_once_it_ends_with_its_last_frame() -> None:
    clock = HandClock()
    replay = Replay(Tape(4, UNEVEN_S), loop=False, now_s=clock)
    assert due(replay, clock, 0.7)[1] == 3
    assert replay.state is LiveState.LIVE
    clock.s = 100.81
    assert replay.state is LiveState.CLOSED
    assert replay.latest(3) is None
    assert replay.counts.received == 4


def test_a_wait_ends_when_the_frame_is_due() -> None:
    with Replay(Tape(10), rate_hz=20) as replay:
        first = replay.latest()
        assert first is not None
        second = replay.latest(first.index, 1.0)
        assert second is not None
        assert second.arrived_s is not None
        assert 0 <= time.monotonic() - second.arrived_s < 0.05
        began_s = time.monotonic()
        assert replay.latest(second.index, 0.01) is None
        assert time.monotonic() - began_s < 0.05
