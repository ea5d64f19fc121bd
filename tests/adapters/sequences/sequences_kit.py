"""What the tests of this room share: small recordings made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from echospine.adapters.sequences import open_sequence
from echospine.domain.poses import Pose
from echospine.ports import FrameSource, LocalFile, RecordingPlan


def local(path: Path) -> LocalFile:
    return LocalFile(path.name, path)


def opened(*paths: Path, spacing_mm: float | None = None) -> FrameSource:
    return open_sequence(RecordingPlan(paths[0].name, tuple(map(local, paths)), spacing_mm))


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def pictures(n: int = 3, height: int = 5, width: int = 7, channels: int = 0, seed: int = 0) -> np.ndarray:
    """Random MF pictures, uint8, (n, height, width[, channels])."""
    shape = (n, height, width, channels) if channels else (n, height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def rigid(target: str, source: str, seed: int = 0) -> Pose:
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.sign(np.linalg.det(rotation))
    matrix[:3, 3] = rng.normal(scale=100, size=3)
    return Pose(target, source, matrix)


def meta_header(*lines: str, **fields: str) -> bytes:
    """A MetaImage header of a 4 x 3 x 2 sequence, uncompressed, with fields replaced (None removes one)."""
    base = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "DimSize": "4 3 2",
        "ElementType": "MET_UCHAR",
        "ElementSpacing": "1 1 1",
        "UltrasoundImageOrientation": "MF",
    }
    base.update(fields)
    text = [f"{key} = {value}" for key, value in base.items() if value is not None]
    return "\n".join([*text, *lines, "ElementDataFile = LOCAL", ""]).encode()


CODE_BITS = 8


def coded(index: int, height: int = 64, width: int = 128) -> np.ndarray:
    """An RGB picture that shows its index as 8 black or white columns: it survives lossy coding."""
    picture = np.zeros((height, width, 3), np.uint8)
    step = width // CODE_BITS
    for bit in range(CODE_BITS):
        if index >> bit & 1:
            picture[:, bit * step : (bit + 1) * step] = 255
    return picture


def code_of(pixels: np.ndarray) -> int:
    """The index that a decoded picture shows."""
    grey = pixels if pixels.ndim == 2 else pixels[..., 1]
    step = grey.shape[1] // CODE_BITS
    lit = [grey[8:-8, bit * step + 4 : (bit + 1) * step - 4].mean() > 127 for bit in range(CODE_BITS)]
    return sum(1 << bit for bit, on in enumerate(lit) if on)


def write_video(
    path: Path,
    codec: str,
    pts: list[int],
    *,
    options: dict[str, str] | None = None,
    pix_fmt: str = "yuv420p",
    rate: int = 25,
) -> Path:
    """Write coded pictures, shown at `pts` ticks of 1/1000 s (of 1/rate s where the container is AVI)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = 128, 64, pix_fmt
        base = Fraction(1, rate) if path.suffix == ".avi" else Fraction(1, 1000)
        stream.codec_context.time_base = base
        for index, tick in enumerate(pts):
            frame = av.VideoFrame.from_ndarray(coded(index), format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = tick, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
