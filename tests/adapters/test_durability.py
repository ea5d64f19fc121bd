"""The order in which bytes reach the disk, as the kernel saw it: what a power cut cannot be tried for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PUT = """
import os, sys
from pathlib import Path
from echospine.adapters.objects import FileObjects
FileObjects(Path(sys.argv[1])).put(b"bone" * 1000)
os.write(1, b"acknowledged")
"""

COMMIT = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_samples import make_change, make_exam
from echospine.adapters.sql import SqlStudies, sqlite_url
studies = SqlStudies(sqlite_url(Path(sys.argv[1]) / "studies.db"))
os.write(1, b"ready")
studies.create(make_exam(), make_change())
os.write(1, b"acknowledged")
"""


def system_calls(script: str, folder: Path) -> str:
    """Return what the script asked of the kernel, one call a line; open files by their names."""
    if shutil.which("strace") is None:
        pytest.skip("strace, which shows the order of system calls, is not installed")
    log = folder.parent / "calls.txt"
    watched = "trace=write,pwrite64,fsync,fdatasync,rename,mkdir"
    command = ["strace", "-f", "-y", "-e", watched, "-o", str(log), sys.executable, "-c", script, str(folder)]
    done = subprocess.run([*command, str(Path(__file__).parents[1])], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr.decode()[-200:]}")
    return log.read_text()


def test_an_object_is_synced_then_named_then_its_name_is_synced_then_acknowledged(tmp_path: Path) -> None:
    store = tmp_path / "store"
    calls = system_calls(PUT, store)
    folder = re.escape(str(store))
    steps = [
        rf"mkdir\(\"{folder}\"",
        rf"fsync\(\d+<{re.escape(str(tmp_path))}>",
        rf"mkdir\(\"{folder}/\w\w\"",
        rf"fsync\(\d+<{folder}>",
        rf"write\(\d+<{folder}/incoming/\w+\.part>",
        rf"fsync\(\d+<{folder}/incoming/\w+\.part>",
        rf"rename\(\"{folder}/incoming/\w+\.part\", \"{folder}/\w\w/\w{{64}}\"",
        rf"fsync\(\d+<{folder}/\w\w>",
        r"write\(1<.*acknowledged",
    ]
    assert re.search(".*".join(steps), calls, re.DOTALL), calls


def test_a_commit_is_synced_before_it_is_acknowledged(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    calls = system_calls(COMMIT, tmp_path / "store")
    commit = calls[calls.index('"ready"') : calls.index('"acknowledged"')]
    wal = r"\(\d+<[^>]*/studies\.db-wal>"
    assert re.search(rf"pwrite64{wal}", commit)
    last_write = max(match.end() for match in re.finditer(rf"pwrite64{wal}", commit))
    assert re.search(rf"f(data)?sync{wal}", commit[last_write:]), commit
