"""One row of a benchmark table: a figure, its budget, and a peer measured in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure. `budget`: what was promised; `peer`: what ran beside it; `ratio`: value / peer's value.

    Above 1, a time is slower than the peer's and a rate is faster.
    """

    what: str
    value: float
    unit: str
    budget: str = ""
    peer: str = ""
    ratio: float | None = None

    def markdown(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        value = f"{float(f'{self.value:.3g}'):,.12g}"  # three digits that count, and never an exponent
        return f"| {self.what} | {value} | {self.unit} | {self.budget} | {self.peer} | {ratio} |"


HEAD = "| what | value | unit | budget | peer | value / peer |\n| --- | ---: | --- | --- | --- | ---: |"


def markdown(title: str, rows: Iterable[Row], about: str = "") -> str:
    """Return a titled table, under a sentence of what it is about."""
    return "\n".join([f"## {title}", "", *([about, ""] if about else []), HEAD, *(row.markdown() for row in rows), ""])


def median_s(work: Callable[[], object], runs: int = 5, warmups: int = 1) -> float:
    """Return the median wall time of `work`, s, after warm-ups."""
    for _ in range(warmups):
        work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def paired_s(work: Callable[[], object], peer: Callable[[], object], runs: int = 5) -> tuple[float, float]:
    """Return the median times of `work` and `peer`, s, run in turn so that a drifting machine treats both alike."""
    work(), peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for measured, call in zip(times, (work, peer), strict=True):
            began = time.perf_counter()
            call()
            measured.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])
