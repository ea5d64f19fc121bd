"""Running the server: one socket, one scratch folder, and the address on the terminal."""

from __future__ import annotations

import ipaddress
import shutil
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.server.door.doorkeeper import LOCAL_NAMES, KnownHosts
from echospine.domain.errors import InputError, StorageError

if TYPE_CHECKING:
    from echospine.ports import Model

if sys.platform != "win32":
    import fcntl

STATIC = Path(__file__).parent / "static"
MOST_CONNECTIONS = 256
KEEP_ALIVE_S = 15
STOP_S = 10
LONGEST_MESSAGE = 65_536
"""Largest message of a browser on a socket, bytes; each socket then bounds its own (see live)."""
PING_S = 4
"""How often a socket is asked whether somebody is there, and how long the answer may take, s."""


def run_server(store: Path | None, *, host: str, port: int, open_browser: bool, model: Model | None = None) -> None:
    """Serve the workstation until it is interrupted. Port 0: any free one; `model`: instead of the one of the settings.

    Raises InputError when the address cannot be used, StorageError when the store cannot.
    """
    import uvicorn

    from echospine.apps.server.app import create_app
    from echospine.apps.wiring import default_store, open_house

    folder = store or default_store()
    with (
        bound(host, port) as listener,
        open_house(folder, model) as house,
        own_scratch(folder / "scratch") as scratch,
    ):
        app = create_app(house, scratch=scratch, static_dir=STATIC, hosts=known_hosts(host))
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
            ws_max_size=LONGEST_MESSAGE,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,  # speckle hardly packs, and packing costs more than sending
        )
        _announce(address(host, listener), open_browser)
        # uvicorn stops in good order and then raises the signal again: being asked to stop is no failure.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket bound to that address; raises InputError that names the way out."""
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"--host {host}: is no address of this machine ({error.strerror}); try 127.0.0.1") from error
    with listener:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(place)
        except OSError as error:
            way_out = "is EchoSpine running already? Otherwise choose another --port"
            raise InputError(f"{host}:{port} cannot be used ({error.strerror}); {way_out}") from error
        yield listener


def known_hosts(host: str) -> KnownHosts:
    """Return under which names a server on that address may be asked for."""
    names = LOCAL_NAMES | {host.lower()}
    if _is_everywhere(host):
        return KnownHosts(names | {socket.gethostname().lower(), socket.getfqdn().lower()}, any_address=True)
    return KnownHosts(names)


def address(host: str, listener: socket.socket) -> str:
    """Return where a browser on this machine finds the server."""
    name = "127.0.0.1" if _is_everywhere(host) else host
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


@contextmanager
def own_scratch(folder: Path) -> Iterator[Path]:
    """Give a folder of this server's own, removed at the end; what killed servers left there is removed first.

    Each server holds a lock on its own, so a second one on the same store keeps its uploads.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(folder)
        own = Path(tempfile.mkdtemp(prefix="server-", dir=folder))
        lock = (own / "lock").open("wb")
    except OSError as error:
        raise StorageError(f"{folder}: cannot be used for uploads ({error.strerror}); check the disk") from error
    try:
        with lock:
            _try_lock(lock.fileno())
            yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _sweep(folder: Path) -> None:
    for left in folder.glob("server-*"):
        with suppress(OSError), (left / "lock").open("ab") as lock:
            if _try_lock(lock.fileno()):
                shutil.rmtree(left, ignore_errors=True)


def _try_lock(handle: int) -> bool:
    """Lock a file without waiting; False while another process holds it, or where locks are unknown."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_everywhere(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False


def _announce(where: str, open_browser: bool) -> None:
    click.echo(f"EchoSpine workstation on {where} (Ctrl+C stops it)")
    if open_browser:
        # A moment later: the socket is bound already, so the browser waits instead of failing.
        threading.Timer(0.5, webbrowser.open, (where,)).start()
