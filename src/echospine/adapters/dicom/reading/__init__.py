"""A DICOM ultrasound file becomes a source of frames.

Knows how its header is found and parsed, what is ultrasound, and where and when each frame lies; believes nothing
that a file says of itself before it is checked against a bound.
"""

from echospine.adapters.dicom.reading.identify import is_dicom
from echospine.adapters.dicom.reading.source import DicomSource, open_dicom

__all__ = ["DicomSource", "is_dicom", "open_dicom"]
