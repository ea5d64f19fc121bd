"""Recordings that stay open between two frames, a bounded number of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from echospine.domain.exams import Recording
from echospine.ports import FrameSource


@dataclass(slots=True, eq=False)
class _Slot:
    """One recording: its source once opened, the lock of whoever reads from it, and how many hold or want it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    source: FrameSource | None = None
    users: int = 0


class OpenSources:
    """The recordings that were looked at last, kept open. For any number of threads.

    A FrameSource is not thread-safe, so each is lent to one thread at a time. One that is evicted is closed
    when nobody uses it: beyond `capacity` only those stay open that are in use right now.
    """

    def __init__(self, open_recording: Callable[[Recording], FrameSource], capacity: int) -> None:
        self._open = open_recording
        self._capacity = capacity
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, recording: Recording) -> Iterator[FrameSource]:
        """Give the open source of `recording` to this thread alone; raises what opening it raises."""
        slot = self._take(recording.id)
        try:
            with slot.lock:
                if slot.source is None:
                    slot.source = self._open(recording).__enter__()
                yield slot.source
        finally:
            self._give_back(slot)

    def close(self) -> None:
        """Close what nobody uses; what is in use is closed when it is given back."""
        with self._lock:
            self._capacity = 0
            idle = self._evict()
        _close(idle)

    def __len__(self) -> int:
        return len(self._slots)

    def _take(self, key: str) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            slot.users += 1
            return slot

    def _give_back(self, slot: _Slot) -> None:
        with self._lock:
            slot.users -= 1
            idle = self._evict()
        _close(idle)

    def _evict(self) -> list[_Slot]:
        """Take the oldest idle slots beyond the capacity out, to be closed outside the lock."""
        idle = [key for key, slot in self._slots.items() if slot.users == 0]
        surplus = max(0, len(self._slots) - self._capacity)
        return [self._slots.pop(key) for key in idle[:surplus]]


def _close(slots: list[_Slot]) -> None:
    for slot in slots:
        if slot.source is not None:
            slot.source.__exit__(None, None, None)
