"""The page of all tables: what was measured, on what, by which command, and how to read it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from benchmarks.table import Row, markdown

READING = """\
Every value is the median of several runs after a warm-up, all measured in one go. *Budget* is what was promised; a row
without one only tells. *Peer* is what does the same work, or the least that the work needs, and ran in turn with ours
in the same process, so that a busy machine slows both: the last column is steadier than the value beside it. There,
for a rate (per second) more than 1 is faster than the peer; for a time (s, ms) less than 1 is. Rows called simulated
are measured on made pictures whose truth is known; rows called real on public recordings."""
HEAD = """\
# Benchmarks

Written by `python -m benchmarks --markdown docs/benchmarks.md`; do not edit."""


def machine() -> str:
    """Return the machine in words."""
    words = f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, {platform.system()}, "
    return words + f"Python {platform.python_version()}"


def load() -> float:
    """Return how many processes wanted to run in the last minute: above the number of cores, every value is worse."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def section(name: str, about: str, rows: Iterable[Row]) -> str:
    """Return the table of one room, under the first sentence of what its module says of itself."""
    return markdown(name.capitalize(), rows, about=about.strip().splitlines()[0])


def page(where: str, sections: Iterable[str]) -> str:
    """Return the whole page."""
    parts = [HEAD, f"Measured on: {where}.", READING, *(part.strip() for part in sections)]
    return "\n\n".join(parts) + "\n"


def _processor() -> str:
    """Return the processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(named, platform.processor() or 'a processor')} ({platform.machine()})"


def _memory_gib() -> float:
    if not hasattr(os, "sysconf"):
        return float("nan")
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
