"""Frames per second of each reader, beside a peer that reads the same file in the same run.

`python -m benchmarks readers`. Rows that need the public example data are left out where it is absent.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
import pydicom
from PIL import Image
from pydicom import examples, uid

from benchmarks.table import Row, paired_s
from echospine.adapters.sequences import encode_mha
from echospine.apps.wiring import build_reader
from echospine.ports import LocalFile, RecordingPlan

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/adapters/dicom"))
DATA = Path(os.environ.get("ECHOSPINE_DATA") or ROOT.parent / "shared" / "data")

COMPRESSED = (
    uid.RLELossless,
    uid.JPEGBaseline8Bit,
    uid.JPEGLosslessSV1,
    uid.JPEGLSLossless,
    uid.JPEG2000Lossless,
)


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="echospine-bench-") as folder:
        return [*_packaged(), *_written(Path(folder)), *(_public() if DATA.is_dir() else _missing())]


def _missing() -> list[Row]:
    print("rows of real sequences, videos and folders left out: public example data not found (ECHOSPINE_DATA)")
    return []


def _packaged() -> list[Row]:
    cine = Path(examples.get_path("ybr_color"))
    return [_row("DICOM JPEG cine 320x240", [cine], "pydicom pixel_array", lambda: _pixel_array(cine))]


def _written(folder: Path) -> list[Row]:
    frames = np.random.default_rng(1).rayleigh(30, (60, 480, 640)).clip(0, 255).astype(np.uint8)
    raw, packed = folder / "raw.mha", folder / "packed.mha"
    raw.write_bytes(encode_mha(frames, packed=False))
    packed.write_bytes(encode_mha(frames))
    return [
        _row("PLUS sequence, uncompressed 640x480", [raw], *_itk(raw)),
        _row("PLUS sequence, zlib 640x480", [packed], *_itk(packed)),
        *_compressed(folder, frames[:6]),
    ]


def _compressed(folder: Path, frames: np.ndarray) -> list[Row]:
    """Every way to compress a DICOM picture, on noise like speckle, which compresses worst."""
    from make import write_dicom

    found = []
    for syntax in COMPRESSED:
        path = write_dicom(folder / f"{syntax}.dcm", frames, syntax=syntax)
        by_peer = partial(_pixel_array, path) if syntax != uid.JPEGLosslessSV1 else None  # pydicom has no decoder
        name = syntax.name.split(",")[0].split(" (")[0].replace(" Image Compression", "")
        found.append(_row(f"DICOM {name} 640x480", [path], "pydicom pixel_array" if by_peer else "", by_peer))
    return found


def _pixel_array(path: Path) -> np.ndarray:
    return pydicom.dcmread(path).pixel_array


def _public() -> list[Row]:
    bone = DATA / "plus" / "BoneUltrasound_L14.igs.mha"
    video = DATA / "itkpocus" / "clarius-ocular-short.mp4"
    still = DATA / "dicom" / "GREYSCALE_IMAGE.dcm"
    images = sorted((DATA / "timtrack" / "dataset1_vastus_lateralis").glob("*.jpg"))
    return [
        _row("PLUS sequence, zlib 820x616", [bone], *_itk(bone)),
        _row("DICOM still 1024x768", [still], "pydicom pixel_array", lambda: _pixel_array(still)),
        _row("video, mp4 1280x960", [video], "PyAV", lambda: _by_pyav(video)),
        _row("folder of JPEG images 514x458", images, "Pillow", lambda: [np.asarray(Image.open(p)) for p in images]),
    ]


def _row(what: str, paths: Sequence[Path], peer: str, by_peer: Callable[[], object] | None) -> Row:
    """Time reading all frames, opening included, beside the peer."""
    plan = RecordingPlan(paths[0].name, tuple(LocalFile(path.name, path) for path in paths))
    count = 0

    def by_us() -> None:
        nonlocal count
        with build_reader().open(plan) as source:
            count = sum(1 for _ in source)

    ours, theirs = paired_s(by_us, by_peer or by_us)
    return Row(what, count / ours, "frames/s", peer=peer, ratio=theirs / ours if by_peer else None)


def _itk(path: Path) -> tuple[str, Callable[[], object] | None]:
    try:
        import SimpleITK
    except ImportError:
        return "", None
    return "SimpleITK", lambda: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


def _by_pyav(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
