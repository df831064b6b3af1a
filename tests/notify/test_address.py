"""Addresses that users give: what may be posted to, and what happened when it was."""

from __future__ import annotations

import ipaddress
import time

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from gridhedge.notify.address import Address, Undelivered, is_forbidden, parse_address, post
from tests.notify.receiver import Receiver
from tests.ports import Port


def test_an_address_is_taken_apart() -> None:
    """Scheme, host, port and path with its query."""
    assert parse_address("https://a.example/h/7?x=1") == Address(True, "a.example", 443, "/h/7?x=1")
    assert parse_address("http://127.0.0.1:9000") == Address(False, "127.0.0.1", 9000, "/")
    assert parse_address("http://[::1]:80/") == Address(False, "::1", 80, "/")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://a.example/x",
        "file:///etc/passwd",
        "//a.example/x",
        "a.example",
        "https://",
        "https://user:word@a.example/",
        "https://a.example/#x",
        "https://a.example:99999/",
        "https://a.example/\r\nX-Evil: 1",
        "https://a.example/a b",
        "https://a.example\\@b.example/",
        "https://ä.example/",
        f"https://a.example/{'x' * 2048}",
    ],
)
def test_what_is_no_plain_web_address_is_refused(text: str) -> None:
    """With one sentence."""
    with pytest.raises(UsageError):
        parse_address(text)


@pytest.mark.parametrize(
    ("peer", "forbidden"),
    [
        ("169.254.169.254", True),
        ("fe80::1", True),
        ("224.0.0.1", True),
        ("0.0.0.0", True),
        ("127.0.0.1", False),
        ("10.0.0.7", False),
        ("93.184.216.34", False),
    ],
)
def test_a_clouds_metadata_is_out_of_reach(peer: str, forbidden: bool) -> None:
    """Link-local, multicast and unspecified addresses are not posted to; private networks are."""
    assert is_forbidden(ipaddress.ip_address(peer)) is forbidden


@pytest.mark.parametrize(("status", "final"), [(500, False), (503, False), (429, False), (302, False), (400, True)])
def test_an_answer_that_is_no_success_is_told(status: int, final: bool) -> None:
    """A clear refusal is final; a redirection is not followed."""
    with Receiver(answers=(status,)) as receiver:
        address = parse_address(receiver.url)
        with pytest.raises(Undelivered, match=f"answered {status}") as told:
            post(address, b"{}", _signed())
        assert told.value.final is final
        assert len(receiver.bodies) == 1


def test_nobody_there_is_undelivered() -> None:
    """A closed port; it may be tried again."""
    with Port() as silent, pytest.raises(Undelivered, match="ConnectionRefusedError") as told:
        post(parse_address(f"http://127.0.0.1:{silent.number}/"), b"{}", {})
    assert not told.value.final


def _signed() -> dict[str, str]:
    timestamp = str(int(time.time() * 1000))
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: sign("webhook-secret", timestamp, b"{}")}
