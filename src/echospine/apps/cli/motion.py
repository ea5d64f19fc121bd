"""What `echospine measure --motion` adds: a cine followed, as rows of the table, as lines and as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from echospine.apps.cli.shell import Command
from echospine.domain.errors import EchoSpineError, GeometryError, InputError, UncalibratedError

if TYPE_CHECKING:
    from echospine.domain.measures import Measurement
    from echospine.engine.muscle.motion import Moved
    from echospine.ports import FrameSource
    from echospine.workflow.exam import Interpreted


def motion_options(command: Command) -> Command:
    """Add `--motion`, `--line` and `--shear-at`."""
    for option in (
        click.option(
            "--shear-at", metavar="X,Y", help="With --motion: middle of the fascia whose layers shear, pixels."
        ),
        click.option("--line", metavar="X1,Y1,X2,Y2", help="With --motion: over a muscle, near border to far, pixels."),
        click.option("--motion", is_flag=True, help="Follow the tissue: contraction, displacement, shear of fascia."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a person wants cines followed, pixels: x, y of both ends of a line; x, y of the middle of a fascia."""

    line: tuple[float, ...] | None
    layers: tuple[float, ...] | None


def motion_asked(motion: bool, line: str | None, shear_at: str | None) -> Asked | None:
    """Return what the options ask for, None without `--motion`; raises InputError where they do not fit together."""
    if not motion:
        if line is not None or shear_at is not None:
            raise InputError("--line and --shear-at say where a cine is followed; give --motion too")
        return None
    return Asked(_numbers(line, 4, "--line"), _numbers(shear_at, 2, "--shear-at"))


@dataclass(frozen=True, slots=True, eq=False)
class FollowedCine:
    """A recording, followed: what is measured of it, and what spoils that, in sentences.

    `moved`: None where nothing could be followed.
    """

    moved: Moved | None
    measured: tuple[Measurement, ...]
    said: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what people read: each value with its definition, then what spoils it."""
        from echospine.domain.measures import TITLES

        told = [f"  {TITLES[one.quantity]}: {one.words} ({one.method})" for one in self.measured]
        return told + [f"  {sentence}" for sentence in self.said]

    def document(self) -> dict[str, Any]:
        """Return the same for machines, with thickness and shear of each frame; null where there is none."""
        from echospine.workflow.exam import measurement_to_json

        curves = _curves(self.moved) if self.moved is not None else {}
        return {"measurements": [measurement_to_json(m) for m in self.measured], "notes": list(self.said), **curves}

    def added_to(self, interpreted: Interpreted) -> Interpreted:
        """Return what a table is made of, with the cine's own measurements, and its thickness in each frame."""
        thick = self._thickness()
        per_frame = tuple(
            (*measured, *([thick[n]] if n in thick else [])) for n, measured in enumerate(interpreted.per_frame)
        )
        return replace(interpreted, per_frame=per_frame, summary=(*interpreted.summary, *self.measured))

    def _thickness(self) -> dict[int, Measurement]:
        """Return the thickness of each frame in which it is known; nothing without a scale."""
        from echospine.domain.measures import Quantity
        from echospine.domain.units import Unit
        from echospine.engine.muscle.motion import thickness_curve

        if self.moved is None or self.moved.step_mm is None or self.moved.line_px is None:
            return {}
        like = next(one for one in self.measured if one.quantity is Quantity.THICKNESS_AT_REST)
        found = {}
        for frame, value in enumerate(thickness_curve(self.moved)):
            if math.isfinite(value):  # it is not while an end is lost
                one = replace(like, quantity=Quantity.THICKNESS, value=float(value), unit=Unit.MM, uncertainty=None)
                found[frame] = replace(one, frame=frame, n_frames=1, note="")
        return found


def follow_recording(
    source: FrameSource,
    interpreted: Interpreted,
    asked: Asked,
    on_frame: Callable[[int, int], None],
) -> FollowedCine:
    """Follow a recording where a person says, else where its first frame's muscle and fascia were measured.

    What cannot be followed is said, and the rest is done: layers that do not fit the picture cost the shear alone.
    """
    from echospine.domain.measures import NAMELESS
    from echospine.engine.muscle.motion import measure_motion
    from echospine.workflow.motion import assemble, follow_source, proposal_of

    of = proposal_of(interpreted.per_frame[0])
    wanted, said = of.wanted, []
    if (line := asked.line) is not None:
        wanted = replace(wanted, line_px=((line[0], line[1]), (line[2], line[3])))
        of = replace(of, of_line=of.of_line if of.wanted.line_px is not None else NAMELESS)
    if (layers := asked.layers) is not None:
        wanted = replace(wanted, layers_px=(layers[0], layers[1]))
    sector = interpreted.interpretations[0].field.sector
    try:
        try:
            cine = follow_source(source, sector, wanted, on_frame)
        except (GeometryError, UncalibratedError) as error:
            if wanted.layers_px is None:
                raise
            said.append(f"Shear: {error}")
            cine = follow_source(source, sector, replace(wanted, layers_px=None), on_frame)
    except EchoSpineError as error:
        return FollowedCine(None, (), (*said, f"The cine cannot be followed: {error}"))
    if cine.field is None:
        raise InputError("nothing was followed")
    moved = assemble(cine.field, cine.line, cine.layers)
    return FollowedCine(moved, measure_motion(moved, of.of_line, of.of_layers), (*said, *cine.field.notes))


def _curves(moved: Moved) -> dict[str, Any]:
    from echospine.engine.muscle.motion import shear_curve, thickness_curve

    unit = "mm" if moved.step_mm is not None else "{pixel}"
    return {
        "times_s": list(moved.times_s),
        "line_px": [list(point) for point in moved.line_px] if moved.line_px is not None else None,
        "thickness": {"unit": unit, "values": [_number(one) for one in thickness_curve(moved)]},
        "shear_signed_percent": [_number(one) for one in shear_curve(moved)],
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _numbers(text: str | None, count: int, option: str) -> tuple[float, ...] | None:
    """Return the numbers of an option; raises InputError where they are not as many finite ones."""
    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != count or not all(math.isfinite(one) for one in values):
        raise InputError(f"{option} takes {count} numbers with commas between, in pixels, not {text!r}")
    return values
