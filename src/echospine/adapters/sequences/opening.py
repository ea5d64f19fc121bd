"""From the files of a recording to its FrameSource."""

from __future__ import annotations

from echospine.adapters.sequences.sniff import named_as_pixels, sniff
from echospine.adapters.sequences.source import LazySource, check_spacing
from echospine.adapters.sequences.tracked import PlusConfig, SequenceSource, read_config
from echospine.domain.errors import InputError, UnsupportedError
from echospine.ports import FrameSource, LocalFile, RecordingPlan


def open_sequence(plan: RecordingPlan) -> FrameSource:
    """Open a PLUS or Slicer sequence, a video, or pictures; the first file tells which it is.

    Sequences may be followed by companions: a PLUS configuration, and the file with their pixels. Pictures
    make one recording in the given order. `plan.pixel_spacing_mm` is used where the recording carries no
    millimetres of its own; where it does, the recording's own are kept and a note says so. Raises InputError
    whose text names the file and the way out.
    """
    if not plan.files:
        raise InputError(f"{plan.name}: no file was given for this recording")
    check_spacing(plan.name, plan.pixel_spacing_mm)
    first, rest = plan.files[0], plan.files[1:]
    kind = sniff(first)
    if kind == "sequence":
        return _open_sequence_file(plan, first, rest)
    if kind == "video":
        return _open_video(plan, first, rest)
    if kind == "image":
        return _open_pictures(plan)
    raise UnsupportedError(_not_a_recording(first, kind))


def _open_sequence_file(plan: RecordingPlan, first: LocalFile, rest: tuple[LocalFile, ...]) -> LazySource:
    kinds = {file: sniff(file) for file in rest if not named_as_pixels(file)}
    surplus = next((file for file, kind in kinds.items() if kind in ("sequence", "video", "image")), None)
    if surplus is not None:
        raise InputError(f"{surplus.name}: is a recording of its own; give it apart from {first.name}")
    configs = [read_config(file) for file, kind in kinds.items() if kind == "companion"]
    if len(configs) > 1:
        names = " and ".join(config.name for config in configs)
        raise InputError(f"{first.name}: has two configurations ({names}); give the one that it was recorded with")
    config: PlusConfig | None = configs[0] if configs else None
    return SequenceSource(plan.name, first, rest, config, plan.pixel_spacing_mm)


def _open_video(plan: RecordingPlan, first: LocalFile, rest: tuple[LocalFile, ...]) -> LazySource:
    from echospine.adapters.sequences.video import VideoSource  # noqa: PLC0415 -- loads FFmpeg

    if rest:
        raise InputError(f"{rest[0].name}: a video is a recording by itself; give it apart from {first.name}")
    return VideoSource(plan.name, first, plan.pixel_spacing_mm)


def _open_pictures(plan: RecordingPlan) -> LazySource:
    from echospine.adapters.sequences.pictures import PictureSource  # noqa: PLC0415 -- loads Pillow

    odd = next((file for file in plan.files if sniff(file) != "image"), None)
    if odd is not None:
        raise InputError(f"{odd.name}: is not a picture like the others of {plan.name}; take it out")
    return PictureSource(plan.name, plan.files, plan.pixel_spacing_mm)


def _not_a_recording(file: LocalFile, kind: str | None) -> str:
    if kind == "companion":
        return f"{file.name}: goes with a sequence and is no recording; give it together with its .mha, .mhd or .nrrd"
    if kind == "archive":
        return f"{file.name}: is a zip archive; unpack it and give what is in it"
    return (
        f"{file.name}: is nothing that can be read here; give DICOM, a PLUS or 3D Slicer sequence (.mha, .nrrd), "
        "a video, or PNG, TIFF, JPEG or BMP pictures"
    )
