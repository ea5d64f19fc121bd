"""Which transforms belong to which picture: those of the same time. No socket and no clock in here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from echospine.adapters.igtl.contents import Picture, Tracking, Transform
from echospine.adapters.igtl.messages import Message
from echospine.domain.units import Floats

WAIT_S = 0.02
"""How long a picture waits for a transform that usually comes after it, and that may not come this time."""
KEPT = 8
"""Moments whose transforms are kept for a picture that is still to come."""
UNKNOWN = 0
"""Stamp of a device that tells no times: nothing can be said to belong together."""


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A picture with the transforms of the same time, by the name the device gave them ("ProbeToTracker")."""

    message: Message
    picture: Picture
    links: dict[str, Floats]
    arrived_s: float


@dataclass(slots=True, eq=False)
class _Moment:
    """What came with one stamp. `seen`: names of transforms, good or not; `after`: those after the picture."""

    links: dict[str, Floats] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    image: tuple[Message, Picture, float] | None = None
    shown: bool = False


class Joiner:
    """Joins the messages of one connection, as they come.

    Some devices send the transforms before the picture, others after it. A picture waits only for those that came
    after a picture before; for a moment, where nothing is known yet. Only the first device of pictures is followed: a
    device may send several, and frames of two would be one moving thing that there is not.
    """

    def __init__(self) -> None:
        self._moments: dict[int, _Moment] = {}
        self._after: set[str] | None = None
        self._device: str | None = None

    @property
    def waiting(self) -> bool:
        """True while a picture waits, so that `due` is to be asked within `WAIT_S`."""
        return any(moment.image is not None for moment in self._moments.values())

    def add(self, message: Message, now_s: float) -> Iterator[Joined]:
        """Take in a message that came at `now_s`; yield the pictures that wait no longer."""
        match message.content:
            case Picture() as picture:
                yield from self._picture(message, picture, now_s)
            case Transform(matrix):
                yield from self._transforms(message, {message.device: matrix})
            case Tracking(tools):
                yield from self._transforms(message, {tool.name: tool.matrix for tool in tools})

    def due(self, now_s: float) -> Iterator[Joined]:
        """Yield the pictures that have waited long enough."""
        for moment in self._moments.values():
            if moment.image is not None and now_s - moment.image[2] >= WAIT_S:
                yield from self._release(moment)

    def _picture(self, message: Message, picture: Picture, now_s: float) -> Iterator[Joined]:
        self._device = message.device if self._device is None else self._device
        if message.device != self._device:
            return
        if message.stamp == UNKNOWN:
            yield Joined(message, picture, {}, now_s)
            return
        yield from self._others(message.stamp)
        moment = self._moment(message.stamp)
        moment.image, moment.shown = (message, picture, now_s), True
        yield from self._complete(moment)

    def _transforms(self, message: Message, links: dict[str, Floats]) -> Iterator[Joined]:
        if message.stamp == UNKNOWN:
            return
        yield from self._others(message.stamp)
        moment = self._moment(message.stamp)
        moment.seen |= links.keys()
        moment.links |= {name: matrix for name, matrix in links.items() if _good(message, name)}
        if moment.shown:
            moment.after |= links.keys()
            if self._after is not None:
                self._after |= links.keys()
        yield from self._complete(moment)

    def _others(self, stamp: int) -> Iterator[Joined]:
        """Yield the pictures of other moments that wait: the device has gone on, so nothing more comes for them."""
        for other, moment in self._moments.items():
            if other != stamp:
                yield from self._release(moment)

    def _complete(self, moment: _Moment) -> Iterator[Joined]:
        known = self._after if self._after is not None else set() if moment.seen - moment.after else None
        if known is not None and known <= moment.seen:
            yield from self._release(moment)

    def _moment(self, stamp: int) -> _Moment:
        if stamp not in self._moments and len(self._moments) >= KEPT:
            del self._moments[next(iter(self._moments))]
        return self._moments.setdefault(stamp, _Moment())

    def _release(self, moment: _Moment) -> Iterator[Joined]:
        """Yield the picture of a moment; from now on only what came with it is waited for."""
        if moment.image is not None:
            message, picture, arrived_s = moment.image
            moment.image = None
            self._after = moment.after if self._after is None else self._after & moment.seen
            yield Joined(message, picture, dict(moment.links), arrived_s)


def _good(message: Message, name: str) -> bool:
    """False where the tracker itself says (as PLUS does in the metadata) that a transform is not to be trusted."""
    key = "TransformStatus" if isinstance(message.content, Transform) else f"{name}Status"
    return message.metadata.get(key, "OK").upper() == "OK"
