"""`echospine trend`: whether one measure of a patient changed over visits, beyond the error of measuring it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.cli.shell import json_option, print_json, write_whole
from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from enum import StrEnum

    from echospine.engine.trend import Measure, Story
    from echospine.ports import House


A_FILE = click.Path(path_type=Path)


@click.command(epilog="Example: echospine trend P-001 --quantity thickness --side left --png thickness.png")
@click.argument("patient")
@click.option("--quantity", metavar="NAME", help="What was measured, such as thickness or bone_depth_min.")
@click.option("--structure", metavar="NAME", help="Of which structure, such as multifidus.")
@click.option("--side", metavar="SIDE", help="left, right, midline or unknown.")
@click.option("--level", metavar="LEVEL", help="At which level, such as L4.")
@click.option("--state", metavar="STATE", help="Of the muscle: rest, contracted or unknown.")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the examinations.")
@click.option("--csv", type=A_FILE, metavar="FILE.csv", help="Write a table: visits, marks, questionnaires.")
@click.option("--png", type=A_FILE, metavar="FILE.png", help="Write the picture: points, bars, the grey band of error.")
@click.option("--svg", type=A_FILE, metavar="FILE.svg", help="Write the picture as vectors.")
@json_option
def trend(
    patient: str,
    quantity: str | None,
    structure: str | None,
    side: str | None,
    level: str | None,
    state: str | None,
    store: Path | None,
    csv: Path | None,
    png: Path | None,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Tell whether a measure of PATIENT changed: by the patient ID, or the name where there is none.

    A change is called one only beyond the error of measurement of this site, or of a published study. With one
    measure alone, its quantity, structure, side, level and state need not be said; with several, they are listed.
    """
    from echospine.apps.wiring import draw_trend, open_house
    from echospine.workflow.trend import story_document, trend_of, trend_table

    with open_house(store) as house:
        story = trend_of(house, patient, _measure(house, patient, (quantity, structure, side, level, state)))
    if csv is not None:
        write_whole(csv, trend_table(story).encode())
    if png is not None:
        write_whole(png, draw_trend(story, "png"))
    if svg is not None:
        write_whole(svg, draw_trend(story, "svg"))
    if as_json:
        print_json(story_document(story))
    else:
        _say(story)


def _measure(house: House, patient: str, said: tuple[str | None, ...]) -> Measure:
    from echospine.domain.labels import PARTS, Side
    from echospine.domain.measures import Quantity
    from echospine.domain.takes import Contraction
    from echospine.workflow.trend import one_measure

    quantity, structure, side, level, state = said
    if structure is not None and structure not in PARTS:
        raise InputError(f"there is no structure {structure!r}; known are {', '.join(PARTS)}")
    return one_measure(
        house,
        patient,
        quantity=None if quantity is None else Quantity(_known(Quantity, quantity, "quantity")),
        structure=None if structure is None else PARTS[structure],
        side=None if side is None else Side(_known(Side, side, "side")),
        level=level,
        state=None if state is None else Contraction(_known(Contraction, state, "state")),
    )


def _known(kind: type[StrEnum], name: str, what: str) -> str:
    values = [one.value for one in kind]
    if name not in values:
        raise InputError(f"there is no {what} {name!r}; known are {', '.join(values)}")
    return name


def _say(story: Story) -> None:
    from echospine.domain.measures import UNIT_WORDS
    from echospine.engine.trend import day_text

    click.echo(story.measure.title)
    for sentence in (*story.sentences, *story.left_out):
        click.echo(f"  {sentence}")
    for one in story.visits:
        spread = "" if one.visit.spread is None else f" ± {one.visit.spread:.2g}"
        said = one.since_first.verdict.value if one.since_first else "first visit"
        draft = ", draft" if one.visit.draft else ""
        value = f"{one.visit.reading.value:.4g}{spread} {UNIT_WORDS[story.unit]}".rstrip()
        click.echo(f"  {day_text(one.visit.day):>11}  {value}  {said}{draft}")
