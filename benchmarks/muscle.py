"""Muscle in numbers: time of one frame; simulated people against their own volume; real pictures against observers.

`python -m benchmarks muscle`, or `python -m benchmarks.muscle --people N [--workers N]` for other than 50 people. The
real rows need the public example data; every picture is counted, and `benchmarks/results/latest/timtrack.csv` lists
each.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.table import HEAD, Row, paired_s
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Structure
from echospine.domain.units import Floats
from echospine.engine.muscle import measure_frame
from echospine.engine.muscle.aponeuroses import aponeuroses
from echospine.engine.vision.bone import BoneFinder

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "engine" / "muscle"))

PEOPLE = 50
Pairs = list[tuple[float, float]]
READ_AT = {"dataset1_vastus_lateralis": 0, "dataset2_gastrocnemius": 119}
"""Column at which observers read: the left edge of the field (the second set's, as its heights show)."""
READ_PX = 12
"""Columns from there over which ours is averaged."""


def rows(people: int = PEOPLE, workers: int | None = None) -> list[Row]:
    return [*_speed(), *_people(people, workers), *_real()]


def _speed() -> Iterator[Row]:
    """Time of all measures of one frame, on one core, beside scikit-image's own of the same two muscles."""
    from drawn_muscles import ACROSS, ALONG, across, along, frame, seen
    from skimage.feature import graycomatrix, graycoprops
    from skimage.measure import regionprops

    picture = frame()
    names = ("contrast", "dissimilarity", "homogeneity", "ASM", "energy", "correlation")

    def peer() -> None:
        for muscle in (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE):
            for region in regionprops((labels == muscle).astype(np.uint8), picture.grey):
                _ = region.area, region.bbox, region.eccentricity, region.intensity_mean, region.perimeter
                rows, columns = region.slice
                box = np.where(region.image, 1 + picture.grey[rows, columns] // 8, 0)
                pairs = graycomatrix(box, [1], np.radians((0, 45, 90, 135)), 33, symmetric=True)
                for name in names:
                    graycoprops(pairs, name)

    for what, labels, view in (("along", along(), ALONG), ("across", across(), ACROSS)):
        told = seen(labels, view)
        with _one_core():
            ours, theirs = paired_s(lambda told=told: measure_frame(picture, told), peer, runs=30)  # type: ignore[misc]
        words = "regionprops and graycomatrix of scikit-image"
        yield Row(f"all measures of a 600 x 400 frame {what} the spine", 1e3 * ours, "ms", "< 50", words, ours / theirs)


class _one_core:  # noqa: N801 -- a context manager is read as a verb
    """Keeps this process on one core."""

    def __enter__(self) -> None:
        self._all = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        if self._all:
            os.sched_setaffinity(0, {min(self._all)})

    def __exit__(self, *_: object) -> None:
        if self._all:
            os.sched_setaffinity(0, self._all)


def _people(count: int, workers: int | None) -> list[Row]:
    with ProcessPoolExecutor(workers) as pool:
        each = list(pool.map(person, range(count)))
    return table_of(each)


def person(seed: int) -> tuple[Pairs, Pairs]:
    """Return thicknesses, mm, and areas, mm2, of a random person: measured and true, each side."""
    from people_measured import areas, thicknesses

    from echospine.engine.twin.person import build_patient, sample_patient

    anatomy = build_patient(sample_patient(seed))
    return thicknesses(anatomy), areas(anatomy)


def table_of(people: list[tuple[Pairs, Pairs]]) -> list[Row]:
    """Return the rows of some people."""
    thick = np.array([pair for one, _ in people for pair in one]).reshape(-1, 2)
    area = np.array([pair for _, one in people for pair in one]).reshape(-1, 2)
    off, share = thick[:, 0] - thick[:, 1], 100.0 * (area[:, 0] / area[:, 1] - 1.0)
    who = f"simulated, {len(people)} people"
    return [
        Row(f"{who}, {off.size} facets: multifidus thickness, median error", _median(np.abs(off)), "mm", "<= 0.5"),
        Row(f"{who}: multifidus thickness, 95th percentile of error", _high(np.abs(off)), "mm"),
        Row(f"{who}: multifidus thickness, mean of measured - true", float(off.mean()), "mm"),
        Row(f"{who}, {share.size} sections: multifidus area, median error", _median(np.abs(share)), "%", "<= 5"),
        Row(f"{who}: multifidus area, 95th percentile of error", _high(np.abs(share)), "%"),
        Row(
            f"{who}: sections cut by the field or hardly seen, not measured",
            float(2 * len(people) - share.size),
            "of both sides",
        ),
    ]


def _real() -> list[Row]:
    data = Path(os.environ.get("ECHOSPINE_DATA") or ROOT.parent / "shared" / "data") / "timtrack"
    if not data.is_dir():
        print("real rows left out: public example data not found (ECHOSPINE_DATA)")
        return []
    with (data / "observers.csv").open(newline="") as file:
        asked = list(csv.DictReader(file))
    found = [row for name in READ_AT for row in _read_set(data, name, [one for one in asked if one["dataset"] == name])]
    target = ROOT / "benchmarks" / "results" / "latest" / "timtrack.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("dataset", "image", "ours_px", "observers_mean_px", "observers_sd_px"))
        writer.writerows(found)
    return [row for name in READ_AT for row in _against(name, [one[2:] for one in found if one[0] == name])]


def _read_set(data: Path, name: str, asked: list[dict[str, str]]) -> Iterator[tuple[str, str, float, float, float]]:
    """Yield for each picture: ours, the observers' mean, their standard deviation, px."""
    finder = BoneFinder()
    sector = None
    for row in asked:
        grey = np.asarray(Image.open(data / name / row["image"]).convert("L"))
        if sector is None:
            sector = finder.survey([Frame(grey, ImageGeometry(grey.shape[1], grey.shape[0]), 0)]).sector
        lines = aponeuroses(grey, sector)
        assert lines is not None, "every picture of these sets has a field"
        at = READ_AT[name]
        ours = float(np.nanmean((lines.deep_px - lines.superficial_px)[at : at + READ_PX]))
        theirs = np.array([float(row[f"observer_{n}_height_px"]) for n in (1, 2, 3)])
        yield name, row["image"], ours, float(theirs.mean()), float(theirs.std(ddof=1))


def _against(name: str, read: list[tuple[float, float, float]]) -> list[Row]:
    ours, mean, sd = np.array(read).T
    off = np.abs(ours - mean)
    words = f"real, {name}, {off.size} of {off.size} pictures"
    return [
        Row(
            f"{words}: between aponeuroses, median error against 3 observers",
            _median(off),
            "px",
            "",
            "median of the observers' own SD",
            _median(off) / _median(sd),
        ),
        Row(f"{words}: error no larger than the observers' SD", 100.0 * float(np.mean(off <= sd)), "%", "> 50"),
        Row(f"{words}: median error of the thickness", 100.0 * _median(off / mean), "%"),
        Row(f"{words}: error above 5 % of the thickness", 100.0 * float(np.mean(off > 0.05 * mean)), "%"),
    ]


def _median(values: Floats) -> float:
    return float(np.median(values)) if values.size else float("nan")


def _high(values: Floats) -> float:
    return float(np.quantile(values, 0.95)) if values.size else float("nan")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.muscle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many simulated people")
    parser.add_argument("--workers", type=int, help="processes that build them; default: one for each core")
    asked = parser.parse_args()
    print(HEAD)
    for row in rows(asked.people, asked.workers):
        print(row.markdown())


if __name__ == "__main__":
    _main()
