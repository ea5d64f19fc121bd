"""What counting and advice stand on, measured on drawn people: run it to print the tables anew.

`python -m training.guidance --people 24`: distances between spinous processes, how much of the bone in a picture is
sacrum by its height, and where the standard views lie. They stand in `engine/vision/level` and `engine/vision/advice`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from echospine.domain.errors import GeometryError
from echospine.domain.labels import Side, View
from echospine.domain.units import Floats
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.patient import LEVELS, Transition
from echospine.engine.twin.person import build_patient, sample_patient
from echospine.engine.twin.person.spine import make_spine
from echospine.engine.twin.probe import CONVEX
from echospine.engine.twin.scene.looking import flush, hold_at, look, seated
from echospine.engine.twin.scene.views import standard_view, usual_machine
from echospine.engine.twin.tissues import BONES, Tissue
from training.people import Part, person_seed
from training.places import place_of

SHARE_EDGES = (0.05, 0.35, 0.75)
"""Between none, some, much and all of the bone being sacrum."""
STEP_LEVELS = 0.25
_LEFT = np.array([1.0, 0.0, 0.0])
BELOW_TIP = ("L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3")
VIEWS = tuple(view for view in View if view not in (View.OTHER, View.ABDOMINAL_WALL_LATERAL))


def spacing_mm(n_people: int) -> Floats:
    """Return the distance of each spinous process' tip to the next, T12 to S1, mm, (n_people, 6)."""
    rows = []
    for number in range(n_people):
        spine = make_spine(sample_patient(person_seed(Part.TRAIN, number)))
        tips = np.array([one.to_patient(0.0, *one.spinous_tip_mm) for one in spine.vertebrae])
        rows.append(np.linalg.norm(np.diff(tips, axis=0), axis=1))
    return np.array(rows)


def people(n_people: int) -> Iterator[Anatomy]:
    """Give people whose lumbar spine has five vertebrae and no transition."""
    number, given = 0, 0
    while given < n_people:
        parameters = sample_patient(person_seed(Part.TRAIN, number))
        number += 1
        if parameters.transition is Transition.NONE:
            given += 1
            yield build_patient(parameters)


def sacrum_shares(anatomy: Anatomy, *, along: bool) -> Iterator[tuple[float, float]]:
    """Give levels below S1's tip, and the share of the bone in a picture there that is sacrum."""
    tips = np.array([anatomy.landmarks[f"{name}_spinous_tip"].point_mm for name in BELOW_TIP])
    across = np.array([0.0, 0.0, -1.0] if along else [-1.0, 0.0, 0.0])
    for z in np.arange(tips[-1, 2], tips[0, 2], 5.0):
        for aside in (0.0, 12.0):
            point = np.array([np.interp(z, tips[::-1, 2], tips[::-1, axis]) for axis in range(3)])
            try:
                hold = hold_at(point + aside * _LEFT, across, (0.0, -1.0, 0.0))
                pose = seated(anatomy, flush(anatomy, hold, CONVEX, lean=True), CONVEX)
            except GeometryError:
                continue
            bone = look(anatomy, pose, CONVEX).bone
            known = np.isin(bone, [int(one) for one in BONES])
            if known.sum() >= 6:
                height = pose.matrix[2, 3] + 20.0 * pose.matrix[2, 1]
                index = float(np.interp(-height, -tips[:, 2], np.arange(len(tips))))
                yield index - 5.0, float(np.mean(bone[known] == Tissue.SACRUM))


def sacrum_table(found: list[tuple[float, float]]) -> Floats:
    """Return the chance of none, some, much and all by height, from 3.5 levels above S1's tip to 1.5 below, (n, 4)."""
    at, share = np.array(found).T
    places = np.arange(-3.5, 1.5 + STEP_LEVELS / 2, STEP_LEVELS)
    kind = np.digitize(share, SHARE_EDGES)
    rows = []
    for place in places:
        weight = np.exp(-0.5 * ((at - place) / (0.6 * STEP_LEVELS)) ** 2)
        counts = np.array([weight[kind == one].sum() for one in range(4)]) + 0.01
        rows.append(counts / counts.sum())
    return np.array(rows)


def view_places(anatomies: list[Anatomy]) -> dict[View, Floats]:
    """Return where the standard views lie: lateral (mm, off the midline), turn, phase, tilt, rock (degrees), (n, 5).

    Tilt of a view along the spine is counted towards the midline.
    """
    found: dict[View, list[tuple[float, ...]]] = {view: [] for view in VIEWS}
    for anatomy in anatomies:
        for view in VIEWS:
            probe = usual_machine(view).probe
            for level in LEVELS:
                for side in (Side.LEFT, Side.RIGHT):
                    pose = standard_view(anatomy, view, level, side, probe)
                    place = place_of(anatomy, pose, probe)
                    turn = np.degrees(place.turn_rad)
                    sign = np.sign(place.lateral_mm) if abs(np.cos(place.turn_rad)) < 0.5 else -1.0
                    found[view].append(
                        (abs(place.lateral_mm), turn, np.degrees(place.phase_rad), -sign * place.tilt_deg,
                         place.rock_deg)
                    )  # fmt: skip
    return {view: np.array(rows) for view, rows in found.items()}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m training.guidance", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=24, help="people to measure")
    asked = parser.parse_args()
    gaps = spacing_mm(20 * asked.people)
    scale = (gaps / gaps.mean(axis=0)).mean(axis=1)
    print("spacing, mm", np.round(gaps.mean(axis=0), 1), "SD of a person's scale", round(float(scale.std()), 3))
    print("SD of one distance beside that", round(float((gaps / gaps.mean(axis=0) / scale[:, None]).std()), 3))
    anatomies = list(people(asked.people))
    for along in (False, True):
        found = [row for anatomy in anatomies for row in sacrum_shares(anatomy, along=along)]
        print("along" if along else "across", repr(np.round(sacrum_table(found), 2)), sep="\n")
    for view, rows in view_places(anatomies).items():
        turned = np.exp(1j * np.radians(rows[:, 2])).mean()
        print(
            view.value,
            "median", np.round(np.median(rows, axis=0), 1), "SD", np.round(rows.std(axis=0), 1),
            "phase", round(float(np.degrees(np.angle(turned))), 0), "gathered", round(float(abs(turned)), 2),
        )  # fmt: skip


if __name__ == "__main__":
    main()
