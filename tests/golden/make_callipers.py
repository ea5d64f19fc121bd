"""Write `callipers.json`: generated calliper cases with the answers of the domain.

The browser shows a value while a point is dragged, before the server hears of it, so the region rules exist
twice. Both sides are held to this file. After a change of the rules run
`python tests/golden/make_callipers.py`.
"""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from echospine.domain.errors import GeometryError, UncalibratedError
from echospine.domain.images import ImageGeometry, Point, Region, RegionUnit
from echospine.domain.measures import CaliperKind, measure_caliper

GOLDEN = Path(__file__).with_name("callipers.json")
CASES = 300
SEED = 7
WIDTH, HEIGHT = 640, 480


def sample_region(rng: random.Random, step: tuple[float, float]) -> Region:
    """Draw a region, mostly centimetres with `step`, sometimes not spatial, another scale, or outside."""
    x0, y0 = rng.randrange(0, 400), rng.randrange(0, 300)
    unit = rng.choices([RegionUnit.CM, RegionUnit.SECONDS], [6, 1])[0]
    delta = step if rng.random() < 0.7 else (rng.uniform(0.004, 0.03), rng.uniform(-0.03, -0.004))
    reach = 400 if rng.random() < 0.15 else 0
    return Region(
        x0,
        y0,
        min(WIDTH - 1, x0 + rng.randrange(60, 600)) + reach,
        min(HEIGHT - 1, y0 + rng.randrange(60, 400)),
        unit,
        RegionUnit.CM,
        *delta,
        high_priority=rng.random() < 0.6,
    )


def sample_geometry(rng: random.Random) -> ImageGeometry:
    """Draw a picture with none, one or several regions, which may overlap."""
    step = (rng.uniform(0.004, 0.03), rng.uniform(0.004, 0.03))
    if rng.random() < 0.3:
        whole = Region(0, 0, WIDTH - 1, HEIGHT - 1, RegionUnit.CM, RegionUnit.CM, *step)
        return ImageGeometry(WIDTH, HEIGHT, (whole,))
    count = rng.choices([0, 1, 2, 3], [1, 5, 4, 3])[0]
    return ImageGeometry(WIDTH, HEIGHT, tuple(sample_region(rng, step) for _ in range(count)))


def sample_points(rng: random.Random, kind: CaliperKind, geometry: ImageGeometry) -> tuple[Point, ...]:
    """Draw points, mostly inside one region, with its very edges and a wrong number of them now and then."""
    usual = {CaliperKind.LENGTH: 2, CaliperKind.ANGLE: 3, CaliperKind.AREA: rng.randrange(3, 8)}[kind]
    count = usual if rng.random() < 0.88 else rng.randrange(0, 5)
    home = rng.choice(geometry.regions) if geometry.regions and rng.random() < 0.85 else None
    points = [sample_point(rng, home) for _ in range(count)]
    if kind is CaliperKind.AREA and points and rng.random() < 0.7:
        points = around_their_middle(points)
    if kind is CaliperKind.ANGLE and count > 1 and rng.random() < 0.1:
        points[1] = points[0]
    return tuple(points)


def sample_point(rng: random.Random, home: Region | None) -> Point:
    """Draw one point in `home` (its half-pixel rim included), or anywhere in the picture."""
    if home is None:
        return round(rng.uniform(0, WIDTH - 1), 3), round(rng.uniform(0, HEIGHT - 1), 3)
    if rng.random() < 0.1:
        return rng.choice([home.x0 - 0.5, home.x1 + 0.5, float(home.x0)]), float(home.y0)
    return round(rng.uniform(home.x0, home.x1), 3), round(rng.uniform(home.y0, home.y1), 3)


def around_their_middle(points: list[Point]) -> list[Point]:
    """Return `points` in the order in which they make a polygon whose edges do not cross."""
    x = sum(point[0] for point in points) / len(points)
    y = sum(point[1] for point in points) / len(points)
    return sorted(points, key=lambda point: math.atan2(point[1] - y, point[0] - x))


def answer(kind: CaliperKind, points: tuple[Point, ...], geometry: ImageGeometry) -> dict[str, Any]:
    """Return the domain's answer: a value with its unit, or the word for its refusal."""
    try:
        measured = measure_caliper(kind, points, geometry, frame=0)
    except UncalibratedError:
        return {"refused": "uncalibrated"}
    except GeometryError:
        return {"refused": "invalid"}
    return {"value": measured.value, "unit": measured.unit.value}


def region_json(region: Region) -> dict[str, Any]:
    """Return a region as the server sends it, as far as lengths need it."""
    step_x, step_y = region.step_mm if region.spatial else (None, None)
    return {
        "x0": region.x0,
        "y0": region.y0,
        "x1": region.x1,
        "y1": region.y1,
        "spatial": region.spatial,
        "step_x_mm": step_x,
        "step_y_mm": step_y,
        "high_priority": region.high_priority,
    }


def case(rng: random.Random) -> dict[str, Any]:
    """Return one generated case."""
    kind, geometry = rng.choice(list(CaliperKind)), sample_geometry(rng)
    points = sample_points(rng, kind, geometry)
    return {
        "kind": kind.value,
        "points": points,
        "width": geometry.width,
        "height": geometry.height,
        "regions": [region_json(region) for region in geometry.regions],
        "answer": answer(kind, points, geometry),
    }


def cases() -> list[dict[str, Any]]:
    """Return all cases, the same ones on every run."""
    rng = random.Random(SEED)
    return [case(rng) for _ in range(CASES)]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases())
    GOLDEN.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
