"""Random access to packed pixels: exact, bounded, and deaf to lies about sizes."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import textwrap
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sequences_kit import meta_header, opened, pictures, write

from echospine.adapters.sequences.tracked import pixels as module
from echospine.adapters.sequences.tracked.pixels import InterleavedBytes, PackedBytes, PlainBytes
from echospine.domain.errors import StorageError, TooLargeError, TruncatedError

DATA = np.random.default_rng(0).integers(0, 40, 700_000, dtype=np.uint8).tobytes()


def packed(data: bytes, pack=zlib.compress) -> PackedBytes:
    stream = b"head" + pack(data)
    return PackedBytes("x.mha", io.BytesIO(stream), 4, len(stream) - 4, len(data))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 90_000)), min_size=1, max_size=12),
    st.sampled_from([zlib.compress, gzip.compress]),
)
def test_any_part_is_read_in_any_order(parts, pack):
    reader = packed(DATA, pack)
    reader._spacing = 50_000  # so that the small example has checkpoints
    for offset, size in parts:
        expected = DATA[offset : offset + size]
        assert reader.read(offset, len(expected)) == expected


def test_checkpoints_are_bounded_and_save_work(monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_BYTES", 1000)
    monkeypatch.setattr(module, "MAX_CHECKPOINTS", 16)
    reader = packed(DATA)
    for offset in range(0, len(DATA), 1000):
        reader.read(offset, 1000)
    assert 10 <= len(reader._checkpoints) <= 17
    taken = []
    inflate = reader._inflate
    monkeypatch.setattr(reader, "_inflate", lambda data, most: taken.append(len(out := inflate(data, most))) or out)
    assert reader.read(600_000, 10) == DATA[600_000:600_010]
    assert sum(taken) < 100_000


def test_a_stream_that_unpacks_to_more_than_declared_is_refused_without_unpacking_it(tmp_path):
    bomb = zlib.compress(bytes(200_000_000))
    head = meta_header(CompressedData="True", CompressedDataSize=str(len(bomb)))
    path = write(tmp_path, "bomb.mha", head + bomb)
    tracemalloc.start()
    with opened(path) as source, pytest.raises(TruncatedError, match=r"bomb\.mha: holds more pixels than the 24 bytes"):
        list(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_more_pixels_than_the_packed_bytes_can_ever_hold_are_refused_at_once(tmp_path):
    head = meta_header(DimSize="8000 8000 100000", CompressedData="True")
    with pytest.raises(TruncatedError, match="which can never be that much"):
        opened(write(tmp_path, "x.mha", head + zlib.compress(bytes(1000))))


def test_a_cut_stream_gives_its_whole_frames_and_then_says_that_it_is_cut(tmp_path):
    frames = pictures(4, 100, 100)
    path = write(
        tmp_path, "x.mha", meta_header(DimSize="100 100 4", CompressedData="True") + zlib.compress(frames)[:-15_000]
    )
    with opened(path) as source:
        np.testing.assert_array_equal(source.frame(1).pixels, frames[1])
        with pytest.raises(TruncatedError, match=r"x\.mha: ends early"):
            source.frame(3)
        np.testing.assert_array_equal(source.frame(0).pixels, frames[0])


def test_a_declared_length_that_is_not_there_is_told_when_the_file_is_opened(tmp_path):
    data = zlib.compress(pictures(2, 3, 4))
    head = meta_header(CompressedData="True", CompressedDataSize=str(len(data) + 1))
    with pytest.raises(TruncatedError, match=rf"after {len(data)} of {len(data) + 1} bytes of packed pixels"):
        opened(write(tmp_path, "x.mha", head + data))


def test_unpacked_pixels_that_end_early_are_told_when_the_file_is_opened(tmp_path):
    with pytest.raises(TruncatedError, match=r"x\.mha: ends early, after 23 of 24 bytes"):
        opened(write(tmp_path, "x.mha", meta_header() + bytes(23)))


def test_a_header_without_pixels_is_told(tmp_path):
    with pytest.raises(TruncatedError, match=r"x\.mha: has a header but no pixels"):
        opened(write(tmp_path, "x.mha", meta_header()))


def test_a_flipped_bit_is_found_by_the_checksum_at_the_latest(tmp_path):
    frames = pictures(3, 40, 40)
    data = bytearray(zlib.compress(frames, 0))  # stored, so that the flip survives inflation
    data[2000] ^= 1
    path = write(tmp_path, "x.mha", meta_header(DimSize="40 40 3", CompressedData="True") + bytes(data))
    with opened(path) as source, pytest.raises(TruncatedError, match="damaged"):
        source.frame(2)


def test_a_file_that_shrinks_while_it_is_open_is_told(tmp_path):
    path = write(tmp_path, "x.mha", meta_header(DimSize="400 300 2") + bytes(240_000))
    with opened(path) as source:
        source.frame(0)
        with path.open("r+b") as stream:
            stream.truncate(130_000)
        with pytest.raises(TruncatedError, match="ends early"):
            source.frame(1)


def test_interleaved_frames_are_put_in_order_block_by_block(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", 1000)
    frames = np.random.default_rng(1).integers(0, 9999, (7, 333), dtype=np.uint16)
    stored = np.ascontiguousarray(frames.T).tobytes()
    reader = InterleavedBytes("x", PlainBytes("x", io.BytesIO(stored), 0, len(stored), len(stored)), 7, 333, 2)
    for index in (6, 0, 3):
        assert reader.read(index * 666, 666) == frames[index].tobytes()
    reader.close()


def test_interleaved_frames_beyond_the_limit_are_refused():
    with pytest.raises(TooLargeError, match="frame axis last"):
        InterleavedBytes("x", PlainBytes("x", io.BytesIO(), 0, 0, 0), 20_000, 1_000_000, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full, which stands for a full disk, exists only on Linux")
def test_a_full_disk_is_told_as_such(monkeypatch):
    stored = pictures(3, 100, 100).tobytes()
    reader = InterleavedBytes("x.nrrd", PlainBytes("x", io.BytesIO(stored), 0, 30_000, 30_000), 3, 10_000, 1)
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(module.tempfile, "TemporaryFile", lambda **_: full)
        with pytest.raises(StorageError, match=r"x\.nrrd.*No space left on device"):
            reader.read(0, 10_000)


WALK = """
import resource, sys, zlib
from pathlib import Path
sys.path.insert(0, {kit!r})
from sequences_kit import opened
with opened(Path({path!r})) as source:
    shown = sum(frame.pixels.shape == (96, 128) for frame in source)
    for index in range(len(source) - 1, 0, -len(source) // 50):
        assert source.frame(index).pixels[0, 0] == index % 251
print(shown, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _long_recording(path, n_frames: int) -> None:
    """Write frames whose grey level tells their index, packed, with two transforms each, without holding them."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 2, (96, 128), dtype=np.uint8)
    noise[0, 0] = 0
    matrix = "0.853646 -0.501315 0.141319 257.956 -0.50173 -0.718613 0.481521 -52.6852 0 0 1 25.5612 0 0 0 1"
    lines = []
    for i in range(n_frames):
        for link in ("ProbeToTracker", "ReferenceToTracker"):
            lines.append(f"Seq_Frame{i:04d}_{link}Transform = {matrix}")
            lines.append(f"Seq_Frame{i:04d}_{link}TransformStatus = OK")
        lines.append(f"Seq_Frame{i:04d}_Timestamp = {i * 0.03}")
    packer = zlib.compressobj(1)
    with path.open("wb") as stream:
        stream.write(meta_header(*lines, DimSize=f"128 96 {n_frames}", CompressedData="True"))
        for index in range(n_frames):
            stream.write(packer.compress((noise + np.uint8(index % 251)).tobytes()))
        stream.write(packer.flush())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read with getrusage, which Windows lacks")
def test_twenty_thousand_packed_frames_are_walked_in_constant_memory(tmp_path):
    """246 MB of pixels and 160,000 header lines: the memory above a short recording's stays far below that."""
    peaks = {}
    for n_frames in (20, 20_000):
        path = tmp_path / f"{n_frames}.mha"
        _long_recording(path, n_frames)
        code = textwrap.dedent(WALK).format(kit=str(__file__).rsplit("/", 1)[0], path=str(path))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        shown, peak_kb = map(int, done.stdout.split())
        assert shown == n_frames
        peaks[n_frames] = peak_kb / 1024
    print(peaks)
    assert peaks[20_000] - peaks[20] < 80, peaks
