"""`echospine simulate`, run as a process: what it writes is read back as it is; what it refuses is one line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echospine.apps.wiring import build_reader, open_scene
from echospine.domain.poses import Pose
from echospine.ports import LocalFile, RecordingPlan
from small_disks import small_disk

QUICK = """\
title: A quick one
machine: {like: convex C5-2, n_lines: 64, n_samples: 256, width_px: 128, height_px: 128}
settings: {depth_mm: 80}
tracker: {dropout: 0.3, burst_frames: 2}
seed: 3
frame_rate_hz: 10
steps:
  - probe: {view: transverse_interlaminar, level: L4, through: L4_facet_left, for_s: 1}
  - needle: {aim: facet, level: L4, side: left, length_mm: 120, at_s: 0.2, speed_mm_s: 40}
"""
FILES = {"quick.igs.mha", "quick.xml", "quick.dcm", "truth.json", "labels.json"}


def simulate(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "echospine", "simulate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture(scope="module")
def written(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    answer = simulate(scene, "--out", out, "--json", "--jobs", 2)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["simulated"], document["frames"], document["scene"]) == (True, 10, "quick")
    assert {Path(path).name for path in document["files"]} == {path.name for path in out.iterdir()}
    return out


def opened(folder: Path, *names: str):
    files = tuple(LocalFile(name, folder / name) for name in names)
    return build_reader().open(RecordingPlan(names[0], files))


@pytest.mark.slow
def test_it_writes_the_promised_files(written: Path) -> None:
    names = {path.name for path in written.iterdir()}
    assert names == FILES | {f"labels_{index:04d}.png" for index in range(10)}


@pytest.mark.slow
def test_both_recordings_come_back_as_the_scene_is(written: Path, scene: Path) -> None:
    recordings = opened(written, "quick.igs.mha", "quick.xml"), opened(written, "quick.dcm")
    with open_scene(str(scene)) as source, recordings[0] as sequence, recordings[1] as dicom:
        assert len(source) == len(sequence) == len(dicom)
        for true, one, two in zip(source, sequence, dicom, strict=True):
            assert np.array_equal(true.pixels, one.pixels)
            assert np.array_equal(true.pixels, two.pixels)
            assert one.time_s == pytest.approx(true.time_s)
            assert two.time_s == pytest.approx(true.time_s)
            assert {str(pose) for pose in one.poses} == {str(pose) for pose in true.poses}
            for pose in true.poses:
                assert np.array_equal(one.pose(pose.target, pose.source).matrix, pose.matrix)
        steps = [one.header.geometry.main_region().step_mm for one in (source, sequence, dicom)]
        assert np.allclose(steps, steps[0], rtol=1e-6)


@pytest.mark.slow
def test_the_truth_is_that_of_the_recording(written: Path) -> None:
    document = json.loads((written / "truth.json").read_text())
    with opened(written, "quick.igs.mha", "quick.xml") as sequence:
        for frame, row in zip(sequence, document["frames"], strict=True):
            labels = np.asarray(Image.open(written / row["labels"]))
            assert labels.shape == frame.pixels.shape
            said = {str(pose) for pose in frame.poses} - {"ImageToProbe"}
            assert said == {name for name, status in row["statuses"].items() if status == "OK"}
            true = Pose("Tracker", "Probe", np.array(row["tools"]["ProbeToTracker"]))
            if "ProbeToTracker" in said:
                assert np.linalg.norm((frame.pose("Tracker", "Probe").matrix - true.matrix)[:3, 3]) < 1.0
    assert {status for row in document["frames"] for status in row["statuses"].values()} == {"OK", "MISSING"}
    gaps = [row["needle"]["tip_to_target_mm"] for row in document["frames"] if row["needle"]]
    assert gaps == sorted(gaps, reverse=True)
    assert json.loads((written / "labels.json").read_text()) == document["structures"]


@pytest.mark.slow
def test_everything_says_that_it_is_simulated(written: Path) -> None:
    assert b"Comment = Simulated" in (written / "quick.igs.mha").read_bytes()[:400]
    assert b"Simulated" in (written / "quick.xml").read_bytes()
    assert b"SIMULATED" in (written / "quick.dcm").read_bytes()[:2000]
    assert json.loads((written / "truth.json").read_text())["simulated"] is True


@pytest.mark.slow
def test_the_same_scene_gives_the_same_files_and_another_seed_others(
    written: Path, scene: Path, tmp_path: Path
) -> None:
    assert simulate(scene, "--out", tmp_path / "again", "--jobs", 1).returncode == 0
    for path in written.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    assert simulate(scene, "--out", tmp_path / "other", "--seed", 8, "--frames", ":2").returncode == 0
    assert (tmp_path / "other" / "truth.json").read_bytes() != (written / "truth.json").read_bytes()


@pytest.mark.slow
def test_a_part_of_a_scene_is_that_part(written: Path, scene: Path, tmp_path: Path) -> None:
    answer = simulate(scene, "--out", tmp_path, "--frames", "4:6")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"wrote 2 simulated frames and their truth to {tmp_path}\n"
    with opened(tmp_path, "quick.igs.mha") as part, opened(written, "quick.igs.mha") as whole:
        for index in range(2):
            assert np.array_equal(part.frame(index).pixels, whole.frame(index + 4).pixels)
    rows = json.loads((tmp_path / "truth.json").read_text())["frames"]
    assert [(row["frame"], row["scene_frame"]) for row in rows] == [(0, 4), (1, 5)]


def test_it_lists_its_scenes_with_one_line_each() -> None:
    answer = simulate("--list")
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert all(re.fullmatch(r"[a-z-]+ +\S.{15,}", line) for line in lines)
    assert {"standard-views", "needle-good", "sweep"} <= {line.split()[0] for line in lines}
    assert json.loads(simulate("--list", "--json").stdout).keys() == {line.split()[0] for line in lines}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("needle-god", "--out", "x"), "needle-god: cannot be opened (No such file or directory); did you mean"),
        ((), "name a SCENE"),
        (("sweep",), "say either --out DIR, to write files, or --serve"),
        (("sweep", "--out", "x", "--serve"), "say either --out DIR"),
        pytest.param(
            ("SCENE", "--out", "x", "--frames", "8:99"), "--frames 8:99: the scene has 10", marks=pytest.mark.slow
        ),
        (("SCENE", "--out", "x", "--frames", "5"), "--frames 5: write A:B"),
        (("SCENE", "--out", "/dev/null/x"), "cannot be made a folder"),
    ],
)
def test_what_is_no_use_is_one_line(scene: Path, tmp_path: Path, arguments, message) -> None:
    named = [str(scene) if one == "SCENE" else str(tmp_path / one) if one == "x" else one for one in arguments]
    answer = simulate(*named)
    assert answer.returncode in (1, 2)
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_fault_in_a_file_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    for text, message in (
        (QUICK.replace("depth_mm: 80", "deph_mm: 80"), "bad.yaml:3: unknown key 'deph_mm'; did you mean 'depth_mm'?"),
        (QUICK.replace("length_mm: 120", "length_mm: 20"), "bad.yaml:9: 20 mm of needle do not reach"),
        (QUICK.replace("L4_facet_left", "L9_facet_left"), "bad.yaml:8: through: 'L9_facet_left' names no place"),
    ):
        path.write_text(text)
        answer = simulate(path, "--out", tmp_path / "out")
        assert answer.returncode == 2
        assert answer.stderr.startswith(f"echospine: {message}"), answer.stderr
        assert answer.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_no_half_file(scene: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 40) as disk:
        answer = simulate(scene, "--out", disk)
        assert answer.returncode == 1
        assert "No space left on device" in answer.stderr
        assert answer.stderr.count("\n") == 1
        assert not [path for path in disk.iterdir() if path.name.startswith(".")]
        assert not (disk / "truth.json").exists()


@pytest.mark.slow
def test_as_a_scanner_it_sends_its_pictures(scene: Path) -> None:
    from echospine.apps.wiring import build_live

    command = [sys.executable, "-u", "-m", "echospine", "simulate", str(scene), "--serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as scanner:
        try:
            assert scanner.stdout is not None
            match = re.match(r"simulated scanner on (igtl://127\.0\.0\.1:\d+)", scanner.stdout.readline())
            assert match
            with build_live(match[1]) as live:
                frame = live.latest(timeout_s=30.0)
                assert frame is not None
                assert frame.pixels.shape == (128, 128)
        finally:
            scanner.terminate()
