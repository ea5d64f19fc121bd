"""A real server on a free port, what tests send to it, and a model whose speed they control."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from PIL import Image

from echospine.adapters.objects import MemoryObjects
from echospine.adapters.sql import MemoryStudies
from echospine.apps.server.run import bound
from echospine.apps.wiring import SystemClock, build_reader
from echospine.domain.frames import Frame
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Box, Field, Method, Quality, Sector, Structure, Surface
from echospine.domain.reports import Report, ReportFile
from echospine.ports import House

JSON = dict[str, object]


class BrightestRow:
    """A model that finds bone in the brightest row of each column, and waits at a gate before each frame."""

    method = Method("brightest-row", "1")

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.seen: list[int] = []

    def survey(self, samples: list[Frame]) -> Field:
        rows, columns = samples[0].grey.shape
        return Field(Sector(np.zeros(columns), np.full(columns, rows - 1.0)), (Box(0, 0, 3, 3),))

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        assert self.gate.wait(30), "the gate of the model was never opened"
        self.seen.append(frame.index)
        grey = frame.grey
        row = np.where(grey.max(axis=0) > 200, grey.argmax(axis=0), np.nan)
        surface = Surface(Structure.BONE, row, np.where(np.isfinite(row), 0.9, 0.1))
        return Interpretation(frame.index, self.method, field, (surface,), Quality(1.0, 0.0, 0.5, 0.9, ("a test",)))


class PlainWriter:
    """Writes a page that says whether it is a draft."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        self.written += 1
        text = "draft" if report.draft else "signed"
        return (
            ReportFile("report.pdf", "application/pdf", f"%PDF-1.7 {text}".encode()),
            ReportFile('pictures/1_über "x".png', "image/png", b"\x89PNG"),
        )


def memory_house(model: BrightestRow) -> House:
    """Join real readers with stores in memory."""
    return House(
        studies=MemoryStudies(),
        objects=MemoryObjects(),
        reader=build_reader(),
        model=model,
        writers=(PlainWriter(),),
        clock=SystemClock(),
        new_id=lambda: uuid.uuid4().hex,
    )


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Run the server as it is run in earnest, in a thread; give a client that knows its address."""
    with bound("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
                wait_for(lambda: server.started)
                yield client
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


Serve = Callable[..., AbstractContextManager[httpx.Client]]


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is true; a test that waits in vain fails here."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Path:
    """Write a PNG whose bone is a bright row; every seed makes another picture."""
    width, height = size
    pixels = np.random.default_rng(seed).integers(0, 90, (height, width), dtype=np.uint8)
    pixels[height // 2, 4 : width - 4] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def cine(folder: Path, n_frames: int, seed: int = 0) -> list[tuple[str, Path]]:
    """Write a folder of pictures that make one recording; return their names as a browser sends them."""
    names = [f"scan{seed}/{n:04d}.png" for n in range(n_frames)]
    return [(name, picture(folder / name, seed * 1000 + n)) for n, name in enumerate(names)]


def send(client: httpx.Client, files: list[tuple[str, Path]], **fields: str) -> httpx.Response:
    """Upload files under these names."""
    parts = [("files", (name, path.read_bytes())) for name, path in files]
    return client.post("/api/imports", files=parts, data=fields)


def finished(client: httpx.Client, job: JSON) -> JSON:
    """Wait until a job has come to an end; return it."""
    seen: list[JSON] = [job]

    def ended() -> bool:
        seen.append(client.get(f"/api/jobs/{job['id']}").json())
        return seen[-1]["state"] != "running"

    wait_for(ended)
    return seen[-1]


def imported(client: httpx.Client, files: list[tuple[str, Path]], **fields: str) -> JSON:
    """Upload files and wait until they are interpreted; return the job."""
    answer = send(client, files, **fields)
    assert answer.status_code == 202, answer.text
    job = finished(client, answer.json())
    assert job["state"] == "done", job
    return job


def assert_problem(answer: httpx.Response, status: int, slug: str, *words: str) -> None:
    """Assert that an answer is a problem of that kind whose one line holds these words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["title"] and "\n" not in body["detail"] and "Traceback" not in answer.text
    for word in words:
        assert word in body["detail"]
