"""`echospine trend` over real DICOM examinations of one patient: words, JSON, table and pictures."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from pydicom import dcmread, examples
from pydicom.uid import generate_uid

from echospine.apps.cli.main import root
from echospine.apps.wiring import open_house
from echospine.domain.errors import EchoSpineError
from echospine.domain.exams import ExamWrite, Finding
from trend_kit import reading

DAYS = ("20250303", "20250401")


def echospine(*arguments: object) -> Result:
    return CliRunner().invoke(root, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two examinations of a cine that comes with pydicom, a month apart, and one from another machine."""
    folder = tmp_path_factory.mktemp("visits")
    for n, (day, maker) in enumerate([*((day, "Maker A") for day in DAYS), (DAYS[1], "Maker B")]):
        dataset = dcmread(examples.get_path("ybr_color"))
        dataset.PatientID, dataset.StudyDate, dataset.Manufacturer = "P-7", day, maker
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        path = folder / f"visit{n}.dcm"
        dataset.save_as(path)
        options = ("--store", folder / "store", "--out", folder / f"out{n}", "--model", "finder")
        answer = echospine("examine", path, *options)
        assert answer.exit_code == 0, answer.output
    _measure_by_hand(folder / "store")
    return folder / "store"


def _measure_by_hand(store: Path) -> None:
    """Add two readings to each examination, as a person would with a calliper and a scale."""
    with open_house(store) as house:
        for exam in house.studies.exams_of("P-7"):
            file = house.studies.load(exam.id)
            two = [Finding(house.new_id(), file.recordings[0].id, reading(value)) for value in (27.0, 28.0)]
            house.studies.commit(ExamWrite(replace(file.exam, revision=file.exam.revision + 1), [], findings=two))


def test_a_trend_tells_what_may_be_said_and_what_was_left_out(store: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"trend.{kind}" for kind in ("csv", "png", "svg")]
    options = [part for file in files for part in (f"--{file.suffix[1:]}", file)]
    answer = echospine("trend", "P-7", "--store", store, "--quantity", "length", "--json", *options)
    assert answer.exit_code == 0, answer.output
    story = json.loads(answer.stdout)
    assert [one["day"] for one in story["visits"]] == ["2025-03-03", "2025-04-01"]
    assert story["device"].startswith("Maker A")
    assert "another device (Maker B" in story["left_out"][0]
    assert story["visits"][1]["since_first"]["verdict"] == "not comparable"
    assert all(one["draft"] for one in story["visits"])
    assert "no error of measurement is known" in story["sentences"][0]
    with files[0].open(newline="") as table:
        assert [row["kind"] for row in csv.DictReader(table)] == ["visit", "visit"]
    with Image.open(files[1]) as picture:
        assert picture.width > 2000
    assert "<title>Length, multifidus, left, L4</title>" in files[2].read_text()


def test_it_is_said_in_words_too(store: Path) -> None:
    answer = echospine("trend", "P-7", "--store", store, "--quantity", "length")
    assert "3 Mar 2025" in answer.stdout and "first visit, draft" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody",), "no examination of a patient 'nobody'; there is P-7"),
        (("P-7", "--quantity", "weight"), "there is no quantity 'weight'; known are"),
        (("P-7", "--structure", "tail"), "there is no structure 'tail'"),
        (("P-7", "--quantity", "thickness_of_hair"), "there is no quantity"),
    ],
)
def test_what_cannot_be_told_is_one_clear_line(store: Path, arguments: tuple[str, ...], says: str) -> None:
    answer = echospine("trend", *arguments, "--store", store)
    assert isinstance(answer.exception, EchoSpineError)
    assert says in str(answer.exception)
    with open_house(store) as house:
        assert len(house.studies.exams_of("P-7")) == 3
