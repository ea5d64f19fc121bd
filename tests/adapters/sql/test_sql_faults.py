"""What goes wrong with a database is one clear line, and never takes back what was acknowledged."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from echospine.adapters.sql import SqlStudies, engine, sqlite_url
from echospine.domain.errors import NotFound, StorageError
from small_disks import fill_up, remount, small_disk
from store_samples import make_change, make_exam, make_recording, next_write


def open_sqlite(file: Path) -> SqlStudies:
    return SqlStudies(sqlite_url(file))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "cannot be understood"),
        ("mysql://user@host/name", "mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://reader:secret@127.0.0.1:1/name", "127.0.0.1"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, words: str) -> None:
    with pytest.raises(StorageError, match=words) as caught:
        SqlStudies(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_name_of_the_file_may_hold_any_character(tmp_path: Path) -> None:
    file = tmp_path / "a b?c%20d#e é.db"
    open_sqlite(file).close()
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_only_the_owner_may_read_patients_data(tmp_path: Path) -> None:
    studies = open_sqlite(tmp_path / "studies.db")
    studies.create(make_exam(), make_change())
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"studies.db": 0o600, "studies.db-wal": 0o600, "studies.db-shm": 0o600}
    studies.close()


def test_a_commit_is_durable_when_it_returns(tmp_path: Path) -> None:
    """The log is synced at every commit (FULL is 2), and constraints are held."""
    studies = open_sqlite(tmp_path / "studies.db")
    with engine.reading(studies._engine) as db:
        found = {name: db.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")}
        assert found == {"journal_mode": "wal", "synchronous": 2}
        assert db.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    studies.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a database, but long enough to be read as one" * 20, "not a database"), (b"SQLite", "not a database")],
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "studies.db"
    file.write_bytes(content)
    with pytest.raises(StorageError, match=f"{file}.*{words}.*choose another file"):
        open_sqlite(file)
    assert file.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(StorageError, match="another program; choose another file"):
        open_sqlite(file)
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def test_a_folder_or_a_pipe_is_no_database(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(StorageError, match="is not a file"):
            open_sqlite(path)
    with pytest.raises(StorageError, match="check that its folder exists"):
        open_sqlite(tmp_path / "absent" / "studies.db")


def fill(file: Path, count: int = 30) -> None:
    studies = open_sqlite(file)
    for i in range(count):
        exam = studies.create(make_exam(f"exam-{i}", title="x" * 500), make_change())
        studies.commit(next_write(exam, recordings=[make_recording(f"rec-{i}", exam.id)]))
    studies.close()


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_truncated_database_says_that_it_is_damaged(tmp_path: Path, keep: float) -> None:
    file = tmp_path / "studies.db"
    fill(file)
    os.truncate(file, int(file.stat().st_size * keep))
    with pytest.raises(StorageError, match="damaged; restore it from a backup"):
        studies = open_sqlite(file)
        for i in range(30):
            studies.load(f"exam-{i}")


def use(file: Path) -> None:
    studies = open_sqlite(file)
    try:
        for i in range(30):
            studies.load(f"exam-{i}")
        studies.search("x")
        studies.create(make_exam("new"), make_change())
    finally:
        studies.close()


def test_overwritten_pages_are_one_clear_line_or_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    fill(file)
    whole, page, said = file.read_bytes(), 4096, []
    for start in range(0, len(whole), page):
        file.write_bytes(whole[:start] + b"\xa5" * page + whole[start + page :])
        try:
            use(file)
        except (StorageError, NotFound) as error:
            said.append(str(error))
    assert len(said) > 5
    assert not any("\n" in line for line in said)


def test_values_that_no_version_wrote_say_that_the_content_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "studies.db"
    fill(file, 1)
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("UPDATE exams SET state = 'lost'")
        raw.execute("UPDATE recordings SET notes = '[not json'")
        raw.commit()
    studies = open_sqlite(file)
    for ask in (studies.search, lambda: studies.load("exam-0"), lambda: studies.recording("rec-0")):
        with pytest.raises(StorageError, match="may be damaged"):
            ask()
    studies.close()


def test_a_lock_that_is_never_given_back_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_S", 0.2)
    file = tmp_path / "studies.db"
    studies = open_sqlite(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked by another program; close that program"):
            studies.create(make_exam(), make_change())
        assert studies.search().total == 0
    assert studies.create(make_exam(), make_change()) == make_exam()
    studies.close()


def test_a_full_disk_takes_back_nothing_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1500) as disk:
        studies, kept = open_sqlite(disk / "studies.db"), []
        with pytest.raises(StorageError, match=f"^{disk}/studies.db: the disk is full; free some space and try again$"):
            for i in range(3000):
                kept.append(studies.create(make_exam(f"exam-{i}", title="x" * 500), make_change()))
        assert len(kept) > 50
        assert [studies.load(exam.id).exam for exam in kept] == kept
        remount(disk, "size=3m")
        more = studies.create(make_exam("more"), make_change())
        studies.close()
        again = open_sqlite(disk / "studies.db")
        assert [again.load(exam.id).exam for exam in (*kept, more)] == [*kept, more]
        assert again.search().total == len(kept) + 1
        again.close()
        with closing(sqlite3.connect(disk / "studies.db")) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_samples import make_change, make_exam
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.domain.errors import StorageError
file = Path(sys.argv[1])
studies = SqlStudies(sqlite_url(file))
limit = max(path.stat().st_size for path in file.parent.iterdir()) + 1_000_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
kept = 0
try:
    while kept < 5000:
        studies.create(make_exam(f"exam-{kept}", title="x" * 500), make_change())
        kept += 1
except StorageError as error:
    print(kept, error)
"""


def test_a_limit_on_the_size_of_files_takes_back_nothing(tmp_path: Path) -> None:
    """A full disk for those who may not mount a small one."""
    file = tmp_path / "studies.db"
    command = [sys.executable, "-c", LIMITED, file, Path(__file__).parents[2]]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.count("\n") == 1
    kept, line = said.split(" ", 1)
    assert line.startswith(f"{file}: the disk ")
    studies = open_sqlite(file)
    assert studies.search().total == int(kept) > 10
    studies.close()


def test_a_store_cannot_be_made_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        filler = fill_up(disk)
        with pytest.raises(StorageError, match=r"the disk is full|the disk failed"):
            open_sqlite(disk / "studies.db")
        filler.unlink()
        remount(disk, "size=2m")
        studies = open_sqlite(disk / "studies.db")
        assert studies.create(make_exam(), make_change()) == make_exam()
        studies.close()


def test_a_read_only_disk_is_read_from_and_not_written_to(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2048) as disk:
        fill(disk / "studies.db", 2)
        remount(disk, "ro")
        with pytest.raises(StorageError, match=r"read-only|cannot be opened") as caught:
            use(disk / "studies.db")
        assert "\n" not in str(caught.value)
        remount(disk, "rw")
        fill(disk / "other.db", 1)
        studies = open_sqlite(disk / "studies.db")
        assert studies.search().total == 2
        studies.close()
