"""Tables for other programs."""

from echospine.adapters.tables.parquet import write_parquet as write_parquet
