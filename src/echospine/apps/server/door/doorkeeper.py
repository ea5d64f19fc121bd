"""Who may talk to the server: a browser on this machine that was led here by our own page, and by nobody else.

There are no accounts yet, so a foreign web site must not be able to use the browser as its hand: neither by a
name of its own that points to this machine (DNS rebinding), nor by a form or script that writes across origins.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from echospine.apps.server.problems import CROSS_ORIGIN, UNKNOWN_HOST, Kind, problem

READING = frozenset({"GET", "HEAD", "OPTIONS"})
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "frame-src 'self'",
        "object-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline, nothing from elsewhere."""

HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""On every answer that does not say otherwise itself."""


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """Names under which the server may be asked for. `any_address`: any literal IP address too.

    A foreign site can make its own *name* point here, never a literal address.
    """

    names: frozenset[str] = LOCAL_NAMES
    any_address: bool = False

    def allows(self, host: str) -> bool:
        """True for a Host header that names this server; its port does not matter."""
        name = _host_name(host)
        return name in self.names or (self.any_address and _is_address(name))


class Doorkeeper:
    """ASGI middleware: refuses unknown hosts and foreign writes, and sets the security headers.

    A browser lets any site open a WebSocket to us and read what comes, so one counts as writing.
    """

    def __init__(self, app: ASGIApp, hosts: KnownHosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
            return
        answer = problem(*refusal, scope["path"], headers={"Connection": "close"})
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[Kind, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._hosts.allows(host):
            name = _host_name(host)[:80] or "no name"
            return UNKNOWN_HOST, f"this server is not known as {name}; use the address that it printed when it started"
        reading = scope["type"] == "http" and scope["method"] in READING
        if not reading and _is_foreign(headers, host):
            return CROSS_ORIGIN, "only EchoSpine's own page may change something; open it at this server's address"
        return None


def _is_foreign(headers: Headers, host: str) -> bool:
    """True where the browser says that another site sends this; programs that are no browser say nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != host.lower()


def _host_name(host: str) -> str:
    """Return the name in a Host header, in small letters, without port and brackets; empty for a malformed one."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sender
