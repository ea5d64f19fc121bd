"""What all viewers share: threads, the patients that were built last, and how many scanners there may be at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from echospine.apps.server.keeping.kept import Kept
from echospine.apps.server.limits import Limits
from echospine.apps.server.live.line import LATER, Refused
from echospine.apps.server.live.messages import Recorded
from echospine.apps.server.live.recorder import Keeper, Take
from echospine.engine.twin.patient import PatientParameters
from echospine.ports import Explainer, LiveSource

if TYPE_CHECKING:
    from echospine.workflow.live import Adviser, Eye
    from echospine.workflow.scanner import Couch, Twin

T = TypeVar("T")

RENDERERS = 2
"""Threads that share the lines of each picture, whichever scanner it is of."""


@dataclass(frozen=True, slots=True)
class Supplies:
    """What the live part is given from outside.

    `make_twin`: makes what builds patients, aims and makes pictures, when it is first needed; `open_live`: opens
    the live pictures of an address; `play`: plays the recording of that id; `make_eye`: makes what looks at the frames
    of one viewer; `make_adviser`: makes what leads one viewer; `explainer`: says why something is seen, None where the
    model gives no reasons; `keeper`: brings frames into an examination.
    """

    make_twin: Callable[[], Twin]
    open_live: Callable[[str], LiveSource]
    play: Callable[[str], LiveSource]
    make_eye: Callable[[], Eye]
    make_adviser: Callable[[], Adviser]
    explainer: Explainer | None
    keeper: Keeper


class Room:
    """The live part of one server."""

    def __init__(self, limits: Limits, supplies: Supplies) -> None:
        self._limits = limits
        self.supplies = supplies
        self._taken = 0
        self._patients: Kept[PatientParameters, Couch] = Kept(limits.patients)
        self._renderers = ThreadPoolExecutor(RENDERERS, "echospine-render")
        self._viewers = ThreadPoolExecutor(2 * limits.scanners + 1, "echospine-live")
        self._builder = ThreadPoolExecutor(1, "echospine-patient")
        self._keepers = ThreadPoolExecutor(1, "echospine-keep")

    @cached_property
    def twin(self) -> Twin:
        """What the virtual scanner scans."""
        return self.supplies.make_twin()

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Take one of the seats while the block runs; raises Refused when all are taken."""
        if self._taken >= self._limits.scanners:
            detail = f"All {self._limits.scanners} live views are in use. Close one that is not needed, then try again."
            raise Refused("Every scanner is in use", detail, LATER)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    @property
    def taken(self) -> int:
        """How many seats are taken."""
        return self._taken

    async def couch(self, parameters: PatientParameters) -> Couch:
        """Return that patient on the couch, built unless it was built lately; raises what building raises."""
        from echospine.workflow.scanner import lay

        def make() -> Couch:
            return lay(parameters, self.twin.build(parameters))

        return await self._do(self._builder, lambda: self._patients.get(parameters, make))

    async def work(self, task: Callable[[], T]) -> T:
        """Do a viewer's own work in its thread."""
        return await self._do(self._viewers, task)

    async def keep(self, take: Take) -> Recorded:
        """Bring frames into an examination, beside all else; raises what `Keeper.keep` raises."""
        return await self._do(self._keepers, lambda: self.supplies.keeper.keep(take))

    def close(self) -> None:
        """Wait for the pictures in hand; a patient that is being built is given up with the process."""
        for pool in (self._viewers, self._builder, self._renderers, self._keepers):
            pool.shutdown(wait=False, cancel_futures=True)

    def run(self, part: Callable[[int], None], parts: Iterable[int]) -> Iterable[object]:
        """Do the parts of one picture beside each other."""
        return self._renderers.map(part, parts)

    @staticmethod
    async def _do(pool: ThreadPoolExecutor, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, task)
