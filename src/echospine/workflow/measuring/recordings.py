"""What was measured in one recording, as the model and people's callipers have it, before anybody named it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from echospine.domain.exams import ExamFile, Recording
from echospine.domain.frames import RecordingHeader
from echospine.domain.measures import Measurement
from echospine.domain.remarks import Remark, TakenAs
from echospine.domain.takes import Taken
from echospine.engine.muscle.echo import Acquisition
from echospine.ports import House
from echospine.workflow.exam import load_interpreted, open_recording


@dataclass(frozen=True, slots=True)
class InRecording:
    """Measurements of each frame and over the recording, sides and levels as the picture tells them; `device` alike.

    `acquired`: with what, as far as the file tells; most files tell neither gain nor preset.
    """

    recording: Recording
    per_frame: tuple[tuple[Measurement, ...], ...]
    summary: tuple[Measurement, ...]
    acquired: Acquisition


def measured_in(house: House, file: ExamFile, recording: Recording) -> InRecording:
    """Return what was measured in an interpreted recording; raises NotFound before it is, InputError, StorageError."""
    unnamed = replace(file, remarks=tuple(_view_alone(one) for one in file.remarks))
    interpreted = load_interpreted(house, unnamed, recording.id)
    with open_recording(house, recording) as source:
        acquired = _acquired(source.header)
    return InRecording(recording, interpreted.per_frame, interpreted.summary, acquired)


def named_as(measured: Sequence[Measurement], taken: Taken) -> list[tuple[Measurement, Measurement]]:
    """Return each measurement as it was measured, with itself as a person named it."""
    return [(one, one.taken(taken)) for one in measured]


def _view_alone(remark: Remark) -> Remark:
    """Return a remark with the view alone of what was said of the recording: it decides what is measured at all."""
    if not isinstance(remark, TakenAs):
        return remark
    return replace(remark, taken=Taken(view=remark.taken.view))


def _acquired(header: RecordingHeader) -> Acquisition:
    origin, region = header.dicom, header.geometry.main_region()
    device = " ".join(part for part in (origin.manufacturer, origin.model_name) if part) if origin else ""
    depth_mm = None if region is None else round((region.y1 - region.y0 + 1) * region.step_mm[1], 1)
    return Acquisition(device=device or None, depth_mm=depth_mm)
