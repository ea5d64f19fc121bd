"""Work of one viewer beside each other, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from echospine.apps.server.live import messages
from echospine.apps.server.live.line import Line
from echospine.apps.server.problems import kind_of
from echospine.domain.errors import EchoSpineError

T = TypeVar("T")

QUICK_S = 0.15
"""What takes longer than this is announced."""


def trouble(error: EchoSpineError, *, final: bool) -> messages.Trouble:
    """Return what went wrong, for a person."""
    return messages.Trouble(title=kind_of(error).title, detail=str(error), final=final)


async def announced(line: Line, work: Coroutine[Any, Any, T], what: str, *, seconds: float) -> T:
    """Return what `work` gives; where it takes its time, say so."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=QUICK_S)
        if not done:
            await line.say(messages.Working(what=what, seconds=seconds))
        return await task
    finally:
        task.cancel()


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do all beside each other until one ends; end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
