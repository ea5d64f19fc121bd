"""DICOM: ultrasound read lazily frame by frame; reports written as SR, SEG and, where there were none, US images.

Knows the standard's objects, transfer syntaxes, regions and times; turns all that can be wrong with a file into
one line that names it.
"""

from echospine.adapters.dicom.identify import is_dicom
from echospine.adapters.dicom.seg import SegWriter
from echospine.adapters.dicom.source import DicomSource, open_dicom
from echospine.adapters.dicom.sr import SrWriter
from echospine.adapters.dicom.us_image import UsImageWriter

__all__ = ["DicomSource", "SegWriter", "SrWriter", "UsImageWriter", "is_dicom", "open_dicom"]
