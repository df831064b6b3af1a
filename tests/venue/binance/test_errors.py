"""What an answer proves: a refusal with a reason, or nothing at all."""

from __future__ import annotations

import pytest

from gridhedge.domain.order import Reject
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.venue.binance.errors import Refusal, of_answer, of_item

NOW = 1_795_000_000_000
UNKNOWN_TEXT = "Unknown error, please check your request or try again later."


def of(status: int, code: int, text: str = "no", retry_after: int | None = None) -> Rejected | Unknown:
    return of_answer(Refusal(status, code, text, retry_after), NOW)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (-2019, Reject.MARGIN), (-2018, Reject.MARGIN), (-4116, Reject.DUPLICATE_ID), (-2011, Reject.UNKNOWN_ORDER),
        (-2013, Reject.UNKNOWN_ORDER), (-2022, Reject.REDUCE_ONLY), (-4118, Reject.REDUCE_ONLY),
        (-4164, Reject.OUT_OF_BOUNDS), (-4014, Reject.OUT_OF_BOUNDS), (-1111, Reject.OUT_OF_BOUNDS),
        (-2021, Reject.WOULD_TRIGGER), (-4142, Reject.WOULD_TRIGGER), (-2027, Reject.OUT_OF_BOUNDS),
        (-4016, Reject.OUT_OF_BOUNDS), (-5022, Reject.WOULD_TAKE), (-2015, Reject.PERMISSION),
        (-1022, Reject.PERMISSION), (-4400, Reject.PERMISSION),
        (-1021, Reject.BUSY), (-5028, Reject.BUSY), (-4061, Reject.OTHER), (-4120, Reject.OTHER), (-1106, Reject.OTHER),
        (-9999, Reject.OTHER),
    ],
)  # fmt: skip
def test_an_explicit_refusal_has_a_reason_that_the_engine_acts_on(code: int, reason: Reject) -> None:
    """Codes that nobody knows are refusals, too; an item of a batch is no different."""
    for outcome in (of(400, code), of_item(code, "no", NOW)):
        assert isinstance(outcome, Rejected)
        assert outcome.reason is reason


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, -1007, "Timeout waiting for response from backend server."), (400, -1006, "Execution status unknown."),
        (400, -1000, "An unknown error occured"), (503, -1001, "Internal error; unable to process your request."),
        (503, 0, UNKNOWN_TEXT), (503, -1007, "Timeout"), (500, -2019, "Margin is insufficient."), (502, 0, "<html>"),
        (504, 0, ""), (408, -1007, "Timeout"), (408, 0, ""), (400, 0, "<html>proxy</html>"), (302, 0, ""),
    ],
)  # fmt: skip
def test_what_may_have_been_carried_out_is_unknown(status: int, code: int, text: str) -> None:
    """All of 5xx and 408, codes that say so, and what nobody can read."""
    assert isinstance(of(status, code, text), Unknown)


@pytest.mark.parametrize(
    ("status", "code", "text", "reason"),
    [
        (503, 0, "Service Unavailable.", Reject.BUSY),
        (503, -1008, "Request throttled by system-level protection.", Reject.BUSY),
        (401, 0, "", Reject.PERMISSION),
        (404, 0, "<html>", Reject.OTHER),
        (403, 0, "<html>", Reject.RATE_LIMITED),
    ],
)
def test_what_the_door_turns_away_has_not_happened(status: int, code: int, text: str, reason: Reject) -> None:
    """Binance documents these two of its 503 as failures."""
    outcome = of(status, code, text)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    ("status", "code", "text", "retry_after", "wait"),
    [
        (429, -1003, "Too many requests", 7, 7_000),
        (429, -1015, "Too many new orders", None, 10_000),
        (418, -1003, f"IP(1.2.3.4) banned until {NOW + 120_000}.", None, 120_000),
        (418, -1003, f"IP(1.2.3.4) banned until {NOW + 120_000}.", 300, 300_000),
        (418, -1003, f"IP(1.2.3.4) banned until {NOW - 5_000}.", None, 1_000),
        (418, -1003, "banned until 9999999999999", None, 10_000),
        (400, -1003, "Too many requests", None, 10_000),
    ],
)
def test_a_rate_limit_says_until_when(status: int, code: int, text: str, retry_after: int | None, wait: int) -> None:
    """The later of text and header; ten seconds where neither is told or believed, a second where it has passed."""
    outcome = of(status, code, text, retry_after)
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.until) == (Reject.RATE_LIMITED, NOW + wait)


def test_the_user_is_told_what_to_do() -> None:
    """In the sentence itself."""
    assert "check the API secret" in of(400, -1022).text
    assert "one of the demo or of the live side" in of(401, -2015).text
    assert "clock by NTP" in of(400, -1021).text
