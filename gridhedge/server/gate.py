"""The gate before the API: whatever is odd about a request is refused here, before anything reads its meaning."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridhedge.domain.errors import GridhedgeError
from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER
from gridhedge.server.answers import failed
from gridhedge.server.refusals import ApiError, failure_of
from gridhedge.server.signatures import AdminKey, Signatures

__all__ = ["ADMIN", "HEAD_AT_MOST", "SAFE_HEADERS", "USERS", "Gate", "allowed_hosts"]

USERS = "/api/v1/users"
ADMIN = "/api/v1/admin"
_BODY_AT_MOST = 64 * 1024
_BODY_SECONDS = 10.0
_PATH = re.compile(rb"/(?:[A-Za-z0-9_.@:~-]+(?:/[A-Za-z0-9_.@:~-]+)*)?")
"""No escapes, no empty parts: nothing that two readers could understand differently."""
_PATH_AT_MOST = 256
HEAD_AT_MOST = 16 * 1024
"""Bytes of a request's line and headers."""
SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)


def allowed_hosts(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """Names under which the server may be addressed. A web page that has its own name point here is not among them."""
    named = {"localhost", "127.0.0.1", "::1", *(name.lower() for name in more)}
    try:
        listens = ip_address(host)
    except ValueError:
        return frozenset({*named, host.lower()})
    return frozenset(named if listens.is_unspecified else {*named, str(listens)})


class Gate:
    """Checks host, framing, path, origin, size, form and signature, in this order; then the API gets the whole body."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], signatures: Signatures, admin: AdminKey) -> None:
        self._app = app
        self._hosts = hosts
        self._signatures = signatures
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no websockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        sending = _with_headers(send)
        try:
            body = await self._admitted(scope, receive)
        except (ApiError, GridhedgeError) as error:
            refusal = failure_of(error)
            await failed(refusal.status, refusal.code, str(refusal))(scope, receive, sending)
            return
        await self._app(scope, _replaying(body, receive), sending)

    async def _admitted(self, scope: Scope, receive: Receive) -> bytes:
        headers = _Headers(scope)
        self._check_host(headers)
        _check_framing(headers)
        _check_path(scope)
        _check_origin(headers)
        body = await _read_body(headers, receive)
        _check_form(scope, headers, body)
        path: str = scope["path"]
        if path == ADMIN or path.startswith(f"{ADMIN}/"):
            self._admin.check(headers.all("x-admin-key"))
        elif path.startswith("/api/"):
            self._signatures.check(headers.all(TIMESTAMP_HEADER), headers.all(SIGNATURE_HEADER), body)
        return body

    def _check_host(self, headers: _Headers) -> None:
        hosts = headers.all("host")
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._hosts:
            raise ApiError(421, "WRONG_HOST", "this server has another name; its operator can add one (--allowed-host)")


class _Headers:
    """Headers by name, in whatever case, each as often as it came."""

    def __init__(self, scope: Scope) -> None:
        self._raw = scope["headers"]

    def all(self, name: str) -> list[str]:
        wanted = name.lower().encode()
        return [value.decode("latin-1") for key, value in self._raw if key == wanted]

    def one(self, name: str) -> str:
        return ", ".join(self.all(name))

    @property
    def size(self) -> int:
        return sum(len(name) + len(value) for name, value in self._raw)


def _host_name(header: str) -> str:
    """The name without its port; ``[::1]:8082`` -> ``::1``."""
    name, colon, port = header.rpartition(":")
    if not colon or not port.isdigit() or (name.startswith("[") and not name.endswith("]")):
        name = header
    return name.removeprefix("[").removesuffix("]").lower()


def _check_framing(headers: _Headers) -> None:
    """Two servers in a row must not see different ends of one request, and a head has an end."""
    if headers.size > HEAD_AT_MOST:
        raise ApiError(431, "HEADERS_TOO_LARGE", f"the headers have at most {HEAD_AT_MOST} bytes in all")
    if headers.all("content-length") and headers.all("transfer-encoding"):
        raise ApiError(400, "BAD_LENGTH", "say Content-Length or Transfer-Encoding, not both")


def _check_path(scope: Scope) -> None:
    raw = scope.get("raw_path") or scope["path"].encode()
    if len(raw) > _PATH_AT_MOST or not _PATH.fullmatch(raw) or {b".", b".."} & set(raw.split(b"/")):
        raise ApiError(400, "BAD_PATH", "a path here has plain letters, digits and _ . @ : ~ - between single slashes")
    if scope["query_string"] and scope["path"].startswith("/api/"):
        raise ApiError(400, "BAD_QUERY", "nothing here takes a query; keys and settings never stand in addresses")


def _check_origin(headers: _Headers) -> None:
    """Browsers say from where a request comes. Other programs say nothing, and need no permission."""
    site, origin = headers.one("sec-fetch-site"), headers.one("origin")
    if site not in ("", "same-origin", "none"):
        raise ApiError(403, "FOREIGN_ORIGIN", "requests of other web pages are not served")
    if origin and origin.partition("://")[2] != headers.one("host"):
        raise ApiError(403, "FOREIGN_ORIGIN", "requests of other web pages are not served")


async def _read_body(headers: _Headers, receive: Receive) -> bytes:
    announced = headers.one("content-length")
    if announced and (not announced.isdigit() or len(announced) > 9 or int(announced) > _BODY_AT_MOST):
        raise _too_large()
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ApiError(400, "CUT_OFF", "the request ended before its body did")
                parts.append(message.get("body", b""))
                if sum(map(len, parts)) > _BODY_AT_MOST:
                    raise _too_large()
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise ApiError(408, "TOO_SLOW", f"the body did not arrive within {_BODY_SECONDS:.0f} s") from None


def _too_large() -> ApiError:
    return ApiError(413, "TOO_LARGE", f"a body has at most {_BODY_AT_MOST} bytes")


def _check_form(scope: Scope, headers: _Headers, body: bytes) -> None:
    if headers.one("content-encoding") not in ("", "identity"):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "send the body as it is, without content-encoding")
    if not body or not scope["path"].startswith("/api/"):
        return
    kind = headers.one("content-type").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "a body here is JSON; say Content-Type: application/json")


def _replaying(body: bytes, receive: Receive) -> Receive:
    """The body that has been read already, then whatever comes after it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *SAFE_HEADERS]}
        await send(message)

    return sending
