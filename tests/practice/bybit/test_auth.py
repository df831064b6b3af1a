"""Signatures, checked against vectors that were made by hand."""

from __future__ import annotations

import json

import pytest

from gridhedge.practice.bybit.answers import Answer
from gridhedge.practice.bybit.auth import check_request, check_socket, signature
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import Options
from tests.practice.bybit.venues import NOW, Venue

KEY, SECRET = "TESTKEY0000000001", "TESTSECRET00000000000000000000000001"
ORDER = (
    b'{"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.001", '
    b'"price": "50000", "positionIdx": 1, "orderLinkId": "g1-000001"}'
)
VECTORS = {
    b"category=linear&symbol=BTCUSDT": "3d25865239d8ccd3e148f22d7f7bcbb44ec8ec664aabc21b406495a803d07687",
    b"": "68daffc4bc88e3cbf7c928c7780301f692c0eb9fafd0929ac20d80d5b763e252",
    ORDER: "199de6a716d47cb765bfdddee118f9620f888fa8c5b2400e0a59996e6331ec6e",
}


@pytest.fixture
def desks() -> dict[str, Desk]:
    return {KEY: Venue(Options(keys={KEY: SECRET})).desk}


def headers(sign: str, stamp: int = NOW, window: str = "5000", key: str = KEY) -> dict[str, str]:
    return {
        "x-bapi-api-key": key,
        "x-bapi-timestamp": str(stamp),
        "x-bapi-recv-window": window,
        "x-bapi-sign": sign,
    }


@pytest.mark.parametrize("payload", VECTORS)
def test_the_published_vectors_are_right(desks: dict[str, Desk], payload: bytes) -> None:
    """Query, empty query and body, byte by byte."""
    assert check_request(desks, headers(VECTORS[payload]), payload, NOW).key == KEY


def test_another_spacing_is_another_signature(desks: dict[str, Desk]) -> None:
    """The raw bytes count, not what they mean."""
    compact = json.dumps(json.loads(ORDER), separators=(",", ":")).encode()
    with pytest.raises(Answer, match="error sign!") as refused:
        check_request(desks, headers(VECTORS[ORDER]), compact, NOW)
    assert refused.value.code == 10004


@pytest.mark.parametrize(("stamp", "allowed"), [(-5001, False), (-5000, True), (0, True), (999, True), (1000, False)])
def test_the_window_is_closed_before_and_half_open_ahead(desks: dict[str, Desk], stamp: int, allowed: bool) -> None:
    """server time - window <= timestamp < server time + 1 second."""
    sign = signature(SECRET, f"{NOW + stamp}{KEY}5000".encode())
    if allowed:
        assert check_request(desks, headers(sign, NOW + stamp), b"", NOW).key == KEY
    else:
        with pytest.raises(Answer) as refused:
            check_request(desks, headers(sign, NOW + stamp), b"", NOW)
        assert refused.value.code == 10002
        assert f"req_timestamp[{NOW + stamp}],server_timestamp[{NOW}],recv_window[5000]" in refused.value.text


def test_unknown_keys_and_unreadable_headers_have_codes_of_their_own(desks: dict[str, Desk]) -> None:
    """10003 and 10001."""
    for given, code in (
        (headers("x", key="other"), 10003),
        (headers("x", key=""), 10001),
        (headers("x", window="soon"), 10001),
        ({}, 10001),
    ):
        with pytest.raises(Answer) as refused:
            check_request(desks, given, b"", NOW)
        assert refused.value.code == code


def test_sockets_sign_their_expiry(desks: dict[str, Desk]) -> None:
    """Integer or text; not after it has passed, not for another key, not with another secret."""
    expires = NOW + 1000
    sign = "66182a9dedec91ea8fc6e2ec2503976acc52b4d803532c8ddc08fc6d7ea40de4"
    assert check_socket(desks, [KEY, expires, sign], NOW).key == KEY
    assert check_socket(desks, [KEY, str(expires), sign], NOW).key == KEY
    for arguments, now, code in (
        ([KEY, expires, sign], expires, 10004),
        ([KEY, expires, "0" * 64], NOW, 10004),
        ([KEY, "soon", sign], NOW, 10004),
        (["other", expires, sign], NOW, 10003),
        ([KEY], NOW, 10001),
        (None, NOW, 10001),
    ):
        with pytest.raises(Answer) as refused:
            check_socket(desks, arguments, now)
        assert refused.value.code == code
