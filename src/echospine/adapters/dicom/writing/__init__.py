"""A report becomes DICOM objects: structured report, segmentation, and images of what was not DICOM.

Knows the coded terms, the UIDs that stay the same from one writing to the next, and the templates of the standard;
writes only what a strict reader accepts.
"""

from echospine.adapters.dicom.writing.seg import SegWriter
from echospine.adapters.dicom.writing.sr import SrWriter
from echospine.adapters.dicom.writing.us_image import UsImageWriter
from echospine.adapters.dicom.writing.us_simulated import SimulatedUs

__all__ = ["SegWriter", "SimulatedUs", "SrWriter", "UsImageWriter"]
