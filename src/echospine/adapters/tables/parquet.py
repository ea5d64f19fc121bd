"""Apache Parquet: typed columns, which R, pandas, polars and DuckDB read as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from echospine.domain.errors import StorageError

BATCH = 20_000
"""Rows that are held at a time."""
NUMBERS = {"frame": "int64", "value": "float64", "uncertainty": "float64"}
"""Types of columns; all others are text."""


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> None:
    """Write a table whole or not at all; raises StorageError (disk full, no permission)."""
    import pyarrow  # noqa: PLC0415 -- for one command
    import pyarrow.parquet  # noqa: PLC0415

    schema = pyarrow.schema([(name, NUMBERS.get(name, "string")) for name in columns])
    partial = path.with_name(f".{path.name}.partial")
    try:
        with pyarrow.parquet.ParquetWriter(partial, schema, compression="zstd") as file:
            batch: list[dict[str, object]] = []
            for row in rows:
                batch.append(dict(zip(columns, row, strict=True)))
                if len(batch) == BATCH:
                    file.write_table(pyarrow.Table.from_pylist(batch, schema))
                    batch.clear()
            file.write_table(pyarrow.Table.from_pylist(batch, schema))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({error}); nothing was left half-written") from error
