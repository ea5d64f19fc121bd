"""DICOM: ultrasound read lazily frame by frame.

Knows the standard's objects, transfer syntaxes, regions and times; turns all that can be wrong with a file into
one line that names it.
"""

from echospine.adapters.dicom.identify import is_dicom
from echospine.adapters.dicom.source import DicomSource, open_dicom

__all__ = ["DicomSource", "is_dicom", "open_dicom"]
