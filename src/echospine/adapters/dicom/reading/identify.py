"""Whether a file is DICOM, by its content; and whether what it holds is ultrasound."""

from __future__ import annotations

import struct
from enum import StrEnum
from pathlib import Path

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset

from echospine.adapters.dicom.reading.bytefile import reading
from echospine.adapters.dicom.reading.elements import LONG_VRS, PREAMBLE, text, uid_of
from echospine.domain.errors import UnreadableError, UnsupportedError

FIRST_GROUPS = (0x0002, 0x0008)
"""A data set without preamble starts with the file meta group, or with the identifying group."""
LONGEST_FIRST_VALUE = 4096
DICOMDIR = "1.2.840.10008.1.3.10"


class Kind(StrEnum):
    """The ultrasound objects that are read, in words."""

    IMAGE = "ultrasound image"
    CINE = "multi-frame ultrasound"
    VOLUME = "enhanced ultrasound volume"
    CAPTURE = "secondary capture of ultrasound"


ULTRASOUND = {
    "1.2.840.10008.5.1.4.1.1.6": Kind.IMAGE,  # retired
    "1.2.840.10008.5.1.4.1.1.6.1": Kind.IMAGE,
    "1.2.840.10008.5.1.4.1.1.3": Kind.CINE,  # retired
    "1.2.840.10008.5.1.4.1.1.3.1": Kind.CINE,
    "1.2.840.10008.5.1.4.1.1.6.2": Kind.VOLUME,
}
SECONDARY_CAPTURES = frozenset(f"1.2.840.10008.5.1.4.1.1.7{part}" for part in ("", ".1", ".2", ".3", ".4"))


def is_dicom(path: Path) -> bool:
    """Return whether a file is DICOM: by the mark behind its preamble, or by how a data set starts.

    Raises UnreadableError for what cannot be opened.
    """
    with reading(path.name):
        if path.is_dir():
            raise UnreadableError(f"{path.name}: is a folder; give the files that lie in it")
        if path.exists() and not path.is_file():
            raise UnreadableError(f"{path.name}: is not a regular file; copy its content into one")
        with path.open("rb") as stream:
            head = stream.read(PREAMBLE + 4 + LONGEST_FIRST_VALUE)
    return head[PREAMBLE : PREAMBLE + 4] == b"DICM" or _starts_like_a_data_set(head)


def _starts_like_a_data_set(head: bytes) -> bool:
    """True when two elements in ascending order can be parsed, with the value types of the dictionary."""
    for order in "<>":
        first = _parse(head, 0, order)
        if first is None or first[0] >> 16 not in FIRST_GROUPS:
            continue
        second = _parse(head, first[1], order)
        if second is not None and second[0] > first[0]:
            return True
    return False


def _parse(head: bytes, at: int, order: str) -> tuple[int, int] | None:
    """Return (tag, offset of the next element) of the plausible element at `at`, or None."""
    if len(head) < at + 12:
        return None
    group, element, letters, short = struct.unpack_from(f"{order}HH2sH", head, at)
    tag = group << 16 | element
    if not dictionary_has_tag(tag):
        return None
    if letters == dictionary_VR(tag).encode("ascii"):
        long = letters in LONG_VRS
        start, length = (at + 12, struct.unpack_from(f"{order}I", head, at + 8)[0]) if long else (at + 8, short)
    else:
        start, length = at + 8, struct.unpack_from(f"{order}I", head, at + 4)[0]
    return (tag, start + length) if length <= LONGEST_FIRST_VALUE and length % 2 == 0 else None


def identify(name: str, dataset: Dataset) -> Kind:
    """Return what kind of ultrasound object this is; raises UnsupportedError, naming it, when it is none."""
    sop_class, modality = text(dataset, "SOPClassUID"), text(dataset, "Modality")
    if sop_class in ULTRASOUND:
        return ULTRASOUND[sop_class]
    if modality == "US" and (sop_class in SECONDARY_CAPTURES or not sop_class):
        return Kind.CAPTURE if sop_class else Kind.IMAGE
    if sop_class == DICOMDIR:
        raise UnsupportedError(f"{name}: is a DICOMDIR, a list of files; give the image files beside it")
    what = uid_of(sop_class).name if sop_class else "a DICOM object without SOP class"
    raise UnsupportedError(
        f"{name}: is {what} (modality {modality or 'not stated'}), not ultrasound; give ultrasound images"
    )
