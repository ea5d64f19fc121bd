"""What is shown becomes a recording of an examination: from start to stop, or the last seconds; also played again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from live_viewer import Call, Viewer, calling_on

from echospine.adapters.objects import FileObjects
from echospine.adapters.sql import SqlStudies, sqlite_url
from echospine.apps.server.app import create_app
from echospine.apps.wiring import serve_live
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.ports import House
from echospine.workflow.exam import open_recording
from echospine.workflow.live import Newest
from scanner_kit import PlainTwin
from serving import BrightestRow, finished, memory_house, serving

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house over a real store."""
    from dataclasses import replace

    with closing(SqlStudies(sqlite_url(tmp_path / "echospine.sqlite"))) as studies:
        yield replace(memory_house(BrightestRow()), studies=studies, objects=FileObjects(tmp_path / "objects"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def live(house: House, scratch: Path) -> Iterator[httpx.Client]:
    with serving(create_app(house, scratch=scratch, twin=PlainTwin().twin)) as client:
        yield client


@pytest.fixture
def call(live: httpx.Client) -> Call:
    return calling_on(live)


@pytest.fixture
def scale() -> dict[str, float]:
    return {"mm": 0.25}


@pytest.fixture
def device(scale: dict[str, float]) -> Iterator[int]:
    """A scanner whose pictures bear their number; a test may turn its depth."""
    stop = threading.Event()

    def send(frames: Newest) -> None:
        index = 0
        while not stop.wait(0.03):
            geometry = ImageGeometry.uniform(WIDTH, HEIGHT, scale["mm"], scale["mm"], Spacing.ELEMENT_SPACING)
            pixels = np.full((HEIGHT, WIDTH), 40, np.uint8)
            pixels[0, 0] = index % 256
            frames.put(Frame(pixels, geometry, index, 0.03 * index))
            index += 1

    with Newest("scanner") as frames, serve_live(frames, "127.0.0.1", 0) as served:
        sender = threading.Thread(target=send, args=(frames,))
        sender.start()
        yield served.port
        stop.set()
        sender.join(10)


def opened(viewer: Viewer, port: int) -> None:
    viewer.say(type="open-device", host="127.0.0.1", port=port)
    viewer.hear("opened")
    viewer.say(type="run", running=True)


def imported(live: httpx.Client, viewer: Viewer) -> dict[str, Any]:
    """Wait until what was recorded is imported; return the examination."""
    while not any(said["type"] == "recorded" for said in viewer.said):
        viewer.shown()
    recorded = next(said for said in viewer.said if said["type"] == "recorded")
    job = finished(live, recorded["job"])
    assert job["state"] == "done" and not job["problems"], job
    return dict(live.get(f"/api/exams/{job['exam_id']}").json())


def test_from_start_to_stop_becomes_a_recording_of_an_examination(
    call: Call, live: httpx.Client, device: int, house: House, scratch: Path
):
    with call() as viewer:
        opened(viewer, device)
        viewer.shown()
        viewer.say(type="record", action="start")
        assert viewer.hear("record")["recording"] is True
        shown = [int(viewer.shown()[1][0, 0]) for _ in range(20)]
        viewer.say(type="record", action="stop", title="Back, left", who="Reader One")
        exam = imported(live, viewer)
    assert exam["title"] == "Back, left" and exam["history"][0]["who"] == "Reader One"
    (told,) = exam["recordings"]
    assert told["calibrated"] and told["interpreted"] and (told["width"], told["height"]) == (WIDTH, HEIGHT)
    with open_recording(house, house.studies.recording(told["id"])) as source:
        kept = [int(frame.pixels[0, 0]) for frame in source]
        times_s = source.header.times_s
    assert set(shown[2:]) <= set(kept) and kept == sorted(kept)
    assert np.diff(times_s) == pytest.approx(0.03 * np.diff(kept), abs=1e-3)
    assert not list(scratch.iterdir())


def test_the_last_seconds_are_kept_although_nobody_asked_before(call: Call, live: httpx.Client, device: int):
    with call() as viewer:
        opened(viewer, device)
        for _ in range(40):
            viewer.shown()
        viewer.say(type="run", running=False)
        viewer.say(type="record", action="last", seconds=0.6)
        exam = imported(live, viewer)
    assert exam["title"].startswith("Live, 2")
    (told,) = exam["recordings"]
    assert 5 <= told["n_frames"] <= 25


def test_a_scan_of_the_virtual_patient_is_kept_with_its_poses(call: Call, live: httpx.Client, house: House):
    with call() as viewer:
        viewer.scan()
        for _ in range(8):
            viewer.shown()
        viewer.say(type="record", action="last", seconds=5)
        exam = imported(live, viewer)
    (told,) = exam["recordings"]
    with open_recording(house, house.studies.recording(told["id"])) as source:
        frame = source.frame(3)
        assert frame.pose("Patient", "Probe").matrix[0, 3] == pytest.approx(20.0, abs=0.01)
        assert frame.pose("Patient", "Image") is not None
        assert source.header.geometry.main_region().spacing is Spacing.IMAGE_TO_PROBE
    assert exam["title"].startswith("Virtual scanner, ")


def test_who_turns_the_depth_begins_another_recording(
    call: Call, live: httpx.Client, device: int, scale: dict[str, float]
):
    with call() as viewer:
        opened(viewer, device)
        viewer.say(type="record", action="start")
        for _ in range(10):
            viewer.shown()
        scale["mm"] = 0.3
        while viewer.shown()[0]["regions"][0]["step_x_mm"] < 0.29:
            pass
        for _ in range(10):
            viewer.shown()
        viewer.say(type="record", action="stop")
        exam = imported(live, viewer)
    assert len(exam["recordings"]) == 2


def test_what_is_dropped_or_was_never_begun_is_said(call: Call, live: httpx.Client, device: int, scratch: Path):
    with call() as viewer:
        opened(viewer, device)
        viewer.say(type="record", action="stop")
        assert "nothing is being recorded" in viewer.hear("trouble")["detail"]
        viewer.say(type="record", action="start")
        viewer.shown(), viewer.shown()
        viewer.say(type="record", action="drop")
        while viewer.hear("record")["recording"]:
            pass
        viewer.shown()
    assert live.get("/api/exams").json()["total"] == 0
    assert not list(scratch.iterdir())


def test_what_cannot_be_kept_is_said_and_the_pictures_go_on(call: Call, device: int, scratch: Path):
    with call() as viewer:
        opened(viewer, device)
        viewer.shown(), viewer.shown()
        scratch.rmdir()
        viewer.say(type="record", action="last")
        assert "cannot be kept" in viewer.hear("trouble")["detail"]
        viewer.shown(), viewer.shown(), viewer.shown()


def test_what_was_recorded_is_played_again_as_a_source(call: Call, live: httpx.Client, device: int):
    with call() as viewer:
        opened(viewer, device)
        for _ in range(12):
            viewer.shown()
        viewer.say(type="record", action="last", seconds=5)
        recording = imported(live, viewer)["recordings"][0]
    with call() as viewer:
        viewer.say(type="open-recording", recording_id=recording["id"])
        assert viewer.hear("opened")["source"] == "recording"
        viewer.say(type="run", running=True)
        began_s = time.monotonic()
        heads = [viewer.shown()[0] for _ in range(20)]
        assert 0.3 < time.monotonic() - began_s < 5
        assert heads[-1]["seen"]["method"] == "brightest-row"
    with call() as viewer:
        viewer.say(type="open-recording", recording_id="nothing")
        assert viewer.hear("trouble")["final"]


def test_a_camera_is_a_source_too(tmp_path: Path, house: House, monkeypatch: pytest.MonkeyPatch):
    """A real video stands for the camera's picture; the page can name cameras only, no files."""
    path = tmp_path / "grabbed.mp4"
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(20):
            pixels = np.full((HEIGHT, WIDTH, 3), 60 + 4 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    from echospine.adapters.camera import inputs, source

    monkeypatch.setattr(source, "input_of", lambda device: inputs.input_of(str(path) if device == "0" else device))
    with serving(create_app(house, scratch=tmp_path, twin=PlainTwin().twin)) as client:
        call = calling_on(client)
        with call() as viewer:
            viewer.say(type="open-camera", device="0")
            assert viewer.hear("opened")["source"] == "camera"
            viewer.say(type="run", running=True)
            heads = [viewer.shown()[0] for _ in range(10)]
            assert heads[-1]["regions"] == [] and heads[-1]["channels"] == 1
            assert heads[-1]["seen"] is not None
        with call() as viewer:
            viewer.say(type="open-camera", device=str(path))
            assert viewer.hear("trouble")["final"]
