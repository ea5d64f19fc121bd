"""Recordings over HTTP: facts, frames, overlays, series."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from echospine.apps.server.app import create_app
from echospine.domain.runs import unpacked_map
from rich_model import RichModel, structure_map
from serving import (
    BrightestRow,
    assert_problem,
    cine,
    finished,
    imported,
    memory_house,
    picture,
    send,
    serving,
    wait_for,
)


@pytest.fixture
def recording(client, tmp_path):
    """A cine of four frames, calibrated by hand; its address."""
    job = imported(client, cine(tmp_path, 4), pixel_spacing_mm="0.2")
    return f"/api/recordings/{job['recording_ids'][0]}"


def test_facts(client, recording):
    known = client.get(recording).json()
    assert (known["n_frames"], known["width"], known["height"]) == (4, 64, 48)
    assert known["times_s"] == [] and known["time_source"] == "none" and known["frame_rate_hz"] is None
    region = known["geometry"]["regions"][0]
    assert region["spatial"] and region["spacing"] == "--pixel-spacing"
    assert region["step_x_mm"] == pytest.approx(0.2) and region["step_y_mm"] == pytest.approx(0.2)
    assert (region["x0"], region["y0"], region["x1"], region["y1"]) == (0, 0, 63, 47)
    assert known["geometry"]["distrusted"] == 0


def test_frames_are_the_very_pixels_and_may_be_kept_for_ever(client, recording, tmp_path):
    for index in range(4):
        answer = client.get(f"{recording}/frames/{index}")
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        shown = np.asarray(Image.open(BytesIO(answer.content)))
        assert np.array_equal(shown, np.asarray(Image.open(tmp_path / f"scan0/{index:04d}.png")))
        tag = answer.headers["etag"]
        again = client.get(f"{recording}/frames/{index}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"{recording}/frames/0", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_frame_outside_the_recording_is_not_found(client, recording):
    assert_problem(client.get(f"{recording}/frames/4"), 404, "not-found", "no frame 4", "4, counted from 0")
    assert_problem(client.get(f"{recording}/overlays?start=4"), 404, "not-found", "no frame 4")
    tagged = client.get(f"{recording}/frames/4", headers={"If-None-Match": "*"})
    assert tagged.status_code == 404
    body = {"lines": [], "person": "Reader One", "reason": "none"}
    assert_problem(client.put(f"{recording}/frames/4/contour", json=body), 404, "not-found")


@pytest.mark.parametrize("rest", ["", "/frames/0", "/overlays", "/series"])
def test_an_unknown_recording_is_not_found(client, rest):
    assert_problem(client.get(f"/api/recordings/none{rest}"), 404, "not-found")


def test_a_damaged_frame_is_told(client, tmp_path):
    files = cine(tmp_path, 6)
    whole = files[4][1].read_bytes()
    files[4][1].write_bytes(whole[: len(whole) // 2])
    job = imported(client, files)
    address = f"/api/recordings/{job['recording_ids'][0]}"
    assert_problem(client.get(f"{address}/frames/4"), 422, "damaged-input", "0004.png")
    assert client.get(f"{address}/frames/5").status_code == 200
    quality = client.get(f"{address}/overlays?start=4&count=1").json()["frames"][0]["quality"]
    assert quality["score"] == 0 and "0004.png" in quality["reasons"][0]


def test_overlays_lie_on_what_the_model_saw(client, recording):
    told = client.get(f"{recording}/overlays?start=1&count=2").json()
    assert told["method"] == "brightest-row 1"
    assert [frame["index"] for frame in told["frames"]] == [1, 2]
    frame = told["frames"][0]
    assert frame["sector"] == [[0, 0], [63, 0], [63, 47], [0, 47]]
    assert frame["text_boxes"] == [{"x0": 0, "y0": 0, "x1": 3, "y1": 3}]
    (surface,) = frame["surfaces"]
    assert surface == {"structure": "bone", "lines": [[[4, 24], [59, 24]]], "confidence": [0.9], "edited": False}


def test_series_have_one_value_per_frame(client, recording):
    quantities = client.get(f"{recording}/series").json()["quantities"]
    depth = next(q for q in quantities if q["quantity"] == "bone_depth_min")
    assert depth["unit"] == "mm" and depth["title"]
    assert depth["values"] == pytest.approx([24 * 0.2] * 4)
    assert all(len(q["values"]) == 4 for q in quantities)


def test_before_the_interpretation_frames_are_shown_and_overlays_wait(client, model, tmp_path):
    model.gate.clear()
    job = send(client, cine(tmp_path, 3)).json()
    wait_for(lambda: client.get(f"/api/jobs/{job['id']}").json()["recording_ids"])
    (recording_id,) = client.get(f"/api/jobs/{job['id']}").json()["recording_ids"]
    address = f"/api/recordings/{recording_id}"
    assert client.get(f"{address}/frames/2").status_code == 200
    for part in ("overlays", "series"):
        assert_problem(client.get(f"{address}/{part}"), 409, "not-allowed", "not been interpreted yet")
    model.gate.set()
    finished(client, job)
    assert client.get(f"{address}/overlays").status_code == 200


def test_nothing_that_is_no_number_ever_leaks(client, tmp_path):
    """A picture without bone or scale has no values: they are null, and the JSON stays strict."""
    Image.fromarray(np.full((40, 50), 30, np.uint8)).save(tmp_path / "empty.png")
    job = imported(client, [("empty.png", tmp_path / "empty.png")])
    address = f"/api/recordings/{job['recording_ids'][0]}"
    for path in (address, f"{address}/overlays", f"{address}/series", f"/api/exams/{job['exam_id']}"):
        assert "NaN" not in client.get(path).text and "Infinity" not in client.get(path).text
    assert client.get(f"{address}/overlays").json()["frames"][0]["surfaces"][0]["lines"] == []
    findings = client.get(f"/api/exams/{job['exam_id']}").json()["findings"]
    assert all(finding["value"] is None and finding["note"] for finding in findings)


def test_many_readers_of_many_recordings_get_their_own_frames(serve, tmp_path):
    """More recordings than stay open, asked for by many at a time."""
    from echospine.apps.server.limits import Limits

    with serve(Limits(open_sources=2)) as client:
        files = {seed: picture(tmp_path / f"{seed}.png", seed) for seed in range(6)}
        job = imported(client, [(path.name, path) for path in files.values()])
        assert len(job["recording_ids"]) == 6

        def right(n: int) -> bool:
            seed = n % 6
            answer = client.get(f"/api/recordings/{job['recording_ids'][seed]}/frames/0")
            shown = np.asarray(Image.open(BytesIO(answer.content)))
            return np.array_equal(shown, np.asarray(Image.open(files[seed])))

        with ThreadPoolExecutor(12) as pool:
            assert all(pool.map(right, range(120)))


def test_overlays_tell_all_that_a_learned_model_says(scratch, tmp_path):
    house = replace(memory_house(BrightestRow()), model=RichModel())
    with serving(create_app(house, scratch=scratch)) as client:
        job = imported(client, cine(tmp_path, 2), pixel_spacing_mm="0.2")
        told = client.get(f"/api/recordings/{job['recording_ids'][0]}/overlays").json()["frames"][1]
    grid = told["map"]
    assert (grid["columns"], grid["rows"], grid["step_px"]) == (32, 24, 2.0)
    labels = unpacked_map(base64.b64decode(grid["runs"]), grid["rows"], grid["columns"])
    assert np.array_equal(labels, structure_map(48, 64).labels)
    assert [one["structure"] for one in grid["structures"]] == ["subcutaneous", "multifidus"]
    (mark,) = told["landmarks"]
    assert mark["landmark"] == "lamina" and mark["long_mm"] == pytest.approx(0.2 * mark["long_px"], abs=0.01)
    assert told["view"][0] == {"view": "parasagittal_lamina", "share": 0.7}
    assert told["level"]["sure"] is None and told["level"]["shares"][0] == {"level": "L4", "share": 0.6}
    assert told["unsure"] == ["nerve"] and not told["silent"]
