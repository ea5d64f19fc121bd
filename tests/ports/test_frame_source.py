"""What every FrameSource promises, whatever the format; opened as the house opens it, by its reader."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from echospine.adapters.sequences import encode_mha
from echospine.apps.wiring import build_reader
from echospine.domain.errors import InputError
from echospine.domain.frames import Frame, TimeSource
from echospine.ports import FrameSource, LocalFile, RecordingPlan


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (n, 48, 64), dtype=np.uint8)


def make_sequence(folder: Path) -> list[Path]:
    (folder / "sweep.igs.mha").write_bytes(encode_mha(noise(5), times_s=[0.0, 0.1, 0.2, 0.3, 0.4]))
    return [folder / "sweep.igs.mha"]


def make_images(folder: Path) -> list[Path]:
    paths = [folder / f"image{i}.png" for i in range(3)]
    for path, pixels in zip(paths, noise(3), strict=True):
        Image.fromarray(pixels).save(path)
    return paths


def make_video(folder: Path) -> list[Path]:
    with av.open(str(folder / "clip.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for pixels in noise(9):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([pixels] * 3, -1), format="rgb24")))
        container.mux(stream.encode())
    return [folder / "clip.mp4"]


def packaged(name: str) -> list[Path]:
    found = get_testdata_file(name, download=False)
    if found is None:
        pytest.skip(f"pydicom's packaged {name} is not installed")
    return [Path(found)]


def make_cine(folder: Path) -> list[Path]:
    return [Path(shutil.copy(packaged("examples_ybr_color.dcm")[0], folder / "cine.dcm"))]


def make_still(folder: Path) -> list[Path]:
    return [Path(shutil.copy(packaged("examples_palette.dcm")[0], folder / "still"))]


FORMATS = {
    "sequence": make_sequence,
    "images": make_images,
    "video": make_video,
    "dicom cine": make_cine,
    "dicom still": make_still,
}


@pytest.fixture(scope="module", params=FORMATS)
def plan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RecordingPlan:
    paths = FORMATS[request.param](tmp_path_factory.mktemp("recording"))
    return RecordingPlan(paths[0].name, tuple(LocalFile(path.name, path) for path in paths))


@pytest.fixture
def source(plan: RecordingPlan) -> Iterator[FrameSource]:
    with build_reader().open(plan) as opened:
        yield opened


def same(one: Frame, other: Frame) -> bool:
    return one.index == other.index and one.time_s == other.time_s and np.array_equal(one.pixels, other.pixels)


def test_the_header_tells_the_frames(source: FrameSource) -> None:
    header = source.header
    frames = list(source)
    assert len(frames) == len(source) == header.n_frames > 0
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert {frame.geometry.width for frame in frames} == {header.geometry.width}
    assert {frame.geometry.height for frame in frames} == {header.geometry.height}
    assert {frame.pixels.ndim == 3 for frame in frames} == {header.colour}
    assert header.format
    assert "/" not in header.name


def test_times_are_one_for_each_frame_or_none_at_all(source: FrameSource) -> None:
    times_s = source.header.times_s
    assert (source.header.time_source is TimeSource.NONE) == (not times_s)
    assert [frame.time_s for frame in source] == (list(times_s) or [None] * len(source))
    assert list(times_s) == sorted(times_s)
    assert not times_s or times_s[0] == 0


def test_a_frame_is_the_same_in_any_order_and_as_often_as_it_is_asked_for(source: FrameSource) -> None:
    forwards = list(source)
    backwards = [source.frame(index) for index in reversed(range(len(source)))]
    assert all(same(one, other) for one, other in zip(forwards, reversed(backwards), strict=True))


def test_pixels_cannot_be_written_to(source: FrameSource) -> None:
    frame = source.frame(0)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 0


@pytest.mark.parametrize("beyond", [-1, 0, 1000])
def test_a_frame_outside_the_recording_is_an_index_error(source: FrameSource, beyond: int) -> None:
    with pytest.raises(IndexError):
        source.frame(-1 if beyond < 0 else len(source) + beyond)


def test_many_threads_may_ask_at_once(source: FrameSource) -> None:
    """The server answers several requests for frames of one recording at a time."""
    expected = list(source)
    asked = [index % len(source) for index in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(source.frame, asked))
    assert all(same(frame, expected[index]) for frame, index in zip(found, asked, strict=True))


def test_the_name_of_a_file_in_a_store_does_not_matter(plan: RecordingPlan, tmp_path: Path) -> None:
    """In the object store files are named by their digests; people's names come beside them."""
    files = tuple(
        LocalFile(f.name, Path(shutil.copy(f.path, tmp_path / f"{i:064x}"))) for i, f in enumerate(plan.files)
    )
    with build_reader().open(plan) as one, build_reader().open(RecordingPlan(plan.name, files)) as other:
        assert one.header == other.header
        assert all(same(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_one_clear_line_or_the_frames_that_are_left(
    plan: RecordingPlan, tmp_path: Path, keep: float
) -> None:
    first = plan.files[0]
    data = first.path.read_bytes()
    (tmp_path / first.name).write_bytes(data[: int(len(data) * keep)])
    cut = RecordingPlan(plan.name, (LocalFile(first.name, tmp_path / first.name),))
    try:
        with build_reader().open(cut) as source:
            for frame in source:
                assert frame.pixels.size
    except InputError as error:
        assert first.name in str(error)
        assert "\n" not in str(error)
    else:
        assert keep > 0.5
