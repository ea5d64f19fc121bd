"""What is seen goes with the very frame it is seen in: shapes, map, doubt; a failing model takes nothing along."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_viewer import Call, Viewer, calling_on

from echospine.adapters.onnx import open_network
from echospine.apps.server.app import create_app
from echospine.apps.wiring import serve_live
from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import Field, Method, Structure
from echospine.domain.runs import packed_map, unpacked_map
from echospine.workflow.live import Newest
from rich_model import RichModel
from scanner_kit import PlainTwin, upright
from serving import BrightestRow, memory_house, serving
from small_network import write_network

WIDTH, HEIGHT, STEP_MM = 64, 48, 0.25


@contextmanager
def calling(model: Any, scratch: Path) -> Iterator[Call]:
    house = replace(memory_house(BrightestRow()), model=model)
    with serving(create_app(house, scratch=scratch, twin=PlainTwin().twin)) as client:
        yield calling_on(client)


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    with calling(RichModel(), tmp_path) as call:
        yield call


@pytest.fixture
def level() -> dict[str, int]:
    """How bright the device's pictures are; a test changes it."""
    return {"grey": 60}


@pytest.fixture
def device(level: dict[str, int]) -> Iterator[int]:
    stop = threading.Event()
    geometry = ImageGeometry.uniform(WIDTH, HEIGHT, STEP_MM, STEP_MM, Spacing.ELEMENT_SPACING)

    def send(frames: Newest) -> None:
        index = 0
        while not stop.wait(0.03):
            frames.put(Frame(np.full((HEIGHT, WIDTH), level["grey"], np.uint8), geometry, index, 0.03 * index))
            index += 1

    with Newest("scanner") as frames, serve_live(frames, "127.0.0.1", 0) as served:
        sender = threading.Thread(target=send, args=(frames,))
        sender.start()
        yield served.port
        stop.set()
        sender.join(10)


def opened(viewer: Viewer, port: int, **run: Any) -> None:
    viewer.say(type="open-device", host="127.0.0.1", port=port)
    viewer.hear("opened")
    viewer.say(type="run", running=True, **run)


def seen(viewer: Viewer) -> dict[str, Any]:
    """Return the next head that says what is seen."""
    while (head := viewer.shown()[0])["seen"] is None:
        pass
    return head


def test_all_that_a_model_says_is_told(call: Call, device: int):
    with call() as viewer:
        opened(viewer, device)
        head = seen(viewer)
    told = head["seen"]
    assert (told["method"], told["version"], told["silent"], head["trouble"]) == ("rich", "7", False, "")
    assert told["view"][0] == {"view": "parasagittal_lamina", "share": 0.7}
    assert told["level"]["shares"][0] == {"level": "L4", "share": 0.6}
    assert told["level"]["sure"] is None and "sacrum" in told["level"]["reason"]
    assert told["unsure"] == ["nerve"] and told["strangeness"] == 0.4
    assert told["surfaces"] == [{"structure": "lamina", "lines": [[[0.0, 24.0], [63.0, 24.0]]], "confidence": [0.8]}]
    (mark,) = told["landmarks"]
    assert (mark["landmark"], mark["at_px"], mark["confidence"]) == ("lamina", [32.0, 24.0], 0.75)
    assert mark["long_px"] > mark["short_px"] > 0
    assert mark["long_mm"] == pytest.approx(STEP_MM * mark["long_px"], abs=0.01)
    assert told["ms"] >= 0 and told["p50_ms"] <= told["p99_ms"] <= told["worst_ms"]


def test_the_map_comes_in_runs_and_lies_on_the_picture(call: Call, device: int):
    with call() as viewer:
        opened(viewer, device)
        head = seen(viewer)
    grid, labels = head["seen"]["map"], head["seen_map"]
    assert (grid["columns"], grid["rows"], grid["step_px"]) == (WIDTH // 2, HEIGHT // 2, 2.0)
    assert labels[2, 20] == Structure.SUBCUTANEOUS and labels[20, 20] == Structure.MULTIFIDUS and labels[20, 0] == 0
    assert grid["structures"] == [
        {"id": 1, "structure": "subcutaneous", "probability": 0.8},
        {"id": 3, "structure": "multifidus", "probability": 0.8},
    ]


def test_it_falls_silent_on_what_it_does_not_recognise(call: Call, device: int, level: dict[str, int]):
    with call() as viewer:
        opened(viewer, device)
        seen(viewer)
        level["grey"] = 0
        while not (told := seen(viewer)["seen"])["silent"]:
            pass
    assert told["surfaces"] == [] and told["landmarks"] == [] and told["map"] is None
    assert told["view"] == [] and told["level"] is None
    assert told["reasons"] == ["the picture is unlike any seen in training"]
    assert told["advice"] == "No contact."


def test_who_does_not_want_it_does_not_get_it(call: Call, device: int):
    with call() as viewer:
        opened(viewer, device, seen=False)
        assert [viewer.shown()[0]["seen"] for _ in range(4)] == [None] * 4
        viewer.say(type="run", running=True)
        assert seen(viewer)["seen"]["method"] == "rich"


def test_the_virtual_scanner_is_looked_at_too(call: Call):
    with call() as viewer:
        viewer.scan()
        assert seen(viewer)["seen"]["method"] == "rich"


def test_a_probe_in_the_air_names_nothing(call: Call):
    with call() as viewer:
        viewer.scan()
        assert seen(viewer)["seen"]["silent"] is False
        viewer.control(2, pose=upright(20.0, 0.0, press_mm=-20.0).matrix.ravel().tolist())
        while (head := seen(viewer))["control"] < 2:
            pass
    assert head["contact"] == 0 and head["seen"]["silent"] is True
    assert head["seen"]["surfaces"] == [] and head["seen"]["map"] is None


def test_advice_leads_to_the_view_that_is_wanted(tmp_path: Path, device: int):
    class Sure(RichModel):
        def interpret(self, frame: Frame, field: Field) -> Interpretation:
            found = super().interpret(frame, field)
            return replace(found, view=replace(found.view, shares=((found.view.view, 1.0),)))

    with calling(Sure(), tmp_path) as call, call() as viewer:
        opened(viewer, device)
        assert seen(viewer)["seen"]["advice"] == ""
        viewer.say(type="want", view="parasagittal_lamina")
        while not (advice := seen(viewer)["seen"]["advice"]):
            pass
        assert "view that you want" in advice


def bone_picture() -> np.ndarray:
    """Speckle like multifidus with a bright line, as the small network names them."""
    pixels = np.clip(110 * np.random.default_rng(2).uniform(0.7, 1.3, (192, 256)), 0, 170)
    pixels[120:126, 60:190] = 250
    pixels[126:, 60:190] = 6
    return pixels.astype(np.uint8)


@pytest.fixture
def bone_device() -> Iterator[int]:
    geometry = ImageGeometry.uniform(256, 192, STEP_MM, STEP_MM, Spacing.ELEMENT_SPACING)
    stop = threading.Event()

    def send(frames: Newest) -> None:
        index = 0
        while not stop.wait(0.05):
            frames.put(Frame(bone_picture(), geometry, index, 0.05 * index))
            index += 1

    with Newest("scanner") as frames, serve_live(frames, "127.0.0.1", 0) as served:
        sender = threading.Thread(target=send, args=(frames,))
        sender.start()
        yield served.port
        stop.set()
        sender.join(10)


def why(viewer: Viewer, index: int, **subject: Any) -> dict[str, Any]:
    viewer.say(type="explain", index=index, **subject)
    return viewer.hear("explained")


def test_a_learned_model_says_why_in_words_and_on_the_picture(tmp_path: Path, bone_device: int):
    model = open_network(write_network(tmp_path / "small"))
    with calling(model, tmp_path) as call, call() as viewer:
        opened(viewer, bone_device)
        while not (head := seen(viewer))["seen"]["landmarks"]:
            pass
        assert head["seen"]["explains"] is True
        viewer.say(type="run", running=False)
        answers = [why(viewer, head["index"], structure="lamina"), why(viewer, head["index"], landmark=0)]
    for answer in answers:
        told = answer["why"]
        assert answer["index"] == head["index"] and told["name"] == "lamina" and told["method"].startswith("small 3")
        assert "sure" in told["clinician"] and told["patient"].startswith("This is the bony roof")
        assert "on it" in told["otherwise"] and told["decisive"]
        grid = told["evidence"]
        cells = np.frombuffer(base64.b64decode(grid["cells"]), np.int8).reshape(grid["rows"], grid["columns"])
        row, column = np.unravel_index(cells.argmax(), cells.shape)
        assert grid["y_px"] + row * grid["step_px"] == pytest.approx(123, abs=40)
        assert grid["x_px"] + column * grid["step_px"] < 220
        assert told["ms"] > 0


def test_what_cannot_be_explained_is_one_line_and_pictures_go_on(tmp_path: Path, bone_device: int):
    model = open_network(write_network(tmp_path / "small"))
    with calling(model, tmp_path) as call, call() as viewer:
        opened(viewer, bone_device)
        head = seen(viewer)
        for wish, words in (
            ({"index": head["index"], "structure": "nerve"}, "nothing to explain"),
            ({"index": head["index"], "structure": "soup"}, "bears that name"),
            ({"index": head["index"], "landmark": 99}, "bears that name"),
            ({"index": 10_000_000, "structure": "lamina"}, "not kept any more"),
        ):
            viewer.say(type="explain", **wish)
            told = viewer.hear("trouble")
            assert words in told["detail"] and told["final"] is False
            head = seen(viewer)


def test_a_model_without_reasons_says_so(call: Call, device: int):
    with call() as viewer:
        opened(viewer, device)
        head = seen(viewer)
        assert head["seen"]["explains"] is False
        viewer.say(type="explain", index=head["index"], structure="multifidus")
        assert "gives no reasons" in viewer.hear("trouble")["detail"]


class Broken(RichModel):
    method = Method("broken", "1")

    def interpret(self, frame: Frame, field: Field) -> Interpretation:
        raise ModelError("the weights are damaged")


def test_a_model_that_fails_is_said_and_the_bone_finder_stands_in(tmp_path: Path, device: int):
    with calling(Broken(), tmp_path) as call, call() as viewer:
        opened(viewer, device)
        head = viewer.shown()[0]
        assert head["seen"] is None and "weights are damaged" in head["trouble"]
        head = seen(viewer)
        assert head["seen"]["method"] == "phase symmetry and shadow"
        assert "stands in for broken 1" in head["trouble"]


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (256, 256), (300, 301)])
def test_a_map_comes_back_as_it_was(shape: tuple[int, int]):
    rng = np.random.default_rng(shape[0])
    speckled = rng.integers(0, 19, shape).astype(np.uint8)
    plain = np.full(shape, 3, np.uint8)
    for labels in (speckled, plain, np.sort(speckled, axis=None).reshape(shape)):
        assert np.array_equal(unpacked_map(packed_map(labels), *shape), labels)
