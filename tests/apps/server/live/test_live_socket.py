"""The live socket of a real server: pictures flow as they are shown, wishes count, and nobody can hold a scanner."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from live_viewer import Call, Viewer, calling_on, control
from websockets.exceptions import ConnectionClosed, InvalidStatus

from echospine.apps.server.app import create_app
from echospine.apps.server.limits import Limits
from scanner_kit import SIDE_PX, PlainTwin, upright
from serving import BrightestRow, assert_problem, memory_house, serving, wait_for


@pytest.fixture
def plain() -> PlainTwin:
    return PlainTwin()


@pytest.fixture
def live(plain: PlainTwin, tmp_path: Path) -> Iterator[httpx.Client]:
    app = create_app(memory_house(BrightestRow()), scratch=tmp_path, limits=Limits(scanners=2), twin=plain.twin)
    with serving(app) as client:
        yield client


@pytest.fixture
def call(live: httpx.Client) -> Call:
    return calling_on(live)


def test_a_viewer_gets_the_scanner_the_patient_and_frames(call: Call):
    with call() as viewer:
        viewer.say(type="open-scanner")
        opened = viewer.hear("opened")
        assert opened["simulated"] is True
        assert [machine["probe"] for machine in opened["machines"]] == ["C5-2", "L12-4"]
        patient = viewer.hear("patient")
        skin = patient["skin"]
        assert len(skin["radii_mm"]) == skin["rows"] * skin["columns"]
        assert None in patient["bones"]["heights_mm"]
        assert {mark["level"] for mark in patient["landmarks"]} == {"L1", "L2", "L3", "L4", "L5"}
        viewer.control(4)
        viewer.say(type="run", running=True)
        head, pixels, truth = viewer.shown()
        assert (head["index"], head["control"], head["state"], head["channels"]) == (0, 4, "OK", 1)
        assert pixels.shape == (SIDE_PX, SIDE_PX) and pixels.max() > 0 and truth is None
        assert head["regions"][0]["step_x_mm"] == pytest.approx(90.0 / SIDE_PX)
        assert head["pose"] == pytest.approx(upright(20.0, 0.0).matrix.ravel().tolist())


def test_the_newest_control_counts(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.shown()
        for number in range(2, 40):
            viewer.control(number, knobs={"depth_mm": 40.0 + number})
        while (head := viewer.shown()[0])["control"] < 39:
            pass
        assert head["regions"][0]["step_y_mm"] == pytest.approx(79.0 / SIDE_PX)


def test_truth_comes_when_it_is_asked_for_and_goes_again(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.control(2, truth=True)
        while (found := viewer.shown())[0]["control"] < 2:
            pass
        head, _, truth = found
        assert truth is not None
        assert set(np.unique(truth)) - {0} == {int(found) for found in head["truth"]["structures"]}
        assert "multifidus" in head["truth"]["structures"].values()
        viewer.control(3, truth=False)
        while (found := viewer.shown())[0]["control"] < 3:
            pass
        assert found[2] is None


def test_a_page_that_shows_nothing_gets_two_frames_and_no_more(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.frame()
        last = viewer.frame()[0]["index"]
        with pytest.raises(TimeoutError):
            viewer.frame(timeout_s=0.7)
        viewer.say(type="ack", index=last)
        head, _, _ = viewer.frame()
        assert head["index"] == last + 1
        assert head["dropped"] >= 10  # of about 20 that a scanner would have made in 0.7 s
        assert head["time_s"] > 0.7  # the next one is new, not one that waited


def test_freezing_stops_the_frames_and_counts_nothing_as_dropped(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.shown()
        viewer.say(type="run", running=False)
        time.sleep(0.3)
        with pytest.raises(TimeoutError):
            while True:
                viewer.say(type="ack", index=viewer.frame(timeout_s=0.6)[0]["index"])
        viewer.say(type="run", running=True)
        assert viewer.shown()[0]["dropped"] < 8


def test_frames_come_no_faster_than_a_scanner_makes_them(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.shown()
        start = time.monotonic()
        for _ in range(30):
            viewer.shown()
        assert 0.9 < time.monotonic() - start < 6.0


def test_another_patient_is_built_while_frames_go_on(call: Call, plain: PlainTwin):
    with call() as viewer:
        viewer.scan()
        plain.gate.clear()
        viewer.say(type="patient", patient={"seed": 1, "age_years": 60})
        viewer.say(type="patient", patient={"seed": 2, "age_years": 61})
        viewer.say(type="patient", patient={"seed": 3, "age_years": 62})
        while not any(message["type"] == "working" for message in viewer.said):
            viewer.shown()
        before = viewer.shown()[0]["index"]
        while viewer.shown()[0]["index"] < before + 5:
            pass
        plain.gate.set()
        while viewer.hear("patient")["patient"]["seed"] != 3:
            pass
        assert len(plain.built) <= 3  # the first, perhaps the one in work, and the newest: wishes between are forgotten


def test_a_patient_that_was_built_lately_needs_no_building(call: Call, plain: PlainTwin):
    for _ in range(2):
        with call() as viewer:
            viewer.say(type="open-scanner", patient={"seed": 5})
            viewer.hear("patient")
    assert len(plain.built) == 1


def test_what_cannot_be_built_is_said_and_the_scan_goes_on(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.say(type="patient", patient={"age_years": 95})
        trouble = viewer.hear("trouble")
        assert not trouble["final"] and "old" in trouble["detail"]
        viewer.shown()


def test_standard_views_are_places_or_reasons(call: Call):
    with call() as viewer:
        viewer.scan()
        viewer.say(type="view", view="parasagittal_lamina", level="L2", side="right")
        place = viewer.hear("place")
        assert (place["pose"][3], place["pose"][11]) == (-20.0, 40.0)
        assert place["machine"] == "linear L12-4"
        viewer.say(type="view", view="abdominal_wall_lateral", level="L3", side="left")
        assert "flank" in viewer.hear("trouble")["detail"]


GARBAGE = [
    "",
    "{",
    "[]",
    '{"type": "nothing"}',
    json.dumps(control() | {"pose": [0.0] * 15}),
    json.dumps(control() | {"pose": [1e999] * 16}),
    json.dumps(control() | {"pose": [0.0] * 16}),
    json.dumps(control() | {"pose": [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]}),
    json.dumps(control() | {"machine": "none"}),
    json.dumps(control() | {"knobs": {"depth_mm": 1e9}}),
    json.dumps(control() | {"surprise": 1}),
    json.dumps({"type": "patient", "patient": {"height_mm": 10}}),
    json.dumps({"type": "ack", "index": -1}),
    "x" * 20_000,
    b"\x00\x01",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=[str(place) for place in range(len(GARBAGE))])
def test_garbage_is_answered_with_a_reason_and_the_line_is_closed(call: Call, live: httpx.Client, garbage: str | bytes):
    with call() as viewer:
        viewer.scan()
        viewer.socket.send(garbage)
        trouble = viewer.hear("trouble")
        assert trouble["final"] and trouble["detail"] and "\n" not in trouble["detail"]
        with pytest.raises(ConnectionClosed) as closed:
            viewer.hear("never")
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    assert live.get("/api/health").status_code == 200


def test_the_first_message_opens_a_source(call: Call):
    with call() as viewer:
        viewer.control()
        assert "open" in viewer.hear("trouble")["detail"]


def test_who_talks_without_end_is_cut_off(call: Call):
    with call() as viewer:
        viewer.scan()
        with pytest.raises(ConnectionClosed):
            for number in range(20_000):
                viewer.control(number)
        assert any("messages a second" in line for line in heard_to_the_end(viewer))


def heard_to_the_end(viewer: Viewer) -> list[str]:
    found: list[str] = []
    try:
        while True:
            message = viewer.socket.recv(timeout=10)
            if isinstance(message, str):
                found.append(message)
    except ConnectionClosed:
        return found


def test_every_seat_taken_is_said_and_a_seat_is_free_when_somebody_leaves(call: Call):
    with call() as first, call() as second:
        first.scan()
        second.scan()
        with call() as third:
            trouble = third.hear("trouble")
            assert trouble["final"] and "All 2 live views are in use" in trouble["detail"]
        second.shown()
        first.socket.close()

        def served() -> bool:
            with call() as again:
                again.say(type="open-scanner")
                return json.loads(again.socket.recv(timeout=20))["type"] == "opened"

        wait_for(served, 5)


def test_a_viewer_who_vanishes_frees_its_scanner(call: Call, live: httpx.Client, plain: PlainTwin):
    with call() as viewer:
        viewer.scan()
        viewer.shown()
        viewer.socket.socket.shutdown(2)  # no goodbye
        wait_for(lambda: quiet(plain), 5)


def quiet(plain: PlainTwin) -> bool:
    before = len(plain.poses)
    time.sleep(0.3)
    return len(plain.poses) == before


def test_a_fault_is_logged_under_a_number_and_told_without_its_inside(call: Call, plain: PlainTwin, caplog: Any):
    with call() as viewer:
        viewer.scan()
        viewer.shown()
        plain.fault = RuntimeError("secret inside")
        trouble = viewer.hear("trouble")
        assert "number" in trouble["detail"] and "secret" not in trouble["detail"]
    number = trouble["detail"].split()[-1].rstrip(".")
    assert any(number in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_foreign_page_gets_no_socket(call: Call, headers: dict[str, str]):
    with pytest.raises(InvalidStatus) as refused, call(**headers):
        pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body or b"{}")["type"] == "/problems/cross-origin"


def test_an_unknown_host_gets_no_socket(live: httpx.Client):
    upgrade = {
        "Host": "evil.example",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    assert_problem(live.get("/api/live", headers=upgrade), 421, "unknown-host")


def test_our_own_page_gets_a_socket(call: Call, live: httpx.Client):
    origin = str(live.base_url).rstrip("/")
    with call(Origin=origin, **{"Sec-Fetch-Site": "same-origin"}) as viewer:
        viewer.say(type="open-scanner")
        viewer.hear("opened")


@pytest.mark.parametrize("path", ["/api/nothing", "/", "/live"])
def test_there_is_no_other_socket(call: Call, live: httpx.Client, path: str):
    with pytest.raises(InvalidStatus) as refused, call(path):
        pass
    assert refused.value.response.status_code in {403, 404}
    assert live.get("/api/health").status_code == 200
