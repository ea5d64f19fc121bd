"""`echospine data`: public example recordings, with their licences."""

from __future__ import annotations

import os
from pathlib import Path

import click

from echospine.apps.cli.shell import json_option, print_json


@click.group(epilog="Example: echospine data get plus-bone")
def data() -> None:
    """List and fetch public example data, with checksums and licences."""


@data.command(name="list", epilog="Example: echospine data list")
@json_option
def list_sets(as_json: bool) -> None:
    """List the data sets that can be fetched, and those that must be fetched by hand."""
    from echospine.apps.cli.datasets import BY_HAND, DATA_SETS

    if as_json:
        print_json([item.summary() for item in (*DATA_SETS, *BY_HAND)])
        return
    for item in DATA_SETS:
        click.echo(f"{item.name:22} {item.licence:14} {item.about}")
    click.echo("\nNot fetched by this command (the source publishes no checksums of single files):")
    for other in BY_HAND:
        click.echo(f"{other.name:22} {other.licence:14} {other.about}\n{'':38}{other.source}")


@data.command(epilog="Example: echospine data get plus-bone --into recordings")
@click.argument("name")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Folder; otherwise the user's cache.")
@json_option
def get(name: str, into: Path | None, as_json: bool) -> None:
    """Fetch the data set NAME from its public source; files already there and whole are kept."""
    from echospine.apps.cli.datasets import fetch

    paths = fetch(name, into, base=os.environ.get("ECHOSPINE_DATA_SOURCE"))
    if as_json:
        print_json({"name": name, "files": [str(path) for path in paths]})
        return
    for path in paths:
        click.echo(path)
