"""Rows of finished recordings, one file each: there whole, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from echospine.domain.errors import StorageError
from echospine.workflow.cohort.pieces import Piece
from echospine.workflow.report import Row


class KeptRows:
    """A folder of what has been measured. What `keep` returned from survives that this process is killed."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is not there; raises StorageError where that is not possible."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another --out") from error

    def has(self, piece: Piece) -> bool:
        """Return whether the rows of a piece are kept."""
        return self._file(piece).exists()

    def keep(self, piece: Piece, rows: tuple[Row, ...]) -> None:
        """Keep the rows of a piece; raises StorageError (disk full, no permission), and then nothing is left behind."""
        target = self._file(piece)
        partial = target.with_suffix(".partial")
        try:
            with partial.open("w", encoding="utf-8") as file:
                json.dump({"recording": piece.plan.name, "rows": rows}, file)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StorageError(
                f"{target}: cannot be written ({error.strerror}); make room and run the same command again, it goes on"
            ) from error

    def rows(self, piece: Piece) -> tuple[Row, ...]:
        """Return the rows of a piece; raises StorageError where they cannot be read."""
        file = self._file(piece)
        try:
            return tuple(tuple(row) for row in json.loads(file.read_text(encoding="utf-8"))["rows"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{file}: cannot be read; delete it and run the same command again") from error

    def _file(self, piece: Piece) -> Path:
        return self._folder / f"{piece.key}.json"
