"""`echospine examine`: interpret, measure and report. The main job."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    from echospine.domain.exams import ExamFile, Finding
    from echospine.ports import House, RecordingPlan

WHO = "command line"


@click.command(epilog="Example: echospine examine scan.dcm sweep.igs.mha --out findings")
@inputs_argument
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder for the results.")
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the examination in this store, to review and sign it in `echospine serve --store DIR`.",
)
@click.option("--title", default="", help="Title of the examination; otherwise the name of its first recording.")
@spacing_option
@config_option
@model_option
@json_option
def examine(
    inputs: tuple[Path, ...],
    out: Path,
    store: Path | None,
    title: str,
    pixel_spacing: float | None,
    config: Path | None,
    model: str | None,
    as_json: bool,
) -> int:
    """Interpret and measure recordings, and write a draft report with tables, pictures and a PDF.

    What no clinician has reviewed is marked as a draft. Exit code 2: some input could not be used; the rest was.
    """
    from echospine.apps.wiring import build_reader

    folder = output_folder(out)
    with (
        recordings(build_reader(), inputs, pixel_spacing, config) as (plans, problems),
        _house(store, model) as house,
    ):
        exams = _examine(house, plans, title, problems)
        written = _write_reports(house, exams, folder)
        files = [house.studies.load(exam_id) for exam_id in exams]
    if as_json:
        print_json({"exams": [_summary(file) for file in files], "files": written, "problems": problems})
    else:
        for file in files:
            _print_table(file)
        for path in written:
            click.echo(f"{'report: ' if path.endswith('.pdf') else 'wrote '}{path}")
    return report_problems(problems)


@contextmanager
def _house(store: Path | None, model: str | None) -> Iterator[House]:
    """Give the house over `store`, or over a temporary folder that is gone afterwards."""
    from echospine.apps.wiring import build_model, open_house

    with ExitStack() as stack:
        folder = store or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="echospine-store-")))
        yield stack.enter_context(open_house(folder, build_model(model) if model else None))


def _examine(house: House, plans: tuple[RecordingPlan, ...], title: str, problems: list[str]) -> list[str]:
    """Import and interpret each plan; return the ids of the exams they are in.

    Each person gets an exam of their own; recordings that name nobody share one. A recording that is in the
    store already stays in its exam.
    """
    from echospine.workflow.exam import create_exam, find_again, import_recording, interpret_recording, patient_of

    exam_of: dict[str, str] = {}
    exams: list[str] = []
    for plan in plans:
        try:
            found = find_again(house, plan)
            if found is None:
                patient = patient_of(house, plan)
                if patient not in exam_of:
                    exam_of[patient] = create_exam(house, title=title or plan.name, who=WHO).id
                found = import_recording(house, exam_of[patient], plan, who=WHO).recording
            if not found.interpretation:
                with progress(plan.name) as on_frame:
                    interpret_recording(house, found.id, who=WHO, on_frame=on_frame)
        except InputError as error:
            problems.append(str(error))
        else:
            exams += [found.exam_id] if found.exam_id not in exams else []
    return exams


def _write_reports(house: House, exams: list[str], out: Path) -> list[str]:
    """Write the report of each exam into `out`, or into a numbered folder for each when there are several."""
    from echospine.workflow.report import build_report, render

    written = []
    for number, exam_id in enumerate(exams, start=1):
        folder = out if len(exams) == 1 else out / f"exam-{number}"
        for file in render(build_report(house, exam_id), house.writers):
            write_whole(folder / file.name, file.data)
            written.append(str(folder / file.name))
    return written


def _summary(file: ExamFile) -> dict[str, object]:
    """Return what a machine wants to know of an examination."""
    return {
        "id": file.exam.id,
        "title": file.exam.title,
        "state": file.exam.state.value,
        "recordings": [
            {"name": r.name, "format": r.format, "n_frames": r.n_frames, "calibrated": r.calibrated, "digest": r.digest}
            for r in file.recordings
        ],
        "findings": [_finding(file, finding) for finding in file.findings],
    }


def _finding(file: ExamFile, finding: Finding) -> dict[str, object]:
    measured = finding.measurement
    return {
        "recording": file.recording(finding.recording_id).name,
        "structure": measured.structure.label,
        "quantity": measured.quantity.value,
        "value": measured.value,
        "unit": measured.unit.value,
        "uncertainty": measured.uncertainty,
        "frame": measured.frame,
        "n_frames": measured.n_frames,
        "method": str(measured.method),
        "status": measured.status.value,
        "note": measured.note,
    }


def _print_table(file: ExamFile) -> None:
    """Print the findings of an examination, recording by recording."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from echospine.domain.exams import ExamState
    from echospine.domain.measures import TITLES
    from echospine.domain.reports import DRAFT_MARK

    console = Console()
    for recording in file.recordings:
        about = f"{recording.format}, {recording.n_frames} frames" + ("" if recording.calibrated else ", uncalibrated")
        table = Table(
            "finding", "value", "frame", "status", title=Text(f"{recording.name}: {about}"), title_justify="left"
        )
        for finding in file.findings:
            if finding.recording_id == recording.id:
                measured = finding.measurement
                frame = "" if measured.frame is None else f"{measured.frame + 1} of {recording.n_frames}"
                table.add_row(TITLES[measured.quantity], measured.words, frame, measured.status.value)
        console.print(table)
        if recording.method:
            console.print(Text(f"  seen by: {recording.method}"))
        for note in recording.notes:
            console.print(Text(f"  note: {note}"))
    console.print(Text(DRAFT_MARK if file.exam.state is not ExamState.SIGNED else f"signed by {file.exam.signed_by}"))
