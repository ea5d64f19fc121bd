"""What every interpretation engine promises, whatever it sees."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from echospine.apps.wiring import build_model
from echospine.domain.frames import Frame
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.labels import Structure
from echospine.ports import Model
from line_model import LineModel
from small_network import write_network


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(params=["finder", "network", "in memory"])
def model(request: pytest.FixtureRequest, small: Path) -> Model:
    return (
        LineModel()
        if request.param == "in memory"
        else build_model({"network": str(small)}.get(request.param, "finder"))
    )


def frame(pixels: np.ndarray, index: int = 0) -> Frame:
    geometry = ImageGeometry.uniform(pixels.shape[1], pixels.shape[0], 0.2, 0.2, Spacing.USER)
    return Frame(pixels.astype(np.uint8), geometry, index)


PICTURES = {
    "speckle": np.random.default_rng(1).rayleigh(40, (120, 160)).clip(0, 255),
    "black": np.zeros((120, 160)),
    "colour": np.random.default_rng(2).integers(0, 256, (120, 160, 3)),
    "one pixel": np.full((1, 1), 9),
}


@pytest.mark.parametrize("name", PICTURES)
def test_an_interpretation_belongs_to_its_frame_and_names_its_method(model: Model, name: str) -> None:
    shown = frame(PICTURES[name], index=7)
    seen = model.interpret(shown, model.survey([shown]))
    assert seen.frame_index == 7
    assert seen.method == model.method
    assert seen.method.name
    assert seen.method.version
    assert seen.label_map(shown.geometry).shape == shown.pixels.shape[:2]
    for surface in seen.surfaces:
        assert surface.structure is not Structure.BACKGROUND
        assert surface.row_px.size == shown.geometry.width


def test_the_same_frame_gives_the_same_answer(model: Model) -> None:
    shown = frame(PICTURES["speckle"])
    field = model.survey([shown])
    one, two = model.interpret(shown, field), model.interpret(replace(shown), field)
    for first, second in zip(one.surfaces, two.surfaces, strict=True):
        np.testing.assert_array_equal(first.row_px, second.row_px)
        np.testing.assert_array_equal(first.confidence, second.confidence)
    assert one.quality == two.quality


def test_an_answer_cannot_be_changed(model: Model) -> None:
    shown = frame(PICTURES["speckle"])
    seen = model.interpret(shown, model.survey([shown]))
    with pytest.raises(FrozenInstanceError):
        seen.frame_index = 8  # type: ignore[misc]
    for surface in seen.surfaces:
        with pytest.raises(ValueError, match="read-only"):
            surface.row_px[0] = 1.0
