"""Valid DICOM ultrasound files of every flavour, built from known pixels.

`make_dicom(frames, ...) -> bytes` and `write_dicom(path, frames, ...) -> Path` take the true picture, grey or
RGB, and store it as asked for: any transfer syntax, photometric interpretation, fragmentation and offset table.
`region(...)` builds one item of Sequence of Ultrasound Regions.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import openjpeg.utils
from lossless_jpeg import lossless_jpeg
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.filewriter import dcmwrite
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag

UIDS = "1.2.826.0.1.3680043.8.498."
NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)
LOSSLESS = (uid.RLELossless, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless)
LOSSY = (uid.JPEGBaseline8Bit, uid.JPEGLSNearLossless, uid.JPEG2000)
EXTENDED_TABLE = "extended"


def region(
    box: tuple[int, int, int, int],
    delta: tuple[float, float] = (0.01, 0.01),
    *,
    units: tuple[int, int] = (3, 3),
    flags: int = 0,
    data_type: int = 1,
) -> Dataset:
    """Return an item of Sequence of Ultrasound Regions; `box` = (x0, y0, x1, y1), both corners inside."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, data_type, flags
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    return item


def picture(rows: int = 48, columns: int = 64, frames: int = 1, *, colour: bool = False, depth: int = 8) -> np.ndarray:
    """Return smooth frames that differ from each other and at every corner; (frames, rows, columns[, 3])."""
    y, x, t = np.meshgrid(np.arange(rows), np.arange(columns), np.arange(frames), indexing="ij")
    grey = (3 * x + 2 * y + 17 * t).transpose(2, 0, 1) % 251
    if depth > 8:
        return (grey * ((1 << depth) - 1) // 255).astype(np.uint16)
    if not colour:
        return grey.astype(np.uint8)
    return np.stack([grey, 250 - grey, (grey + 90) % 251], axis=-1).astype(np.uint8)


def make_dicom(
    frames: np.ndarray,
    *,
    syntax: str = uid.ExplicitVRLittleEndian,
    photometric: str | None = None,
    planar: int = 0,
    bits_stored: int | None = None,
    regions: Sequence[Dataset] = (),
    fragments: int = 1,
    offset_table: bool | str = True,
    attributes: Mapping[str, Any] | None = None,
    without: Iterable[str] = (),
    preamble: bool = True,
) -> bytes:
    """Return a DICOM file.

    `frames`: (n, rows, columns) or (n, rows, columns, 3); for MONOCHROME1 and PALETTE COLOR the stored words,
    otherwise the true grey or RGB. `fragments`: for each compressed frame. `offset_table`: the basic one, none,
    or "extended". `attributes`: set last, by keyword; `without`: keywords that are left out.
    """
    colour = frames.ndim == 4
    photometric = photometric or ("RGB" if colour else "MONOCHROME2")
    dataset = _identity(frames, uid.UID(syntax))
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = 8 * frames.dtype.itemsize
    dataset.BitsStored = bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if colour:
        dataset.PlanarConfiguration = planar
    if regions:
        dataset.SequenceOfUltrasoundRegions = Items(regions)
    _put_pixels(dataset, frames, uid.UID(syntax), fragments, offset_table)
    for keyword, value in (attributes or {}).items():
        setattr(dataset, keyword, value)
    for keyword in without:
        if keyword in dataset:
            delattr(dataset, keyword)
    return _written(dataset, uid.UID(syntax), preamble=preamble)


def write_dicom(path: Path, frames: np.ndarray, **options: Any) -> Path:
    """Write what `make_dicom` returns, and return its path."""
    path.write_bytes(make_dicom(frames, **options))
    return path


def grey_palette(entries: int = 256, bits: int = 16) -> dict[str, Any]:
    """Return attributes of a palette: red as stored, green turned round, blue halved; little endian."""
    ramp = np.arange(entries) * 255 // max(1, entries - 1)
    attributes: dict[str, Any] = {}
    for channel, values in zip(("Red", "Green", "Blue"), (ramp, 255 - ramp, ramp // 2), strict=True):
        words = (values * 257).astype("<u2") if bits == 16 else values.astype(np.uint8)
        attributes[f"{channel}PaletteColorLookupTableDescriptor"] = [entries % 65536, 0, bits]
        attributes[f"{channel}PaletteColorLookupTableData"] = words.tobytes()
    return attributes


def _identity(frames: np.ndarray, syntax: uid.UID) -> Dataset:
    multi = len(frames) > 1
    dataset = Dataset()
    dataset.SOPClassUID = uid.UltrasoundMultiFrameImageStorage if multi else uid.UltrasoundImageStorage
    dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (UIDS + part for part in "123")
    dataset.Modality, dataset.Manufacturer, dataset.ManufacturerModelName = "US", "EchoSpine", "Generator"
    dataset.PatientName, dataset.PatientID = "Phantom^Gel", "P-1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = "20240102", "030405", "S-1"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "A-1", ""
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.ImageType = 1, 1, ["ORIGINAL", "PRIMARY"]
    dataset.Rows, dataset.Columns = frames.shape[1:3]
    dataset.LossyImageCompression = "01" if syntax in LOSSY else "00"
    if multi:
        dataset.NumberOfFrames = len(frames)
        dataset.FrameTime = "40.0"
        dataset.FrameIncrementPointer = Tag("FrameTime")
    return dataset


def _put_pixels(
    dataset: Dataset, frames: np.ndarray, syntax: uid.UID, fragments: int, offset_table: bool | str
) -> None:
    if not syntax.is_encapsulated:
        data = b"".join(_native(frame, dataset, big_endian=syntax == uid.ExplicitVRBigEndian) for frame in frames)
        dataset.PixelData = data + b"\0" * (len(data) % 2)
        dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 or syntax.is_implicit_VR else "OB"
        return
    coded = [_compressed(frame, dataset, syntax) for frame in frames]
    if offset_table == EXTENDED_TABLE:
        dataset.PixelData, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(coded)
    else:
        dataset.PixelData = encapsulate(coded, fragments_per_frame=fragments, has_bot=bool(offset_table))
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


def to_ybr(frame: np.ndarray) -> np.ndarray:
    """Return an RGB frame as YBR_FULL (PS3.3 C.7.6.3.1.2)."""
    return np.asarray(Image.fromarray(frame, "RGB").convert("YCbCr"))


def _native(frame: np.ndarray, dataset: Dataset, *, big_endian: bool) -> bytes:
    photometric = dataset.PhotometricInterpretation
    if photometric.startswith("YBR"):
        frame = to_ybr(frame)
    if photometric == "YBR_FULL_422":
        pairs = np.stack([frame[:, 0::2, 0], frame[:, 1::2, 0], frame[:, 0::2, 1], frame[:, 0::2, 2]], axis=-1)
        return pairs.tobytes()
    if frame.ndim == 3 and dataset.PlanarConfiguration == 1:
        frame = frame.transpose(2, 0, 1)
    return frame.astype(frame.dtype.newbyteorder(">" if big_endian else "<")).tobytes()


def _compressed(frame: np.ndarray, dataset: Dataset, syntax: uid.UID) -> bytes:
    photometric = dataset.PhotometricInterpretation
    if syntax == uid.JPEGBaseline8Bit:
        return _jpeg(frame, photometric)
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        frame = to_ybr(frame)
    if syntax == uid.RLELossless:
        return bytes(
            RLELosslessEncoder.encode(
                frame.tobytes(),
                rows=frame.shape[0],
                columns=frame.shape[1],
                samples_per_pixel=dataset.SamplesPerPixel,
                bits_allocated=dataset.BitsAllocated,
                bits_stored=dataset.BitsStored,
                number_of_frames=1,
                pixel_representation=0,
                photometric_interpretation="RGB" if frame.ndim == 3 else "MONOCHROME2",
                planar_configuration=0,
            )
        )
    if syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1):
        predictor = 1 if syntax == uid.JPEGLosslessSV1 else 6
        return lossless_jpeg(frame, dataset.BitsStored, predictor, by_plane=bool(dataset.get("PlanarConfiguration")))
    if syntax in (uid.JPEGLSLossless, uid.JPEGLSNearLossless):
        error = 2 if syntax == uid.JPEGLSNearLossless else 0
        if dataset.get("PlanarConfiguration"):
            frame = frame.transpose(2, 0, 1)  # colour by plane
        return bytes(jpeg_ls.encode_array(np.ascontiguousarray(frame), lossy_error=error))
    transform = photometric in ("YBR_RCT", "YBR_ICT")
    lossy = {"compression_ratios": [5.0]} if syntax == uid.JPEG2000 else {}
    kind = 1 if frame.ndim == 3 else 2
    coded = openjpeg.utils.encode_array(
        np.ascontiguousarray(frame), dataset.BitsStored, kind, use_mct=transform, **lossy
    )
    return bytes(coded)


def _jpeg(frame: np.ndarray, photometric: str) -> bytes:
    target = io.BytesIO()
    if frame.ndim == 2:
        Image.fromarray(frame).save(target, "JPEG", quality=95)
    else:
        halved = {"subsampling": "4:2:2"} if photometric == "YBR_FULL_422" else {"subsampling": "4:4:4"}
        Image.fromarray(frame).save(target, "JPEG", quality=95, keep_rgb=photometric == "RGB", **halved)
    return target.getvalue()


def _written(dataset: Dataset, syntax: uid.UID, *, preamble: bool) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", uid.UltrasoundImageStorage)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", UIDS + "1")
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.ImplementationClassUID = UIDS + "9"
    target = io.BytesIO()
    if preamble:
        dcmwrite(target, dataset, enforce_file_format=True)
    else:
        dataset.file_meta = FileMetaDataset()
        dcmwrite(target, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    return target.getvalue()
