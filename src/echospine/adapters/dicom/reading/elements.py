"""The header of a DICOM file: found, parsed up to the pixel data, and its values read without surprises.

Values are taken from the raw elements, so a value that breaks a rule of the standard that does not matter
here (a text that is too long, a decimal with too many digits) neither stops the reading nor prints a warning.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from pydicom.charset import STAND_ALONE_ENCODINGS, decode_bytes, python_encoding
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from echospine.adapters.dicom.reading.bytefile import FETCH_AGAIN, ByteFile, HeaderStream, decoding, inflate, one_line
from echospine.domain.errors import TruncatedError

PREAMBLE = 128
PIXEL_DATA, FLOAT_PIXELS = 0x7FE00010, (0x7FE00008, 0x7FE00009)
UNDEFINED_LENGTH = 0xFFFFFFFF
LONGEST_TEXT = 512
"""No text that is read here is longer (PS3.5 table 6.2-1); more is damage, and would flood a message."""
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
NUMBER_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q", "AT": "HH"}

KEYWORDS = (
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "Manufacturer", "ManufacturerModelName", "PatientID", "PatientName", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName", "LossyImageCompression",
    "LossyImageCompressionRatio", "LossyImageCompressionMethod", "SamplesPerPixel", "PhotometricInterpretation",
    "PlanarConfiguration", "NumberOfFrames", "FrameIncrementPointer", "Rows", "Columns", "BitsAllocated",
    "BitsStored", "HighBit", "PixelRepresentation", "PixelSpacing", "RedPaletteColorLookupTableDescriptor",
    "GreenPaletteColorLookupTableDescriptor", "BluePaletteColorLookupTableDescriptor",
    "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData", "FrameTime", "FrameTimeVector", "CineRate",
    "RecommendedDisplayFrameRate", "SequenceOfUltrasoundRegions", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)  # fmt: skip
"""All that is read of a data set; everything else is skipped without being looked at."""


def _letters(term: str) -> str:
    """Return a name without what writers disagree on: spaces, hyphens, case."""
    return "".join(letter for letter in term.upper() if letter.isalnum())


ENCODINGS = {_letters(term): encoding for term, encoding in python_encoding.items()}
STAND_ALONE = frozenset(map(_letters, STAND_ALONE_ENCODINGS))
"""Character sets that are whole alphabets, beside which no other may stand."""


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


WANTED: list[BaseTag | int] = [_tag(keyword) for keyword in KEYWORDS]


@dataclass(frozen=True, slots=True)
class PixelPlace:
    """Where the pixel data lie: `offset` of the value, its `vr`, its `length` (None: encapsulated); bytes."""

    offset: int
    length: int | None
    vr: str


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header; `body` is the file in which `pixels` lie (an unpacked copy when it was deflated)."""

    dataset: Dataset
    syntax: UID
    body: ByteFile
    pixels: PixelPlace | None

    @property
    def big_endian(self) -> bool:
        """True for the retired Explicit VR Big Endian."""
        return self.syntax == ExplicitVRBigEndian


def read_header(file: ByteFile) -> Header:
    """Parse everything before the pixel data; raises TruncatedError where that is not possible."""
    with decoding(file.name, "the DICOM header"):
        head = file.read(0, PREAMBLE + 4)
        stream = HeaderStream(file, PREAMBLE + 4 if head[PREAMBLE:] == b"DICM" else 0)
        syntax = _transfer_syntax(file, stream)
        if syntax != DeflatedExplicitVRLittleEndian:
            return _parse(file, stream, syntax)
        body = inflate(file, stream.tell())
        try:
            return _parse(body, HeaderStream(body), syntax)
        except BaseException:
            body.close()
            raise


def _parse(file: ByteFile, stream: HeaderStream, syntax: UID) -> Header:
    """Parse the data set that starts where `stream` is, up to the pixel data."""
    dataset = read_dataset(
        cast(BinaryIO, stream),
        is_implicit_VR=_is_implicit(file, stream.tell()),
        is_little_endian=syntax != ExplicitVRBigEndian,
        stop_when=lambda tag, vr, length: tag in (PIXEL_DATA, *FLOAT_PIXELS),
        specific_tags=WANTED,
    )
    return Header(dataset, syntax, file, _find_pixels(file, stream.tell(), dataset))


def _transfer_syntax(file: ByteFile, stream: HeaderStream) -> UID:
    """Read the file meta group and leave `stream` behind it; without one, look at the first element."""
    meta = read_dataset(
        cast(BinaryIO, stream),
        is_implicit_VR=_is_implicit(file, stream.tell()),
        is_little_endian=True,
        stop_when=lambda tag, vr, length: tag.group != 2,
        specific_tags=[_tag("TransferSyntaxUID")],
    )
    named = text(meta, "TransferSyntaxUID")
    if named:
        return uid_of(named)
    first = file.read(stream.tell(), 6)
    if len(first) < 6:
        raise TruncatedError(f"{file.name}: ends inside its DICOM header; {FETCH_AGAIN}")
    if _is_implicit(file, stream.tell()):
        return ImplicitVRLittleEndian
    return ExplicitVRBigEndian if first[0] == 0 and first[1] != 0 else ExplicitVRLittleEndian


def uid_of(value: str) -> UID:
    """Return a UID without a warning for one that is malformed."""
    return UID(value, validation_mode=IGNORE)


def _is_implicit(file: ByteFile, offset: int) -> bool:
    """Tell by the first element whether value types are left out: some writers contradict their own header."""
    return not _is_vr(file.read(offset + 4, 2))


def _is_vr(letters: bytes) -> bool:
    return len(letters) == 2 and all(65 <= letter <= 90 for letter in letters)


def _find_pixels(file: ByteFile, offset: int, dataset: Dataset) -> PixelPlace | None:
    """Parse the element header at `offset`, where the parser stopped, without its value."""
    head = file.read(offset, 12)
    implicit, little = dataset.original_encoding
    order = "<" if little else ">"
    if len(head) < 8 or struct.unpack(f"{order}HH", head[:4]) != (PIXEL_DATA >> 16, PIXEL_DATA & 0xFFFF):
        return None
    vr = head[4:6]
    if implicit or not _is_vr(vr):
        vr, at = b"OW", 4
    else:
        at = 8 if vr in LONG_VRS else 6
    size = 2 if at == 6 else 4
    length = struct.unpack(order + {2: "H", 4: "I"}[size], head[at : at + size])[0]
    return PixelPlace(offset + at + size, None if length == UNDEFINED_LENGTH else length, vr.decode("ascii"))


# --- values ----------------------------------------------------------------------------------------------


def _raw(dataset: Dataset, keyword: str) -> tuple[str, Any, bool]:
    """Return (VR, value, is little endian) of an element, ("", None, True) when it is absent or empty."""
    tag = BaseTag(_tag(keyword))
    if tag not in dataset:
        return "", None, True
    element: object = dataset.get_item(tag)  # pydicom types it as never raw
    if not isinstance(element, RawDataElement):
        return "SQ", None, True
    vr = element.VR if element.VR not in (None, "UN") else dictionary_VR(tag)
    return vr.split(" ")[0], element.value or None, element.is_little_endian  # "US or SS": US


def blob(dataset: Dataset, keyword: str) -> bytes:
    """Return the bytes of a value as they lie in the file, b"" when it is absent."""
    value = _raw(dataset, keyword)[1]
    return value if isinstance(value, bytes) else b""


def text(dataset: Dataset, keyword: str) -> str:
    """Return a text in its character set, on one line, without padding; "" when it is absent."""
    value = blob(dataset, keyword)[:LONGEST_TEXT]
    encodings = [_encoding(term) or "iso8859" for term in _character_sets(dataset)] if value else ["iso8859"]
    if len(encodings) > 1:  # code extensions: another alphabet may start in the middle of the text
        found = decode_bytes(value, encodings, {0x0D, 0x0A, 0x09, 0x0C, 0x5E, 0x3D})
    else:
        found = value.decode(encodings[0], "replace")
    return one_line(found, LONGEST_TEXT)


def character_set_notes(dataset: Dataset) -> tuple[str, ...]:
    """Return a note where the character set of the texts is one that nobody knows."""
    unknown = [one_line(term, 32) for term in _character_sets(dataset) if _encoding(term) is None]
    if not unknown:
        return ()
    return (f"Its character set '{', '.join(unknown)}' is not known: names are read as Latin letters, check them.",)


def _character_sets(dataset: Dataset) -> list[str]:
    """Return the terms of Specific Character Set; one that allows no other beside it stands alone (PS3.5 6.1.2.5)."""
    terms = blob(dataset, "SpecificCharacterSet").decode("ascii", "replace").strip(" \0").split("\\")
    return terms[:1] if _letters(terms[0]) in STAND_ALONE else terms


def _encoding(term: str) -> str | None:
    """Return Python's encoding for a character set, None for an unknown one; ISO-IR 192 is ISO_IR 192 misspelled."""
    return ENCODINGS.get(_letters(term))


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Return the numbers of a value, () when it is absent; raises ValueError for what is not a number."""
    vr, value, little = _raw(dataset, keyword)
    if not isinstance(value, bytes):
        return ()
    if vr in NUMBER_FORMATS:
        layout = ("<" if little else ">") + NUMBER_FORMATS[vr]
        if len(value) % struct.calcsize(layout):
            raise ValueError(f"{keyword} has {len(value)} bytes, which no {vr} has")
        return tuple(float(part) for group in struct.iter_unpack(layout, value) for part in group)
    parts = value.decode("ascii", "replace").strip(" \0").split("\\")
    return tuple(float(part) for part in parts) if parts != [""] else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return one finite number, None when it is absent; raises ValueError for what is not one."""
    found = numbers(dataset, keyword)
    if not found:
        return None
    if not math.isfinite(found[0]):
        raise ValueError(f"{keyword} is {found[0]}")
    return found[0]


def whole(dataset: Dataset, keyword: str, default: int) -> int:
    """Return one whole number, or `default` when it is absent; raises ValueError for what is not one."""
    found = number(dataset, keyword)
    if found is None:
        return default
    if found != int(found):
        raise ValueError(f"{keyword} is {found}")
    return int(found)


def items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence, () when it is absent."""
    tag = BaseTag(_tag(keyword))
    if tag not in dataset:
        return ()
    found = dataset[tag].value
    return cast(Sequence[Dataset], found) if found else ()
