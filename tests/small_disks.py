"""Disks that are really full: small ones in memory, mounted where the tests run as root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[Path]:
    """Mount a disk of that size in a new folder; skip the test where that is not permitted."""
    folder.mkdir()
    if _mount("-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)) != 0:
        pytest.skip("no small disk can be mounted here: needs Linux and root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(disk: Path, options: str) -> None:
    """Change a mounted disk: `ro`, or `size=4096k`."""
    assert _mount("-o", f"remount,{options}", str(disk)) == 0


def fill_up(disk: Path) -> Path:
    """Fill the disk to the last block; return the file that does."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        for size in (1 << 16, 4096):
            try:
                while stream.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def _mount(*arguments: str) -> int:
    if shutil.which("mount") is None:
        return 1
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode
