"""How Binance words its answers: errors with a status, and numbers as text with a certain number of digits."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from gridhedge.domain.order import Reject
from gridhedge.venue.paper.orders import Refusal

__all__ = ["Answer", "bad_parameter", "cents", "missing", "plain", "refused"]

_CENT = Decimal("1E-8")


class Answer(Exception):
    """A refusal: code and text as the venue gives them, under an HTTP status."""

    def __init__(self, code: int, text: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status
        self.retry_after = retry_after
        """Seconds until requests are welcome again."""


_REFUSALS = {
    Reject.MARGIN: (-2019, "Margin is insufficient."),
    Reject.DUPLICATE_ID: (-4116, "ClientOrderId is duplicated."),
    Reject.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
    Reject.REDUCE_ONLY: (-2022, "ReduceOnly Order is rejected."),
    Reject.WOULD_TAKE: (
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected.",
    ),
    Reject.OUT_OF_BOUNDS: (-1102, "A parameter is out of bounds."),
}


def refused(refusal: Refusal) -> Answer:
    """The embedded exchange's refusal in the venue's words."""
    if refusal.reason is Reject.MARGIN and "above the limit" in str(refusal):
        return Answer(-2027, "Exceeded the maximum allowable position at current leverage.")
    if refusal.reason is Reject.OTHER:
        return Answer(-2025, "Reach max open order limit.")
    code, text = _REFUSALS.get(refusal.reason, (-1000, str(refusal)))
    return Answer(code, text)


def bad_parameter(name: str) -> Answer:
    return Answer(-1130, f"Data sent for parameter '{name}' is not valid.")


def missing(name: str) -> Answer:
    return Answer(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def plain(number: Decimal) -> str:
    """Every digit, no exponent, no trailing zeros."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def cents(amount: Decimal) -> str:
    """Money as Binance shows it: cut (not rounded) to eight decimals."""
    cut = amount.quantize(_CENT, ROUND_DOWN)
    return f"{cut if cut else abs(cut):f}"
