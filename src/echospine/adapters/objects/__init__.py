"""Knows how to keep bytes under their SHA-256: on a disk, durable when acknowledged, or in memory.

What was acknowledged survives a kill and a power cut; what was not leaves nothing behind.
"""

from echospine.adapters.objects.files import FileObjects
from echospine.adapters.objects.memory import MemoryObjects

__all__ = ["FileObjects", "MemoryObjects"]
