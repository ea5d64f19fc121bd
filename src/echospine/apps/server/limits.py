"""The stated limits of the server: beyond them it refuses politely instead of falling over."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds.

    `file_bytes`, `upload_bytes`, `files`: one uploaded file, all files of one upload, and their number;
    `disk_margin_bytes`: what an upload must leave free on the disk; `body_bytes`: a JSON body; `stall_s`:
    longest wait for the next piece of a request; `answer_s`: longest work on one answer; `jobs`: most jobs
    that wait or run; `workers`: jobs that run at a time; `open_sources`: recordings kept open for
    frames; `summaries`: examinations whose line in a list is remembered; `scanners`: live views at a time;
    `patients`: virtual patients that are kept for another view (some hundred MB each).
    """

    file_bytes: int = 8 * GIB
    upload_bytes: int = 16 * GIB
    files: int = 5_000
    disk_margin_bytes: int = 256 * MIB
    body_bytes: int = 2 * MIB
    stall_s: float = 30.0
    answer_s: float = 120.0
    jobs: int = 64
    workers: int = 1
    open_sources: int = 8
    summaries: int = 5_000
    scanners: int = 4
    patients: int = 2
