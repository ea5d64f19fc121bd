"""Typeset a report: the content goes to typst as data, never as code."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

import typst

from echospine.adapters.pdf.content import report_content
from echospine.adapters.pdf.pictures import Picture, picture_png
from echospine.domain.errors import StorageError
from echospine.domain.reports import Report, ReportFile

PDF_NAME = "report.pdf"
_HERE = resources.files("echospine.adapters.pdf")


class PdfWriter:
    """Writes `report.pdf`: A4, tagged for screen readers (PDF/UA-1 where the fonts at hand have every character)."""

    def write(self, report: Report) -> tuple[ReportFile, ...]:
        """Return the one file. Raises StorageError when there is no room to typeset it."""
        content, pictures = report_content(report)
        try:
            with tempfile.TemporaryDirectory(prefix="echospine-report-") as folder:
                data = _typeset(Path(folder), json.dumps(content), pictures, int(report.made_at.timestamp()))
        except OSError as error:
            raise StorageError(
                f"{PDF_NAME}: cannot be typeset ({error.strerror}); free some space for temporary files"
            ) from error
        return (ReportFile(PDF_NAME, "application/pdf", data),)


def _typeset(folder: Path, content: str, pictures: dict[str, Picture], made_at_s: int) -> bytes:
    (folder / "report.typ").write_bytes((_HERE / "report.typ").read_bytes())
    for name, picture in pictures.items():
        (folder / name).write_bytes(picture_png(picture))
    compiler = typst.Compiler(folder / "report.typ", root=folder, font_paths=fonts(), sys_inputs={"report": content})
    try:
        return _pdf(compiler, made_at_s, ["ua-1"])
    except typst.TypstError as error:
        # PDF/UA-1 forbids characters that no font at hand can show, and names come in every script of the world.
        if "could not be displayed" not in error.message:
            raise
        return _pdf(compiler, made_at_s, [])


def _pdf(compiler: typst.Compiler, made_at_s: int, standards: list[Literal["ua-1"]]) -> bytes:
    data = compiler.compile(format="pdf", pdf_standards=[*standards], timestamp=made_at_s)
    if not isinstance(data, bytes):
        raise TypeError("typst returned pages instead of one PDF")
    return data


@cache
def fonts() -> typst.Fonts:
    """Inter comes with EchoSpine; the machine's own fonts stand in for scripts that Inter does not have."""
    with resources.as_file(_HERE / "fonts") as folder:
        return typst.Fonts(font_paths=[folder])
