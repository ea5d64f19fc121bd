"""A real network, run by the real onnxruntime: its answers become an interpretation; what is wrong becomes one line."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from echospine.adapters.onnx import Provider, open_network
from echospine.domain.errors import ModelError
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Structure, View
from echospine.domain.sights import Landmark
from echospine.engine.vision.bone import BoneFinder
from small_network import card, network, write_network


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("model") / "small")


def picture(index: int = 0, grey: int = 110) -> Frame:
    """Speckle like multifidus, 640 x 480, a bright line at row 300 from column 200 to 400, and a shadow below it."""
    rng = np.random.default_rng(index)
    pixels = np.clip(grey * rng.uniform(0.7, 1.3, (480, 640)), 0, 170)
    pixels[300:308, 200:400] = 250
    pixels[308:, 200:400] = 6
    return Frame(pixels.astype(np.uint8), ImageGeometry.uniform(640, 480, 0.1, 0.1, Spacing.USER), index)


def test_a_frame_is_named_in_its_own_coordinates(folder: Path) -> None:
    model = open_network(folder, second=BoneFinder())
    frame = picture(5)
    seen = model.interpret(frame, model.survey([frame]))
    assert seen.frame_index == 5
    assert str(seen.method) == f"small 3 ({hashlib.sha256((folder / 'model.onnx').read_bytes()).hexdigest()[:8]})"
    labels = seen.label_map(frame.geometry)
    assert labels.shape == (480, 640)
    assert (labels[302:306, 210:390] == Structure.LAMINA).mean() > 0.95
    assert (labels[50:250, 100:500] == Structure.MULTIFIDUS).mean() > 0.95
    assert (labels[330:, 210:390] == 0).all()
    (surface,) = seen.surfaces
    assert surface.structure is Structure.LAMINA
    assert np.flatnonzero(surface.found)[[0, -1]] == pytest.approx([200, 399], abs=4)
    np.testing.assert_allclose(surface.row_px[210:390], 303.5, atol=4.0, err_msg="within the bright line, 300 to 307")
    assert surface.mean_confidence > 0.9
    assert seen.view is not None
    assert seen.view.view is View.PARASAGITTAL_LAMINA
    assert {mark.landmark for mark in seen.landmarks} == {Landmark.LAMINA}
    assert all(295 < mark.at_px[1] < 312 for mark in seen.landmarks)
    assert seen.doubt is not None
    assert not seen.doubt.silent
    assert seen.doubt.strangeness < 1
    assert seen.bearing is not None
    assert (seen.bearing.along_mm, seen.bearing.turn_sure, seen.bearing.contact) == (0.0, 0.0, 1.0)


def test_the_bone_finder_agrees_where_bone_casts_a_shadow(folder: Path) -> None:
    frame = picture()
    model = open_network(folder, second=BoneFinder())
    seen = model.interpret(frame, model.survey([frame]))
    assert seen.doubt is not None
    assert not [reason for reason in seen.doubt.reasons if "finding bone" in reason]
    deep = Frame(np.where(frame.pixels == 6, 110, frame.pixels).astype(np.uint8), frame.geometry, 1)
    told = model.interpret(deep, model.survey([deep]))
    assert told.doubt is not None
    assert [reason for reason in told.doubt.reasons if "casts no clear shadow" in reason]
    assert model.alone().interpret(deep, model.survey([deep])).doubt.reasons == ()


def test_nothing_is_named_of_a_strange_picture(folder: Path) -> None:
    glare = np.random.default_rng(1).integers(235, 256, (300, 300)).astype(np.uint8)
    white = Frame(glare, ImageGeometry(300, 300), 2)
    model = open_network(folder)
    seen = model.interpret(white, model.survey([white]))
    assert seen.doubt is not None
    assert seen.doubt.silent
    assert "unlike those the model knows" in seen.doubt.reasons[0]
    assert (seen.structures, seen.landmarks, seen.view, seen.surfaces) == (None, (), None, ())
    assert (seen.label_map(white.geometry) == 0).all()


def test_nothing_is_named_of_a_picture_of_one_grey(folder: Path) -> None:
    model = open_network(folder)
    for grey in (0, 120, 255):
        even = Frame(np.full((300, 300), grey, np.uint8), ImageGeometry(300, 300), 2)
        seen = model.interpret(even, model.survey([even]))
        assert seen.doubt is not None
        assert (seen.doubt.silent, seen.structures, seen.surfaces) == (True, None, ())
        assert "all of one grey" in seen.doubt.reasons[0]


@pytest.mark.parametrize("shape", [(1, 1), (7, 900), (480, 640, 3), (2000, 1500)])
@pytest.mark.parametrize("grey", [0, 255, 120])
def test_any_frame_gives_an_interpretation_of_its_size(folder: Path, shape: tuple[int, ...], grey: int) -> None:
    frame = Frame(np.full(shape, grey, np.uint8), ImageGeometry(shape[1], shape[0]), 4)
    model = open_network(folder, second=BoneFinder())
    seen = model.interpret(frame, model.survey([frame]))
    assert seen.label_map(frame.geometry).shape == shape[:2]


def test_several_threads_may_ask_at_once(folder: Path) -> None:
    model = open_network(folder, threads=1)
    frames = [picture(n, 80 + 10 * n) for n in range(4)]
    field = model.survey(frames)
    alone = [model.interpret(frame, field).label_map(frame.geometry) for frame in frames]
    found: dict[int, np.ndarray] = {}

    def ask(n: int) -> None:
        found[n] = model.interpret(frames[n], field).label_map(frames[n].geometry)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for n, expected in enumerate(alone):
        np.testing.assert_array_equal(found[n], expected)


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_does_it(folder: Path) -> None:
    import onnxruntime

    if {"CUDAExecutionProvider", "CoreMLExecutionProvider"} & set(onnxruntime.get_available_providers()):
        pytest.skip("this machine has a GPU that onnxruntime can use")
    model = open_network(folder, provider=Provider.GPU)
    assert model.notes == ("a GPU was asked for, but onnxruntime finds none it can use; the model runs on the CPU",)
    frame = picture()
    assert model.interpret(frame, model.survey([frame])).structures is not None


def remove(*keys: str):
    def change(document: dict) -> None:
        for key in keys[:-1]:
            document = document[key]
        del document[keys[-1]]

    return change


def put(value: object, *keys: str):
    def change(document: dict) -> None:
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return change


BAD_CARDS = {
    "a newer format": (put(2, "format"), "format 2"),
    "no name": (remove("name"), "'name'"),
    "no temperature": (remove("temperature"), "'temperature'"),
    "a temperature of nothing": (put(0, "temperature", "structures"), "temperature"),
    "a temperature in words": (put("warm", "temperature", "structures"), "warm"),
    "other structures": (put(["bone"], "structures"), "structures"),
    "views in another order": (put([one.value for one in View][::-1], "views"), "views"),
    "an unknown threshold": (put(0.5, "thresholds", "spleen"), "spleen"),
    "a threshold above one": (put(2.0, "thresholds", "nerve"), "threshold"),
    "features of another length": (put([[1.0]], "strangeness", "directions"), "features"),
    "variances of nothing": (put([0.0], "strangeness", "variances"), "variances"),
    "an odd size": (put(255, "input", "size"), "even"),
    "another size": (put(128, "input", "size"), "picture"),
    "weights of somebody else": (put("0" * 64, "weights_sha256"), "card was written for"),
    "more features": (put([0.0, 0.0, 0.0], "strangeness", "mean"), "features"),
}


@pytest.mark.parametrize("name", BAD_CARDS)
def test_a_card_that_does_not_fit_is_one_clear_line(tmp_path: Path, name: str) -> None:
    change, words = BAD_CARDS[name]
    bad = write_network(tmp_path / "bad", change)
    with pytest.raises(ModelError, match=words) as caught:
        open_network(bad)
    assert "\n" not in str(caught.value)
    assert "bad" in str(caught.value), "it says which model"


def other_shapes() -> onnx.ModelProto:
    return network(n_structures=12)


def no_landmarks() -> onnx.ModelProto:
    model = network()
    kept = [one for one in model.graph.output if one.name != "landmarks"]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    return model


def other_input() -> onnx.ModelProto:
    made = helper.make_graph(
        [helper.make_node("Relu", ["image"], ["structures"])],
        "other",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("structures", TensorProto.FLOAT, [1, 1, 8, 8])],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def other_version() -> onnx.ModelProto:
    model = network()
    model.opset_import[0].version = 999
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_landmarks, "landmarks"),
        (other_shapes, "shape"),
        (other_input, "picture"),
        (other_version, "cannot be run|no network"),
    ],
)
def test_a_network_of_another_form_is_one_clear_line(tmp_path: Path, make, words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        open_network(write_network(tmp_path / "bad", graph=make()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [0, 1, 100, 1000])
def test_damaged_weights_are_one_clear_line(tmp_path: Path, keep: int) -> None:
    folder = write_network(tmp_path / "bad")
    data = (folder / "model.onnx").read_bytes()[:keep]
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="card was written for"):
        open_network(folder)
    (folder / "card.json").write_text(json.dumps(card(hashlib.sha256(data).hexdigest())))
    with pytest.raises(ModelError) as caught:
        open_network(folder)
    assert "\n" not in str(caught.value)


def test_missing_parts_are_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no \.onnx"):
        open_network(tmp_path / "nowhere")
    folder = write_network(tmp_path / "half")
    (folder / "card.json").unlink()
    with pytest.raises(ModelError, match="has no card"):
        open_network(folder)
    (folder / "card.json").write_text("[1, 2")
    with pytest.raises(ModelError, match="no JSON"):
        open_network(folder)
    (folder / "card.json").write_text("[1, 2]")
    with pytest.raises(ModelError, match="list"):
        open_network(folder)
    (folder / "second.onnx").touch()
    with pytest.raises(ModelError, match=r"2 \.onnx files"):
        open_network(folder)


def write_quick(folder: Path, graph: onnx.ModelProto) -> Path:
    """Put other weights beside those of a folder, as the same network in 8 bits."""
    (folder / "model.int8.onnx").write_bytes(graph.SerializeToString())
    document = json.loads((folder / "card.json").read_text())
    document["quick_sha256"] = hashlib.sha256((folder / "model.int8.onnx").read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(document))
    return folder


def test_live_pictures_are_read_in_8_bits_where_there_is_that_and_it_is_said(tmp_path: Path) -> None:
    model = open_network(write_quick(write_network(tmp_path / "both"), network()), second=BoneFinder())
    frame = picture(1)
    careful, live = (one.interpret(frame, one.survey([frame])) for one in (model, model.alone()))
    assert str(live.method) == str(careful.method).removesuffix(")") + ", 8 bits)"
    assert np.array_equal(live.label_map(frame.geometry), careful.label_map(frame.geometry))


def test_8_bits_that_are_damaged_missing_or_of_another_form_are_one_line(tmp_path: Path) -> None:
    folder = write_quick(write_network(tmp_path / "small"), network(size=128))
    with pytest.raises(ModelError, match=r"model\.int8\.onnx"):
        open_network(folder)
    (folder / "model.int8.onnx").write_bytes(b"torn")
    with pytest.raises(ModelError, match=r"model\.int8\.onnx: is not the file that its card was written for"):
        open_network(folder)
    (folder / "model.int8.onnx").unlink()
    with pytest.raises(ModelError, match=r"model\.int8\.onnx: cannot be read"):
        open_network(folder)
