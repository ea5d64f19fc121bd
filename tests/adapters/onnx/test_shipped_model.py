"""The network that comes with EchoSpine: small, used where nobody chose another, and right on real and simulated bone.

How right it is in all is measured by `training/`; here, on one recording and one person, that it is this network and
that it is read as it was trained.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from echospine.adapters.onnx import NetworkModel, open_network
from echospine.adapters.onnx.choosing import ModelSettings, choose
from echospine.adapters.onnx.registry import SHIPPED, ModelFolder
from echospine.adapters.sequences import open_sequence
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Side, Structure, View
from echospine.engine.twin.body import Body
from echospine.engine.twin.image import prepare, render, truth
from echospine.engine.twin.patient import PatientParameters
from echospine.engine.twin.person import build_patient
from echospine.engine.twin.probe import ABDOMINAL, Settings
from echospine.engine.twin.scene.views import standard_view
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan

REFERENCE = Path(__file__).resolve().parents[2] / "engine/vision/bone_l14_reference.json"
L14 = ("BoneUltrasound_L14.igs.mha", "BoneUltrasound_L14_config.xml")
SCALE = ImageGeometry.uniform(640, 480, 0.1, 0.1, Spacing.USER)
MUSCLE = (Structure.MULTIFIDUS, Structure.ERECTOR_SPINAE)


@pytest.fixture(scope="module")
def network() -> NetworkModel:
    return open_network(SHIPPED, second=BoneFinder())


def test_it_is_small_and_used_where_nobody_chose_another(network: NetworkModel, tmp_path: Path) -> None:
    assert sum(one.stat().st_size for one in SHIPPED.iterdir()) < 10e6
    chosen = choose(ModelSettings(ModelFolder(tmp_path)))
    assert chosen.notes == ()
    assert chosen.model.method == network.method
    assert network.quick is not None
    assert network.examples is not None


def test_its_card_says_for_what_it_is_and_how_right_it_was() -> None:
    (card,) = (json.loads(one.read_text()) for one in SHIPPED.glob("*.json"))
    assert card["licence"] == "Apache-2.0"
    assert {"CC BY 4.0", "Apache-2.0"} == {one["licence"] for one in card["data"]}
    assert card["intended_use"]
    assert card["trained"]
    assert {"score", "varied", "quick", "real", "peers"} <= set(card["metrics"])


@pytest.mark.parametrize("live", [False, True])
def test_real_bone_lies_where_eyes_have_marked_it(network: NetworkModel, shared_data: Path, *, live: bool) -> None:
    model = network.alone() if live else network
    files = tuple(LocalFile(name, shared_data / "plus" / name) for name in L14)
    off_mm, found = [], []
    with open_sequence(RecordingPlan(L14[0], files)) as source:
        field = model.survey([source.frame(n) for n in range(0, len(source), 4)])
        for number, points in json.loads(REFERENCE.read_text())["frames"].items():
            frame = source.frame(int(number))
            x, y = np.array(points).T
            bone = model.interpret(frame, field).bone()
            assert bone is not None
            off_mm += (frame.geometry.regions[0].step_mm[1] * np.abs(bone.row_px[x] - y)).tolist()
            found += bone.found[x].tolist()
    assert np.mean(found) >= 0.6
    assert np.nanmean(off_mm) <= 0.3


def test_a_simulated_back_has_its_layers_and_bones_named(network: NetworkModel) -> None:
    anatomy = build_patient(PatientParameters(seed=71))
    settings = Settings(depth_mm=90.0, focus_mm=45.0)
    pose = standard_view(anatomy, View.TRANSVERSE_SPINOUS, "L4", Side.LEFT, ABDOMINAL.probe)
    scanner, body = prepare(ABDOMINAL, settings), Body(anatomy, 1)
    picture = render(body, pose, ABDOMINAL, settings, scanner=scanner)
    true = truth(body, pose, ABDOMINAL, settings, scanner=scanner).labels
    frame = Frame(picture.pixels, picture.geometry, 0)
    seen = network.interpret(frame, network.survey([frame]))
    assert seen.view is not None
    assert seen.view.view is View.TRANSVERSE_SPINOUS
    labels = seen.label_map(frame.geometry)
    assert _dice(labels == Structure.SUBCUTANEOUS, true == Structure.SUBCUTANEOUS) > 0.8
    assert _dice(np.isin(labels, MUSCLE), np.isin(true, MUSCLE)) > 0.8
    assert Structure.SPINOUS_PROCESS in {surface.structure for surface in seen.surfaces}


def test_black_and_white_are_named_nothing(network: NetworkModel) -> None:
    for grey in (0, 255):
        frame = Frame(np.full((480, 640), grey, np.uint8), SCALE, 0)
        seen = network.interpret(frame, network.survey([frame]))
        assert not seen.label_map(frame.geometry).any()


def _dice(ours: np.ndarray, true: np.ndarray) -> float:
    return float(2.0 * (ours & true).sum() / (ours.sum() + true.sum()))
