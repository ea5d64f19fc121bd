"""The tape keeps the last seconds in memory and everything from start to stop on the disk, each within its bound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from live_kit import small_frame

from echospine.domain.errors import NotAllowed, StorageError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry
from echospine.domain.poses import Pose
from echospine.workflow.live import Tape, TapeState
from small_disks import small_disk

FRAME_BYTES = small_frame(0).pixels.nbytes


def numbers(frames: object) -> list[int]:
    return [frame.index for frame in frames]


def test_the_last_seconds_are_counted_back_from_the_newest(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    assert tape.last(5) == ()
    for index in range(100):
        tape.add(small_frame(index), 0.2 * index)
    assert numbers(tape.last(1.0)) == [94, 95, 96, 97, 98, 99]
    assert len(tape.last(1000.0)) <= 51  # ten seconds are kept


def test_memory_has_a_bound_whatever_the_pictures_are(tmp_path: Path) -> None:
    tape = Tape(tmp_path, last_bytes=10 * FRAME_BYTES)
    for index in range(100):
        tape.add(small_frame(index), 0.001 * index)
    assert numbers(tape.last(10)) == list(range(90, 100))


def test_what_was_recorded_comes_back_as_it_was(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.add(small_frame(0), 0.0)
    tape.start()
    coloured = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    turned = small_frame(1).pixels[::-1]
    frames = [
        replace(small_frame(1), pixels=turned, poses=(Pose("Tracker", "Probe", np.eye(4)),)),
        Frame(coloured, ImageGeometry(7, 5), 2, 0.5),
        small_frame(3),
    ]
    for place, frame in enumerate(frames):
        tape.add(frame, 10.0 + place)
    assert tape.state == TapeState(True, 3, 2.0)
    with_start = tape.stop()
    assert tape.state == TapeState(recording=False)
    for kept, frame in zip(with_start, frames, strict=True):
        assert np.array_equal(kept.pixels, frame.pixels)
        assert (kept.index, kept.time_s, kept.geometry) == (frame.index, frame.time_s, frame.geometry)
        assert [str(pose) for pose in kept.poses] == [str(pose) for pose in frame.poses]
        with pytest.raises(ValueError, match="read-only"):
            kept.pixels[0, 0] = 0
    assert numbers(with_start) == [1, 2, 3]  # it can be read again
    with_start.close()
    assert not list(tmp_path.iterdir())


def test_a_recording_ends_at_its_bound_and_says_so(tmp_path: Path) -> None:
    tape = Tape(tmp_path, most_bytes=4 * FRAME_BYTES)
    tape.start()
    for index in range(10):
        tape.add(small_frame(index), float(index))
    assert tape.state == TapeState(True, 4, 3.0, full=True)
    assert numbers(tape.stop()) == [0, 1, 2, 3]


def test_start_and_stop_come_in_turn(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    with pytest.raises(NotAllowed, match="nothing is being recorded"):
        tape.stop()
    tape.start()
    with pytest.raises(NotAllowed, match="already"):
        tape.start()
    tape.close()
    assert not tape.state.recording and tape.last(10) == ()


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be kept"):
        Tape(tmp_path / "gone").start()


def test_a_full_disk_ends_a_recording_and_what_was_kept_stays(tmp_path: Path) -> None:
    geometry = ImageGeometry(256, 256)
    with small_disk(tmp_path / "disk", 400) as disk:
        tape = Tape(disk)
        tape.start()
        with pytest.raises(StorageError, match="the recording ends here"):
            for index in range(20):
                tape.add(Frame(np.full((256, 256), index, np.uint8), geometry, index), float(index))
        kept = tape.state.frames
        assert tape.state.full and 3 <= kept <= 6
        tape.add(Frame(np.zeros((256, 256), np.uint8), geometry, 99), 99.0)  # goes on without being kept
        spool = tape.stop()
        assert [int(frame.pixels.max()) for frame in spool] == list(range(kept))
        spool.close()
