"""The command, run as a process, on real files, good and bad."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import examples

CINE = Path(examples.get_path("ybr_color"))
COLUMNS = ["frame", "structure", "side", "quantity", "value", "unit", "uncertainty", "method", "status"]


def echospine(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "echospine", *map(str, arguments)]
    env = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=env)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["frame"] is not None]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speckle with one bright line and a shadow below it, 240 x 200 pixels."""
    rng = np.random.default_rng(7)
    pixels = rng.rayleigh(30, (200, 240))
    pixels[90:94] = 230
    pixels[94:] *= 0.15
    path = tmp_path_factory.mktemp("picture") / "still.png"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path


def test_examine_reports_a_real_cine(tmp_path: Path) -> None:
    answer = echospine("examine", CINE, "--out", tmp_path / "out", "--json")
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert document["problems"] == []
    (exam,) = document["exams"]
    assert exam["state"] == "draft"
    assert exam["recordings"][0]["n_frames"] == 30
    assert exam["recordings"][0]["calibrated"] is False, "its only region reaches past the picture"
    out = tmp_path / "out"
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "draft, not reviewed by a clinician" in (out / "report.json").read_text()
    assert list((out / "pictures").glob("*.png"))
    assert not list(out.rglob("*.partial"))
    depths = [row for row in rows(out / "findings.csv") if row["quantity"].startswith("bone_depth")]
    assert depths
    assert all(row["value"] == "" for row in depths)


def test_examine_keeps_an_exam_and_finds_it_again(tmp_path: Path, picture: Path) -> None:
    arguments = ("examine", picture, "--pixel-spacing", 0.1, "--store", tmp_path / "store", "--json")
    first = echospine(*arguments, "--out", tmp_path / "one")
    second = echospine(*arguments, "--out", tmp_path / "two")
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    exams = [json.loads(answer.stdout)["exams"] for answer in (first, second)]
    assert [exam["id"] for exam in exams[0]] == [exam["id"] for exam in exams[1]]
    assert len(exams[1][0]["recordings"]) == 1


def test_an_unknown_character_set_is_one_note_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    path.write_bytes(CINE.read_bytes().replace(b"ISO_IR 100", b"ISO_IR 999", 1))
    answer = echospine("examine", path, "--out", tmp_path / "out")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.count("character set 'ISO_IR 999' is not known") == 1


def test_a_batch_finishes_its_good_files(tmp_path: Path, picture: Path) -> None:
    batch = tmp_path / "batch"
    batch.mkdir()
    shutil.copy(picture, batch / "good.png")
    (batch / "empty.dcm").touch()
    (batch / "cut.dcm").write_bytes(CINE.read_bytes()[:3000])
    (batch / "photo.dcm").write_text("not a recording at all\n" * 50)
    answer = echospine(
        "examine", *sorted(batch.iterdir()), tmp_path / "absent.dcm", "--out", tmp_path / "out", "--pixel-spacing", 0.1
    )
    assert answer.returncode == 2
    lines = answer.stderr.strip().splitlines()
    assert len(lines) == 4, answer.stderr
    assert all(line.startswith("echospine: ") for line in lines)
    for name in ("empty.dcm", "cut.dcm", "photo.dcm", "absent.dcm"):
        assert sum(name in line for line in lines) == 1, name
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "out" / "report.pdf").is_file()


def test_segment_writes_label_maps_of_the_input_size(tmp_path: Path, picture: Path) -> None:
    answer = echospine("segment", picture, CINE, "--out", tmp_path / "labels", "--pixel-spacing", 0.1)
    assert answer.returncode == 0, answer.stderr
    names = json.loads((tmp_path / "labels" / "labels.json").read_text())
    assert names["18"] == "bone"
    labels = np.asarray(Image.open(tmp_path / "labels" / "still.png"))
    assert labels.shape == (200, 240)
    assert labels.dtype == np.uint8
    assert set(np.unique(labels)) <= {0, 18}
    assert (labels[85:115] == 18).any(axis=0).mean() > 0.7, "the bright line with a shadow is called bone"
    assert len(list((tmp_path / "labels").glob("examples_ybr_color_*.png"))) == 30


def test_measure_writes_the_columns_of_the_contract(tmp_path: Path, picture: Path) -> None:
    table = tmp_path / "table.csv"
    answer = echospine("measure", picture, "--out", table, "--pixel-spacing", 0.1)
    assert answer.returncode == 0, answer.stderr
    assert table.read_text().splitlines()[0].split(",")[: len(COLUMNS)] == COLUMNS
    (depth,) = [row for row in rows(table) if row["quantity"] == "tissue_thickness" and row["frame"] == "0"]
    assert depth["unit"] == "mm"
    assert float(depth["value"]) == pytest.approx(9.0, abs=0.5)
    assert depth["status"] == "draft"


def test_what_is_said_of_a_recording_stands_in_its_table(tmp_path: Path, picture: Path) -> None:
    table = tmp_path / "table.csv"
    said = ("--side", "left", "--level", "L4", "--state", "contracted")
    assert echospine("measure", picture, "--out", table, *said).returncode == 0
    assert {(row["side"], row["level"], row["state"]) for row in rows(table)} == {("left", "L4", "contracted")}
    answer = echospine("measure", picture, "--out", table, "--state", "tense")
    assert answer.returncode == 2
    assert "known are rest, contracted, unknown" in answer.stderr


def test_measure_without_a_scale_gives_grey_levels_and_no_millimetres(tmp_path: Path, picture: Path) -> None:
    table = tmp_path / "table.csv"
    assert echospine("measure", picture, "--out", table).returncode == 0
    for row in rows(table):
        assert (row["value"] == "") == (row["unit"] == "mm"), row


@pytest.mark.parametrize("spacing", ["0", "-1", "nan", "inf", "1e9"])
def test_an_impossible_pixel_spacing_is_refused(tmp_path: Path, picture: Path, spacing: str) -> None:
    answer = echospine("measure", picture, "--out", tmp_path / "t.csv", f"--pixel-spacing={spacing}")
    assert answer.returncode == 2
    assert "spacing" in answer.stderr


def test_an_output_folder_that_cannot_be_made_says_so(tmp_path: Path, picture: Path) -> None:
    (tmp_path / "file").touch()
    answer = echospine("examine", picture, "--out", tmp_path / "file" / "out")
    assert answer.returncode == 1
    assert "choose another --out" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_a_folder_without_recordings_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    answer = echospine("examine", tmp_path / "in", "--out", tmp_path / "out")
    assert answer.returncode == 2
    assert "holds no recording" in answer.stderr


def test_a_tracked_bone_recording_is_measured_in_millimetres(tmp_path: Path, shared_data: Path) -> None:
    plus = shared_data / "plus"
    answer = echospine(
        "examine",
        plus / "BoneUltrasound_L14.igs.mha",
        "--config",
        plus / "BoneUltrasound_L14_config.xml",
        "--out",
        tmp_path,
        "--json",
    )
    assert answer.returncode == 0, answer.stderr
    (exam,) = json.loads(answer.stdout)["exams"]
    found = {finding["quantity"]: finding for finding in exam["findings"]}
    assert 5 < found["bone_depth_min"]["value"] < 40
    assert found["bone_depth_min"]["unit"] == "mm"
    assert found["bone_depth_min"]["n_frames"] == 21
    assert found["sweep_length"]["value"] is not None
