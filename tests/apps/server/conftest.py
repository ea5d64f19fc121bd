"""A house in memory with real readers, and a real server over it on a free port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from echospine.apps.server.app import create_app
from echospine.apps.server.limits import Limits
from echospine.ports import House
from serving import BrightestRow, Serve, memory_house, serving


@pytest.fixture
def model() -> Iterator[BrightestRow]:
    made = BrightestRow()
    yield made
    made.gate.set()


@pytest.fixture
def house(model: BrightestRow) -> House:
    return memory_house(model)


@pytest.fixture(scope="session")
def idle_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that many tests share, because they change nothing in it."""
    scratch = tmp_path_factory.mktemp("idle")
    with serving(create_app(memory_house(BrightestRow()), scratch=scratch)) as client:
        yield client


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(house: House, scratch: Path) -> Serve:
    """Return a function that serves the house, with limits and pages of the test's own."""

    def start(
        limits: Limits | None = None, static_dir: Path | None = None, scratch: Path = scratch
    ) -> AbstractContextManager[httpx.Client]:
        return serving(create_app(house, scratch=scratch, limits=limits, static_dir=static_dir))

    return start


@pytest.fixture
def client(serve: Serve) -> Iterator[httpx.Client]:
    with serve() as client:
        yield client
