"""A crowd of processes: dask's, on this machine or wherever a scheduler has workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from echospine.domain.errors import ClusterError
from echospine.ports import Piece, Result

LOST_WORKERS = 3
"""So many workers may be lost over one piece before it is given up: a recording that kills whoever opens it."""
REACHED_IN_S = 15.0


@dataclass(frozen=True, slots=True)
class DaskCrowd:
    """Processes of one thread each.

    `address`: of a dask scheduler, whose workers must see the same files at the same paths and have the same version of
    EchoSpine; None: processes of this machine. `workers`: how many of those; 0: one for each core.
    """

    address: str | None = None
    workers: int = 0

    def each(
        self, work: Callable[[Piece], Result], pieces: Sequence[Piece]
    ) -> Iterator[tuple[int, Result | Exception]]:
        """Give each piece's place and what came of it, as they are done; see Crowd."""
        from distributed import as_completed  # noqa: PLC0415 -- a second, for one command

        if not pieces:
            return
        with self._client(len(pieces)) as client:
            futures = client.map(work, pieces, pure=False, batch_size=None)
            places = {future.key: place for place, future in enumerate(futures)}
            for future in as_completed(futures):
                if future.status in {"cancelled", "lost"}:
                    raise ClusterError(f"{self._name}: its scheduler is gone; run the same command again, it goes on")
                yield places[future.key], future.exception() if future.status == "error" else future.result()
                future.release()

    @property
    def _name(self) -> str:
        return self.address or "this machine's workers"

    @contextmanager
    def _client(self, n_pieces: int) -> Iterator[Any]:
        import dask  # noqa: PLC0415
        from distributed import Client, LocalCluster  # noqa: PLC0415

        settings = {
            "distributed.scheduler.allowed-failures": LOST_WORKERS,
            "distributed.worker.daemon": True,
            "distributed.admin.log-length": 0,
        }
        with dask.config.set(settings):
            if self.address is None:
                count = min(self.workers or os.cpu_count() or 1, n_pieces)
                with (
                    LocalCluster(
                        n_workers=count, threads_per_worker=1, dashboard_address=None, silence_logs=50
                    ) as local,
                    Client(local) as client,
                ):
                    yield client
                return
            try:
                client = Client(self.address, timeout=REACHED_IN_S)
            except (OSError, ValueError) as error:
                raise ClusterError(
                    f"{self.address}: no dask scheduler answers there; start one with `dask scheduler`, or leave"
                    " --scheduler out"
                ) from error
            with client:
                yield client
