"""The command's root. Everything heavy is imported inside the commands, so that `--help` is quick."""

from __future__ import annotations

import sys

import click

from echospine import __version__
from echospine.apps.cli.cohort import cohort
from echospine.apps.cli.corrections import corrections
from echospine.apps.cli.data import data
from echospine.apps.cli.elastography import elastography
from echospine.apps.cli.evaluate import evaluate
from echospine.apps.cli.examine import examine
from echospine.apps.cli.live import live
from echospine.apps.cli.measure import measure
from echospine.apps.cli.models import models
from echospine.apps.cli.segment import segment
from echospine.apps.cli.serve import serve
from echospine.apps.cli.simulate import simulate
from echospine.apps.cli.train import train
from echospine.apps.cli.trend import trend
from echospine.domain.errors import EchoSpineError, GeometryError, InputError

EXIT_BAD_INPUT = 2
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="echospine")
def root() -> None:
    """Read ultrasound of the spine, name and measure what it shows, and report it.

    INPUT is a DICOM file or folder, a PLUS or 3D Slicer sequence (.mha, .nrrd), a video, an image, a folder of
    images, or a .zip of these. Exit code 2 means that some input could not be used; everything else was done.

    For research and education. Not a medical device.
    """


for command in (
    examine,
    segment,
    measure,
    cohort,
    elastography,
    trend,
    simulate,
    live,
    serve,
    corrections,
    train,
    evaluate,
    models,
    data,
):
    root.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; every error that EchoSpine raises becomes one line and an exit code."""
    try:
        code = root.main(arguments, prog_name="echospine", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (InputError, GeometryError) as error:
        _say(error)
        sys.exit(EXIT_BAD_INPUT)
    except (EchoSpineError, OSError) as error:
        _say(error)
        sys.exit(EXIT_FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _say(error: Exception) -> None:
    click.echo(f"echospine: {error}", err=True)
