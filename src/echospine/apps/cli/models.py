"""`echospine models`: which models there are, what their cards say, which one is used, and adding one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from echospine.apps.cli.shell import json_option, print_json


@click.group(epilog="Example: echospine models list")
def models() -> None:
    """List, add and choose the models that name what a picture shows."""


@models.command(name="list", epilog="Example: echospine models list")
@json_option
def list_models(as_json: bool) -> None:
    """List the models with what is wrong with a damaged one; the one that is used has a star."""
    from echospine.apps.wiring import known_models

    known = known_models()
    if as_json:
        print_json([one.summary() for one in known])
        return
    for one in known:
        click.echo(f"{'*' if one.used else ' '} {one.name:16} {one.trouble or f'{one.method}  {one.about}'.rstrip()}")


@models.command(epilog="Example: echospine models show shipped")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print the card of the model NAME: what it is for, what it was trained on, and how right it was found to be."""
    from echospine.apps.wiring import model_card

    card = model_card(name)
    if as_json:
        print_json(card)
        return
    click.echo(f"{card['name']} {card['version']}: {card.get('about') or 'its card does not say what it is for'}")
    for title, lines in (
        ("For what", card.get("intended_use", ())),
        ("Trained on", [f"{one['what']} ({one['licence']})" for one in card.get("data", ())]),
        ("How", card.get("trained", ())),
        ("Measured", list(_measured(card.get("metrics", {})))),
    ):
        if lines:
            click.echo("\n".join((f"\n{title}", *(f"  {one}" for one in lines))))


def _measured(metrics: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Give one line for each number of a card, by name; a mean with its interval, where there is one."""
    for name, value in metrics.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping) and "mean" in value:
            low, high = value.get("low"), value.get("high")
            spread = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
            yield f"{path}  {value['mean']:.3f}{spread}"
        elif isinstance(value, Mapping):
            yield from _measured(value, f"{path} / ")
        elif isinstance(value, int | float):
            yield f"{path}  {value:.4g}"


@models.command(epilog="Example: echospine models add mine trained/mymodel")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
def add(name: str, folder: Path) -> None:
    """Keep the model in FOLDER (one .onnx file and its card) under NAME. It is checked, and not chosen by that."""
    from echospine.apps.wiring import add_model

    click.echo(f"kept in {add_model(name, folder)}; choose it with: echospine models use {name}")


@models.command(epilog="Example: echospine models use mine")
@click.argument("name")
def use(name: str) -> None:
    """Use the model NAME from now on: one of the list, `shipped`, or `finder`. It is opened and tried first."""
    from echospine.apps.wiring import use_model

    click.echo(f"used from now on: {use_model(name)}")
