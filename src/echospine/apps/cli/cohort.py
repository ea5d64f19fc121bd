"""`echospine cohort`: many recordings into one table, on all cores or a cluster; a second run goes on."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from echospine.apps.cli.shell import (
    inputs_argument,
    json_option,
    model_option,
    output_folder,
    print_json,
    progress,
    report_problems,
    spacing_option,
    write_whole,
)
from echospine.apps.cli.taken import taken_of, taken_options
from echospine.domain.errors import InputError


@click.command(epilog="Example: echospine cohort study/ --pixel-spacing 0.12 --out tables")
@inputs_argument
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the tables.")
@click.option("--workers", type=click.IntRange(0), default=0, help="Processes of this machine; default: one a core.")
@click.option("--scheduler", metavar="ADDRESS", help="Of a dask cluster, such as tcp://10.0.0.4:8786.")
@click.option("--stacks", is_flag=True, help="Pictures of one folder are one recording, not one each.")
@spacing_option
@model_option
@taken_options
@json_option
def cohort(
    inputs: tuple[Path, ...],
    out: Path,
    workers: int,
    scheduler: str | None,
    stacks: bool,
    pixel_spacing: float | None,
    model: str | None,
    as_json: bool,
    **taken: str | None,
) -> int:
    """Measure hundreds of recordings; write measurements.csv and measurements.parquet.

    Columns are those of `echospine measure`, and the recording's name. What has been measured is kept in OUT/kept: the
    same command goes on where it was stopped, and measures again only what has changed. Bad files are told, one line
    each, and tried again the next time. A cluster's workers must see the files at the same paths.
    """
    from echospine.apps.wiring import MeasurePiece, build_crowd, build_model, build_reader, write_cohort_parquet
    from echospine.workflow.cohort import KeptRows, measure_all, pieces_of
    from echospine.workflow.exam import expand, gather
    from echospine.workflow.report import COHORT_COLUMNS, cohort_table

    said = taken_of(taken)
    folder = output_folder(out)
    kept = KeptRows(folder / "kept")
    method = build_model(model).method
    with tempfile.TemporaryDirectory(prefix=".unpacked-", dir=folder) as scratch:
        files, problems = [], []
        for path in inputs:
            try:
                files += expand(path)
            except InputError as error:
                problems.append(str(error))
        gathered = gather(build_reader(), files, scratch=Path(scratch), pixel_spacing_mm=pixel_spacing, stacks=stacks)
        pieces = pieces_of(gathered.plans, f"{method} {said}")
        with progress("measuring") as on_piece:
            finished = measure_all(pieces, kept, build_crowd(scheduler, workers), MeasurePiece(model, said), on_piece)
    problems += [*gathered.problems, *finished.problems]
    done = [piece for piece in pieces if kept.has(piece)]
    write_whole(folder / "measurements.csv", cohort_table(row for one in done for row in kept.rows(one)).encode())
    write_cohort_parquet(
        folder / "measurements.parquet", COHORT_COLUMNS, (row for one in done for row in kept.rows(one))
    )
    if as_json:
        counts = {"recordings": len(done), "measured": finished.measured, "known": finished.known}
        print_json({"folder": str(folder), **counts, "problems": problems})
    else:
        click.echo(
            f"wrote {folder}/measurements.csv and .parquet: {len(done)} recordings, {finished.measured} measured now, "
            f"{finished.known} known from before"
        )
    return report_problems(problems)
