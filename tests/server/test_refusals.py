"""Every kind of bad request, one line each: refused with its status, its code and one sentence, and nothing leaks."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from gridhedge.domain.errors import DiskFailure, NotSent, RateLimited, Refused, RiskStop, UsageError
from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from gridhedge.server.refusals import failure_of, sentence_of
from tests.patience import PATIENCE_S
from tests.server.conftest import opening
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform, registration

STATUS = "/api/v1/users/anna/status"
USERS = "/api/v1/users"
SESSIONS = "/api/v1/admin/sessions"
CANARY = "canary-in-a-key"
GOOD = json.dumps(registration("bert", "bybit", keys={"apiSecret": CANARY})).encode()
JSON = {"Content-Type": "application/json"}
Made = Callable[[Platform], bytes]


class Kind(NamedTuple):
    """A kind of bad request: its bytes, and how it is refused."""

    name: str
    made: Made
    status: int
    code: str


def framed(method: str, path: str, headers: dict[str, str], body: bytes = b"", host: str | None = "localhost") -> bytes:
    """A request as it travels; the length is said unless the headers say how the body ends."""
    told = {**({"Host": host} if host is not None else {}), "Connection": "close", **headers}
    if body and not {"Transfer-Encoding", "Content-Length"} & told.keys():
        told["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def signed(method: str, path: str, body: bytes = b"", **more: str) -> Made:
    """Signed rightly, so that only what is asked can be wrong; ``more`` are headers."""
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda platform: framed(method, path, {**platform.signed(body), **extra}, body)


def unsigned(method: str, path: str, headers: dict[str, str] | None = None, **more: str | None) -> Made:
    return lambda platform: framed(method, path, headers or {}, **more)


def administrators(path: str, **more: str) -> Made:
    extra = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda platform: framed("GET", path, {"X-Admin-Key": ADMIN_KEY, **extra})


def body(old: bytes, new: bytes) -> Made:
    """A good registration with one thing changed."""
    assert old in GOOD
    return signed("POST", USERS, GOOD.replace(old, new))


def stale(platform: Platform) -> bytes:
    return framed("GET", STATUS, platform.signed(b"", str(int(platform.timestamp()) - 301_000)))


def replayed(platform: Platform) -> bytes:
    headers = platform.signed(b"")
    assert platform.send("GET", STATUS, headers=headers).status == 404
    return framed("DELETE", f"{USERS}/anna", headers)


def foreign(platform: Platform) -> bytes:
    at = platform.timestamp()
    return framed("GET", STATUS, {TIMESTAMP_HEADER: at, SIGNATURE_HEADER: sign("another", at, b"")})


def tampered(platform: Platform) -> bytes:
    return framed("POST", USERS, platform.signed(GOOD), GOOD.replace(b"75", b"95"))


def seconds(platform: Platform) -> bytes:
    at = platform.timestamp()[:10]
    return framed("GET", STATUS, {TIMESTAMP_HEADER: at, SIGNATURE_HEADER: sign(BOT_SECRET, at, b"")})


def doubly_signed(platform: Platform) -> bytes:
    once = framed("GET", STATUS, platform.signed(b""))
    return once.replace(b"\r\n\r\n", f"\r\n{SIGNATURE_HEADER}: {'0' * 64}\r\n\r\n".encode())


def chunked(*chunks: bytes, **more: str) -> Made:
    text = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    return lambda platform: framed("POST", USERS, {**JSON, "Transfer-Encoding": "chunked", **headers}, text)


def upgrade(platform: Platform) -> bytes:
    return framed("GET", STATUS, {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"})


LARGE = b" " * (64 * 1024 + 1)
KINDS = [
    # who asks
    Kind("no signature", unsigned("GET", STATUS), 401, "MISSING_SIGNATURE"),
    Kind("no signature for a deletion", unsigned("DELETE", f"{USERS}/anna"), 401, "MISSING_SIGNATURE"),
    Kind("two signatures", doubly_signed, 401, "MISSING_SIGNATURE"),
    Kind("another secret", foreign, 401, "BAD_SIGNATURE"),
    Kind("a body that was changed", tampered, 401, "BAD_SIGNATURE"),
    Kind("an old timestamp", stale, 401, "STALE_TIMESTAMP"),
    Kind("a timestamp in seconds", seconds, 401, "BAD_TIMESTAMP"),
    Kind("a replay, to another path", replayed, 401, "REPLAYED"),
    Kind("administration without a key", unsigned("GET", SESSIONS), 401, "ADMIN_KEY_MISSING"),
    Kind("a wrong administrator's key", unsigned("GET", SESSIONS, {"X-Admin-Key": "x"}), 401, "ADMIN_KEY_WRONG"),
    Kind("the administrator's key for a user", administrators(STATUS), 401, "MISSING_SIGNATURE"),
    Kind("a key in the address", administrators(f"{SESSIONS}?X-Admin-Key=x"), 400, "BAD_QUERY"),
    # from where, and whereto
    Kind("another host", unsigned("GET", "/health", host="evil.com"), 421, "WRONG_HOST"),
    Kind("no host", unsigned("GET", "/health", host=None), 400, "BAD_HTTP"),
    Kind("two hosts", unsigned("GET", "/health", {"host": "evil.com"}), 400, "BAD_HTTP"),
    Kind("a foreign page", administrators(SESSIONS, Origin="https://evil.com"), 403, "FOREIGN_ORIGIN"),
    Kind("a foreign frame", administrators(SESSIONS, Sec_Fetch_Site="cross-site"), 403, "FOREIGN_ORIGIN"),
    Kind("a preflight", unsigned("OPTIONS", USERS, {"Origin": "https://evil.com"}), 403, "FOREIGN_ORIGIN"),
    Kind("a path with dots", administrators("/api/v1/users/../admin/sessions"), 400, "BAD_PATH"),
    Kind("a path with escapes", signed("GET", "/api/v1/users/%2e%2e%2fadmin/status"), 400, "BAD_PATH"),
    Kind("a path with empty parts", signed("GET", "//api/v1/users/anna/status"), 400, "BAD_PATH"),
    Kind("a path with a proxy's address", signed("GET", "http://evil.com/health"), 400, "BAD_PATH"),
    Kind("a path of a disk", signed("GET", "/page.js/../../../etc/passwd"), 400, "BAD_PATH"),
    Kind("a path without end", signed("GET", f"/{'a' * 300}"), 400, "BAD_PATH"),
    Kind("a path with nothing at it", signed("GET", "/.env"), 404, "NOT_FOUND"),
    Kind("another method", signed("PUT", STATUS), 405, "METHOD_NOT_ALLOWED"),
    Kind("a websocket", upgrade, 401, "MISSING_SIGNATURE"),
    # how it is sent
    Kind("no HTTP", lambda platform: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "BAD_HTTP"),
    Kind("a header without a name", unsigned("GET", "/health", {"": "x"}), 400, "BAD_HTTP"),
    Kind("a header with a null", unsigned("GET", "/health", {"X": "a\0b"}), 400, "BAD_HTTP"),
    Kind("headers without end", unsigned("GET", "/health", {"X": "a" * 20_000}), 431, "HEADERS_TOO_LARGE"),
    Kind("a body that is too large", signed("POST", USERS, LARGE), 413, "TOO_LARGE"),
    Kind("chunks that are too large", chunked(LARGE), 413, "TOO_LARGE"),
    Kind("an impossible length", unsigned("POST", USERS, {"Content-Length": "9" * 20}), 413, "TOO_LARGE"),
    Kind("a negative length", unsigned("POST", USERS, {"Content-Length": "-5"}), 400, "BAD_HTTP"),
    Kind("two lengths", unsigned("POST", USERS, {"Content-Length": "5", "content-length": "6"}), 400, "BAD_HTTP"),
    Kind("a length and chunks", chunked(b"x", Content_Length="4"), 400, "BAD_LENGTH"),
    Kind("chunks without a signature", chunked(b"{}"), 401, "MISSING_SIGNATURE"),
    Kind("a form", signed("POST", USERS, GOOD, Content_Type="text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
    Kind("a compressed body", signed("POST", USERS, GOOD, Content_Encoding="gzip"), 415, "UNSUPPORTED_MEDIA_TYPE"),
    # what it says
    Kind("half a document", signed("POST", USERS, GOOD[:-1]), 400, "INVALID_REQUEST"),
    Kind("another encoding", signed("POST", USERS, GOOD.decode().encode("utf-16")), 400, "INVALID_REQUEST"),
    Kind("a key twice", body(b'"userId"', b'"userId": "a", "userId"'), 400, "INVALID_REQUEST"),
    Kind("NaN", body(b"75", b"NaN"), 400, "INVALID_REQUEST"),
    Kind("a huge number", body(b"75", b"1e999999999"), 400, "INVALID_REQUEST"),
    Kind("a long number", body(b"75", b"9" * 5000), 400, "INVALID_REQUEST"),
    Kind("a deep document", body(b"75", b"[" * 3000 + b"]" * 3000), 400, "INVALID_REQUEST"),
    Kind("no object", signed("POST", USERS, b"[]"), 422, "INVALID_REQUEST"),
    Kind("no body", signed("POST", USERS), 422, "INVALID_REQUEST"),
    Kind("an unknown key", body(b'"userId"', b'"isAdmin": true, "userId"'), 422, "INVALID_REQUEST"),
    Kind("a misplaced key", body(b'"userId"', f'"apiSecret": "{CANARY}", "userId"'.encode()), 422, "INVALID_REQUEST"),
    Kind("text that turns around", body(b'"bert"', '"be\u202ert"'.encode()), 422, "INVALID_REQUEST"),
    Kind("half a character", body(b'"bert"', b'"\\ud800"'), 422, "INVALID_REQUEST"),
    Kind("a path as an id", body(b'"bert"', b'"../bert"'), 422, "INVALID_REQUEST"),
    Kind("yes in words", body(b'"isDemo": true', b'"isDemo": "no"'), 422, "INVALID_REQUEST"),
    Kind("yes as a number", body(b"75", b"true"), 422, "INVALID_REQUEST"),
    Kind("an unknown setting", body(b'"strategy"', b'"gridStep": 1, "strategy"'), 422, "INVALID_SETTINGS"),
    Kind("real money", body(b'"isDemo": true', b'"isDemo": false'), 422, "INVALID_SETTINGS"),
]  # fmt: skip


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One server for all of them; nobody is registered, before and after."""
    with opening(tmp_path_factory.mktemp("refusals") / "data") as opened:
        platform = opened()
        yield platform
        assert platform.administer("GET", "/sessions").data["sessions"] == []


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_a_bad_request_is_refused_in_one_sentence(platform: Platform, kind: Kind) -> None:
    """Right status and code; JSON with one short sentence; neither a stack nor a path nor a secret; the headers that
    browsers need, also where the request was none."""
    with socket.create_connection((platform.host, platform.port), timeout=PATIENCE_S) as connection:
        connection.sendall(kind.made(platform))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        content = answer.read()
    told = json.loads(content)
    assert (answer.status, told["code"]) == (kind.status, kind.code)
    assert told.keys() == {"success", "error", "code"}
    assert told["success"] is False
    assert 0 < len(told["error"]) < 300
    assert not any(word in told["error"] for word in ("Traceback", "File", ".py", "Input should", "\n"))
    assert not any(secret in content.decode() for secret in (CANARY, BOT_SECRET, ADMIN_KEY))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_errors_of_the_bot_have_their_status() -> None:
    """A code for programs, our own sentence for people; a bug says no more than that it is one."""
    known = [
        (UsageError("a"), 422, "INVALID_SETTINGS"),
        (RateLimited("a", 5), 503, "EXCHANGE_BUSY"),
        (Refused("a"), 422, "EXCHANGE_REFUSED"),
        (NotSent("a"), 502, "EXCHANGE_UNREACHABLE"),
        (RiskStop("a"), 409, "STOPPED_BY_RISK"),
        (DiskFailure("a"), 507, "DISK_FAILURE"),
    ]
    for error, status, code in known:
        assert (failure_of(error).status, failure_of(error).code, str(failure_of(error))) == (status, code, "a")
    assert sentence_of(ValueError(CANARY)) == "unexpected error (ValueError); the log tells more"
    assert str(failure_of(ValueError(CANARY))) == sentence_of(ValueError(CANARY))
