"""Draw what the network says of held-out simulated people, beside the truth, and of real recordings, frame by frame.

`python -m training.pictures --model FOLDER --data DIR --out docs/pictures`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from echospine.adapters.onnx import open_network
from echospine.adapters.pictures.overlays import draw_overlay
from echospine.apps.wiring import build_reader
from echospine.domain.colours import rgb, tinted
from echospine.domain.labels import BONES, View
from echospine.domain.units import Labels, Pixels
from echospine.engine.vision.bone import BoneFinder
from echospine.ports import LocalFile, RecordingPlan
from training.answers import Answers
from training.augment import unchanged
from training.batches import IGNORE, twin_batch
from training.machines import HELD_OUT
from training.people import Part
from training.real import data_folder
from training.shards import Pictures, read

RECORDINGS = {
    "vision-l14": ("BoneUltrasound_L14.igs.mha", "BoneUltrasound_L14_config.xml"),
    "vision-phantom": (
        "SpinePhantomFreehand.igs.mha",
        "PlusDeviceSet_SpinePhantomFreehandReconstructionOnly.xml",
    ),
}
ACROSS = 7
TILE_PX = 240


def of_people(answers: Answers, pictures: Pictures, seed: int = 4) -> Image.Image:
    """Return one picture of each view by machines that training never saw: picture, truth, and what is found."""
    rng, tiles = np.random.default_rng(seed), []
    for number, view in enumerate(View):
        of_view = np.flatnonzero((pictures.view == number) & np.isin(pictures.setup, list(HELD_OUT)))
        if len(of_view) == 0:
            continue
        index = rng.choice(of_view, 1)
        batch = twin_batch(pictures, index, unchanged(1))
        square, truth = batch.pictures[0, 0].numpy(), batch.labels[0].numpy()
        grey = np.rint(255.0 * square).astype(np.uint8)
        answer = answers.of(square)
        named = np.where(truth == IGNORE, 0, truth).astype(np.uint8)
        parts = [np.repeat(grey[..., None], 3, 2), coloured(grey, named), coloured(grey, answer.labels)]
        tile = Image.fromarray(np.vstack(parts))
        said = list(View)[answer.view].value
        words = view.value if said == view.value else f"{view.value}, taken for {said}"
        ImageDraw.Draw(tile).text((4, 4), words.replace("_", " "), fill="#FFFFFF")
        tiles.append(tile)
    return sheet(tiles, len(tiles))


def coloured(grey: Pixels, labels: Labels) -> Pixels:
    """Return a picture with areas tinted and bands of bone painted, (rows, columns, 3)."""
    picture = tinted(grey, labels)
    for structure in BONES:
        picture[labels == structure] = rgb(structure)
    return picture


def of_recording(model: Path, names: tuple[str, ...]) -> Image.Image:
    """Return every frame of a recording with what is said of it."""
    network = open_network(model, second=BoneFinder())
    files = tuple(LocalFile(name, data_folder() / "plus" / name) for name in names)
    tiles = []
    with build_reader().open(RecordingPlan(names[0], files)) as source:
        field = network.survey([source.frame(n) for n in range(0, len(source), 4)])
        for n in range(len(source)):
            frame = source.frame(n)
            found = network.interpret(frame, field)
            tile = draw_overlay(frame, found).resize((TILE_PX, TILE_PX * frame.geometry.height // frame.geometry.width))
            words = f"{n}" + (f": silent, {found.doubt.reasons[0]}" if found.doubt and found.doubt.silent else "")
            ImageDraw.Draw(tile).text((4, 2), words[:40], fill="#FFFFFF")
            tiles.append(tile)
    return sheet(tiles, ACROSS)


def sheet(tiles: list[Image.Image], across: int) -> Image.Image:
    """Return pictures side by side, `across` in a row."""
    width, height = tiles[0].size
    whole = Image.new("RGB", (across * (width + 2), -(-len(tiles) // across) * (height + 2)))
    for n, tile in enumerate(tiles):
        whole.paste(tile, (n % across * (width + 2), n // across * (height + 2)))
    return whole


def main() -> None:
    """Draw all sheets."""
    parser = argparse.ArgumentParser(prog="python -m training.pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    people = of_people(Answers.of_folder(asked.model), read(asked.data, Part.TEST))
    people.save(asked.out / "vision-twin.jpg", quality=85)
    for name, files in RECORDINGS.items():
        of_recording(asked.model, files).save(asked.out / f"{name}.jpg", quality=85)


if __name__ == "__main__":
    main()
