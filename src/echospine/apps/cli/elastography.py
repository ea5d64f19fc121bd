"""`echospine elastography`: values of shear-wave elastography as devices gave them, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.cli.shell import json_option, print_json, report_problems, write_whole
from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from echospine.domain.measures import Measurement


@click.command(epilog="Example: echospine elastography report.dcm typed.csv --out stiffness.csv")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="Table to write.")
@click.option("--youngs-modulus", is_flag=True, help="Add E = 3 rho c^2 of each speed, marked as converted.")
@json_option
def elastography(files: tuple[Path, ...], out: Path, youngs_modulus: bool, as_json: bool) -> int:
    """Read shear-wave elastography out of DICOM structured reports, CSV or JSON, with its unit and its device.

    CSV columns: value,unit,device and, where known, structure,side,level,uncertainty; JSON: a list of objects with the
    same names. Units are m/s and kPa. Nothing is converted unless --youngs-modulus asks for it.
    """
    from echospine.domain.elastography import youngs_modulus as converted
    from echospine.domain.measures import Quantity
    from echospine.workflow.exam import Interpreted, measurement_to_json
    from echospine.workflow.report import measure_table

    values: list[Measurement] = []
    problems: list[str] = []
    for path in files:
        try:
            found, told = _read(path)
        except InputError as error:
            problems.append(str(error))
            continue
        values += found
        problems += told
    if youngs_modulus:
        values += [converted(one) for one in values if one.quantity is Quantity.SHEAR_WAVE_SPEED]
    write_whole(out, measure_table([("", Interpreted((), (), tuple(values)))]).encode())
    if as_json:
        told_values = [measurement_to_json(one) for one in values]
        print_json({"file": str(out), "values": told_values, "problems": problems})
    else:
        for one in values:
            click.echo(f"{one.words}  {one.method}{'  (' + one.note + ')' if one.note else ''}")
        click.echo(f"wrote {out}: {len(values)} values")
    return report_problems(problems)


def _read(path: Path) -> tuple[tuple[Measurement, ...], tuple[str, ...]]:
    """Return the values of a file, told apart by its content; raises InputError."""
    from echospine.apps.wiring import read_stiffness
    from echospine.domain.errors import UnreadableError
    from echospine.workflow.stiffness import read_values

    try:
        with path.open("rb") as stream:
            begin = stream.read(132)
        if begin[128:] == b"DICM":
            return read_stiffness(path, path.name)
        found = read_values(path.name, path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: cannot be read ({error}); give a DICOM report, a CSV or a JSON") from error
    return found.values, found.problems
