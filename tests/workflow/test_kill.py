"""What was acknowledged survives `kill -9` at any moment of an import, and nothing half-written is ever seen."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from nursery import bring_in, exam_for_tests, open_house

from echospine.adapters.sequences import encode_mha
from echospine.domain.errors import StorageError
from echospine.domain.exams import ExamFile
from echospine.ports import House
from echospine.workflow.exam import create_exam, open_recording
from small_disks import remount, small_disk

KILLS = 40
ROUNDS_AT_ONCE = 40


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of many small recordings, all different."""
    folder = tmp_path_factory.mktemp("sources")
    rng = np.random.default_rng(20260329)
    for i in range(400):
        frames = rng.integers(0, 255, (2, 24, 32), dtype=np.uint8)
        (folder / f"recording{i}.mha").write_bytes(encode_mha(frames))
    return folder


@dataclass(frozen=True)
class Kept:
    """One acknowledged import."""

    already: bool
    recording_id: str
    name: str

    @classmethod
    def parse(cls, line: str) -> Kept:
        assert line.startswith("kept "), line
        _, already, recording_id, name = line.split(" ", 3)
        return cls(already == "True", recording_id, name)


class Nursery:
    """The process that brings up importers, seen from outside."""

    def __init__(self, sources: Path) -> None:
        script = [sys.executable, str(Path(__file__).with_name("nursery.py")), str(sources)]
        path = os.pathsep.join(sys.path)
        self._process = subprocess.Popen(
            script,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process, and whatever child it left, also where a test failed half-way."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            self._process.wait(timeout=30)

    def ask(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")

    def hear(self) -> str:
        """Return the next line; it comes, or the end does, within the nursery's PATIENCE_S."""
        assert self._process.stdout
        line = self._process.stdout.readline().rstrip("\n")
        assert line, "the nursery is gone: what it wrote on its standard error tells why"
        return line

    def import_and_kill(self, store: Path, seed: int, after: int, wait_s: float) -> list[Kept]:
        """Let a child import into the store; kill it `wait_s` after it acknowledged so many.

        Return all that it acknowledged until it was gone.
        """
        self.ask(f"import {seed} {store}")
        kept = [Kept.parse(self.hear()) for _ in range(after)]
        self.ask(f"kill {wait_s}")
        while (line := self.hear()) != f"gone {-signal.SIGKILL}":
            kept.append(Kept.parse(line))
        return kept


@contextmanager
def nurseries(sources: Path, count: int = 1) -> Iterator[list[Nursery]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Nursery(sources))) for _ in range(count)]


def require_sound(store: Path) -> None:
    """The database is whole, every object under its name is whole, and nothing else lies there."""
    with closing(sqlite3.connect(store / "studies.db")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    for path in (store / "objects").rglob("*"):
        if path.is_file():
            assert path.name == sha256(path.read_bytes()).hexdigest()
            assert path.parent.name == path.name[:2]


def require_whole(file: ExamFile) -> None:
    """No import was applied in part: each has its recording, its files, its line of history and its revision."""
    imported = [change.target for change in file.history if change.action == "import"]
    assert imported == [f"recording:{recording.id}" for recording in file.recordings]
    assert file.exam.revision == len(imported)
    assert all(recording.files for recording in file.recordings)


def require_kept(house: House, file: ExamFile, kept: list[Kept], sources: Path) -> None:
    """Every acknowledged recording is there, with its very bytes and its pictures."""
    require_whole(file)
    for one in kept:
        recording = file.recording(one.recording_id)
        assert house.objects.get(recording.files[0].digest) == (sources / one.name).read_bytes()
        with open_recording(house, recording) as source:
            assert len(source) == recording.n_frames == 2


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills_at_any_moment(sources: Path, tmp_path: Path) -> None:
    """Kill importers that share one store, at random moments; every later one works on what the last left."""
    rng = random.Random(1)
    store, known = tmp_path / "store", {}
    with nurseries(sources) as (nursery,):
        for seed in range(KILLS):
            for one in nursery.import_and_kill(store, seed, rng.randrange(4), rng.uniform(0, 0.05)):
                assert known.setdefault(one.name, one.recording_id) == one.recording_id, "imported twice"
            house = open_house(store)
            file = house.studies.load(exam_for_tests(house))
            house.studies.close()
            assert not list((store / "objects" / "incoming").iterdir())
            require_sound(store)
            require_whole(file)
    house = open_house(store)
    file = house.studies.load(exam_for_tests(house))
    assert len(known) > KILLS / 2
    require_kept(house, file, [Kept(False, recording_id, name) for name, recording_id in known.items()], sources)
    again = [bring_in(house, sources / name, file.exam.id) for name in known]
    assert [(one.recording.id, one.already) for one in again] == [(known_id, True) for known_id in known.values()]
    assert house.studies.load(file.exam.id) == file
    house.studies.close()


@pytest.mark.slow
def test_a_store_survives_kills_while_it_is_made(sources: Path, tmp_path: Path) -> None:
    """Kill importers in the first moments of a new store: it is then a store or nothing, never in the way."""
    rng = random.Random(2)
    with nurseries(sources) as (nursery,):
        for seed in range(KILLS):
            store = tmp_path / f"store{seed}"
            kept = nursery.import_and_kill(store, seed, 0, rng.uniform(0, 0.08))
            kept += nursery.import_and_kill(store, seed, seed % 2, 0.0)
            house = open_house(store)
            require_kept(house, house.studies.load(exam_for_tests(house)), kept, sources)
            bring_in(house, sources / "recording0.mha", exam_for_tests(house))
            house.studies.close()
            require_sound(store)


def test_two_processes_import_the_same_file_at_the_same_moment(sources: Path, tmp_path: Path) -> None:
    """Each into an examination of its own: the content is stored once, and both are told where."""
    names = sorted(path.name for path in sources.iterdir())[:ROUNDS_AT_ONCE]
    store = tmp_path / "store"
    house = open_house(store)
    exams = [create_exam(house, title=f"Import {i}", who="Reader One") for i in range(2)]
    with nurseries(sources, 2) as both:
        for name in names:
            for nursery, exam in zip(both, exams, strict=True):
                nursery.ask(f"one {name} {exam.id} {store}")
            first, second = (Kept.parse(nursery.hear()) for nursery in both)
            assert first.recording_id == second.recording_id
            assert first.already != second.already
    recordings = [recording for exam in exams for recording in house.studies.load(exam.id).recordings]
    assert sorted(recording.name for recording in recordings) == names
    house.studies.close()
    require_sound(store)


def test_a_full_disk_stops_imports_and_takes_nothing_back(sources: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1200) as disk:
        house, kept = open_house(disk / "store"), []
        exam_id = exam_for_tests(house)
        paths = sorted(sources.iterdir())
        with pytest.raises(StorageError, match=f"^{disk}/store/.*the disk is full; free some space and try again$"):
            for path in paths:
                kept.append(Kept(False, bring_in(house, path, exam_id).recording.id, path.name))
        assert 10 < len(kept) < len(paths)
        file = house.studies.load(exam_id)
        require_kept(house, file, kept, sources)
        assert len(file.recordings) == len(kept)
        remount(disk, "size=8m")
        require_sound(disk / "store")
        assert not bring_in(house, paths[len(kept)], exam_id).already
        house.studies.close()
