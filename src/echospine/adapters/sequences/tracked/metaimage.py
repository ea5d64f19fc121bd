"""MetaImage (.mha, .mhd) as PLUS and 3D Slicer write sequences: the header, and a small writer.

Format: MetaIO documentation (Kitware), and the additions of PLUS (UltrasoundImageOrientation,
UltrasoundImageType, Kinds, Seq_FrameNNNN_*).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from echospine.adapters.sequences.tracked.layout import Layout, check_layout, integers, missing, numbers, refuse_signal
from echospine.adapters.sequences.tracked.orientation import orientation
from echospine.adapters.sequences.tracked.tracking import FrameFields
from echospine.domain.errors import GeometryError, UnsupportedError
from echospine.domain.poses import Pose

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
    "MET_LONG": "i8", "MET_ULONG": "u8",
}  # fmt: skip
_NEEDED = ("NDims", "DimSize", "ElementType", "ElementDataFile")


def decode_header(lines: Iterable[bytes], name: str) -> Layout:
    """Return what a MetaImage header says, reading no further than its last line (ElementDataFile).

    `name` is the file that errors speak of. Raises UnsupportedError for a volume, for RF lines and for text
    pixels, TruncatedError for a header without end, TooLargeError for sizes beyond the limits.
    """
    fields, frames = _collect(lines)
    for key in _NEEDED:
        if key not in fields:
            raise missing(name, key)
    if fields.get("ObjectType", "Image") != "Image":
        raise UnsupportedError(f"{name}: holds a MetaIO {fields['ObjectType'][:30]}, not an image")
    refuse_signal(name, fields.get("UltrasoundImageType", ""))
    if fields.get("BinaryData", "True").lower() == "false":
        raise UnsupportedError(f"{name}: has its pixels written as text; save it with binary data")
    width, height, n_frames = _sizes(name, fields, frames)
    packed = fields.get("CompressedData", "False").lower() == "true"
    layout = Layout(
        format="PLUS sequence (MetaImage)" if _is_sequence(fields, frames) else "MetaImage picture",
        width=width,
        height=height,
        n_frames=n_frames,
        channels=_one(name, fields, "ElementNumberOfChannels", 1),
        dtype=_dtype(name, fields),
        packed=packed,
        packed_bytes=(_one(name, fields, "CompressedDataSize", 0) or None) if packed else None,
        data_file=_data_file(name, fields["ElementDataFile"]),
        skip=_one(name, fields, "HeaderSize", 0),
        letters=fields.get("UltrasoundImageOrientation", ""),
        spacing_mm=_spacing(fields),
        fields=frames,
    )
    check_layout(name, layout)
    return layout


def _collect(lines: Iterable[bytes]) -> tuple[dict[str, str], FrameFields]:
    fields: dict[str, str] = {}
    frames = FrameFields()
    for line in lines:
        key, equals, value = line.decode("utf-8", errors="replace").partition("=")
        key, value = key.strip(), value.strip()
        if equals and not frames.take(key, value):
            fields[key] = value
        if key == "ElementDataFile":
            break
    return fields, frames


def _is_sequence(fields: dict[str, str], frames: FrameFields) -> bool:
    """True where PLUS speaks: `Kinds` alone does not tell, since volumes carry `domain domain list` too."""
    return frames.seen or "UltrasoundImageOrientation" in fields or "UltrasoundImageType" in fields


def _sizes(name: str, fields: dict[str, str], frames: FrameFields) -> tuple[int, int, int]:
    """Return width, height and number of frames; raises UnsupportedError for a volume."""
    sizes = integers(name, "DimSize", fields["DimSize"])
    if len(sizes) != _one(name, fields, "NDims", 0) or len(sizes) not in (2, 3, 4):
        raise UnsupportedError(
            f"{name}: has NDims {fields['NDims'][:20]} and DimSize {fields['DimSize'][:40]}; "
            "a picture has 2 sizes, a sequence of pictures 3 or 4"
        )
    if len(sizes) == 2:
        return sizes[0], sizes[1], 1
    depth = sizes[2] if len(sizes) == 4 else 1
    volume = len(sizes) == 3 and sizes[2] > 1 and not _is_sequence(fields, frames)
    if volume or depth > 1:
        what = "a volume" if volume else "a sequence of volumes"
        voxels = " x ".join(map(str, sizes))
        raise UnsupportedError(
            f"{name}: this is {what} of {voxels} voxels, not a recording of pictures; give the sequence that it "
            "was made from (a sequence has UltrasoundImageOrientation or Seq_Frame fields in its header)"
        )
    return sizes[0], sizes[1], sizes[-1]


def _one(name: str, fields: dict[str, str], key: str, default: int) -> int:
    found = integers(name, key, fields.get(key, ""))
    return found[0] if found else default


def _dtype(name: str, fields: dict[str, str]) -> np.dtype[np.generic]:
    code = _TYPES.get(fields["ElementType"].upper())
    if code is None:
        raise UnsupportedError(f"{name}: has pixels of the unknown type {fields['ElementType'][:30]!r}")
    msb = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False"))
    return np.dtype((">" if msb.lower() == "true" else "<") + code)


def _data_file(name: str, value: str) -> str | None:
    if value.upper() == "LOCAL":
        return None
    if value.upper().startswith("LIST") or "%" in value:
        raise UnsupportedError(f"{name}: has its pixels spread over several files; save it as one .mha file")
    return value


def _spacing(fields: dict[str, str]) -> tuple[float, float] | None:
    steps = numbers(fields.get("ElementSpacing", fields.get("ElementSize", "")).split())
    return (steps[0], steps[1]) if len(steps) >= 2 else None


def encode_mha(
    frames: npt.NDArray[np.uint8],
    *,
    letters: str = "MF",
    times_s: Sequence[float] = (),
    poses: Sequence[Sequence[Pose]] = (),
    lost: Sequence[Sequence[str]] = (),
    spacing_mm: tuple[float, float] = (1.0, 1.0),
    packed: bool = True,
) -> bytes:
    """Return a PLUS sequence file (.mha) of MF pictures, shape (n, rows, columns[, 3]).

    `letters`: orientation to store them in; `times_s`, `poses`: per frame, or empty; `lost`: per frame, the
    names of transforms (`ProbeToTracker`) whose status is INVALID; `spacing_mm`: per column and row of the
    stored picture, (1, 1) for none. Raises GeometryError where the lists do not fit the frames.
    """
    for what, values in (("times", times_s), ("poses", poses), ("lost", lost)):
        if len(values) not in (0, len(frames)):
            raise GeometryError(f"{len(values)} {what} were given for {len(frames)} frames")
    turn = orientation("the new sequence", letters)
    stored = np.ascontiguousarray([turn.from_mf(frame) for frame in frames])
    pixels = zlib.compress(stored.tobytes(), 6) if packed else stored.tobytes()
    head = picture_lines(stored.shape, letters, spacing_mm, len(pixels) if packed else None)
    for index in range(len(frames)):
        head += frame_lines(
            f"Seq_Frame{index:04d}_",
            times_s[index] if times_s else None,
            poses[index] if poses else (),
            lost[index] if lost else (),
        )
    return "\n".join([*head, "ElementDataFile = LOCAL", ""]).encode() + pixels


def picture_lines(
    shape: tuple[int, ...], letters: str, spacing_mm: tuple[float, float], packed_bytes: int | None
) -> list[str]:
    """Return the header lines about pictures as they are stored, (n, rows, columns[, 3]).

    `packed_bytes`: of all of them, None where they are not packed.
    """
    colour = len(shape) == 4
    return [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        f"CompressedData = {packed_bytes is not None}",
        *([f"CompressedDataSize = {packed_bytes}"] if packed_bytes is not None else []),
        f"DimSize = {shape[2]} {shape[1]} {shape[0]}",
        "Kinds = domain domain list",
        f"ElementNumberOfChannels = {shape[3] if colour else 1}",
        f"ElementSpacing = {float(spacing_mm[0])!r} {float(spacing_mm[1])!r} 1",
        "ElementType = MET_UCHAR",
        f"UltrasoundImageOrientation = {letters}",
        f"UltrasoundImageType = {'RGB_COLOR' if colour else 'BRIGHTNESS'}",
    ]


def frame_lines(prefix: str, time_s: float | None, poses: Sequence[Pose], lost: Sequence[str]) -> list[str]:
    """Return the header lines about one frame; a transform that is `lost` is the unit matrix, and INVALID."""
    lines = []
    for pose in poses:
        values = " ".join(repr(value) for value in pose.matrix.ravel().tolist())
        lines += [f"{prefix}{pose}Transform = {values}", f"{prefix}{pose}TransformStatus = OK"]
    for link in lost:
        lines += [f"{prefix}{link}Transform = 1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"]
        lines += [f"{prefix}{link}TransformStatus = INVALID"]
    if time_s is not None:
        lines.append(f"{prefix}Timestamp = {time_s!r}")
    return [*lines, f"{prefix}ImageStatus = OK"]
