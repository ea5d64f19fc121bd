"""Knows how to keep examinations and their history in SQLite or PostgreSQL, or in memory.

What was acknowledged survives a kill and a power cut; history only grows.
"""

from echospine.adapters.sql.memory import MemoryStudies
from echospine.adapters.sql.store import SqlStudies
from echospine.adapters.sql.urls import sqlite_url

__all__ = ["MemoryStudies", "SqlStudies", "sqlite_url"]
