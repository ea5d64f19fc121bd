"""The pump gives the newest frame, interpreted or not, to every sink, and measures its pace."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from live_kit import HandClock, Tape, small_frame

from echospine.workflow.live import Newest, Pace, Pump, Replay, Seen


def test_every_sink_gets_every_frame_that_is_taken_in_order() -> None:
    newest, first, second = Newest(), list[int](), list[int]()
    pump = Pump(newest, [lambda s: first.append(s.frame.index), lambda s: second.append(s.frame.index)])
    for index in range(3):
        newest.put(small_frame(index))
        assert pump.step()
        assert not pump.step()
    assert first == second == [0, 1, 2]


def test_what_a_sink_raises_goes_through() -> None:
    def sink(seen: Seen) -> None:
        raise ZeroDivisionError

    newest = Newest()
    newest.put(small_frame(0))
    with pytest.raises(ZeroDivisionError):
        Pump(newest, [sink]).step()


def test_a_slow_sink_gets_new_frames_not_old_ones() -> None:
    """20 ms for each of 100 frames a second: about half are dropped, and none that comes through is old."""
    ages_s: list[float] = []

    def sink(seen: Seen) -> None:
        assert seen.frame.arrived_s is not None
        ages_s.append(seen.taken_s - seen.frame.arrived_s)
        time.sleep(0.02)

    with Replay(Tape(1000), rate_hz=100) as replay:
        pump = Pump(replay, [sink])
        end_s = time.monotonic() + 1.0
        pump.run(lambda: time.monotonic() > end_s)
        assert replay.counts.dropped >= 25
    assert len(ages_s) >= 20
    assert np.median(ages_s) < 0.015
    report = pump.report()
    assert report.frames == len(ages_s)
    assert report.p50_s is not None
    assert 0.02 <= report.p50_s < 0.1


def test_the_pump_ends_when_it_is_told_or_when_the_source_is_closed() -> None:
    for end in ("told", "closed"):
        newest, stop = Newest(), threading.Event()
        thread = threading.Thread(target=Pump(newest, []).run, args=(stop.is_set,))
        thread.start()
        (stop.set if end == "told" else newest.close)()
        thread.join(2.0)
        assert not thread.is_alive()


def test_latency_is_counted_from_arrival_to_the_end_of_the_last_sink() -> None:
    clock = HandClock()
    newest = Newest(now_s=clock)

    def slow(seen: Seen) -> None:
        clock.s += 0.5

    newest.put(small_frame(0))
    clock.s += 0.25
    pump = Pump(newest, [slow, slow], now_s=clock)
    pump.step()
    report = pump.report()
    assert (report.frames, report.p50_s, report.p99_s, report.worst_s) == (1, 1.25, 1.25, 1.25)


def test_the_pace_of_an_even_flow_is_its_rate() -> None:
    pace = Pace()
    assert pace.report(0.0).fps == 0
    for index in range(200):
        pace.count(index / 50 - 0.01, index / 50)
        if index in (10, 199):
            assert pace.report(index / 50).fps == pytest.approx(50, rel=0.02)
    report = pace.report(199 / 50)
    assert (report.frames, report.p50_s, report.worst_s) == (200, pytest.approx(0.01), pytest.approx(0.01))


def test_the_pace_falls_when_nothing_comes_any_more() -> None:
    pace = Pace()
    for index in range(200):
        pace.count(index / 50, index / 50)
    assert pace.report(5.0).fps == pytest.approx(25, abs=1)
    assert pace.report(60.0).fps == 0


def test_percentiles_are_those_of_the_latencies() -> None:
    pace = Pace()
    for index in range(101):
        pace.count(float(index), index + index / 1000)
    report = pace.report(101.0)
    assert report.p50_s == pytest.approx(0.050)
    assert report.p99_s == pytest.approx(0.099)
    assert report.worst_s == pytest.approx(0.100)
