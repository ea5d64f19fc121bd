"""Video: the right frame at the right time, in any order, whatever the codec; and cut or foreign files."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequences_kit import code_of, coded, opened, write, write_video

from echospine.domain.errors import InputError, TruncatedError, UnsupportedError
from echospine.domain.frames import TimeSource

N = 90
EVEN = list(range(N))
UNEVEN = np.cumsum(np.random.default_rng(1).integers(15, 90, N)).tolist()

KINDS = {
    "h264 with B-frames, mp4": ("a.mp4", "libx264", UNEVEN, {"g": "12", "bf": "3"}),
    "h264 with open groups, mkv": ("b.mkv", "libx264", UNEVEN, {"g": "30", "bf": "2", "x264-params": "open-gop=1"}),
    "h264 transport stream": ("c.ts", "libx264", UNEVEN, {"g": "12", "bf": "2"}),
    "h264 with B-frames, avi": ("d.avi", "libx264", EVEN, {"g": "15", "bf": "2"}),
    "mpeg4, avi": ("e.avi", "mpeg4", EVEN, {"g": "12"}),
    "mpeg4 with B-frames, avi": ("f.avi", "mpeg4", EVEN, {"g": "12", "bf": "2"}),
    "mjpeg, avi": ("g.avi", "mjpeg", EVEN, {}),
    "mjpeg, mov": ("h.mov", "mjpeg", UNEVEN, {}),
    "vp9, webm": ("i.webm", "libvpx-vp9", UNEVEN, {"deadline": "realtime", "g": "40"}),
}


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """One clip of each kind that this build of FFmpeg can write."""
    folder = tmp_path_factory.mktemp("clips")
    made = {}
    for kind, (name, codec, pts, options) in KINDS.items():
        if codec in av.codecs_available:
            pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            made[kind] = write_video(folder / name, codec, pts, options=options, pix_fmt=pix_fmt)
    return made


@pytest.fixture(params=KINDS)
def clip(request, clips) -> tuple[Path, list[int]]:
    """The path of a clip, and when its frames are shown, ms from the first."""
    if request.param not in clips:
        pytest.skip(f"this build of FFmpeg cannot write {request.param}")
    path = clips[request.param]
    ticks = UNEVEN if KINDS[request.param][2] is UNEVEN else [40 * i for i in EVEN]
    return path, [tick - ticks[0] for tick in ticks]


def test_frames_come_in_order_with_their_times(clip):
    path, shown_ms = clip
    with opened(path) as source:
        assert len(source) == N and source.header.time_source == TimeSource.CONTAINER
        assert [code_of(frame.pixels) for frame in source] == list(range(N))
        np.testing.assert_allclose(source.header.times_s, np.array(shown_ms) / 1000, atol=1e-6)
        assert source.frame(7).time_s == source.header.times_s[7]


def test_frames_are_the_same_in_any_order(clip):
    with opened(clip[0]) as source:
        order = np.random.default_rng(2).integers(0, N, 60).tolist()
        assert [code_of(source.frame(index).pixels) for index in order] == order


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.77, 0.93, 0.99])
def test_a_cut_video_gives_the_frames_that_are_left_or_one_clear_error(clip, share, tmp_path):
    path, shown_ms = clip
    cut = write(tmp_path, "cut" + path.suffix, path.read_bytes()[: int(path.stat().st_size * share)])
    try:
        with opened(cut) as source:
            for index in range(len(source)):
                _is_right_or_damaged(source, index, shown_ms)
    except InputError as error:
        assert cut.name in str(error) and "\n" not in str(error) and str(tmp_path) not in str(error)


def _is_right_or_damaged(source, index, shown_ms) -> None:
    """A frame of a cut clip shows what was shown at its time, or is told to be damaged."""
    try:
        frame = source.frame(index)
    except TruncatedError as error:
        assert "is damaged" in str(error)
    else:
        assert shown_ms[code_of(frame.pixels)] == pytest.approx(1000 * frame.time_s, abs=1)


def test_a_cut_video_says_how_much_is_left(clips, tmp_path):
    path = clips["mjpeg, avi"]
    cut = write(tmp_path, "cut.avi", path.read_bytes()[: path.stat().st_size // 2])
    with opened(cut) as source:
        assert 20 < len(source) < 70
        assert source.header.notes == (f"cut.avi: ends early; {len(source)} of {N} frames can be read.",)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=40)), min_size=1, max_size=6))
def test_a_video_with_flipped_bytes_gives_frames_or_an_input_error(clips, tmp_path, edits):
    data = bytearray(clips["mpeg4, avi"].read_bytes())
    for share, new in edits:
        at = int(share * len(data))
        data[at : at + len(new)] = new
    try:
        with opened(write(tmp_path, "bad.avi", bytes(data))) as source:
            for index in range(0, len(source), 9):
                _frame_or_input_error(source, index)
    except InputError as error:
        assert "bad.avi" in str(error)


def _frame_or_input_error(source, index) -> None:
    try:
        source.frame(index)
    except InputError as error:
        assert "bad.avi" in str(error) and "\n" not in str(error)


def test_grey_video_stays_grey_and_lossless_is_exact(tmp_path):
    path = write_video(tmp_path / "grey.mkv", "ffv1", EVEN[:5], pix_fmt="gray")
    with opened(path) as source:
        assert not source.header.colour
        np.testing.assert_array_equal(source.frame(3).pixels, coded(3)[..., 0])


def test_a_video_that_is_to_be_turned_is_turned(tmp_path):
    path = tmp_path / "turned.mp4"
    with av.open(str(write_video(tmp_path / "x.mp4", "mpeg4", [0, 40]))) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = bytearray(path.read_bytes())
    upright = b"".join(
        number.to_bytes(4, "big", signed=True) for number in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    )
    quarter = b"".join(
        number.to_bytes(4, "big", signed=True) for number in (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    )
    at = data.rindex(upright)
    data[at : at + len(quarter)] = quarter
    with opened(write(tmp_path, "turned.mp4", bytes(data))) as source:
        assert (source.header.geometry.width, source.header.geometry.height) == (64, 128)
        # a quarter turn clockwise: the leftmost column of the stored picture becomes the top row
        assert code_of(np.rot90(source.frame(1).pixels)) == 1


def test_sound_alone_is_refused(tmp_path):
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(UnsupportedError, match=r"sound\.mkv: has no moving pictures"):
        opened(path)


def test_a_wave_file_is_nothing_of_ours(tmp_path):
    with wave.open(str(tmp_path / "x.avi"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(800))
    with pytest.raises(UnsupportedError, match="nothing that can be read here"):
        opened(tmp_path / "x.avi")


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read with getrusage, which Windows lacks")
def test_a_video_of_an_absurd_size_is_refused_before_a_picture_is_decoded(tmp_path):
    path = tmp_path / "bomb.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.width = stream.height = 9000
        stream.pix_fmt = "gray"
        frame = av.VideoFrame(9000, 9000, "gray")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    code = (
        "import resource, sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from sequences_kit import opened\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = peak()\n"
        "try: opened(Path(sys.argv[2]))\n"
        "except Exception as error: print(peak() - before, type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(path)], capture_output=True, text=True, check=True
    )
    grown_mb, kind, told = done.stdout.split(maxsplit=2)
    assert int(grown_mb) < 60 and kind == "TooLargeError" and told.startswith("bomb.mov: ")


def test_spacing_given_by_a_person_is_used(clips):
    with opened(clips["mpeg4, avi"], spacing_mm=0.2) as source:
        assert source.header.geometry.main_region().step_mm == pytest.approx((0.2, 0.2))


def test_a_video_with_something_beside_it_is_refused(clips, tmp_path):
    other = write(tmp_path, "plus.xml", b"<PlusConfiguration/>")
    with pytest.raises(InputError, match=r"plus\.xml: a video is a recording by itself"):
        opened(clips["mpeg4, avi"], other)


def test_one_damaged_picture_costs_no_other_and_is_looked_for_once(clips, tmp_path, monkeypatch):
    data = bytearray(clips["mjpeg, avi"].read_bytes())
    starts = [at for at in range(len(data)) if data.startswith(b"\xff\xd8\xff", at)]
    assert len(starts) == N
    data[starts[40] : starts[41] - 8] = bytes(starts[41] - 8 - starts[40])
    with opened(write(tmp_path, "x.avi", bytes(data))) as source:
        shown = {}
        for index in [*range(38, 43), 40, 39]:
            try:
                shown[index] = code_of(source.frame(index).pixels)
            except TruncatedError as error:
                shown[index] = str(error)
        monkeypatch.setattr(source._player, "rewind", lambda: pytest.fail("looked for the damaged picture again"))
        with pytest.raises(TruncatedError):
            source.frame(40)
    assert "frame 40 of 90 is damaged" in str(shown.pop(40))
    assert shown == {38: 38, 39: 39, 41: 41, 42: 42}
