"""A camera as FFmpeg gives it: here a real video file, played at its pace; and cameras that are not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from echospine.adapters.camera import CameraSource, open_camera
from echospine.adapters.camera.inputs import input_of
from echospine.domain.frames import Frame
from echospine.ports import LiveState

RATE_HZ, WIDTH, HEIGHT = 25, 96, 64


def video(path: Path, n_frames: int, paint: Callable[[int], np.ndarray]) -> Path:
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", 4_000_000
        for index in range(n_frames):
            picture = av.VideoFrame.from_ndarray(paint(index), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def grey(index: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 20 + 6 * (index % 30), np.uint8)


def doppler(index: int) -> np.ndarray:
    picture = grey(index)
    picture[20:40, 30:60] = (220, 30, 20)
    return picture


def take(live: CameraSource, count: int) -> list[Frame]:
    found: list[Frame] = []
    end_s = time.monotonic() + 10
    while len(found) < count and time.monotonic() < end_s:
        frame = live.latest(found[-1].index if found else -1, 0.5)
        found += [] if frame is None else [frame]
    assert len(found) == count, live.trouble
    return found


def test_a_video_is_played_at_its_pace_again_and_again(tmp_path: Path) -> None:
    with open_camera(str(video(tmp_path / "scan.mp4", 20, grey))) as live:
        found = take(live, 40)
        seconds = found[-1].arrived_s - found[0].arrived_s
        assert seconds == pytest.approx((found[-1].index - found[0].index) / RATE_HZ, rel=0.2)
        assert [frame.index for frame in found] == sorted({frame.index for frame in found})
        times_s = [frame.time_s for frame in found]
        assert times_s == sorted(times_s)
        assert live.state is LiveState.LIVE and live.trouble == ""
    assert live.state is LiveState.CLOSED


def test_a_picture_without_colour_comes_as_grey_levels(tmp_path: Path) -> None:
    with open_camera(str(video(tmp_path / "grey.mp4", 10, grey))) as live:
        frame = take(live, 1)[0]
    assert frame.pixels.shape == (HEIGHT, WIDTH)
    assert frame.pixels.std() < 2
    assert not frame.geometry.calibrated


def test_colour_doppler_keeps_its_colour(tmp_path: Path) -> None:
    with open_camera(str(video(tmp_path / "flow.mp4", 10, doppler))) as live:
        frame = take(live, 1)[0]
    assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
    assert frame.pixels[30, 45, 0] > frame.pixels[30, 45, 2] + 100


def test_who_is_late_gets_the_newest_and_the_others_are_counted(tmp_path: Path) -> None:
    with open_camera(str(video(tmp_path / "scan.mp4", 20, grey))) as live:
        first = take(live, 1)[0]
        time.sleep(0.6)
        late = live.latest(first.index)
        assert late is not None and late.index - first.index > 8
        assert live.counts.dropped >= late.index - first.index - 2


@pytest.mark.parametrize("device", ["93", "/dev/video93", "no such camera"])
def test_a_camera_that_is_not_there_is_said_and_tried_again(device: str) -> None:
    with open_camera(device) as live:
        end_s = time.monotonic() + 10
        while not live.trouble and time.monotonic() < end_s:
            time.sleep(0.02)
        assert live.state is LiveState.LOST
        assert device in live.trouble and "trying again" in live.trouble
        assert live.latest(timeout_s=0.05) is None


def test_a_file_that_is_no_video_is_said(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a video")
    with open_camera(str(path)) as live:
        end_s = time.monotonic() + 10
        while not live.trouble and time.monotonic() < end_s:
            time.sleep(0.02)
        assert "notes.txt" in live.trouble


def test_a_camera_is_named_as_its_system_names_it() -> None:
    assert input_of("1", "linux").path == "/dev/video1"
    assert input_of("/dev/video1", "linux").format == "v4l2"
    assert input_of("1", "darwin").path == "1:none"
    assert input_of("USB Video", "win32").path == "video=USB Video"
