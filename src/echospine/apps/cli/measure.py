"""`echospine measure`: one table of measurements, per frame and per recording."""

from __future__ import annotations

from pathlib import Path

import click

from echospine.apps.cli.motion import follow_recording, motion_asked, motion_options
from echospine.apps.cli.shell import (
    config_option,
    inputs_argument,
    json_option,
    model_option,
    print_json,
    progress,
    recordings,
    report_problems,
    spacing_option,
    write_whole,
)
from echospine.apps.cli.taken import taken_of, taken_options
from echospine.domain.errors import InputError


@click.command(epilog="Example: echospine measure knee.png --pixel-spacing 0.12 --out knee.csv")
@inputs_argument
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="Table to write.")
@spacing_option
@config_option
@model_option
@taken_options
@motion_options
@json_option
def measure(
    inputs: tuple[Path, ...],
    out: Path,
    pixel_spacing: float | None,
    config: Path | None,
    model: str | None,
    motion: bool,
    line: str | None,
    shear_at: str | None,
    as_json: bool,
    **taken: str | None,
) -> int:
    """Write a table: frame,structure,side,quantity,value,unit,uncertainty,method,status,level,note,state.

    Bone and the tissue over it; muscles, fascia and fat with a model that names structures. Uncertainty is one
    standard deviation; where there is no value, the note says why. A row without a frame is over the whole recording.
    With several recordings, a last column `recording` names them. What you say with --view, --side, --level and --state
    counts for all of them, before what is seen in the picture; a side only where the picture shows one side.

    --motion follows speckle through each cine. The line and the place on a fascia are, where they are not given, those
    at which the first frame's muscle and fascia were measured.
    """
    from echospine.apps.wiring import build_model, build_reader
    from echospine.workflow.exam import interpret_source
    from echospine.workflow.report import measure_table

    asked = motion_asked(motion, line, shear_at)
    reader, engine, as_said = build_reader(), build_model(model), taken_of(taken)
    measured, followed = [], {}
    with recordings(reader, inputs, pixel_spacing, config) as (plans, problems):
        for plan in plans:
            try:
                with reader.open(plan) as source:
                    with progress(plan.name) as on_frame:
                        interpreted = interpret_source(engine, source, on_frame, as_said)
                    if asked is not None:
                        with progress(f"{plan.name}, motion") as on_frame:
                            cine = follow_recording(source, interpreted, asked, on_frame)
                        followed[plan.name], interpreted = cine, cine.added_to(interpreted)
                measured.append((plan.name, interpreted))
            except InputError as error:
                problems.append(str(error))
    table = measure_table(measured)
    write_whole(out, table.encode())
    rows = table.count("\n") - 1
    if as_json:
        told = {"motion": {name: cine.document() for name, cine in followed.items()}} if motion else {}
        print_json({"file": str(out), "rows": rows, "problems": problems, **told})
    else:
        for name, cine in followed.items():
            click.echo("\n".join([f"{name}:", *cine.lines()]))
        click.echo(f"wrote {out}: {rows} rows from {len(measured)} recordings")
    return report_problems(problems)
