"""What one method made of a whole recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Method
from echospine.domain.measures import Measurement


@dataclass(frozen=True, slots=True, eq=False)
class Interpreted:
    """A recording, interpreted and measured.

    `interpretations`: one per frame, in order: `interpretations[i].frame_index == i`. A frame that cannot be
    decoded has one without surfaces, of quality 0, whose reason says why, so that numbers keep their places.
    `per_frame`: the measurements of each frame, none for such a frame; `summary`: one measurement for each
    quantity over the recording; `notes`: what had to be left out, one sentence each.
    """

    interpretations: tuple[Interpretation, ...]
    per_frame: tuple[tuple[Measurement, ...], ...]
    summary: tuple[Measurement, ...]
    notes: tuple[str, ...] = ()


def credited(measured: Iterable[Measurement], seen_by: Method) -> tuple[Measurement, ...]:
    """Return measurements whose method also names who saw what was measured, with the version.

    A depth from one bone finder and a depth from the next are not the same method, however alike they are measured.
    """
    return tuple(replace(one, method=Method(f"{seen_by}, {one.method.name}", one.method.version)) for one in measured)
