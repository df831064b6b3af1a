"""How Bybit words its answers: the envelope, the codes, and numbers as text."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.venue.paper.orders import Refusal

__all__ = ["Answer", "bad_parameter", "envelope", "plain", "rate", "refused", "rounded"]

_AVERAGE_STEP = Decimal("1E-10")
_RATE_STEP = Decimal("0.0001")


class Answer(Exception):
    """A business error: code and text as the venue gives them, and what its result holds (usually nothing)."""

    def __init__(self, code: int, text: str, result: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code, self.text = code, text
        self.result = result or {}


_REFUSALS = {
    Reject.MARGIN: (110007, "ab not enough for new order"),
    Reject.DUPLICATE_ID: (110072, "OrderLinkedID is duplicate"),
    Reject.UNKNOWN_ORDER: (110001, "order not exists or too late to replace or cancel"),
    Reject.REDUCE_ONLY: (110017, "current position is zero, cannot fix reduce-only order qty"),
}


def refused(refusal: Refusal) -> Answer:
    """The embedded exchange's refusal in the venue's words."""
    code, text = _REFUSALS.get(refusal.reason, (10001, f"params error: {refusal}"))
    return Answer(code, text)


def bad_parameter(text: str) -> Answer:
    return Answer(10001, f"params error: {text}")


def envelope(code: int, text: str, result: dict[str, Any], extra: dict[str, Any], now: Millis) -> dict[str, Any]:
    return {"retCode": code, "retMsg": text, "result": result, "retExtInfo": extra, "time": now}


def plain(number: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rounded(average: Decimal) -> str:
    """An average price: a quotient, cut where the venue's own digits end."""
    return plain(average.quantize(_AVERAGE_STEP))


def rate(part: Decimal, whole: Decimal) -> str:
    """A margin rate as the venue shows it: a fraction cut (not rounded) to four decimals."""
    return plain((part / whole).quantize(_RATE_STEP, ROUND_DOWN)) if whole > 0 else "0"
