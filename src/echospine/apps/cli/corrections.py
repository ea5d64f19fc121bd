"""`echospine corrections`: what people corrected in the workstation, as a labelled set for `echospine train`."""

from __future__ import annotations

import csv
import io
import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.cli.shell import json_option, output_folder, print_json, write_whole
from echospine.domain.errors import UnsupportedError

if TYPE_CHECKING:
    from echospine.domain.units import Pixels

NOTHING = "nobody has corrected structures in these examinations yet; paint on a frame of one, and save it"


@click.command(epilog="Example: echospine corrections --out mine")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the set.")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the examinations.")
@click.option("--filled", is_flag=True, help="Also frames that were filled in between two corrected ones.")
@json_option
def corrections(out: Path, store: Path | None, filled: bool, as_json: bool) -> None:
    """Write frames whose structures people corrected: DIR/images, DIR/masks with labels.json, DIR/people.csv.

    These are what `echospine train --images DIR/images --masks DIR/masks --groups DIR/people.csv` reads. Names of
    patients are left out; what is written in a picture is still in it.
    """
    from echospine.apps.wiring import open_house
    from echospine.domain.labels import Structure
    from echospine.workflow.exam.corrections import each_correction

    images, masks = output_folder(out / "images"), output_folder(out / "masks")
    people: list[tuple[str, str]] = []
    there: set[int] = {0}
    with open_house(store) as house:
        for one in each_correction(house, filled=filled):
            write_whole(images / f"{one.name}.png", _png(one.pixels))
            write_whole(masks / f"{one.name}.png", _png(one.labels))
            people.append((f"{one.name}.png", f"person {one.person}"))
            there |= {int(label) for label in set(one.labels.ravel().tolist())}
    if not people:
        raise UnsupportedError(NOTHING)
    meaning = {str(label): Structure(label).label for label in sorted(there)}
    write_whole(masks / "labels.json", json.dumps(meaning, indent=2).encode())
    write_whole(out / "people.csv", _table(people))
    persons = len({person for _, person in people})
    if as_json:
        print_json({"frames": len(people), "people": persons, "labels": meaning})
    else:
        click.echo(f"{len(people)} corrected frames of {persons} people in {out}")


def _png(pixels: Pixels) -> bytes:
    from PIL import Image

    packed = BytesIO()
    Image.fromarray(pixels).save(packed, "png")
    return packed.getvalue()


def _table(people: list[tuple[str, str]]) -> bytes:
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerows([("file", "group"), *people])
    return written.getvalue().encode()
