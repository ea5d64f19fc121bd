"""DICOM: ultrasound read lazily frame by frame; reports written as SR, SEG and, where there were none, US images.

Knows the standard's objects, transfer syntaxes, regions and times; turns all that can be wrong with a file into
one line that names it. `reading` and `writing` are strangers: what is written is read back like anybody's file.
The writers are taken from `writing` itself: their library takes half a second to load, and readers need none of it.
"""

from echospine.adapters.dicom.reading import DicomSource, is_dicom, open_dicom

__all__ = ["DicomSource", "is_dicom", "open_dicom"]
