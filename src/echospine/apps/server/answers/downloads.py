"""Files of a report on their way to a person: shown or saved, under names that no browser or disk trips over."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath
from urllib.parse import quote

from fastapi import Response

from echospine.apps.server.keeping.rendered import RenderedReport
from echospine.domain.exams import Exam
from echospine.domain.reports import ReportFile

SHOWN = ("application/pdf", "image/png")
"""What a browser shows safely by itself; all else is saved, so that nothing of ours runs as a page."""
SAME_PAGE = "frame-ancestors 'self'"
"""Only our own page may show a report inside itself."""
LONGEST_NAME = 120


def safe_name(name: str) -> str:
    """Return a file name without folders, control characters or what file systems refuse; never empty."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c if c.isprintable() and c not in '<>:"/\\|?*' else "_" for c in last)
    return kept.strip(" .")[-LONGEST_NAME:] or "file"


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition: plain ASCII for old readers, UTF-8 for all others (RFC 6266)."""
    safe = safe_name(name)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def file_response(file: ReportFile, *, download: bool) -> Response:
    """Return one file of a report."""
    inline = file.media_type in SHOWN and not download
    headers = {
        "Content-Disposition": disposition(file.name, inline=inline),
        "Cache-Control": "no-store",
        "Content-Security-Policy": SAME_PAGE,
        "X-Frame-Options": "SAMEORIGIN",
    }
    return Response(file.data, headers=headers, media_type=file.media_type)


def zip_response(exam: Exam, rendered: RenderedReport) -> Response:
    """Return every file of a report in one archive, named after the examination."""
    name = f"{safe_name(exam.title)}{' draft' if rendered.draft else ''}.zip"
    headers = {"Content-Disposition": disposition(name, inline=False), "Cache-Control": "no-store"}
    return Response(_zipped(rendered), headers=headers, media_type="application/zip")


def _zipped(rendered: RenderedReport) -> bytes:
    packed = io.BytesIO()
    made = rendered.made_at.timetuple()[:6]
    with zipfile.ZipFile(packed, "w") as archive:
        for file in rendered.files:
            info = zipfile.ZipInfo(file.name, date_time=made)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.data, compresslevel=6)
    return packed.getvalue()
