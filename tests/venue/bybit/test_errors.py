"""What may be concluded from an answer, or from none: the table of the unknown outcome."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.domain.order import Reject
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.bybit.errors import of_code, of_status

NOW = 1_795_000_000_000

CODES = [
    (10000, "Server Timeout", Unknown),
    (10016, "Internal server error", Unknown),
    (10014, "Duplicate request", Unknown),
    (170146, "Order creation timeout", Unknown),
    (170147, "Order cancellation timeout", Unknown),
    (10001, "position idx not match position mode", Reject.OTHER),
    (10001, "Qty invalid", Reject.OUT_OF_BOUNDS),
    (10001, "The number of contracts exceeds minimum limit allowed", Reject.OUT_OF_BOUNDS),
    (10002, "invalid request, please check your server timestamp", Reject.BUSY),
    (10003, "API key is invalid.", Reject.PERMISSION),
    (10004, "error sign!", Reject.PERMISSION),
    (10005, "Permission denied", Reject.PERMISSION),
    (10006, "Too many visits!", Reject.RATE_LIMITED),
    (10429, "System level frequency protection", Reject.RATE_LIMITED),
    (33004, "Your api key has expired.", Reject.PERMISSION),
    (110001, "order not exists or too late to cancel", Reject.UNKNOWN_ORDER),
    (110003, "Order price exceeds the allowable range.", Reject.OUT_OF_BOUNDS),
    (110007, "ab not enough for new order", Reject.MARGIN),
    (110012, "Insufficient available balance", Reject.MARGIN),
    (110017, "Reduce-only rule not satisfied", Reject.REDUCE_ONLY),
    (110072, "OrderLinkedID is duplicate", Reject.DUPLICATE_ID),
    (110079, "The order is processing", Reject.BUSY),
    (110094, "Order does not meet minimum order value", Reject.OUT_OF_BOUNDS),
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
    assert str(code) in outcome.text
    assert text.rstrip(".") in outcome.text


def test_a_refused_signature_does_not_repeat_the_key() -> None:
    """Bybit's own words do: they end with what was signed."""
    outcome = of_code(10004, "error sign! origin_string[1795268131204KEY5000]", NOW)
    assert outcome.text == "Bybit 10004: error sign!; the signature is wrong: check the API secret"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, Unknown), (502, Unknown), (503, Unknown), (504, Unknown), (408, Unknown), (409, Unknown), (400, Unknown),
        (302, Unknown), (401, Reject.PERMISSION), (404, Reject.OTHER), (403, Reject.RATE_LIMITED),
        (429, Reject.RATE_LIMITED),
    ],
)  # fmt: skip
def test_of_http_statuses_only_the_door_s_own_refusals_are_certain(status: int, expected: Any) -> None:
    """pybit calls an unreadable body 409 and exhausted retries 400."""
    outcome = of_status(status, "text", NOW)
    if expected is Unknown:
        assert isinstance(outcome, Unknown)
    else:
        assert isinstance(outcome, Rejected)
        assert outcome.reason is expected


def test_a_rate_limit_says_until_when() -> None:
    """The header's time if it lies ahead, else a second; ten minutes after a 403, and never more."""
    assert of_code(10006, "", NOW, NOW + 700) == Rejected(Reject.RATE_LIMITED, "Bybit 10006: ", NOW + 700)
    assert of_code(10006, "", NOW, NOW - 700)[2] == NOW + 1_000
    assert of_code(10018, "", NOW)[2] == NOW + 600_000
    assert of_code(10006, "", NOW, NOW + 600_001)[2] == NOW + 600_000
    assert of_status(403, "", NOW)[2] == NOW + 600_000
    assert of_status(429, "", NOW)[2] == NOW + 1_000
