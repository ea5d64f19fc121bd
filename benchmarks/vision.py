"""The bone finder: time per frame on one core, and its errors on simulated and on real bone.

`python -m benchmarks vision`. Simulated rows are called simulated. The real rows need the public example data.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from scipy import fft
from scipy.ndimage import zoom

from benchmarks.table import Row, paired_s
from echospine.adapters.sequences import open_sequence
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.engine.muscle import depth_profile_mm
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

FINDER = BoneFinder()


def rows() -> list[Row]:
    return [*_speed(), *_simulated(), *_simulated_curved(), *_real()]


def _data() -> Path:
    return Path(os.environ.get("ECHOSPINE_DATA") or ROOT.parent / "shared" / "data")


def _speed() -> list[Row]:
    """Time of one 640 x 480 frame, on one core, beside six FFTs of the same size."""
    from phantoms import Scene, dome, linear

    picture, _ = linear(Scene(dome(640)))
    pixels = zoom(picture.pixels, (480 / picture.pixels.shape[0], 1), order=1)[:480]
    frame = Frame(pixels, ImageGeometry.uniform(640, pixels.shape[0], 0.1, 0.1, Spacing.USER), 0)
    field = FINDER.survey([frame])
    peer = pixels.astype(np.float32)

    def transforms() -> None:
        for _ in range(6):
            fft.irfft2(fft.rfft2(peer))

    one_core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    try:
        if one_core:
            os.sched_setaffinity(0, {min(one_core)})
        ours, theirs = paired_s(lambda: FINDER.interpret(frame, field), transforms, runs=30)
    finally:
        if one_core:
            os.sched_setaffinity(0, one_core)
    return [Row("interpret 640 x 480, one core", 1e3 * ours, "ms", "< 33", "6 forward and back FFTs", ours / theirs)]


def _simulated() -> list[Row]:
    from phantoms import Scene, dome, linear

    errors, seen, beside, none = [], [], [], []
    for seed in range(10):
        for top, height in ((14.0, 6.0), (22.0, 10.0), (30.0, 4.0)):
            frame, truth = linear(Scene(dome(380, top, height), seed=seed))
            surface = FINDER.interpret(frame, FINDER.survey([frame])).surfaces[0]
            there = np.isfinite(truth)
            both = surface.found & there
            errors.append(0.1 * np.abs(surface.row_px - truth)[both])
            seen.append(both.sum() / there.sum())
            beside.append((surface.found & ~there).sum() / (~there).sum())
        frame, _ = linear(Scene(np.full(380, np.nan), fascia_mm=(9.0, 16.0, 24.0, 33.0), seed=seed))
        none.append(FINDER.interpret(frame, FINDER.survey([frame])).surfaces[0].found.mean())
    error = np.concatenate(errors)
    return [
        Row("simulated bone: median error", float(np.median(error)), "mm"),
        Row("simulated bone: 95th percentile of error", float(np.quantile(error, 0.95)), "mm"),
        Row("simulated bone: columns found", 100 * float(np.mean(seen)), "%"),
        Row("simulated bone: columns beside bone called bone", 100 * float(np.mean(beside)), "%"),
        Row("simulated fascia without bone: columns called bone", 100 * float(np.mean(none)), "%"),
    ]


def _simulated_curved() -> list[Row]:
    """Depth below the face of a curved probe, along the beam."""
    from phantoms import Scene, curved, dome

    errors = []
    for seed in range(10):
        frame, truth_mm, apex = curved(Scene(dome(300, 26.0, 8.0), seed=seed))
        interpretation = FINDER.interpret(frame, FINDER.survey([frame]))
        depth_mm = depth_profile_mm(frame.geometry, interpretation)
        columns = np.flatnonzero(np.isfinite(depth_mm))
        angle = np.arctan2(columns - apex[0], interpretation.surfaces[0].row_px[columns] - apex[1])
        errors.append(np.abs(depth_mm[columns] - np.interp(angle, np.linspace(-0.5, 0.5, truth_mm.size), truth_mm)))
    return [
        Row("simulated bone, curved probe: median error of depth", float(np.nanmedian(np.concatenate(errors))), "mm")
    ]


def _real() -> list[Row]:
    data = _data()
    if not data.is_dir():
        print("real rows left out: public example data not found (ECHOSPINE_DATA)")
        return []
    return [*_real_bone(data), *_real_muscle(data)]


def _real_bone(data: Path) -> list[Row]:
    marked = json.loads((ROOT / "tests/engine/vision/bone_l14_reference.json").read_text())["frames"]
    names = ("BoneUltrasound_L14.igs.mha", "BoneUltrasound_L14_config.xml")
    off, found = [], []
    with open_sequence(RecordingPlan(names[0], tuple(LocalFile(n, data / "plus" / n) for n in names))) as source:
        field = FINDER.survey([source.frame(i) for i in range(0, len(source), 4)])
        for index, points in marked.items():
            frame = source.frame(int(index))
            x, y = np.array(points).T
            rows_px = FINDER.interpret(frame, field).surfaces[0].row_px[x]
            off.append(frame.geometry.regions[0].step_mm[1] * np.abs(rows_px - y))
            found.append(np.isfinite(rows_px).mean())
    error = np.concatenate(off)
    return [
        Row("real bone (L14), against points marked by eye: mean distance", float(np.nanmean(error)), "mm"),
        Row("real bone (L14), against points marked by eye: largest distance", float(np.nanmax(error)), "mm"),
        Row("real bone (L14): marked points found", 100 * float(np.mean(found)), "%"),
    ]


def _real_muscle(data: Path) -> list[Row]:
    from PIL import Image

    result = []
    for folder in ("dataset1_vastus_lateralis", "dataset2_gastrocnemius"):
        share = []
        for path in sorted((data / "timtrack" / folder).glob("*.jpg")):
            pixels = np.asarray(Image.open(path).convert("L"))
            frame = Frame(pixels, ImageGeometry(pixels.shape[1], pixels.shape[0]), 0)
            field = FINDER.survey([frame])
            width = np.isfinite(field.sector.top_px)
            share.append(FINDER.interpret(frame, field).surfaces[0].found[width].mean())
        result.append(
            Row(f"real muscle without bone ({folder}): columns called bone", 100 * float(np.mean(share)), "%")
        )
    return result
