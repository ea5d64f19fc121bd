"""A page without a page: what a viewer says and hears on the live socket."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import numpy as np
from websockets.sync.client import ClientConnection, connect

from echospine.domain.runs import unpacked_map
from scanner_kit import upright

Call = Callable[..., AbstractContextManager["Viewer"]]


class Viewer:
    """Says and hears on one socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.said: list[dict[str, Any]] = []

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self, kind: str) -> dict[str, Any]:
        """Return the next text message of that kind; frames before it are passed over."""
        while True:
            message = self.socket.recv(timeout=20)
            if isinstance(message, str):
                found = json.loads(message)
                self.said.append(found)
                if found["type"] == kind:
                    return found

    def frame(self, timeout_s: float = 20) -> tuple[dict[str, Any], np.ndarray, np.ndarray | None]:
        """Return the next frame: head, pixels, label map."""
        while True:
            message = self.socket.recv(timeout=timeout_s)
            if isinstance(message, bytes):
                return unpacked(message)
            self.said.append(json.loads(message))

    def shown(self, **changes: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray | None]:
        """Return the next frame, and say that it was shown."""
        found = self.frame()
        self.say(type="ack", index=found[0]["index"])
        return found

    def control(self, number: int = 1, **changes: Any) -> None:
        self.say(**control(number, **changes))

    def scan(self) -> None:
        """Open a scanner, and let it run."""
        self.say(type="open-scanner")
        self.hear("patient")
        self.control()
        self.say(type="run", running=True)


def control(number: int = 1, **changes: Any) -> dict[str, Any]:
    pose = upright(20.0, 0.0).matrix.ravel().tolist()
    return {"type": "control", "number": number, "pose": pose, "machine": "linear L12-4", "breathing": False} | changes


def unpacked(message: bytes) -> tuple[dict[str, Any], np.ndarray, np.ndarray | None]:
    """Return head, pixels and label map; the map of what is seen goes into the head, as `seen_map`."""
    (length,) = struct.unpack_from("<I", message)
    head = json.loads(message[4 : 4 + length])
    rest = np.frombuffer(message, np.uint8, offset=4 + length)
    shape = (head["height"], head["width"]) + ((3,) if head["channels"] == 3 else ())
    pixels, rest = rest[: np.prod(shape)].reshape(shape), rest[np.prod(shape) :]
    truth = None
    if head["truth"] is not None:
        truth_shape = (head["truth"]["height"], head["truth"]["width"])
        truth, rest = rest[: np.prod(truth_shape)].reshape(truth_shape), rest[np.prod(truth_shape) :]
    grid = (head["seen"] or {}).get("map")
    assert rest.size == (grid["size"] if grid else 0)
    if grid:
        head["seen_map"] = unpacked_map(rest.tobytes(), grid["rows"], grid["columns"])
    return head, pixels, truth


def calling_on(live: httpx.Client) -> Call:
    """Return a function that opens a socket to the server."""

    @contextmanager
    def calling(path: str = "/api/live", **headers: str) -> Iterator[Viewer]:
        address = str(live.base_url).replace("http", "ws", 1).rstrip("/") + path
        with connect(address, additional_headers=headers, compression=None, open_timeout=20) as socket:
            yield Viewer(socket)

    return calling
