"""Knows how to keep what belongs to patients and sites beside examinations: marks, questionnaires, errors, readings.

Everything is only ever added; the database refuses to change or delete a row.
"""

from echospine.adapters.sql.records.memory import MemoryRecords
from echospine.adapters.sql.records.store import SqlRecords

__all__ = ["MemoryRecords", "SqlRecords"]
