"""truth.json says of every frame what the twin knows, in a file that is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from echospine.adapters.scenes import TruthWriter
from echospine.domain.errors import StorageError
from echospine.domain.labels import Side, View
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.probe import LINEAR, Machine, Settings
from echospine.engine.twin.scene import Scene, SceneSource, Stay
from small_disks import small_disk

MACHINE = Machine("small", LINEAR, n_lines=64, n_samples=256, width_px=96, height_px=96)


@pytest.fixture(scope="module")
def source() -> SceneSource:
    stay = Stay(View.MULTIFIDUS_TRANSVERSE, "L4", Side.LEFT, for_s=0.3)
    scene = Scene(
        "mine", (stay,), title="Mine", machine=MACHINE, settings=Settings(50.0, focus_mm=25.0), frame_rate_hz=10.0
    )
    return SceneSource(scene, build_patient(PatientParameters(), spacing_mm=1.5))


def write(source: SceneSource, folder: Path) -> dict:
    with TruthWriter(folder, source, {"files": ["mine.igs.mha"]}) as writer:
        for index in range(len(source)):
            writer.add(source.truth(index))
    return json.loads((folder / "truth.json").read_text())


def test_it_says_what_the_twin_knows(source, tmp_path):
    document = write(source, tmp_path)
    assert document["simulated"] is True
    assert document["files"] == ["mine.igs.mha"]
    assert document["patient"]["height_mm"] == PatientParameters().height_mm
    assert [row["frame"] for row in document["frames"]] == [0, 1, 2]
    truth, row = source.truth(1), document["frames"][1]
    assert (row["view"], row["level"], row["side"]) == ("multifidus_transverse", "L4", "left")
    assert np.allclose(row["probe_to_patient"], truth.probe.matrix)
    assert np.allclose(row["tools"]["ProbeToTracker"], truth.tools["Probe"].matrix)
    assert np.array_equal(np.asarray(Image.open(tmp_path / row["labels"])), truth.labels)
    assert row["needle"] is None
    near = {one.landmark.name: one for one in truth.landmarks if one.landmark.name in row["landmarks"]}
    assert near
    for name, one in near.items():
        assert row["landmarks"][name]["pixel"] == pytest.approx(one.pixel, abs=1e-3)
        assert abs(one.off_plane_mm) <= 15.0


def test_every_key_stands_in_the_docs(source, tmp_path):
    page = (Path(__file__).resolve().parents[3] / "docs" / "simulation.md").read_text()
    document = write(source, tmp_path)
    keys = set(document) | set(document["frames"][0]) | set(next(iter(document["frames"][0]["landmarks"].values())))
    assert not {key for key in keys if f"`{key}`" not in page}


def test_it_appears_whole_or_not_at_all(source, tmp_path):
    with pytest.raises(RuntimeError), TruthWriter(tmp_path, source, {}) as writer:
        writer.add(source.truth(0))
        raise RuntimeError("somebody pulled the plug")
    assert [entry.name for entry in tmp_path.iterdir()] == ["labels_0000.png"]


def test_a_full_disk_is_one_line(source, tmp_path):
    with small_disk(tmp_path / "disk", 16) as disk:
        full = pytest.raises(StorageError, match="No space left on device")
        with full as caught, TruthWriter(disk, source, {"files": ["x" * 100_000]}) as writer:
            writer.add(source.truth(0))
        assert "\n" not in str(caught.value)
        assert not list(disk.glob("*.partial")) and not list(disk.glob(".*"))
        assert not (disk / "truth.json").exists()
