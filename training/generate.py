"""Draw pictures of many people, one file a person, on all cores; goes on where it was stopped.

`python -m training.generate --out DIR --people 2000 --tune 60 --test 120 --frames 50`
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import numpy as np

from echospine.domain.errors import GeometryError
from training.draw import Drawn, as_row, draw
from training.machines import HELD_OUT, Setup, sample_setup
from training.paint import draw_painted
from training.people import Part, person_of, person_seed
from training.poses import sample_held

LINEAR_SHARE = 0.35
SAME_KNOBS = 3
"""Pictures in a row with one machine: making another ready takes time."""


def person(out: Path, part: Part, number: int, n_frames: int, *, painted: bool = False) -> Path:
    """Draw one person and write `PART_NUMBER.npz`, unless it is there; the same arguments give the same pictures.

    `painted`: without the physics of ultrasound.
    """
    target = out / f"{part.value}_{number:05d}.npz"
    if target.exists():
        return target
    seed = person_seed(part, number)
    rng = np.random.default_rng([seed, 11])
    who, drawn, setups = person_of(seed), [], []
    while len(drawn) < n_frames:
        if len(drawn) % SAME_KNOBS == 0:
            name, setup = _setup(rng, part)
        try:
            held = sample_held(rng, who.anatomy, setup.machine.probe)
        except GeometryError:
            continue
        drawn.append((draw_painted if painted else draw)(rng, who, held, setup))
        setups.append(name)
    _write(target, drawn, setups, phantom=who.cast_in is not None)
    return target


def _setup(rng: np.random.Generator, part: Part) -> tuple[str, Setup]:
    """Return a random machine; for the part that tests, as often one that training never sees."""
    linear = rng.random() < LINEAR_SHARE
    if part is Part.TEST and rng.random() < 0.5:
        name = str(rng.choice([name for name in HELD_OUT if ("linear" in name) == linear]))
        return name, HELD_OUT[name]
    return "drawn", sample_setup(rng, linear=linear)


def _write(target: Path, drawn: list[Drawn], setups: list[str], *, phantom: bool) -> None:
    points = np.concatenate([np.insert(one.points, 0, n, axis=1) for n, one in enumerate(drawn)])
    half = target.with_suffix(".part.npz")
    np.savez_compressed(
        half,
        pixels=np.stack([one.pixels for one in drawn]),
        labels=np.stack([one.labels for one in drawn]),
        points=points.astype(np.float32),
        view=np.array([one.view for one in drawn], np.int8),
        place=np.array([as_row(one.place) for one in drawn], np.float32),
        step_mm=np.array([one.step_mm for one in drawn], np.float32),
        origin_px=np.array([one.origin_px for one in drawn], np.float32),
        setup=np.array(setups),
        phantom=np.array(phantom),
    )
    half.replace(target)


def main() -> None:
    """Draw everybody who is not there yet."""
    asked = _arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    people = ((Part.TUNE, asked.tune), (Part.TEST, asked.test), (Part.TRAIN, asked.people))
    wanted = [(part, number) for part, count in people for number in range(count)]
    with ProcessPoolExecutor(asked.workers) as pool:
        draw_one = partial(person, asked.out, n_frames=asked.frames, painted=asked.painted)
        jobs = [pool.submit(draw_one, part, number) for part, number in wanted]
        for done, job in enumerate(as_completed(jobs), 1):
            job.result()
            if done % 20 == 0:
                print(f"{done} of {len(jobs)} people", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.generate", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--people", type=int, default=2000, help="people to train on")
    parser.add_argument("--tune", type=int, default=60, help="people to tune thresholds on")
    parser.add_argument("--test", type=int, default=120, help="people held out")
    parser.add_argument("--frames", type=int, default=50, help="pictures of each")
    parser.add_argument("--painted", action="store_true", help="without the physics of ultrasound, for an ablation")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
