"""Every adapter of a port, each behind one fixture: the contract tests run over all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from echospine.adapters.objects import FileObjects, MemoryObjects
from echospine.adapters.sql import MemoryStudies, SqlStudies, sqlite_url
from echospine.ports import ObjectStore, StudyStore
from store_samples import POSTGRES, new_postgres


@pytest.fixture(params=["memory", "files"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryObjects() if request.param == "memory" else FileObjects(tmp_path / "objects")


@pytest.fixture(params=["memory", "sqlite", *(["postgres"] if POSTGRES else [])])
def open_studies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], StudyStore]]:
    """Return what opens the store: the same content each time, through connections of its own."""
    if request.param == "memory":
        store = MemoryStudies()
        yield lambda: store
        return
    opened: list[SqlStudies] = []

    def open_store() -> StudyStore:
        opened.append(SqlStudies(url))
        return opened[-1]

    with new_postgres() if request.param == "postgres" else nullcontext(sqlite_url(tmp_path / "studies.db")) as url:
        yield open_store
        for one in opened:
            one.close()


@pytest.fixture
def studies(open_studies: Callable[[], StudyStore]) -> StudyStore:
    return open_studies()
