"""`echospine evaluate`: score a model, or label maps from anywhere, on pictures with masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from echospine.apps.cli.shell import json_option, print_json, progress, report_problems, spacing_option
from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from echospine.engine.vision.scores import Interval, Scores

PATH = click.Path(path_type=Path)


@click.command(epilog="Example: echospine evaluate --model shipped --images scans --masks masks --groups people.csv")
@click.option("--model", metavar="NAME", help="Model to score: of yours, `shipped`, `finder`, or a folder with one.")
@click.option("--maps", type=PATH, metavar="DIR", help="Instead of a model: its label maps, named as the masks are.")
@click.option("--images", required=True, type=PATH, metavar="DIR", help="Folder of pictures or recordings.")
@click.option("--masks", required=True, type=PATH, metavar="DIR", help="Folder of masks: STEM.png, or STEM_0007.png.")
@click.option("--groups", type=PATH, metavar="CSV", help="Columns file,group: whose each picture is.")
@click.option("--labels", type=PATH, metavar="JSON", help="What the masks' values mean; else labels.json beside them.")
@spacing_option
@json_option
def evaluate(
    model: str | None,
    maps: Path | None,
    images: Path,
    masks: Path,
    groups: Path | None,
    labels: Path | None,
    pixel_spacing: float | None,
    as_json: bool,
) -> int:
    """Score label maps: Dice, bone surface within 1 mm (or 1 % of the height), confusion, calibration.

    Every score has a 95 % bootstrap interval over groups (people; without --groups, recordings). Structures that a set
    does not label are ignored, not counted as absent. A mask's value 255 marks pixels that nobody judges.
    """
    from echospine.apps.wiring import build_model, build_reader
    from echospine.workflow.evaluate import answers_of_maps, answers_of_model, find_pairs
    from echospine.workflow.evaluate import evaluate as score

    if model is not None and maps is not None:
        raise InputError("give --model or --maps, not both")
    pairs, reader = find_pairs(images, masks, groups, labels), build_reader()
    if maps is not None:
        method, answers = f"label maps in {maps}", answers_of_maps(reader, maps)
    else:
        engine = build_model(model)
        method, answers = str(engine.method), answers_of_model(engine)
    with progress(method) as on_pair:
        scores, problems = score(reader, pairs, answers, pixel_spacing_mm=pixel_spacing, on_pair=on_pair)
    problems = (*pairs.problems, *problems)
    if as_json:
        print_json({**_document(scores, method, pairs.grouped), "problems": list(problems)})
    else:
        _print(scores, method, pairs.grouped)
    return report_problems(problems)


def _document(scores: Scores, method: str, grouped: bool) -> dict[str, Any]:
    """Return the scores as a machine reads them."""
    from echospine.domain.labels import Structure

    names = [one.label for one in Structure]
    return {
        "method": method,
        "pictures": scores.pictures,
        "groups": scores.groups,
        "grouped_by": "groups file" if grouped else "recording",
        "dice": {structure.label: _plain(one) for structure, one in scores.dice.items()},
        "surface_precision": {name: _plain(one) for name, one in scores.precision.items()},
        "surface_recall": {name: _plain(one) for name, one in scores.recall.items()},
        "calibration_error": _plain(scores.calibration_error),
        "confusion": {
            names[row]: {
                (*names, "not labelled here")[column]: round(float(share), 4)
                for column, share in enumerate(shares)
                if share > 0
            }
            for row, shares in enumerate(scores.confusion)
            if shares.any()
        },
    }


def _plain(one: Interval | None) -> dict[str, float | int] | None:
    if one is None:
        return None
    return {"value": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4), "groups": one.n}


def _print(scores: Scores, method: str, grouped: bool) -> None:
    """Print the scores as tables."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    whose = "groups" if grouped else "recordings (give --groups where several are of one person)"
    console.print(f"{method}: {scores.pictures} pictures of {scores.groups} {whose}", markup=False)
    dice = Table("structure", "Dice [95 % interval]")
    for structure, one in scores.dice.items():
        dice.add_row(structure.label, _words(one))
    console.print(dice)
    if scores.precision:
        surfaces = Table("surface of", "precision", "recall")
        for name, one in scores.precision.items():
            surfaces.add_row(name, _words(one), _words(scores.recall[name]))
        console.print(surfaces)
    error = scores.calibration_error
    console.print(f"calibration error: {error or 'the answers carry no probability'}", markup=False)
    console.print(_confusion(scores))


def _confusion(scores: Scores) -> Table:
    """Return where the pixels of each labelled structure went: its largest shares."""
    from rich.table import Table

    from echospine.domain.labels import Structure

    names = (*(one.label for one in Structure), "what is not labelled here")
    table = Table("pixels of", "are named", title="confusion")
    for structure in (Structure.BACKGROUND, *scores.dice):
        shares = scores.confusion[structure]
        largest = [column for column in shares.argsort()[::-1][:4] if shares[column] >= 0.005]
        if largest:
            table.add_row(structure.label, ", ".join(f"{names[column]} {shares[column]:.0%}" for column in largest))
    return table


def _words(one: Interval | None) -> str:
    return "" if one is None else str(one)
