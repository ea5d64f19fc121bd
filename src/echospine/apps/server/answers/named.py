"""From the names of a request to what is meant by them."""

from __future__ import annotations

from echospine.apps.server.schemas import CaliperBody
from echospine.domain.errors import UnsupportedError
from echospine.domain.labels import PARTS, Part
from echospine.domain.measures import Naming
from echospine.domain.takes import Taken


def part_named(name: str) -> Part:
    """Return the structure or muscle of that name; raises UnsupportedError."""
    if name not in PARTS:
        raise UnsupportedError(f"there is no structure {name!r}; the known ones are {', '.join(list(PARTS)[1:])}")
    return PARTS[name]


def naming_of(body: CaliperBody) -> Naming:
    """Return what a calliper is of; raises InputError for a structure or level that is not known."""
    taken = Taken(side=body.side, level=body.level, state=body.state)
    return Naming(part_named(body.structure), taken.side, taken.level, taken.state)
