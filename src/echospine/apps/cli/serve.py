"""`echospine serve`: the workstation in the browser."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(epilog="Example: echospine serve --store ~/exams --port 8042")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the examinations.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8042, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser.")
def serve(store: Path | None, host: str, port: int, open_browser: bool) -> None:
    """Open the workstation, on http://127.0.0.1:8042.

    There are no accounts yet: whoever reaches the address can read and sign. Keep it on this machine.
    """
    from echospine.apps.server.run import run_server

    run_server(store, host=host, port=port, open_browser=open_browser)
