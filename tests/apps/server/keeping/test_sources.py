"""Open recordings: a bounded number, one thread at a time in each, and each closed once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from echospine.apps.server.keeping.kept import Kept
from echospine.apps.server.keeping.sources import OpenSources
from echospine.domain.errors import StorageError
from serving import wait_for
from store_samples import make_recording


@dataclass
class Shelf:
    """Opens sources that notice when two threads use them at a time, or when they are used after closing."""

    opened: list[Book] = field(default_factory=list)

    def open(self, recording):
        self.opened.append(Book(recording.id))
        return self.opened[-1]


@dataclass
class Book:
    name: str
    closed: int = 0
    readers: int = 0
    crowded: bool = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        assert self.readers == 0, "closed while somebody reads"
        self.closed += 1

    def read(self):
        assert not self.closed, "read after closing"
        self.readers += 1
        self.crowded |= self.readers > 1
        time.sleep(0.0005)
        self.readers -= 1


def test_a_recording_stays_open_and_the_oldest_is_closed():
    shelf = Shelf()
    sources = OpenSources(shelf.open, capacity=2)
    for name in ("a", "b", "a", "c", "a"):
        with sources.lend(make_recording(name)) as book:
            book.read()
    assert [book.name for book in shelf.opened] == ["a", "b", "c"]
    assert {book.name: book.closed for book in shelf.opened} == {"a": 0, "b": 1, "c": 0}
    sources.close()
    assert [book.closed for book in shelf.opened] == [1, 1, 1]


def test_many_threads_never_share_a_source_nor_use_a_closed_one():
    shelf = Shelf()
    sources = OpenSources(shelf.open, capacity=2)

    def read(n: int) -> None:
        with sources.lend(make_recording(f"r{n % 5}")) as book:
            book.read()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read, range(400)))
    assert not any(book.crowded for book in shelf.opened)
    assert len(sources) <= 2
    sources.close()
    assert all(book.closed == 1 for book in shelf.opened)


def test_what_is_in_use_is_closed_when_it_comes_back():
    shelf = Shelf()
    sources = OpenSources(shelf.open, capacity=1)
    with sources.lend(make_recording("a")) as book:
        with sources.lend(make_recording("b")):
            pass
        book.read()
        sources.close()
        assert not book.closed
    assert [book.closed for book in shelf.opened] == [1, 1]


def test_a_recording_that_cannot_be_opened_is_tried_again():
    tries = iter([StorageError("disk: gone"), Book("a")])

    def open_or_fail(_):
        got = next(tries)
        if isinstance(got, Exception):
            raise got
        return got

    sources = OpenSources(open_or_fail, capacity=2)
    with pytest.raises(StorageError), sources.lend(make_recording("a")):
        pass
    with sources.lend(make_recording("a")) as book:
        book.read()


def test_a_result_is_made_once_however_many_ask():
    kept: Kept[str, object] = Kept(2)
    made = []
    gate = threading.Event()

    def make():
        made.append(1)
        assert gate.wait(10)
        return object()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(kept.get, "key", make) for _ in range(8)]
        wait_for(lambda: made)
        gate.set()
        assert len({id(answer.result()) for answer in asked}) == 1
    assert len(made) == 1


def test_only_the_latest_results_are_kept_and_no_errors():
    kept: Kept[int, int] = Kept(2)
    for key in (1, 2, 1, 3):
        assert kept.get(key, lambda key=key: key) == key
    assert kept.get(1, lambda: -1) == 1
    assert kept.get(2, lambda: -1) == -1
    assert len(kept) == 2
    with pytest.raises(ZeroDivisionError):
        kept.get(9, lambda: 1 // 0)
    assert kept.get(9, lambda: 9) == 9
