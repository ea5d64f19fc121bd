"""`echospine models`: which models there are, which one is used, and adding one."""

from __future__ import annotations

from pathlib import Path

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
