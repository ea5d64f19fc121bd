"""The built web page: its files, and `index.html` for every address inside it."""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from echospine.apps.server.problems import KINDS, problem
from echospine.domain.errors import NotFound

NOT_FOUND = KINDS[NotFound]
HASHED = "assets"
"""Folder of files whose names change with their content."""
KEEP_FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>EchoSpine</title>
<h1>EchoSpine is running, but its page has not been built</h1>
<p>In the checkout, run <code>make web</code> (it needs Node 20 or newer), then load this page again.</p>
<p>The interface for programs works: see <a href="/api/openapi.json">its description</a>.</p>
</html>
"""

# What the operating system says about these may be wrong (Windows) or missing (slim containers).
for _ending, _type in {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}.items():
    mimetypes.add_type(_type, _ending)


class Pages:
    """ASGI application: answers whatever is no route of the API."""

    def __init__(self, folder: Path | None) -> None:
        built = folder is not None and (folder / "index.html").is_file()
        self._files = _Files(directory=folder) if built and folder is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a page or a file."""
        path: str = scope["path"]
        if scope["type"] == "websocket":
            await problem(NOT_FOUND, "there is no socket at that address; see docs/live.md", path)(scope, receive, send)
            return
        if path == "/api" or path.startswith("/api/"):
            raise HTTPException(404, "the API has no such address; see /api/openapi.json")
        if self._files is None:
            headers = {"Cache-Control": "no-store"}
            await HTMLResponse(NOT_BUILT, status_code=503, headers=headers)(scope, receive, send)
            return
        await self._files(scope, receive, send)


class _Files(StaticFiles):
    """Files of the built page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, or the page itself for an address that only the page knows."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_address_of_page(path):
                raise
            path = "index.html"
            response = await super().get_response(path, scope)
        hashed = PurePosixPath(path.replace("\\", "/")).parts[:1] == (HASHED,)
        response.headers["Cache-Control"] = KEEP_FOR_EVER if hashed else ASK_AGAIN
        return response


def _is_address_of_page(path: str) -> bool:
    """True unless the path names a file: a missing script must be missing, not be answered with a page."""
    return not PurePosixPath(path).suffix and not path.startswith(HASHED)
