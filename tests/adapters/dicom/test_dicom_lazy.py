"""A recording of any length is walked in constant memory, and any frame of it is reached at once."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from dicom_kit import opened, written
from make import make_dicom, picture
from pydicom import uid

from echospine.adapters.dicom.reading.bytefile import decoding
from echospine.domain.errors import TruncatedError

N_FRAMES = 20_000
ROWS, COLUMNS = 60, 80
WALK = """
import resource, sys
from pathlib import Path
from echospine.adapters.dicom import open_dicom
from echospine.ports import LocalFile, RecordingPlan

def peak_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

path = Path(sys.argv[1])
with open_dicom(RecordingPlan(path.name, (LocalFile(path.name, path),))) as source:
    source.frame(len(source) - 1)
    before = peak_kib()
    total = sum(int(frame.pixels[0, 0]) for frame in source)
    print(len(source), total, peak_kib() - before, before)
"""


def long_cine(path: Path, syntax: str) -> int:
    """Write a cine of 20,000 frames, a few distinct ones over and over; return its size in bytes."""
    few = picture(rows=ROWS, columns=COLUMNS, frames=8)
    head, frames, tail = _parts(make_dicom(few, syntax=syntax, attributes={"NumberOfFrames": N_FRAMES}), few, syntax)
    with path.open("wb") as stream:
        stream.write(head)
        for _ in range(N_FRAMES // len(few)):
            stream.write(frames)
        stream.write(tail)
    return path.stat().st_size


def _parts(data: bytes, few: np.ndarray, syntax: str) -> tuple[bytes, bytes, bytes]:
    """Cut a small file into its header, its frames, and what follows them."""
    if syntax == uid.ExplicitVRLittleEndian:
        at = len(data) - few.nbytes
        length = (few.nbytes * (N_FRAMES // len(few))).to_bytes(4, "little")
        return data[: at - 4] + length, data[at:], b""
    at = data.index(b"\xe0\x7f\x10\x00") + 12
    table = 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    return data[:at] + b"\xfe\xff\x00\xe0" + bytes(4), data[at + table : -8], data[-8:]


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.JPEGBaseline8Bit], ids=["native", "jpeg"])
def test_20_000_frames_in_constant_memory(tmp_path, syntax):
    path = tmp_path / "cine.dcm"
    size = long_cine(path, syntax)
    walked = subprocess.run([sys.executable, "-c", WALK, path], capture_output=True, text=True, check=True)
    n_frames, total, grown_kib, _ = map(int, walked.stdout.split())
    assert n_frames == N_FRAMES
    assert total > 0
    assert size > 8 * 1024 * 2_048  # far more than the growth allowed below
    assert grown_kib < 2_048  # about a hundred frames; the whole cine has 96 MB of pixels


def test_opening_reads_no_pixels(tmp_path, monkeypatch):
    """Bytes read on opening do not grow with the frames."""
    counts = []
    for frames in (2, 200):
        path = tmp_path / f"{frames}.dcm"
        path.write_bytes(make_dicom(picture(frames=frames)))
        counts.append(_bytes_read(path, monkeypatch))
    assert counts[0] == counts[1]


def _bytes_read(path: Path, monkeypatch) -> int:
    """Return how many bytes beyond the first window of the header are read on opening."""
    from echospine.adapters.dicom.reading.bytefile import ByteFile

    read, total = ByteFile.read, 0

    def counted(self: ByteFile, offset: int, count: int) -> bytes:
        nonlocal total
        data = read(self, offset, count)
        total += len(data) if offset > 65_536 else 0
        return data

    with monkeypatch.context() as patch:
        patch.setattr(ByteFile, "read", counted)
        opened(path).close()
    return total


@pytest.mark.parametrize(
    "syntax", [uid.ExplicitVRLittleEndian, uid.RLELossless, uid.JPEGLSLossless], ids=["native", "rle", "jls"]
)
def test_frames_may_be_asked_for_from_several_threads(tmp_path, syntax):
    frames = picture(frames=40)
    wrong = []
    with written(tmp_path, frames, syntax=syntax) as source:

        def read(start: int) -> None:
            for step in range(80):
                index = (start + 7 * step) % 40
                if not np.array_equal(source.frame(index).pixels, frames[index]):
                    wrong.append(index)

        threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.filterwarnings("error")
def test_what_foreign_code_warns_of_is_hushed_in_every_thread_and_heard_again_afterwards():
    """Threads that go out in another order than they came in must not leave their filters behind."""
    before = list(warnings.filters)
    inside = [threading.Barrier(2), threading.Barrier(2)]
    raised = []

    def first() -> None:
        with decoding("a.dcm", "the header"):
            inside[0].wait(10)
        inside[1].wait(10)

    def second() -> None:
        try:
            with decoding("b.dcm", "the header"):
                inside[0].wait(10)
                inside[1].wait(10)
                warnings.warn("the first has left", stacklevel=1)
        except TruncatedError as error:
            raised.append(error)

    threads = [threading.Thread(target=one) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert warnings.filters == before
