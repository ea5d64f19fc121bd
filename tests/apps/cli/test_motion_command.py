"""`echospine measure --motion` and `echospine elastography` on real files, good and bad."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import moving_cine as drawn
from echospine.apps.cli import main


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def echospine(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return the command itself, without a process of its own for each call."""

    def run(*arguments: object) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = drawn.write_cine(tmp_path_factory.mktemp("cine"), drawn.frames(drawn.pictures(48)))
    return next(path for path in files if path.suffix == ".mha")


LINE = ",".join(str(one) for point in drawn.LINE for one in point)
AT = ",".join(map(str, drawn.LAYERS))


def test_a_cine_is_measured_in_text_csv_and_json(echospine, cine: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    answer = echospine("measure", cine, "--motion", "--line", LINE, "--shear-at", AT, "--out", out)
    assert answer.returncode == 0, answer.stderr
    assert "Change of thickness, (C - R) / R: 14." in answer.stdout
    assert "(shear strain, Langevin 2011 1)" in answer.stdout
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    summary = {row["quantity"]: row for row in rows if not row["frame"]}
    assert float(summary["shear_strain_langevin_2011"]["value"]) == pytest.approx(drawn.SHEAR_PERCENT, rel=0.1)
    thick = [float(row["value"]) for row in rows if row["quantity"] == "thickness" and row["frame"]]
    assert len(thick) == 48 and thick[0] == pytest.approx(drawn.REST_MM)

    answer = echospine("measure", cine, "--motion", "--line", LINE, "--out", out, "--json")
    told = json.loads(answer.stdout)["motion"][cine.name]
    change = next(one for one in told["measurements"] if one["quantity"] == "thickness_change")
    assert change["value"] == pytest.approx(drawn.CHANGE_PERCENT, abs=1.0)
    shear = next(one for one in told["measurements"] if one["quantity"] == "shear_strain_maximum")
    assert shear["value"] is None and "no place on a fascia" in shear["note"]
    assert len(told["thickness"]["values"]) == len(told["times_s"]) == 48


def test_bad_cines_say_what_they_cannot_do_and_do_the_rest(echospine, tmp_path: Path) -> None:
    grey = drawn.pictures(16)
    times = [n / drawn.HZ + (0.4 if n > 7 else 0.0) for n in range(16)]
    dropped = drawn.write_cine(tmp_path / "dropped", drawn.frames(grey, times))
    other = drawn.pictures(8, seed=5)
    torn = drawn.write_cine(tmp_path / "torn", drawn.frames([*grey[:8], *other]))
    still = drawn.write_cine(tmp_path / "still", drawn.frames(grey[:1]))
    for files, words in (
        (dropped, "Frames were dropped at 1 place"),
        (torn, "Tissue moved too fast"),
        (still, "one frame only"),
    ):
        path = next(path for path in files if path.suffix == ".mha")
        answer = echospine("measure", path, "--motion", "--line", LINE, "--shear-at", AT, "--out", tmp_path / "a.csv")
        assert answer.returncode == 0, answer.stderr
        assert words in answer.stdout
    answer = echospine("measure", path, "--line", LINE, "--out", tmp_path / "a.csv")
    assert answer.returncode == 2 and "give --motion too" in answer.stderr
    answer = echospine("measure", path, "--motion", "--line", "1,2", "--out", tmp_path / "a.csv")
    assert answer.returncode == 2 and "takes 4 numbers" in answer.stderr


def test_elastography_comes_in_with_unit_and_device_and_is_converted_on_request(echospine, tmp_path: Path) -> None:
    table = tmp_path / "typed.csv"
    table.write_text(
        "value,unit,device,structure,side\n2.5,m/s,Example One,multifidus,left\n14,kPa,Example Two,,\n9,,x,,\n"
    )
    out = tmp_path / "out.csv"
    answer = echospine("elastography", table, "--out", out)
    assert answer.returncode == 2 and "line 4" in answer.stderr
    with out.open(newline="") as file:
        assert [(row["quantity"], row["unit"]) for row in csv.DictReader(file)] == [
            ("shear_wave_speed", "m/s"),
            ("elasticity", "kPa"),
        ]
    answer = echospine("elastography", table, "--out", out, "--youngs-modulus", "--json")
    values = json.loads(answer.stdout)["values"]
    assert values[-1]["value"] == pytest.approx(18.75)
    assert "converted, not measured" in values[-1]["note"]
