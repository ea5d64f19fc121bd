"""All ports joined over one store."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from echospine.apps.wiring.formats import Writers, build_reader
from echospine.apps.wiring.models import build_model
from echospine.domain.errors import StorageError
from echospine.ports import House, Model


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time now, in UTC."""
        return datetime.now(UTC)


def default_store() -> Path:
    """Return the folder of this user's examinations."""
    from platformdirs import user_data_path

    return user_data_path("echospine") / "store"


@contextmanager
def open_house(store: Path | None = None, model: Model | None = None) -> Iterator[House]:
    """Give all ports joined over the store in that folder, by default this user's; close it at the end.

    `model`: what interprets, instead of the usual one. Makes the store when it is new. Raises StorageError when the
    folder cannot be used, and ModelError when the chosen model cannot.
    """
    from echospine.adapters.objects import FileObjects
    from echospine.adapters.sql import SqlStudies, sqlite_url
    from echospine.workflow.exam import open_recording

    folder = store or default_store()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another --store") from error
    with closing(SqlStudies(sqlite_url(folder / "echospine.sqlite"))) as studies:
        house = House(
            studies=studies,
            objects=FileObjects(folder / "objects"),
            reader=build_reader(),
            model=model or build_model(),
            writers=(),
            clock=SystemClock(),
            new_id=lambda: uuid.uuid4().hex,
        )
        yield replace(house, writers=(Writers(partial(open_recording, house)),))
