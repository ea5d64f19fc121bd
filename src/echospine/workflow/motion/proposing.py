"""Where to follow, before a person says it: over the muscle and on the fascia that the first frame shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from echospine.domain.images import ImageGeometry
from echospine.domain.labels import Sector, Side, Structure
from echospine.domain.measures import NAMELESS, Measurement, Naming, Quantity
from echospine.domain.takes import Taken
from echospine.workflow.motion.following import Wanted

A_FASCIA = Naming(Structure.FASCIA)
MUSCLES = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Places to follow, and what lies there."""

    wanted: Wanted
    of_line: Naming = NAMELESS
    of_layers: Naming = A_FASCIA

    def taken(self, as_said: Taken) -> Proposal:
        """Return the proposal with the side and level that a person says of the recording, where it tells none."""
        line, layers = (
            replace(
                of,
                side=as_said.side if of.side is Side.UNKNOWN else of.side,
                level=of.level or as_said.level,
            )
            for of in (self.of_line, self.of_layers)
        )
        return replace(self, of_line=line, of_layers=layers)


def proposal_of(first_frame: Sequence[Measurement]) -> Proposal:
    """Return the line along which the first frame's muscle was measured over bone, and the middle of its fascia."""
    line, fascia = _thickness_of(first_frame, MUSCLES), _thickness_of(first_frame, (Structure.FASCIA,))
    found = Proposal(Wanted())
    if line is not None:
        ends = sorted(line.points_px, key=lambda point: point[1])
        of = Naming(line.structure, line.side, line.level, line.state)
        found = replace(found, wanted=replace(found.wanted, line_px=(ends[0], ends[-1])), of_line=of)
    if fascia is not None:
        (x0, y0), (x1, y1) = fascia.points_px[0], fascia.points_px[-1]
        middle = (0.5 * (x0 + x1), 0.5 * (y0 + y1))
        of = Naming(Structure.FASCIA, fascia.side, fascia.level, fascia.state)
        found = replace(found, wanted=replace(found.wanted, layers_px=middle), of_layers=of)
    return found


def whole_field(geometry: ImageGeometry) -> Sector:
    """Return the whole picture as its field, where nothing better is known."""
    return Sector(np.zeros(geometry.width), np.full(geometry.width, geometry.height - 1.0))


def _thickness_of(measured: Sequence[Measurement], structures: Sequence[Structure]) -> Measurement | None:
    for structure in structures:
        for one in measured:
            wanted = one.structure is structure and one.quantity is Quantity.THICKNESS
            if wanted and one.value is not None and len(one.points_px) >= 2:
                return one
    return None
