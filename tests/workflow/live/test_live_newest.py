"""One frame is held, the newest; what nobody took in time is counted."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_kit import HandClock, small_frame

from echospine.ports import LiveCounts, LiveState
from echospine.workflow.live import Newest


def test_only_the_newest_is_held() -> None:
    newest = Newest()
    for index in range(5):
        newest.put(small_frame(index))
    frame = newest.latest()
    assert frame is not None
    assert frame.index == 4
    assert newest.counts == LiveCounts(received=5, dropped=4)


def test_a_frame_that_is_older_than_the_one_held_is_dropped() -> None:
    newest = Newest()
    newest.put(small_frame(7))
    newest.put(small_frame(7))
    newest.put(small_frame(3))
    frame = newest.latest()
    assert frame is not None
    assert frame.index == 7
    assert newest.counts == LiveCounts(received=3, dropped=2)


@given(st.lists(st.booleans(), max_size=60))
def test_each_frame_is_taken_or_dropped_or_still_there(taken: list[bool]) -> None:
    newest, got = Newest(), 0
    for index, take in enumerate(taken):
        newest.put(small_frame(index))
        if take:
            assert newest.latest(index - 1) is not None
            got += 1
    there = bool(taken) and not taken[-1]
    assert newest.counts == LiveCounts(received=len(taken), dropped=len(taken) - got - there)


def test_a_frame_gets_the_time_of_its_arrival_unless_it_has_one() -> None:
    clock = HandClock()
    newest = Newest(now_s=clock)
    newest.put(small_frame(0))
    newest.put(small_frame(1, arrived_s=42.0))
    first = newest.latest()
    assert first is not None
    assert first.arrived_s == 42.0
    newest.put(small_frame(2))
    second = newest.latest()
    assert second is not None
    assert second.arrived_s == clock.s


def test_how_it_stands_follows_the_clock() -> None:
    clock = HandClock()
    newest = Newest(stale_s=1.0, now_s=clock)
    assert newest.state is LiveState.CONNECTING
    newest.put(small_frame(0))
    assert newest.state is LiveState.LIVE
    clock.s += 1.0
    assert (newest.state, newest.trouble) == (LiveState.LIVE, "")
    clock.s += 0.01
    assert (newest.state, newest.trouble) == (LiveState.STALE, "No picture has come for more than 1 s.")
    newest.put(small_frame(1))
    assert newest.state is LiveState.LIVE
    newest.close()
    assert newest.state is LiveState.CLOSED


def test_after_closing_nothing_is_held_and_what_comes_is_dropped() -> None:
    newest = Newest()
    newest.put(small_frame(0))
    newest.close()
    newest.put(small_frame(1))
    assert newest.latest() is None
    assert newest.counts.received == 2


@pytest.mark.parametrize("wait_s", [5.0, 0.0, -1.0])
def test_a_frame_that_comes_while_somebody_waits_is_given_at_once(wait_s: float) -> None:
    newest = Newest()
    threading.Timer(0.05, newest.put, [small_frame(3)]).start()
    frame = newest.latest(2, wait_s)
    assert (frame is not None) == (wait_s > 0)
