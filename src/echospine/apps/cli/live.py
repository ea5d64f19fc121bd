"""`echospine live`: look at live pictures and send them on with what is seen in them, to 3D Slicer for instance."""

from __future__ import annotations

import click

from echospine.domain.errors import InputError


@click.command(epilog="Example: echospine live igtl://scanner:18944 --port 18945")
@click.argument("source")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=18945, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Stop after so long.")
def live(source: str, host: str, port: int, seconds: float | None) -> None:
    """Take live pictures and serve them over OpenIGTLink, with what is seen in each: structures, view, level, quality.

    SOURCE is igtl://HOST:PORT (a scanner, PLUS), camera://0 (a camera or HDMI grabber), or a recording, which is
    played again and again. In 3D Slicer add an OpenIGTLink connector (client) to the port that is printed.
    """
    from echospine.apps.wiring import build_eye, build_model, open_live, serve_live

    with (
        open_live(source) as pictures,
        build_eye(build_model()) as eye,
        serve_live(pictures, host, port, eye) as serving,
    ):
        click.echo(f"{pictures.name} with what is seen in it on igtl://{serving.host}:{serving.port}; Ctrl+C stops it")
        serving.wait(seconds)
        if not serving.counts.frames and pictures.trouble:
            raise InputError(pictures.trouble)
