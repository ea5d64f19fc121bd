"""The twin: time of a patient and of a picture, beside two wave simulators on the same scatterers.

`python -m benchmarks twin`. PyMUST and FastSIMUS serve development only; where one is missing its rows are left out.
They sum waves element by element, so they make one line at a time; the time of a picture is that of one line, times
the lines. All of it runs on the same cores in the same process.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.table import Row, median_s
from echospine.domain.labels import Side, View
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body, Displacement, Echoes
from echospine.engine.twin.image import prepare, render, truth
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.probe import ABDOMINAL, LINEAR, MUSCULOSKELETAL, Machine, Settings
from echospine.engine.twin.scene.views import standard_view, usual_machine
from echospine.engine.twin.tissues import Tissue

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/engine/twin/image"))

CORES = 2
POINTS = 200
VIEWS = (
    (View.TRANSVERSE_SPINOUS, "L3", Side.MIDLINE),
    (View.TRANSVERSE_INTERLAMINAR, "L3", Side.MIDLINE),
    (View.PARASAGITTAL_TRANSVERSE_PROCESS, "L3", Side.LEFT),
    (View.PARASAGITTAL_LAMINA, "L3", Side.LEFT),
    (View.MULTIFIDUS_TRANSVERSE, "L4", Side.LEFT),
    (View.FASCIA_LONGITUDINAL, "L3", Side.LEFT),
)


def rows() -> list[Row]:
    with ThreadPoolExecutor(CORES) as pool:
        build_patient(PatientParameters(seed=1), run=pool.map)
        began = time.perf_counter()
        anatomy = build_patient(PatientParameters(seed=2), run=pool.map)
        built = Row("a patient, 0.5 mm voxels", time.perf_counter() - began, "s", "under 3 s")
        pictures = _pictures(anatomy, pool)
    memory = Row("memory of a process that builds a patient and draws it, at most", _peak_mb(), "MB", "under 500 MB")
    return [built, *pictures, memory, *_peers()]


def _peak_mb() -> float:
    """Return the most memory that a process of its own needed, MB."""
    code = "import benchmarks.twin as t; print(t._used_mb())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _used_mb() -> float:
    """Build a patient, draw a picture, and return the most memory that this process has needed, MB."""
    view, level, side = VIEWS[0]
    anatomy = build_patient(PatientParameters(seed=3))
    render(Body(anatomy, 1), standard_view(anatomy, view, level, side), ABDOMINAL, Settings())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _pictures(anatomy: Anatomy, pool: ThreadPoolExecutor) -> list[Row]:
    result = []
    for view, level, side in VIEWS:
        machine = usual_machine(view)
        for settings in _settings(machine):
            pose = standard_view(anatomy, view, level, side)
            body, scanner = Body(anatomy, 1), prepare(machine, settings)
            wall, processor = _both_ms(lambda: render(body, pose, machine, settings, scanner=scanner, run=pool.map))  # noqa: B023
            name = f"512x512 from 192 lines, {view.value}, {settings.depth_mm:.0f} mm"
            result += [
                Row(f"{name}: wall, {CORES} threads", wall, "ms", "under 30 ms"),
                Row(f"{name}: processor", processor, "ms"),
            ]
    body, settings = Body(anatomy, 1, _wave(anatomy)), Settings(focus_mm=50.0)
    pose, scanner = standard_view(anatomy, *VIEWS[0]), prepare(ABDOMINAL, settings)
    wall, processor = _both_ms(lambda: render(body, pose, ABDOMINAL, settings, scanner=scanner, run=pool.map))
    asked, _ = _both_ms(lambda: truth(body, pose, ABDOMINAL, settings, scanner=scanner, run=pool.map))
    knobs = 1e3 * median_s(lambda: prepare(ABDOMINAL, settings))
    return [
        *result,
        Row(f"the same in moving tissue, {VIEWS[0][0].value}: wall", wall, "ms"),
        Row("the same in moving tissue: processor", processor, "ms"),
        Row("its truth: wall", asked, "ms"),
        Row("turning a knob (prepare)", knobs, "ms"),
    ]


def _settings(machine: Machine) -> tuple[Settings, ...]:
    if machine.probe is LINEAR:
        return (Settings(depth_mm=45.0, focus_mm=20.0),)
    return Settings(depth_mm=90.0, focus_mm=50.0), Settings(depth_mm=120.0, focus_mm=60.0)


def _both_ms(work: Callable[[], object], runs: int = 15) -> tuple[float, float]:
    """Return the median wall time and the median processor time of all threads, ms, after two warm-ups."""
    work(), work()
    times = []
    for _ in range(runs):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - wall, time.process_time() - processor))
    wall_s, processor_s = np.median(times, axis=0)
    return 1e3 * float(wall_s), 1e3 * float(processor_s)


def _wave(anatomy: Anatomy) -> Displacement:
    """Return a smooth displacement of 2 mm, as breathing makes."""
    origin, last = np.asarray(anatomy.origin_mm), np.asarray(anatomy.last_mm)
    count = np.maximum(((last - origin) / 5.0).astype(int), 2)
    z = np.linspace(0.0, 3.0, count[2])[:, None, None]
    vectors = np.zeros((count[2], count[1], count[0], 3), np.float32)
    vectors[..., 1] = 2.0 * np.sin(z)
    return Displacement(vectors, origin, (5.0, 5.0, 5.0))


def _peers() -> list[Row]:
    """Return the times of a picture of the same point scatterers."""
    rng = np.random.default_rng(5)
    x, depth = rng.uniform(-20.0, 20.0, POINTS), rng.uniform(5.0, 43.0, POINTS)
    machine, settings = replace(MUSCULOSKELETAL, gel_mm=500.0), Settings(depth_mm=45.0, focus_mm=25.0)
    water = Body(
        Anatomy(np.full((40, 100, 140), Tissue.GEL, np.uint8), np.zeros((0, 0, 0), np.int8), (-35, -50, -10), 0.5)
    )
    scene = Echoes(np.stack([x, depth, 0 * x], axis=1), np.full(POINTS, 20.0))
    scanner, pose = prepare(machine, settings), _from_above()
    ours = median_s(lambda: render(water, pose, machine, settings, scanner=scanner, echoes=scene), runs=9, warmups=2)
    result = [Row(f"{POINTS} points, 192 lines, one thread", 1e3 * ours, "ms")]
    for name, package, line in (("PyMUST", "pymust", _pymust_line), ("FastSIMUS", "fast_simus", _fast_simus_line)):
        if importlib.util.find_spec(package) is None:
            print(f"{name} left out: not installed")
            continue
        theirs = machine.n_lines * median_s(line(x, depth, settings.focus_mm), runs=2)
        result.append(Row(f"the same by {name}", 1e3 * theirs, "ms", "", "this twin", theirs / ours))
    return result


def _from_above():
    from echospine.domain.poses import Pose

    return Pose("Patient", "Probe", np.diag([1.0, -1.0, -1.0, 1.0]))


def _pymust_line(x: np.ndarray, depth: np.ndarray, focus_mm: float) -> Callable[[], object]:
    os.environ.setdefault("MPLBACKEND", "Agg")
    from pymust_peer import Peer

    peer = Peer(LINEAR, focus_mm, np.linspace(1.0, 45.0, 1024))
    return lambda: peer.line(x, depth, np.ones(x.size))


def _fast_simus_line(x: np.ndarray, depth: np.ndarray, focus_mm: float) -> Callable[[], object]:
    """Return what simulates the echoes of one line; summing them up is left out, in its favour."""
    import fast_simus

    pitch_m = 0.9 * 1.54e-3 / LINEAR.frequency_mhz
    count = round(LINEAR.aperture_mm * 1e-3 / pitch_m)
    params = fast_simus.TransducerParams(
        freq_center=1e6 * LINEAR.frequency_mhz,
        pitch=pitch_m,
        n_elements=count,
        kerf=0.02e-3,
        bandwidth=LINEAR.bandwidth,
    )
    late = np.hypot((np.arange(count) - (count - 1) / 2) * pitch_m, focus_mm * 1e-3)
    delays = (late.max() - late) / 1540.0
    scatterers = np.stack([x, depth], axis=1) * 1e-3
    return lambda: fast_simus.simus(scatterers, np.ones(x.size), delays, params)
