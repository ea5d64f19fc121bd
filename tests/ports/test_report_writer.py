"""What every report writer promises: a draft is marked or left out, names are safe, and bytes can be made again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from PIL import Image

import reporting
from echospine.adapters.dicom.writing import SegWriter, SrWriter, UsImageWriter
from echospine.adapters.pdf import PdfWriter
from echospine.adapters.pictures import OverlayWriter
from echospine.domain.reports import Report, ReportFile
from echospine.ports import ReportWriter

SCENE = reporting.Scene()
WRITERS: dict[str, Callable[[], ReportWriter]] = {
    "pdf": PdfWriter,
    "pictures": OverlayWriter,
    "sr": SrWriter,
    "seg": SegWriter,
    "us image": lambda: UsImageWriter(reporting.opener(SCENE)),
}


@pytest.fixture(params=WRITERS)
def writer(request: pytest.FixtureRequest) -> ReportWriter:
    return WRITERS[request.param]()


def report(*, draft: bool) -> Report:
    return reporting.make_report(reporting.report_recording(SCENE), draft=draft)


def test_a_signed_report_is_written_and_can_be_written_again(writer: ReportWriter) -> None:
    files = writer.write(report(draft=False))
    assert files
    assert writer.write(report(draft=False)) == files


def test_names_stay_inside_their_folder_and_files_are_not_empty(writer: ReportWriter) -> None:
    for file in writer.write(report(draft=False)):
        path = PurePosixPath(file.name)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert file.data
        assert "/" in file.media_type


def test_a_draft_is_left_out_by_dicom_and_marked_elsewhere(writer: ReportWriter) -> None:
    files = writer.write(report(draft=True))
    if isinstance(writer, SrWriter | SegWriter | UsImageWriter):
        assert files == ()
    else:
        assert files
        assert files != writer.write(report(draft=False))


def test_a_report_without_recordings_breaks_no_writer(writer: ReportWriter) -> None:
    assert isinstance(writer.write(reporting.make_report()), tuple)


def test_key_images_have_the_size_of_the_frame_and_a_draft_a_strip_below() -> None:
    def sizes(files: tuple[ReportFile, ...]) -> set[tuple[int, int]]:
        return {Image.open(io.BytesIO(file.data)).size for file in files}

    signed, draft = (sizes(OverlayWriter().write(report(draft=marked))) for marked in (False, True))
    assert signed == {(SCENE.width, SCENE.height)}
    assert all(height > SCENE.height for _, height in draft)
