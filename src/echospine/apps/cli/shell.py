"""What the commands share: reading inputs, a progress bar, and saying what could not be used."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from echospine.domain.errors import InputError, StorageError

if TYPE_CHECKING:
    from echospine.ports import RecordingPlan, RecordingReader

Command = TypeVar("Command", bound=Callable[..., Any])

inputs_argument = click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(path_type=Path))


def spacing_option(command: Command) -> Command:
    """Add `--pixel-spacing MM`."""
    return click.option(
        "--pixel-spacing",
        type=float,
        metavar="MM",
        help="Size of a pixel, mm, for images and videos that do not say it themselves.",
    )(command)


def config_option(command: Command) -> Command:
    """Add `--config PLUS.xml`."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="PLUS.xml",
        help="PLUS configuration with the calibration (Image to Probe). Found by itself when it lies beside.",
    )(command)


def model_option(command: Command) -> Command:
    """Add `--model NAME`."""
    return click.option(
        "--model",
        metavar="NAME",
        help="Model of yours, `shipped`, `finder` (bone without training), or a folder with a model.",
    )(command)


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for machines.")(command)


@contextmanager
def recordings(
    reader: RecordingReader, inputs: Sequence[Path], pixel_spacing_mm: float | None, config: Path | None
) -> Iterator[tuple[tuple[RecordingPlan, ...], list[str]]]:
    """Find the recordings in `inputs`; give them and the list of what cannot be used, to be added to."""
    from echospine.workflow.exam import expand, gather

    with tempfile.TemporaryDirectory(prefix="echospine-") as scratch:
        files, problems = [], []
        for path in (*inputs, *([config] if config else [])):
            try:
                files += expand(path)
            except InputError as error:
                problems.append(str(error))
        gathered = gather(reader, files, scratch=Path(scratch), pixel_spacing_mm=pixel_spacing_mm)
        problems += gathered.problems
        if not gathered.plans and not problems:
            problems.append(f"{', '.join(map(str, inputs))}: holds no recording; give a DICOM file, sequence or image")
        yield gathered.plans, problems


def report_problems(problems: Iterable[str]) -> int:
    """Print one line for each problem on standard error; return the exit code, 2 if there was any."""
    code = 0
    for problem in problems:
        click.echo(f"echospine: {problem}", err=True)
        code = 2
    return code


def print_json(document: object) -> None:
    """Print one JSON object on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function `(done, total)` that moves a bar with a rest time; silent where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def output_folder(path: Path) -> Path:
    """Make the folder for the results; raises StorageError when that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be made a folder ({error.strerror}); choose another --out") from error
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; raises StorageError (disk full, no permission)."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({error.strerror}); nothing was left half-written") from error
