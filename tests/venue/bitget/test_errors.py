"""What may be concluded from an answer, or from none: the table of the unknown outcome."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.domain.order import Reject
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.bitget.errors import of_code, of_status

NOW = 1_795_000_000_000

CODES = [
    (40010, "Request timed out", Unknown),
    (40015, "System is abnormal", Unknown),
    (40725, "service return an error", Unknown),
    (45001, "Unknown error", Unknown),
    (40762, "The order amount exceeds the balance", Reject.MARGIN),
    (43012, "Insufficient balance", Reject.MARGIN),
    (40786, "Duplicate clientOid", Reject.DUPLICATE_ID),
    (40768, "Order does not exist", Reject.UNKNOWN_ORDER),
    (43001, "The order does not exist", Reject.UNKNOWN_ORDER),
    (22001, "No order to cancel", Reject.UNKNOWN_ORDER),
    (25204, "Order does not exist", Reject.UNKNOWN_ORDER),
    (22002, "No position to close", Reject.REDUCE_ONLY),
    (45110, "less than the minimum amount 5 USDT", Reject.OUT_OF_BOUNDS),
    (45115, "The price must be a multiple of 0.1", Reject.OUT_OF_BOUNDS),
    (22047, "never heard of", Reject.OTHER),
    (429, "Too Many Requests", Reject.RATE_LIMITED),
    (30007, "request over limit", Reject.RATE_LIMITED),
    (40014, "Incorrect permissions", Reject.PERMISSION),
    (40009, "sign signature error", Reject.PERMISSION),
    (40099, "exchange environment is incorrect", Reject.PERMISSION),
    (40084, "You are in Classic Account mode", Reject.PERMISSION),
    (40008, "Request timestamp expired", Reject.BUSY),
    (40774, "The order type for unilateral position must also be", Reject.PERMISSION),
    (45021, "Only hedge mode", Reject.PERMISSION),
    (43075, "tradeSide is wrong", Reject.PERMISSION),
    (45109, "not in this position mode", Reject.PERMISSION),
    (45009, "The account is at risk", Reject.PERMISSION),
    (40880, "Position handling", Reject.PERMISSION),
    (45129, "Cannot cancel the same order twice a second", Reject.BUSY),
    (43031, "The position has a stop loss already", Reject.BUSY),
    (45118, "Too many orders", Reject.OTHER),
    (424242, "never heard of", Reject.OTHER),
]


@pytest.mark.parametrize(("code", "text", "expected"), CODES, ids=[f"{code} {text[:20]}" for code, text, _ in CODES])
def test_a_code_of_the_venue_is_a_refusal_unless_nobody_knows(code: int, text: str, expected: Any) -> None:
    """The venue's words are kept."""
    outcome = of_code(code, text, NOW)
    if expected is Unknown:
        assert isinstance(outcome, Unknown)
    else:
        assert isinstance(outcome, Rejected)
        assert outcome.reason is expected
    assert f"{code}: {text}" in outcome.text


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, Unknown), (502, Unknown), (504, Unknown), (408, Unknown), (400, Unknown), (200, Unknown),
        (401, Reject.PERMISSION), (404, Reject.OTHER), (403, Reject.RATE_LIMITED), (429, Reject.RATE_LIMITED),
    ],
)  # fmt: skip
def test_of_http_statuses_only_the_door_s_own_refusals_are_certain(status: int, expected: Any) -> None:
    """A gateway may fail after the order has passed it."""
    outcome = of_status(status, "text", NOW)
    if expected is Unknown:
        assert isinstance(outcome, Unknown)
    else:
        assert isinstance(outcome, Rejected)
        assert outcome.reason is expected


def test_a_rate_limit_says_until_when() -> None:
    """What the answer asks for, else a second; ten minutes after a 403, and never more."""
    assert of_code(429, "", NOW, 7) == Rejected(Reject.RATE_LIMITED, "Bitget 429: ", NOW + 7_000)
    assert of_status(429, "", NOW, 601) == Rejected(
        Reject.RATE_LIMITED, "Bitget answers 429: too many requests", NOW + 600_000
    )
    assert of_code(429, "", NOW, 0)[2] == NOW + 1_000
    banned = of_status(403, "", NOW)
    assert isinstance(banned, Rejected)
    assert banned.until == NOW + 600_000


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (45109, "set hedge mode on Bitget"),
        (40931, "Bitget's risk control lets this account open nothing"),
        (40930, "too many orders rest"),
        (45117, "the margin mode can not be changed while a position is held"),
        (45097, "the leverage can not be changed while orders rest"),
    ],
)
def test_what_a_person_can_do_is_said(code: int, advice: str) -> None:
    """Behind the venue's own words, which are templates."""
    outcome = of_code(code, "its words", NOW)
    assert isinstance(outcome, Rejected)
    assert outcome.text.startswith(f"Bitget {code}: its words; ")
    assert advice in outcome.text
