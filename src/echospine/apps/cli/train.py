"""`echospine train`: fit a model on labels of your own, starting from one that is there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import click

from echospine.apps.cli.shell import report_problems, spacing_option
from echospine.domain.errors import InputError

TRAINER = "training.finetune"
"""Run as `python -m` from the root of a checkout, for nothing that is installed may import what trains."""
NEEDED = {"torch": "PyTorch", "onnx": "onnx"}
PATH = click.Path(path_type=Path)


@click.command(epilog="Example: echospine train --images scans --masks masks --groups people.csv --out mymodel")
@click.option("--images", required=True, type=PATH, metavar="DIR", help="Folder of pictures or recordings.")
@click.option("--masks", required=True, type=PATH, metavar="DIR", help="Folder of masks: STEM.png, or STEM_0007.png.")
@click.option("--groups", type=PATH, metavar="CSV", help="Columns file,group: whose each picture is; split by it.")
@click.option("--labels", type=PATH, metavar="JSON", help="What the masks' values mean; else labels.json beside them.")
@click.option("--from", "start", default="shipped", show_default=True, metavar="NAME", help="Model to start from.")
@click.option("--out", required=True, type=PATH, metavar="DIR", help="Folder for the new model and its card.")
@click.option("--steps", default=600, show_default=True, type=click.IntRange(min=1), help="Steps of learning.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Same seed, same model.")
@spacing_option
def train(
    images: Path,
    masks: Path,
    groups: Path | None,
    labels: Path | None,
    start: str,
    out: Path,
    steps: int,
    seed: int,
    pixel_spacing: float | None,
) -> int:
    """Fit a model on pictures with masks; a fifth of the people are held back to compare it with where it began.

    Structures that the masks do not label are left as the first model knows them. Needs PyTorch, and a checkout of
    EchoSpine, for the code that trains is no part of the installed package.
    """
    from echospine.apps.wiring import model_folder
    from echospine.workflow.evaluate import find_pairs

    pairs = find_pairs(images, masks, groups, labels)
    first = model_folder(start)
    _require_trainer()
    order: dict[str, object] = {
        "images": images,
        "masks": masks,
        "groups": groups,
        "labels": labels,
        "from": first,
        "out": out,
    }
    order |= {"steps": steps, "seed": seed, "pixel-spacing": pixel_spacing}
    words = [f"--{name}={value}" for name, value in order.items() if value is not None]
    click.echo(f"{len(pairs.pairs)} pictures, from {first}")
    done = subprocess.run([sys.executable, "-m", TRAINER, *words], check=False)  # noqa: S603 -- our own module
    return done.returncode or report_problems(pairs.problems)


def _require_trainer() -> None:
    """Raise InputError that says what to install, where something is missing."""
    missing = [words for name, words in NEEDED.items() if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"training needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            "pip install 'echospine[train]'"
        )
    code = Path(*TRAINER.split(".")).with_suffix(".py")
    if not code.is_file():
        raise InputError(f"the code that trains ({code}) is not here: run this at the root of a checkout of EchoSpine")
