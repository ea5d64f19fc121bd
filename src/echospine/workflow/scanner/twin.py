"""What the scanner asks of the twin, as a record of functions: the real ones, or a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Side, View
from echospine.domain.poses import Pose
from echospine.domain.units import Pixels
from echospine.engine.twin.anatomy import Anatomy
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import Scanner as Prepared
from echospine.engine.twin.image import prepare, render
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.probe import ABDOMINAL, MUSCULOSKELETAL, Machine, Settings
from echospine.engine.twin.scene import standard_view, usual_machine

Run = Callable[[Callable[[int], None], Iterable[int]], Iterable[object]]
"""Does the parts of a picture, beside each other or in turn: `map`, or a thread pool's `map`."""


class Image(Protocol):
    """A rendered picture, as the scanner reads it."""

    @property
    def pixels(self) -> Pixels:
        """Grey levels, (rows, columns)."""
        ...

    @property
    def geometry(self) -> ImageGeometry:
        """Where the image field lies in mm."""
        ...

    @property
    def image_to_probe(self) -> Pose:
        """Image (column, row, 0) to Probe."""
        ...


class Render(Protocol):
    """Makes a picture of what lies under a probe."""

    def __call__(
        self,
        body: Body,
        pose: Pose,
        machine: Machine,
        settings: Settings,
        *,
        frame_seed: int,
        scanner: Prepared,
        run: Run,
    ) -> Image:
        """Return the picture; `frame_seed` makes its noise; `scanner`: what `prepare` made of machine and settings."""
        ...


@dataclass(frozen=True, slots=True)
class Twin:
    """The functions of a twin.

    `build`: a person from parameters; `aim`: where the probe stands for a standard view; `usual`: the machine that the
    view is taken with; `prepare`: what a machine and
    its knobs come to, once for many pictures; `render`: the picture; `machines`: what can be chosen, by name;
    `views`: the standard views that `aim` knows.
    """

    build: Callable[[PatientParameters], Anatomy]
    aim: Callable[[Anatomy, View, str, Side], Pose]
    usual: Callable[[View], Machine]
    prepare: Callable[[Machine, Settings], Prepared]
    render: Render
    machines: Mapping[str, Machine]
    views: tuple[View, ...]


def virtual_twin() -> Twin:
    """Return the real twin."""
    return Twin(
        build=build_patient,
        aim=standard_view,
        usual=usual_machine,
        prepare=prepare,
        render=render,
        machines={machine.name: machine for machine in (ABDOMINAL, MUSCULOSKELETAL)},
        views=tuple(view for view in View if view is not View.OTHER),
    )
