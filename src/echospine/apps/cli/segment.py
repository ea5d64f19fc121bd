"""`echospine segment`: label maps of every frame."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from echospine.apps.cli.shell import (
    config_option,
    inputs_argument,
    json_option,
    model_option,
    output_folder,
    print_json,
    progress,
    recordings,
    report_problems,
    spacing_option,
    write_whole,
)
from echospine.domain.errors import InputError

if TYPE_CHECKING:
    from echospine.domain.units import Labels
    from echospine.ports import FrameSource, Model, RecordingPlan


@click.command(epilog="Example: echospine segment sweep.igs.mha --out labels")
@inputs_argument
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the label maps.")
@spacing_option
@config_option
@model_option
@json_option
def segment(
    inputs: tuple[Path, ...],
    out: Path,
    pixel_spacing: float | None,
    config: Path | None,
    model: str | None,
    as_json: bool,
) -> int:
    """Write label maps: STEM[_NNNN].png of the input's size, and labels.json {id: name}.

    A pixel's value is the id of the structure. Bones mark their visible surface, a band about 2 mm thick; 18 is bone
    whose part is not known. A frame that cannot be decoded gets no label map.
    """
    from echospine.apps.wiring import build_model, build_reader
    from echospine.workflow.report import labels_json

    folder = output_folder(out)
    reader, engine = build_reader(), build_model(model)
    write_whole(folder / "labels.json", labels_json())
    written: list[str] = []
    with recordings(reader, inputs, pixel_spacing, config) as (plans, problems):
        for plan, stem in zip(plans, unique_stems(plans), strict=True):
            try:
                with reader.open(plan) as source, progress(plan.name) as on_frame:
                    written += _segment_one(engine, source, folder / stem, on_frame)
            except InputError as error:
                problems.append(str(error))
    if as_json:
        print_json({"files": written, "problems": problems})
    else:
        click.echo(f"wrote {len(written)} label maps and labels.json to {folder}")
    return report_problems(problems)


def unique_stems(plans: tuple[RecordingPlan, ...]) -> list[str]:
    """Return a file stem for each plan; equal names get a number, so that nothing is overwritten."""
    stems: list[str] = []
    for plan in plans:
        stem = Path(plan.name).name.split(".")[0] or "recording"
        candidate, count = stem, 2
        while candidate in stems:
            candidate, count = f"{stem}-{count}", count + 1
        stems.append(candidate)
    return stems


def _segment_one(model: Model, source: FrameSource, stem: Path, on_frame: Callable[[int, int], None]) -> list[str]:
    """Write the label maps of one recording; return their paths."""
    from echospine.workflow.exam import each_interpretation

    written: list[str] = []
    for frame, interpretation in each_interpretation(model, source, on_frame):
        if frame is not None:
            name = f"{stem.name}.png" if len(source) == 1 else f"{stem.name}_{frame.index:04d}.png"
            write_whole(stem.parent / name, _png(interpretation.label_map(frame.geometry)))
            written.append(str(stem.parent / name))
    return written


def _png(labels: Labels) -> bytes:
    """Return a label map as an 8-bit grey PNG."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(labels).save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()
