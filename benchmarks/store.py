"""How fast objects and examinations become durable, and how fast they are found again.

The peers write to the same disk in turn with the store: a bare file with one fsync (no digest, no name that is
whole or absent), a file with all the steps that the store's promise needs and nothing else, and a BLOB in
SQLite with the settings of the store of examinations.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert

from benchmarks.table import Row, median_s, paired_s
from echospine.adapters.objects import FileObjects
from echospine.adapters.sql import SqlStudies, sqlite_url, tables
from echospine.adapters.sql.engine import writing
from echospine.adapters.sql.rows import exam_row, recording_row
from echospine.domain.exams import Change, Exam, ExamState, ExamWrite, Recording, SourceFile

OBJECT_BYTES = 1_000_000
OBJECTS = 20
EXAMS = 20_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="echospine-bench-") as folder:
        return [*_object_rows(Path(folder)), *_exam_rows(Path(folder))]


def _object_rows(folder: Path) -> list[Row]:
    """Objects per second, each new, of random bytes; every one durable before the next begins."""
    objects = FileObjects(folder / "objects")
    for i in range(256):  # a store that is in use has its folders
        objects._prepare(folder / "objects" / f"{i:02x}")
    put = _many(objects.put)
    found = []
    with _blobs(folder / "blobs.db") as insert_blob:
        peers = {
            "write, fsync": lambda data: _bare_file(folder / f"{data[:8].hex()}.bare", data),
            "digest, write, fsync, rename, fsync": lambda data: _whole_file(folder, data),
            "SQLite BLOB, WAL, FULL": insert_blob,
        }
        for peer, store in peers.items():
            ours_s, peer_s = paired_s(put, _many(store), runs=9)
            rate, ratio = OBJECTS / ours_s, peer_s / ours_s
            found.append(Row("put a new object of 1 MB, durable", rate, "objects/s", peer=peer, ratio=ratio))
    known = os.urandom(OBJECT_BYTES)
    digest = objects.put(known)
    get_s, read_s = paired_s(lambda: objects.get(digest), lambda: _read(objects.path(digest)), runs=50)
    again_s = median_s(lambda: objects.put(known), runs=20)
    return [
        *found,
        Row("put an object of 1 MB that is there", 1 / again_s, "objects/s"),
        Row("get an object of 1 MB, verified", 1 / get_s, "objects/s", peer="read, digest", ratio=read_s / get_s),
    ]


def _many(store: Callable[[bytes], object]) -> Callable[[], None]:
    """Return work that stores many objects which were never stored before."""
    noise = os.urandom(OBJECT_BYTES - 8)
    numbers = itertools.count(int.from_bytes(os.urandom(4), "big") << 20)

    def work() -> None:
        for _ in range(OBJECTS):
            store(next(numbers).to_bytes(8, "big") + noise)

    return work


def _bare_file(file: Path, data: bytes) -> None:
    with file.open("wb", buffering=0) as stream:
        stream.write(data)
        os.fsync(stream.fileno())


def _whole_file(folder: Path, data: bytes) -> None:
    home = folder / sha256(data).hexdigest()
    part = home.with_suffix(".part")
    _bare_file(part, data)
    part.rename(home)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _read(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


@contextmanager
def _blobs(file: Path) -> Iterator[Callable[[bytes], object]]:
    """Give what inserts an object under its digest into SQLite, durable when it returns."""
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("CREATE TABLE objects (digest TEXT PRIMARY KEY, data BLOB)")
        yield lambda data: raw.execute("INSERT INTO objects VALUES (?, ?)", (sha256(data).hexdigest(), data))


def _exam_rows(folder: Path) -> list[Row]:
    """A commit beside one bare durable INSERT, and questions to a store of many examinations."""
    studies = SqlStudies(sqlite_url(folder / "studies.db"))
    numbers = itertools.count()
    with _blobs(folder / "bare.db") as insert_bare:
        commit_s, bare_s = paired_s(lambda: _import(studies, next(numbers)), lambda: insert_bare(os.urandom(200)), 40)
    _fill(studies, range(next(numbers), EXAMS))
    asked = {
        "find a recording by its digest": lambda: studies.find_recording(_digest(77)),
        "load an exam": lambda: studies.load("exam-77"),
        "newest page of exams": studies.search,
        "search exams for a text": lambda: studies.search("MÜLLER^PATIENT 77"),
    }
    what = "create an exam, import a recording: 2 commits"
    found = [Row(what, 1e3 * commit_s, "ms", peer="1 durable INSERT", ratio=commit_s / bare_s)]
    found += [Row(f"{what}, of {EXAMS:,}", 1e3 * median_s(ask, 20), "ms") for what, ask in asked.items()]
    studies.close()
    return found


def _import(studies: SqlStudies, number: int) -> None:
    exam = studies.create(_exam(number), Change(NOW, "Reader One", "create", "exam"))
    change = Change(NOW, "Reader One", "import", f"recording:rec-{number}")
    studies.commit(ExamWrite(replace(exam, revision=1), [change], [_recording(number)]))


def _fill(studies: SqlStudies, numbers: range) -> None:
    """Put many examinations at once, past the store's own way of one commit for each: that would take minutes."""
    with writing(studies._engine) as db:
        db.execute(insert(tables.exams), [exam_row(_exam(number)) for number in numbers])
        db.execute(insert(tables.recordings), [recording_row(_recording(number)) for number in numbers])


def _exam(number: int) -> Exam:
    created_at = NOW + timedelta(seconds=number)
    return Exam(f"exam-{number}", f"Lumbar spine {number}", ExamState.IMPORTED, created_at, f"Müller^Patient {number}")


def _recording(number: int) -> Recording:
    digest = _digest(number)
    files = (SourceFile("sweep.mha", digest, OBJECT_BYTES),)
    name = f"sweep_{number}.mha"
    return Recording(f"rec-{number}", f"exam-{number}", name, "sequence", digest, files, 9, 640, 480, True, NOW)


def _digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


if __name__ == "__main__":
    from benchmarks.table import markdown

    print(markdown("Store", rows()))
