"""How Bitget words its answers: the envelope, the codes, and numbers as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.venue.paper.orders import Refusal

__all__ = ["Answer", "bad_parameter", "envelope", "plain", "refused", "rounded"]

_AVERAGE_STEP = Decimal("1E-10")


class Answer(Exception):
    """A business error: code and text as the venue gives them, and the HTTP status that it travels with."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


_REFUSALS = {
    Reject.MARGIN: ("40762", "The order amount exceeds the balance"),
    Reject.DUPLICATE_ID: ("40786", "Duplicate clientOid"),
    Reject.UNKNOWN_ORDER: ("40768", "Order does not exist"),
    Reject.REDUCE_ONLY: ("22002", "No position to close"),
}


def refused(refusal: Refusal) -> Answer:
    """The embedded exchange's refusal in the venue's words."""
    code, text = _REFUSALS.get(refusal.reason, ("40808", f"Parameter verification exception {refusal}"))
    return Answer(code, text)


def bad_parameter(text: str) -> Answer:
    return Answer("40017", f"Parameter verification failed {text}")


def envelope(code: str, text: str, data: Any, now: Millis) -> dict[str, Any]:
    return {"code": code, "msg": text, "requestTime": now, "data": data}


def plain(number: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rounded(quotient: Decimal) -> str:
    """An average or a ratio, cut where the venue's own digits end."""
    return plain(quotient.quantize(_AVERAGE_STEP))
