"""Shear-wave elastography comes in: from tables, from what an adapter reads out of DICOM, and typed on an examination.

Knows the columns of such a table, and that nothing is converted unless somebody asks for it.
"""

from echospine.workflow.stiffness.entering import add_stiffness
from echospine.workflow.stiffness.reading import COLUMNS, ReadValues, read_values

__all__ = ["COLUMNS", "ReadValues", "add_stiffness", "read_values"]
