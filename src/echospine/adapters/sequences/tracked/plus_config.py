"""PLUS configuration XML: the transforms that stay the same, among them the probe's calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

import numpy as np

from echospine.adapters.sequences.files import open_file, reading
from echospine.adapters.sequences.source import plausible_mm
from echospine.adapters.sequences.tracked.tracking import parse_matrix, usable
from echospine.domain.errors import GeometryError, InputError, TooLargeError
from echospine.domain.images import ImageGeometry, Spacing
from echospine.domain.poses import Pose, chain
from echospine.ports import LocalFile

MAX_BYTES = 4 << 20
"""Largest configuration that is read; real ones have a few kilobytes."""
_PICTURE_SIZE = "OutputImageSizePixel"


@dataclass(frozen=True, slots=True)
class PlusConfig:
    """What a configuration says that matters to a recorded sequence.

    `poses`: the transforms of CoordinateDefinitions; `picture_sizes`: width and height of the
    scan-converted pictures that it makes; `notes`: transforms that had to be left out.
    """

    name: str
    poses: tuple[Pose, ...] = ()
    picture_sizes: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def image_to_probe(self) -> Pose | None:
        """Pose(target Probe, source Image), defined as such or chained, or None."""
        try:
            return chain(self.poses, "Probe", "Image")
        except GeometryError:
            return None


def read_config(file: LocalFile) -> PlusConfig:
    """Read a PLUS configuration; raises InputError when it is not well-formed XML or not one of PLUS."""
    with open_file(file) as stream, reading(file.name):
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise TooLargeError(f"{file.name}: is larger than {MAX_BYTES >> 20} MiB, so it is no PLUS configuration")
    return decode_config(data, file.name)


def decode_config(data: bytes, name: str) -> PlusConfig:
    """Return what a configuration says; `name` is the file that errors speak of.

    Raises InputError for text that is not well-formed, that brings a document type (where entity bombs
    live), or that has no PlusConfiguration or CoordinateDefinitions.
    """
    found = _Collector(name)
    parser = expat.ParserCreate()
    parser.StartElementHandler = found.element
    parser.StartDoctypeDeclHandler = found.refuse_doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise InputError(
            f"{name}: is not well-formed XML ({error}); correct it in an editor, or copy the configuration again"
        ) from error
    if not found.is_plus:
        raise InputError(
            f"{name}: is XML, but no PLUS configuration (no PlusConfiguration or CoordinateDefinitions in it); "
            "give the file that the sequence was recorded with"
        )
    return PlusConfig(name, tuple(found.poses.values()), tuple(found.sizes), tuple(found.notes))


class _Collector:
    """Takes what matters from the stream of XML elements; a later transform replaces an earlier one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_plus = False
        self.poses: dict[tuple[str, str], Pose] = {}
        self.sizes: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def element(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in ("PlusConfiguration", "CoordinateDefinitions"):
            self.is_plus = True
        elif tag == "Transform" and {"From", "To", "Matrix"} <= attributes.keys():
            self._transform(attributes["From"], attributes["To"], attributes["Matrix"])
        elif tag == "ScanConversion":
            words = attributes.get(_PICTURE_SIZE, "").split()
            if len(words) == 2 and all(word.isdecimal() for word in words):
                self.sizes.append((int(words[0]), int(words[1])))

    def refuse_doctype(self, *_: object) -> None:
        raise InputError(
            f"{self.name}: brings a document type (DOCTYPE), which PLUS never writes and which can hide a bomb; "
            "remove those lines"
        )

    def _transform(self, source: str, target: str, text: str) -> None:
        matrix = parse_matrix(text)
        if not (source and target and source != target and usable(matrix[None])[0]):
            self.notes.append(
                f"{self.name}: the transform {source}To{target} is not a finite, invertible 4x4 matrix; it is left out."
            )
            return
        self.poses[source, target] = Pose(target, source, matrix)


def calibrated(width: int, height: int, config: PlusConfig, scan_lines: bool) -> tuple[ImageGeometry, tuple[str, ...]]:
    """Return the geometry of an MF picture under a configuration, and notes on what it rests on.

    The steps are the lengths of the first two columns of ImageToProbe: they differ in general. `scan_lines`:
    the picture was stored with scan lines as rows. Then it may not be scan-converted yet, and a calibration
    made for pictures of another size is not used.
    """
    bare = ImageGeometry(width, height)
    calibration = config.image_to_probe
    if calibration is None:
        return bare, (f"{config.name}: says nothing of Image to Probe, so it gives no millimetres.",)
    step_x, step_y = (float(step) for step in np.linalg.norm(calibration.matrix[:3, :2], axis=0))
    if not (plausible_mm(step_x) and plausible_mm(step_y)):
        note = f"{config.name}: Image to Probe has pixels of {step_x:.4g} x {step_y:.4g} mm, which cannot be."
        return bare, (f"{note} It is not used for lengths.",)
    notes: tuple[str, ...] = ()
    if config.picture_sizes and (width, height) not in config.picture_sizes:
        made_for = " or ".join(f"{w} x {h}" for w, h in config.picture_sizes)
        told = f"{config.name}: was made for pictures of {made_for} pixels, these have {width} x {height}"
        if scan_lines:
            return bare, (f"{told} (scan lines, not converted to a picture); they stay uncalibrated.",)
        notes = (f"{told}; lengths are right only if they were cropped, not resized.",)
    return ImageGeometry.uniform(width, height, step_x, step_y, Spacing.IMAGE_TO_PROBE), notes
