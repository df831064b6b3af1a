"""Keys and signatures, checked against published vectors and against what unmodified clients have really sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gridhedge.practice.binance.answers import Answer
from gridhedge.practice.binance.auth import check_key, check_signature, signature
from gridhedge.practice.binance.query import merged
from gridhedge.practice.world import Options
from tests.practice.binance.venues import NOW, Venue

SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
PAYLOAD = (
    b"symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943"
)
SIGNED = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


def test_the_published_vector_is_right() -> None:
    """The example of Binance's own documents."""
    assert signature(SECRET, PAYLOAD) == SIGNED


@pytest.mark.parametrize("part", ["query", "body", "both"])
def test_query_and_body_are_signed_as_one_text(part: str) -> None:
    """Concatenated without anything in between; upper-case hex is as good."""
    desk = Venue(Options(rules="binance", keys={"k": SECRET})).desk
    query = {"query": PAYLOAD, "body": b"", "both": PAYLOAD[:40]}[part]
    body = PAYLOAD.removeprefix(query) + b"&signature=" + SIGNED.upper().encode() if part != "query" else b""
    query += b"&signature=" + SIGNED.encode() if part == "query" else b""
    params = merged(b"", PAYLOAD + b"&signature=" + SIGNED.upper().encode())
    check_signature(desk, query, body, params, 1591702613943)


@pytest.mark.parametrize(("stamp", "allowed"), [(-5001, False), (-5000, True), (0, True), (999, True), (1000, False)])
def test_the_window_is_closed_before_and_half_open_ahead(stamp: int, allowed: bool) -> None:
    """timestamp < server time + 1 s, and server time - timestamp <= recvWindow."""
    desk = Venue().desk
    raw = f"recvWindow=5000&timestamp={NOW + stamp}"
    query = f"{raw}&signature={signature('practice', raw.encode())}".encode()
    if allowed:
        check_signature(desk, query, b"", merged(query, b""), NOW)
    else:
        with pytest.raises(Answer) as refused:
            check_signature(desk, query, b"", merged(query, b""), NOW)
        assert refused.value.code == -1021


def test_what_is_missing_or_wrong_has_a_code_of_its_own() -> None:
    """No key, an unknown one, no time, no signature, a wrong one."""
    venue = Venue()
    for headers, code in (({}, -2014), ({"x-mbx-apikey": "other"}, -2015)):
        with pytest.raises(Answer) as refused:
            check_key(venue.world.desks, headers)
        assert (refused.value.code, refused.value.status) == (code, 401)
    for text, code in (
        ("signature=0", -1102), (f"timestamp={NOW}", -1102), (f"timestamp={NOW}&signature=0", -1022),
        (f"timestamp={NOW}&recvWindow=99999&signature=0", -1131),
    ):  # fmt: skip
        with pytest.raises(Answer) as refused:
            check_signature(venue.desk, text.encode(), b"", merged(text.encode(), b""), NOW)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("client", "key", "secret"),
    [("python-binance_1.0.37", "KEY", "SECRET"), ("ccxt_4.5.90", "K", "S")],
)
def test_every_signed_request_of_a_real_client_is_accepted(recorded: Path, client: str, key: str, secret: str) -> None:
    """Queries and bodies, encoded and not; at the time at which they were sent."""
    venue = Venue(Options(rules="binance", keys={key: secret}))
    checked = 0
    for line in (recorded / "clients" / f"{client}_requests.jsonl").read_text().splitlines():
        sent = json.loads(line)
        query, body = (sent.get(part, "").encode() for part in ("query", "body"))
        if sent["kind"] == "rest" and b"signature=" in query + body:
            params = merged(query, body)
            check_signature(venue.desk, query, body, params, int(params["timestamp"]))
            checked += 1
    assert checked >= 30


@pytest.mark.parametrize("client", ["python-binance_1.0.37", "ccxt_4.5.90"])
def test_every_address_that_a_real_client_asks_is_known(recorded: Path, client: str) -> None:
    """Whatever the answer is: it is no "path is invalid"."""
    venue = Venue()
    for line in (recorded / "clients" / f"{client}_requests.jsonl").read_text().splitlines():
        sent = json.loads(line)
        if sent["kind"] == "rest":
            reply = venue.raw(sent["method"], sent["path"], sent.get("query", ""), sent.get("body", ""))
            assert json.loads(reply.body) == [] or "is invalid" not in str(json.loads(reply.body)), sent["path"]
