"""What the document says, as plain data that the typst template lays out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from echospine.adapters.pdf.numbers import breakable, clean, shortened, size_text, value_text, when_text
from echospine.adapters.pdf.pictures import Picture, overlay
from echospine.adapters.pdf.plots import depth_plot
from echospine.domain.colours import COLOURS, colour_of, tinted
from echospine.domain.exams import Change, Finding
from echospine.domain.interpretations import Interpretation
from echospine.domain.labels import BONES, Part, Structure
from echospine.domain.measures import TITLES, UNIT_WORDS, Measurement, Status
from echospine.domain.reports import DRAFT_MARK, NOT_A_DEVICE, KeyImage, Report, ReportRecording

VERBATIM = {"file", "sha256", "interpretation"}
"""What must stay as it is, to be found or compared letter by letter."""

Rows = list[tuple[int, Finding]]
Data = dict[str, Any]


def report_content(report: Report) -> tuple[Data, dict[str, Picture]]:
    """Return the document's data and, by file name, the pictures that it shows."""
    pictures: dict[str, Picture] = {}
    numbered = _numbered(report)
    content = {
        "draft": report.draft,
        "draft_mark": DRAFT_MARK,
        "not_a_device": NOT_A_DEVICE,
        "exam": _exam(report),
        "recordings": [
            _recording(item, rows, i, pictures)
            for i, (item, rows) in enumerate(zip(report.recordings, numbered, strict=True))
        ],
        "history": [_change(change, _names(report, numbered)) for change in report.history],
    }
    return _printable(content), pictures


def _printable(value: Any, key: str = "") -> Any:  # noqa: ANN401 -- any part of a JSON document
    """Make every text fit to print: no control characters, and long words may break where they must."""
    if isinstance(value, dict):
        return {name: _printable(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_printable(part) for part in value]
    if not isinstance(value, str) or key in VERBATIM:
        return value
    return breakable(clean(value))


def _numbered(report: Report) -> list[Rows]:
    """Number the findings through the whole report, so that a picture can point at its row."""
    result, number = [], 1
    for item in report.recordings:
        result.append(list(enumerate(item.findings, number)))
        number += len(item.findings)
    return result


def _exam(report: Report) -> Data:
    exam = report.exam
    running = [shortened(text, 34) for text in (exam.patient_name, exam.patient_id, exam.title) if text]
    return {
        "running": shortened(" · ".join(running), 68),
        "title": exam.title or "Examination",
        "id": exam.id,
        "patient_name": exam.patient_name,
        "patient_id": exam.patient_id,
        "created": when_text(exam.created_at),
        "state": exam.state.value,
        "version": exam.version,
        "signed_by": exam.signed_by,
        "signed_at": when_text(exam.signed_at),
        "made_at": when_text(report.made_at),
        "software": report.software,
    }


def _recording(item: ReportRecording, rows: Rows, index: int, pictures: dict[str, Picture]) -> Data:
    recording = item.recording
    images = [
        _key_image(key, rows, f"picture-{index}-{i}.png", pictures, item) for i, key in enumerate(item.key_images)
    ]
    return {
        "name": recording.name,
        "facts": list(_facts(item)),
        "notes": list(recording.notes),
        "images": images,
        "legend": _legend(item.key_images),
        "findings": [_finding(number, finding, item) for number, finding in rows],
        "plot": depth_plot(item),
        "files": [{"name": f.name, "size": size_text(f.size), "sha256": f.digest} for f in recording.files],
        "method": recording.method,
        "interpretation": recording.interpretation,
        "imported": when_text(recording.imported_at),
    }


def _facts(item: ReportRecording) -> Iterator[str]:
    recording, header = item.recording, item.header
    yield recording.format
    yield f"{recording.n_frames} frames" if recording.n_frames > 1 else "1 frame"
    yield f"{recording.width} × {recording.height} px"
    region = header.geometry.main_region()
    if region is None:
        yield "uncalibrated: lengths in mm cannot be given"
    else:
        across, down = region.step_mm
        yield f"{across:.4f} × {down:.4f} mm per pixel, from {region.spacing.value}"
    if header.frame_rate_hz:
        yield f"{header.frame_rate_hz:.1f} frames/s, from {header.time_source.value}"
    if header.tracked:
        yield "tracked"


def _key_image(key: KeyImage, rows: Rows, name: str, pictures: dict[str, Picture], item: ReportRecording) -> Data:
    frame, seen = key.frame, key.interpretation
    mapped = seen.structures
    pictures[name] = Picture(frame.pixels if mapped is None else tinted(frame.pixels, mapped.over(frame.geometry)))
    here = [(n, f.measurement) for n, f in rows if f.measurement.points_px and f.measurement.frame == frame.index]
    place = f"Frame {frame.index + 1} of {item.recording.n_frames}"
    if frame.time_s is not None:
        place += f", {frame.time_s:.2f} s"
    sure = _sure(seen)
    return {
        "file": name,
        "aspect": frame.geometry.height / frame.geometry.width,
        "overlay": overlay(key, here),
        "place": place,
        "caption": key.caption,
        "sure": sure or "no bone surface found",
        "alt": f"Ultrasound picture. {place}. {key.caption}. {sure or 'No bone surface found'}.",
    }


def _sure(seen: Interpretation) -> str:
    """Return what was seen in a frame, and how surely, in words; empty where nothing was."""
    parts = [
        f"{_words(s.structure)} seen in {s.found.mean():.0%} of columns, mean confidence {s.mean_confidence:.2f}"
        for s in seen.surfaces
        if s.found.any()
    ]
    areas = _areas(seen)
    parts += [f"areas of {', '.join(map(_words, areas))}"] if areas else []
    if seen.view is not None:
        parts.append(f"view: {seen.view.view.value.replace('_', ' ')}, probability {seen.view.confidence:.2f}")
    sentences = [", ".join(parts)] if parts else []
    return "; ".join([*sentences, *(seen.doubt.reasons if seen.doubt else ())])


def _areas(seen: Interpretation) -> list[Structure]:
    return [one for one in seen.structures.structures if one not in BONES] if seen.structures else []


def _legend(images: tuple[KeyImage, ...]) -> list[Data]:
    lines = {s.structure for key in images for s in key.interpretation.surfaces if s.found.any()}
    areas = {one for key in images for one in _areas(key.interpretation)}
    surfaces = [{"name": f"{_words(s)} surface", "colour": COLOURS[s]} for s in sorted(lines)]
    return surfaces + [{"name": _words(s), "colour": COLOURS[s]} for s in sorted(areas)]


def _finding(number: int, finding: Finding, item: ReportRecording) -> Data:
    measurement = finding.measurement
    absence, _, why = measurement.note.partition(":")
    original = finding.original if measurement.status is Status.EDITED else None
    return {
        "row": number,
        "title": TITLES[measurement.quantity],
        "where": _where(measurement),
        "colour": colour_of(measurement.structure),
        "value": value_text(measurement, measurement.value) if measurement.value is not None else absence,
        "has_value": measurement.value is not None,
        "uncertainty": value_text(measurement, measurement.uncertainty) if measurement.uncertainty is not None else "",
        "unit": UNIT_WORDS[measurement.unit],
        "note": measurement.note if measurement.value is not None else why.strip(),
        "original": value_text(measurement, original) if original is not None else "",
        "reason": finding.reason,
        "frame": "" if measurement.frame is None else f"{measurement.frame + 1} of {item.recording.n_frames}",
        "over": f"from {measurement.n_frames} frames" if measurement.n_frames > 1 else "",
        "status": measurement.status.value,
        "who": finding.decided_by,
        "method": str(measurement.method),
    }


def _where(measurement: Measurement) -> str:
    words = _words(measurement.structure)
    parts = [measurement.level, measurement.side.value if measurement.side.value != "unknown" else ""]
    if measurement.structure is not Structure.BACKGROUND and words not in TITLES[measurement.quantity].lower():
        parts.append(words)
    return " ".join(part for part in (*parts, measurement.state.words) if part)


def _names(report: Report, numbered: list[Rows]) -> dict[str, str]:
    """Return the words by which this report knows what the history names by its id."""
    names = {finding.id: f"no. {number}" for rows in numbered for number, finding in rows}
    return names | {item.recording.id: item.recording.name for item in report.recordings}


def _change(change: Change, names: dict[str, str]) -> Data:
    return {
        "at": when_text(change.at),
        "who": change.who,
        "action": change.action,
        "target": _target(change.target, names),
        "reason": change.reason,
    }


def _target(target: str, names: dict[str, str]) -> str:
    """Return "measurement no. 3" for "measurement:<id>", "contour sweep.mha, frame 5" for "contour:<id>/4"."""
    kind, _, rest = target.partition(":")
    key, _, frame = rest.partition("/")
    if not rest:
        return kind
    name = names.get(key, key)
    if kind == "taken":
        return f"label of {name}"
    if kind == "remark":
        what, _, measure = frame.partition("/")
        return f"{what} of {name}, {measure.rpartition('/')[2].replace('.', ' ').replace('_', ' ')}"
    return f"{kind} {name}, frame {int(frame) + 1}" if frame.isdecimal() else f"{kind} {name}"


def _words(structure: Part) -> str:
    return structure.label.replace("_", " ")
