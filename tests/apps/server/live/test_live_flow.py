"""How many frames may be on their way, without a socket."""

from __future__ import annotations

import asyncio

import pytest

from echospine.apps.server.live.flow import Flow, Stalled


async def waits(flow: Flow, patience_s: float = 5.0) -> bool:
    """Return whether another frame has to wait."""
    ready = asyncio.ensure_future(flow.ready(patience_s))
    await asyncio.sleep(0.02)
    waiting = not ready.done()
    ready.cancel()
    return waiting


def test_no_frame_goes_before_the_page_asks_for_frames():
    async def walk() -> None:
        flow = Flow()
        assert await waits(flow)
        flow.run(True)
        assert not await waits(flow)
        flow.run(False)
        assert await waits(flow)

    asyncio.run(walk())


def test_two_are_on_their_way_and_each_that_is_shown_lets_another_go():
    async def walk() -> None:
        flow = Flow()
        flow.run(True)
        assert [flow.next(), flow.next()] == [0, 1]
        assert await waits(flow)
        flow.shown(0)
        assert not await waits(flow)
        assert flow.next() == 2
        assert await waits(flow)
        flow.shown(2)  # the page passed over frame 1
        assert [flow.next(), flow.next()] == [3, 4]

    asyncio.run(walk())


def test_who_says_to_have_seen_the_future_gains_nothing():
    async def walk() -> None:
        flow = Flow()
        flow.run(True)
        flow.shown(10**12)
        flow.next(), flow.next()
        assert await waits(flow)
        flow.shown(0)
        flow.shown(0)
        flow.next()
        assert await waits(flow)

    asyncio.run(walk())


def test_a_page_that_runs_and_shows_nothing_stalls_and_one_that_is_frozen_does_not():
    async def walk() -> None:
        flow = Flow()
        flow.run(True)
        flow.next(), flow.next()
        with pytest.raises(Stalled):
            await flow.ready(0.05)
        flow.run(False)
        assert await waits(flow, patience_s=0.005)

    asyncio.run(walk())


def test_the_rate_is_what_went_in_the_last_second():
    async def walk() -> None:
        flow = Flow()
        for _ in range(7):
            flow.next()
        assert flow.fps == 7

    asyncio.run(walk())


def test_there_is_room_to_make_one_ahead_only_while_the_page_keeps_up():
    flow = Flow()
    assert not flow.roomy
    flow.run(True)
    assert flow.roomy
    flow.next()
    assert not flow.roomy
    flow.shown(0)
    assert flow.roomy
    flow.run(False)
    assert not flow.roomy


def test_how_long_it_waited_is_told():
    async def walk() -> None:
        flow = Flow()
        flow.run(True)
        assert await flow.ready(1.0) < 0.05
        flow.next(), flow.next()
        asyncio.get_running_loop().call_later(0.1, flow.shown, 1)
        assert 0.08 < await flow.ready(5.0) < 2.0

    asyncio.run(walk())
