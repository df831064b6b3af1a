"""Bad requests are refused before anything reads their meaning; good ones pass."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from gridhedge.server.gate import allowed_hosts
from tests.patience import PATIENCE_S
from tests.server.conftest import Opened, opening
from tests.server.platform import ADMIN_KEY, BOT_SECRET, Platform, registration

STATUS = "/api/v1/users/anna/status"
USERS = "/api/v1/users"
BODY = json.dumps(registration()).encode()
SESSIONS = "/api/v1/admin/sessions"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One server for all bad requests: none of them changes anything."""
    with opening(tmp_path_factory.mktemp("gate") / "data") as opened:
        yield opened()


@pytest.fixture(scope="module")
def known(platform: Platform) -> Platform:
    """anna is registered, so that only the request itself can be wrong."""
    assert platform.ask("POST", "/users", registration()).status == 201
    return platform


def raw(platform: Platform, text: bytes) -> tuple[int, bytes]:
    """Status and body that the server answers to these bytes."""
    with socket.create_connection((platform.host, platform.port), timeout=PATIENCE_S) as connection:
        connection.sendall(text)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def head(method: str, path: str, **headers: str) -> bytes:
    """The beginning of a request, as it travels."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_good_request_passes(known: Platform) -> None:
    """Signed, fresh, never seen."""
    assert known.ask("GET", "/users/anna/status").status == 200


# ---- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [TIMESTAMP_HEADER, SIGNATURE_HEADER])
def test_half_a_signature_is_none(known: Platform, missing: str) -> None:
    """Without the time, and without the signature."""
    headers = known.signed(b"")
    del headers[missing]
    answer = known.send("GET", STATUS, headers=headers)
    assert (answer.status, answer.body["code"]) == (401, "MISSING_SIGNATURE")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_of_a_user_is_done_without_a_signature(known: Platform, method: str) -> None:
    """Reading, starting, forgetting."""
    path = {"GET": STATUS, "POST": f"{USERS}/anna/start", "DELETE": f"{USERS}/anna"}[method]
    assert known.send(method, path).body["code"] == "MISSING_SIGNATURE"


@pytest.mark.parametrize("secret", ["another secret", ""])
def test_another_secret_signs_nothing(known: Platform, secret: str) -> None:
    """Nor does an empty one."""
    at = known.timestamp()
    headers = {TIMESTAMP_HEADER: at, SIGNATURE_HEADER: sign(secret, at, b"")}
    answer = known.send("GET", STATUS, headers=headers)
    assert (answer.status, answer.body["code"]) == (401, "BAD_SIGNATURE")


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä" * 64, "x" * 10_000])
def test_what_is_no_signature_is_refused(known: Platform, signature: str) -> None:
    """Of any length and alphabet."""
    headers = {TIMESTAMP_HEADER: known.timestamp(), SIGNATURE_HEADER: signature.encode("utf-8").decode("latin-1")}
    assert known.send("GET", STATUS, headers=headers).body["code"] == "BAD_SIGNATURE"


def test_an_upper_case_signature_is_another_one(known: Platform) -> None:
    """Otherwise one request could be sent twice."""
    headers = known.signed(b"")
    headers[SIGNATURE_HEADER] = headers[SIGNATURE_HEADER].upper()
    assert known.send("GET", STATUS, headers=headers).body["code"] == "BAD_SIGNATURE"


def test_a_changed_body_is_not_the_signed_one(platform: Platform) -> None:
    """One digit of the leverage."""
    changed = BODY.replace(b'"leverage": 75', b'"leverage": 95')
    assert changed != BODY
    answer = platform.send("POST", USERS, changed, platform.signed(BODY))
    assert answer.body["code"] == "BAD_SIGNATURE"


@pytest.mark.parametrize("off_ms", [-300_001 - 2000, 300_001 + 2000, -(10**12)])
def test_an_old_or_future_time_is_refused(known: Platform, off_ms: int) -> None:
    """Five minutes either way."""
    at = str(int(known.timestamp()) + off_ms).zfill(13)
    answer = known.send("GET", STATUS, headers=known.signed(b"", at))
    assert (answer.status, answer.body["code"]) == (401, "STALE_TIMESTAMP")


@pytest.mark.parametrize("at", ["", "now", "1700000000", "-170000000000", "1.7e12", "17000000000000", "１７000000000"])
def test_a_time_that_is_none_is_refused(known: Platform, at: str) -> None:
    """Seconds, words, signs, foreign digits."""
    headers = {TIMESTAMP_HEADER: at.encode().decode("latin-1"), SIGNATURE_HEADER: sign(BOT_SECRET, at, b"")}
    assert known.send("GET", STATUS, headers=headers).body["code"] == "BAD_TIMESTAMP"


def test_the_same_request_again_is_a_replay(known: Platform) -> None:
    """Also to another path: an overheard question may not become a deletion."""
    headers = known.signed(b"")
    assert known.send("GET", STATUS, headers=headers).status == 200
    for method, path in (("GET", STATUS), ("DELETE", f"{USERS}/anna"), ("POST", f"{USERS}/anna/start")):
        answer = known.send(method, path, headers=headers)
        assert (answer.status, answer.body["code"]) == (401, "REPLAYED")


def test_two_signatures_are_none(known: Platform) -> None:
    """A proxy and the server could look at different ones."""
    headers = known.signed(b"")
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*headers.items(), (SIGNATURE_HEADER, "x")))
    status, body = raw(known, f"GET {STATUS} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
    assert (status, b"MISSING_SIGNATURE" in body) == (401, True)


# ---- the administrator -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "ADMIN_KEY_MISSING"),
        ({"X-Admin-Key": ""}, "ADMIN_KEY_WRONG"),
        ({"X-Admin-Key": ADMIN_KEY[:-1]}, "ADMIN_KEY_WRONG"),
        ({"X-Admin-Key": ADMIN_KEY.upper()}, "ADMIN_KEY_WRONG"),
        ({"Authorization": f"Bearer {ADMIN_KEY}"}, "ADMIN_KEY_MISSING"),
        ({"Cookie": f"X-Admin-Key={ADMIN_KEY}"}, "ADMIN_KEY_MISSING"),
    ],
)
def test_administration_needs_its_key(known: Platform, headers: dict[str, str], code: str) -> None:
    """In its own header, whole and right; a signature does not open it."""
    answer = known.send("GET", SESSIONS, headers={**known.signed(b""), **headers})
    assert (answer.status, answer.body["code"]) == (401, code)


def test_the_administrators_key_opens_nothing_else(known: Platform) -> None:
    """Users' paths want signatures."""
    answer = known.send("DELETE", f"{USERS}/anna", headers={"X-Admin-Key": ADMIN_KEY})
    assert (answer.status, answer.body["code"]) == (401, "MISSING_SIGNATURE")


def test_a_key_in_an_address_is_refused(known: Platform) -> None:
    """Addresses are logged everywhere."""
    answer = known.send("GET", f"{SESSIONS}?X-Admin-Key=x", headers={"X-Admin-Key": ADMIN_KEY})
    assert (answer.status, answer.body["code"]) == (400, "BAD_QUERY")


# ---- names, paths, origins -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.com", "localhost.evil.com", "127.0.0.1.evil.com:80", "", "localhost, evil.com", "169.254.169.254"]
)
def test_another_name_is_refused(known: Platform, host: str) -> None:
    """A web page whose name was pointed here (DNS rebinding) does not reach anything, not even /health."""
    answer = known.send("GET", "/health", headers={"Host": host})
    assert (answer.status, answer.body["code"]) == (421, "WRONG_HOST")


def test_no_name_at_all_is_refused(known: Platform) -> None:
    """HTTP/1.0 may leave it out; two of them are refused by the parser."""
    assert raw(known, b"GET /health HTTP/1.0\r\n\r\n")[0] == 421
    assert raw(known, b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.com\r\n\r\n")[0] in (400, 421)


def test_names_of_this_server() -> None:
    """Loopback always; the address it listens on; what the operator adds; a wildcard names nothing."""
    assert allowed_hosts("127.0.0.1") == {"localhost", "127.0.0.1", "::1"}
    assert allowed_hosts("0.0.0.0", ["Bot.Example"]) == {"localhost", "127.0.0.1", "::1", "bot.example"}
    assert "10.0.0.7" in allowed_hosts("10.0.0.7")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/users/../admin/sessions",
        "/api/v1/users/%2e%2e/admin/sessions",
        "/api/v1/users/..%2fadmin%2fsessions",
        "/api/v1//users/anna/status",
        "//api/v1/users/anna/status",
        "/api/v1/users/anna%00/status",
        "/api/v1/users/anna;x=1/status",
        "/api/v1/users/anna\\..\\bert/status",
        "/api/v1/users/%61nna/status",
        "/api/v1/users/anna/status/",
        f"/api/v1/users/{'a' * 300}/status",
        "http://evil.com/health",
        "/page.js/../../../etc/passwd",
        "/./health",
    ],
)
def test_path_tricks_are_refused(known: Platform, path: str) -> None:
    """Whatever two readers could understand differently."""
    status, body = raw(known, head("GET", path, X_Admin_Key=ADMIN_KEY))
    assert (status, b"BAD_PATH" in body) == (400, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_web_pages_are_refused(known: Platform, headers: dict[str, str]) -> None:
    """Even with the right key."""
    answer = known.send("GET", SESSIONS, headers={"X-Admin-Key": ADMIN_KEY, **headers})
    assert (answer.status, answer.body["code"]) == (403, "FOREIGN_ORIGIN")


def test_a_preflight_is_granted_nothing(known: Platform) -> None:
    """No origin is allowed, so there is no CORS header anywhere."""
    answer = known.send(
        "OPTIONS", USERS, headers={"Origin": "https://evil.com", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status == 403
    good = known.ask("GET", "/users/anna/status")
    assert [name for name in (*answer.headers, *good.headers) if name.startswith("access-control")] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "HEAD", "OPTIONS"])
def test_other_methods_do_nothing(known: Platform, method: str) -> None:
    """Nor does a header that names one."""
    assert known.send(method, f"{USERS}/anna", headers=known.signed(b"")).status == 405
    overriding = {**known.signed(b""), "X-HTTP-Method-Override": "DELETE"}
    assert known.send("GET", f"{USERS}/anna", headers=overriding).status == 405


def test_there_are_no_websockets(known: Platform) -> None:
    """An upgrade is not understood."""
    upgrade = (
        f"GET {STATUS} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert raw(known, upgrade.encode())[0] == 401


# ---- bodies ----------------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(platform: Platform) -> None:
    """Announced or streamed, and without reading it to its end."""
    large = b" " * (64 * 1024 + 1)
    assert platform.send("POST", USERS, large, platform.signed(large)).body["code"] == "TOO_LARGE"
    chunks = b"10001\r\n" + large + b"\r\n0\r\n\r\n"
    assert raw(platform, head("POST", USERS, Transfer_Encoding="chunked") + chunks)[0] == 413


def test_two_lengths_are_refused(platform: Platform) -> None:
    """Request smuggling."""
    text = f"POST {USERS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
    assert raw(platform, text.encode())[0] == 400


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": ""}, {"Content-Encoding": "gzip"}]
)
def test_a_body_is_plain_json(platform: Platform, headers: dict[str, str]) -> None:
    """A form of a web page can not send this type."""
    answer = platform.send("POST", USERS, BODY, {**platform.signed(BODY), **headers})
    assert (answer.status, answer.body["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b'{"userId": "a", "userId": "b"}',
        BODY.replace(b'"leverage": 75', b'"leverage": NaN'),
        BODY.replace(b'"leverage": 75', b'"leverage": 1e999999999'),
        BODY.replace(b'"leverage": 75', b'"leverage": ' + b"9" * 5000),
        BODY.replace(b'"leverage": 75', b'"leverage": 75, "x": ' + b"[" * 3000 + b"]" * 3000),
    ],
    ids=["cut", "list", "text", "not utf-8", "double key", "nan", "huge exponent", "huge", "deep"],
)
def test_json_is_read_without_guessing(platform: Platform, body: bytes) -> None:
    """What is signed and odd is refused, too, in one sentence."""
    answer = platform.send("POST", USERS, body, platform.signed(body))
    assert answer.status in (400, 422)
    assert answer.body["code"] == "INVALID_REQUEST"


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_every_answer_forbids_what_browsers_should_not_do(known: Platform) -> None:
    """Also a refusal: no sniffing, no frames, no foreign scripts, nothing kept."""
    for answer in (known.send("GET", "/"), known.send("GET", STATUS), known.send("GET", "/nothing")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_signatures_that_were_seen_outlive_the_server(opened: Opened) -> None:
    """A kill opens no window for a replay: a second server on the same folder knows what the first has seen."""
    first = opened()
    headers = first.signed(b"")
    assert first.send("GET", STATUS, headers=headers).body["code"] == "USER_NOT_FOUND"
    second = opened()
    assert second.send("GET", STATUS, headers=headers).body["code"] == "REPLAYED"


@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_no_path_leads_to_a_crash(platform: Platform, path: str) -> None:
    """Any printable path: an answer that is not a server's failure."""
    assert 200 <= raw(platform, head("GET", f"/{path}"))[0] < 500
