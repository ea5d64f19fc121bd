"""Objects on a real disk: full, read-only, forbidden, damaged, shared, and left behind by the killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from echospine.adapters.objects import FileObjects
from echospine.domain.errors import NotFound, StorageError, UnreadableError
from small_disks import fill_up, remount, small_disk


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_an_object_lies_under_its_digest_and_nothing_else_is_left(tmp_path: Path) -> None:
    digest = FileObjects(tmp_path / "deep" / "store").put(b"bone")
    assert files_in(tmp_path) == [tmp_path / "deep" / "store" / digest[:2] / digest]


def test_only_the_owner_may_read_patients_data(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path / "store")
    home = objects.path(objects.put(b"bone"))
    assert {path.stat().st_mode & 0o077 for path in (home, home.parent, tmp_path / "store")} == {0}


def test_it_is_found_again_from_another_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = FileObjects(Path("store"))
    digest = objects.put(b"bone")
    monkeypatch.chdir("/")
    assert objects.path(digest).read_bytes() == b"bone" == FileObjects(tmp_path / "store").get(digest)


@pytest.mark.parametrize("damaged", [b"", b"bonf", b"bone and more"])
def test_damage_is_told_and_healed_by_the_same_content(tmp_path: Path, damaged: bytes) -> None:
    objects = FileObjects(tmp_path)
    digest = objects.put(b"bone")
    objects.path(digest).write_bytes(damaged)
    with pytest.raises(StorageError, match=rf"{digest}: is damaged.*backup"):
        objects.get(digest)
    assert objects.put(b"bone") == digest
    assert objects.get(digest) == b"bone"


def test_a_file_is_kept_in_constant_memory(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate(200 << 20)
    objects = FileObjects(tmp_path / "store")
    tracemalloc.start()
    _, size = objects.put_file(big)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 200 << 20
    assert peak < 4 << 20


GROWER = "import sys\nwith open(sys.argv[1], 'ab', 0) as f:\n  while f.tell() < 8 << 20: f.write(b'x' * 999)"


def test_the_digest_is_of_what_was_kept_though_the_source_grows(tmp_path: Path) -> None:
    source = tmp_path / "growing"
    source.touch()
    objects = FileObjects(tmp_path / "store")
    with subprocess.Popen([sys.executable, "-c", GROWER, source]) as grower:
        while not source.stat().st_size:
            time.sleep(0.001)
        kept = [objects.put_file(source) for _ in range(20)]
        grower.kill()
    assert [len(objects.get(digest)) for digest, _ in kept] == [size for _, size in kept]
    assert len({size for _, size in kept}) > 1


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "recording"
    source.write_bytes(os.urandom(3 << 20))
    with small_disk(tmp_path / "disk", 2048) as disk:
        objects = FileObjects(disk / "store")
        kept = objects.put(b"small")
        before = files_in(disk)
        for put in (lambda: objects.put(source.read_bytes()), lambda: objects.put_file(source)):
            with pytest.raises(StorageError, match=f"^{disk}/store: the disk is full; free some space and try again$"):
                put()
            assert files_in(disk) == before
        assert objects.get(kept) == b"small"
        assert objects.get(objects.put(b"there is room again")) == b"there is room again"


def test_a_disk_without_room_for_a_folder_is_full_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        objects = FileObjects(disk / "store")
        fill_up(disk)
        with pytest.raises(StorageError, match="the disk is full"):
            objects.put(b"y" * 4096)
        assert files_in(disk) == [disk / "filler"]


def test_a_read_only_disk_is_read_from_and_not_written_to(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1024) as disk:
        digest = FileObjects(disk / "store").put(b"bone")
        remount(disk, "ro")
        objects = FileObjects(disk / "store")
        assert objects.get(digest) == b"bone"
        with pytest.raises(StorageError, match="read-only; choose a folder"):
            objects.put(b"more")
        with pytest.raises(StorageError, match="read-only"):
            FileObjects(disk / "another")


LIMITED = """
import resource, sys
from pathlib import Path
from echospine.adapters.objects import FileObjects
from echospine.domain.errors import StorageError
objects = FileObjects(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    objects.put(bytes(3 << 20))
except StorageError as error:
    print(error)
"""


def test_a_limit_on_the_size_of_files_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=True)
    assert "larger than this disk or this process may write" in done.stdout
    assert done.stdout.count("\n") == 1
    assert files_in(tmp_path) == []


@contextmanager
def nobody() -> Iterator[None]:
    """Act as a user without rights: root may do everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may write to (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="echospine-test-"))
    folder.chmod(0o777)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    shutil.rmtree(folder)


def test_a_forbidden_store_is_one_clear_line(open_folder: Path) -> None:
    store = open_folder / "store"
    with nobody():
        objects = FileObjects(store)
        home = objects.path(objects.put(b"bone"))
        asked = {
            home.parent: lambda: objects.get(home.name),
            store / "incoming": lambda: objects.put(b"more"),
            store: lambda: FileObjects(store),
        }
        for folder, ask in asked.items():
            folder.chmod(0o000)
            with pytest.raises(StorageError, match="permission denied; give this user") as caught:
                ask()
            assert "\n" not in str(caught.value)
            folder.chmod(0o700)
        assert objects.get(home.name) == b"bone"


def test_a_forbidden_source_is_the_users_matter(open_folder: Path) -> None:
    source = open_folder / "secret.dcm"
    source.write_bytes(b"x")
    source.chmod(0)
    with nobody():
        objects = FileObjects(open_folder / "store")
        with pytest.raises(UnreadableError, match=f"{source}: cannot be read: Permission denied"):
            objects.put_file(source)
    assert files_in(open_folder) == [source]


def test_a_file_in_the_way_of_the_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    for folder in (tmp_path / "store", tmp_path / "store" / "below"):
        with pytest.raises(StorageError, match="a file stands where a folder belongs"):
            FileObjects(folder)


WRITER = """
import sys
from pathlib import Path
from echospine.adapters.objects import FileObjects
objects = FileObjects(Path(sys.argv[1]))
def content():
    yield b"half"
    print("writing", flush=True)
    sys.stdin.readline()
    yield b" and half"
print(objects._keep(content())[0], flush=True)
"""


def start_writer(folder: Path) -> subprocess.Popen[str]:
    """Return a process that stands in the middle of writing an object; a line on its input lets it go on."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    return writer


def test_opening_removes_what_the_killed_left_and_spares_the_living(tmp_path: Path) -> None:
    killed, living = start_writer(tmp_path), start_writer(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert len(files_in(tmp_path)) == 2
    objects = FileObjects(tmp_path)
    assert len(files_in(tmp_path)) == 1
    digest = living.communicate("go\n", timeout=30)[0].strip()
    assert objects.get(digest) == b"half and half"
    assert files_in(tmp_path) == [objects.path(digest)]


def test_an_error_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)

    def content() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        objects._keep(content())
    assert files_in(tmp_path) == []


def test_stores_are_opened_while_others_write(tmp_path: Path) -> None:
    """Sweeps at every moment of other writers' work: nothing that lives is swept away."""
    contents = [os.urandom(2000) for _ in range(150)]
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda data: FileObjects(tmp_path).put(data), contents))
    objects = FileObjects(tmp_path)
    assert [objects.get(digest) for digest in digests] == contents
    assert len(files_in(tmp_path)) == len(contents)


def test_an_object_that_was_taken_away_is_not_found(tmp_path: Path) -> None:
    objects = FileObjects(tmp_path)
    digest = objects.put(b"bone")
    objects.path(digest).unlink()
    with pytest.raises(NotFound, match=digest):
        objects.get(digest)
    assert objects.put(b"bone") == digest
    assert sha256(objects.get(digest)).hexdigest() == digest
