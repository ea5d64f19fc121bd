"""From an examination in the store to a report: what it says, before anything decides how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from echospine import __version__
from echospine.domain.errors import InputError
from echospine.domain.exams import ContourEdit, ExamFile, ExamState, Finding, MapEdit, MapWay, Recording
from echospine.domain.interpretations import Interpretation
from echospine.domain.measures import OF_MUSCLES, TITLES, Measurement, Quantity, Status
from echospine.domain.reports import KeyImage, Report, ReportRecording
from echospine.domain.units import Floats
from echospine.ports import FrameSource, House
from echospine.workflow.exam import Interpreted, load_interpreted, open_recording

MAX_KEY_IMAGES = 4
SOFTWARE = f"EchoSpine {__version__}"
_NOTHING = Interpreted((), (), ())


def build_report(house: House, exam_id: str) -> Report:
    """Return the report of an examination as it stands; a draft until it is signed.

    A signed report bears the time of its signature, so that it can be made again, the same to the last byte.
    Raises NotFound, StorageError or InputError when something that belongs to it is gone or damaged.
    """
    file = house.studies.load(exam_id)
    signed_at = file.exam.signed_at if file.exam.state is ExamState.SIGNED else None
    return Report(
        exam=file.exam,
        recordings=tuple(_recording(house, file, recording) for recording in file.recordings),
        history=file.history,
        made_at=signed_at or house.clock.now(),
        software=SOFTWARE,
    )


def _recording(house: House, file: ExamFile, recording: Recording) -> ReportRecording:
    findings = tuple(
        f for f in file.findings if f.recording_id == recording.id and f.measurement.status is not Status.REJECTED
    )
    interpreted = load_interpreted(house, file, recording.id) if recording.interpretation else _NOTHING
    drawn = file.edits_of(recording.id)
    with open_recording(house, recording) as source:
        return ReportRecording(
            recording=recording,
            header=source.header,
            findings=findings,
            key_images=_key_images(source, interpreted.interpretations, key_frames(interpreted, findings, drawn)),
            series=series_of(interpreted.per_frame),
            interpretations=interpreted.interpretations,
            drawn=drawn,
        )


def series_of(per_frame: Sequence[Sequence[Measurement]]) -> Mapping[Quantity, Floats]:
    """Return each quantity over the frames, shape (n_frames,), NaN where a frame has no value.

    Quantities of muscles are left out: one line cannot be of two structures or sides.
    """
    series: dict[Quantity, Floats] = {}
    for index, several in enumerate(per_frame):
        for measured in several:
            if measured.quantity in OF_MUSCLES:
                continue
            values = series.setdefault(measured.quantity, np.full(len(per_frame), np.nan))
            values[index] = np.nan if measured.value is None else measured.value
    return series


def key_frames(
    interpreted: Interpreted, findings: Sequence[Finding], drawn: Sequence[ContourEdit | MapEdit]
) -> dict[int, str]:
    """Return the frames worth showing, each with why, at most MAX_KEY_IMAGES, in order of time.

    First the frame that shows the shallowest depth best and the one in which the bone is surest, then frames
    with a person's contour or map and with callippers, as long as there is room.
    """
    if not interpreted.interpretations:
        return {}
    reasons: list[tuple[int, str]] = []
    for finding in findings:
        measured = finding.measurement
        if measured.quantity is Quantity.BONE_DEPTH_MIN and measured.frame is not None:
            reasons.append((measured.frame, f"shows best: {TITLES[measured.quantity].lower()}, {measured.words}"))
    best = max(interpreted.interpretations, key=_worth)
    surely = any(surface.found.any() for surface in best.surfaces)
    reasons.append((best.frame_index, "bone seen most surely" if surely else "best picture; no bone seen"))
    reasons += [(edit.frame, "contour drawn by a person") for edit in drawn if isinstance(edit, ContourEdit)]
    keys = [edit for edit in drawn if isinstance(edit, MapEdit) and edit.way is MapWay.DRAWN]
    reasons += [(edit.frame, f"structures corrected by {edit.who}") for edit in keys]
    callipers = [f.measurement for f in findings if f.measurement.points_px]
    reasons += [(m.frame, f"{TITLES[m.quantity].lower()} {m.words}") for m in callipers if m.frame is not None]
    return _first_few(reasons)


def _first_few(reasons: Sequence[tuple[int, str]]) -> dict[int, str]:
    captions: dict[int, list[str]] = {}
    for frame, why in reasons:
        if frame in captions or len(captions) < MAX_KEY_IMAGES:
            captions.setdefault(frame, []).append(why)
    whole = {frame: "; ".join(captions[frame]) for frame in sorted(captions)}
    return {frame: text[:1].upper() + text[1:] for frame, text in whole.items()}


def _worth(interpretation: Interpretation) -> tuple[float, float, float]:
    """Return how well a frame shows bone: surely, widely, in a good picture."""
    surest = max((surface.mean_confidence for surface in interpretation.surfaces), default=0.0)
    widest = max((float(surface.found.mean()) for surface in interpretation.surfaces), default=0.0)
    return surest * widest, surest, interpretation.quality.score


def _key_images(
    source: FrameSource, interpretations: Sequence[Interpretation], frames: Mapping[int, str]
) -> tuple[KeyImage, ...]:
    """Return the pictures of those frames; one that cannot be decoded is left out, as its notes say."""
    images = []
    for index, caption in frames.items():
        try:
            images.append(KeyImage(source.frame(index), interpretations[index], caption))
        except InputError:
            continue
    return tuple(images)
