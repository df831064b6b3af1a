"""Classifies what came back, or did not: the only place that decides whether a request may have been carried out.

* never left this machine: ``NotSent``;
* an explicit refusal: ``Rejected`` with a reason that the engine acts on;
* everything else (timeouts, resets, 5xx, answers that can not be read): ``Unknown``. Only asking helps.

Codes: https://bybit-exchange.github.io/docs/v5/error.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests.exceptions as http
from urllib3.exceptions import NewConnectionError

from gridhedge.domain import errors
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import NotSent, Rejected, Unknown

__all__ = ["UNCHANGED", "Failed", "of_code", "of_status", "of_transport"]

UNCHANGED = frozenset({110025, 110026, 110027, 110043, 34040})
"""Mode, margin mode, margin, leverage or limits "not modified": it is as it should be."""

_NOBODY_KNOWS = frozenset({10000, 10014, 10016, 170146, 170147})
"""Server timeout, duplicate request, server error: it may have been carried out."""

_REASONS: dict[Reject, tuple[int, ...]] = {
    Reject.MARGIN: (
        *(110004, 110006, 110007, 110012, 110044, 110045, 110051, 110052, 110053),  # not enough
        *(110011, 110039, 110040, 110046),  # would be liquidated at once
    ),
    Reject.DUPLICATE_ID: (110072,),
    Reject.UNKNOWN_ORDER: (110001, 110008, 110010, 110019),
    Reject.REDUCE_ONLY: (110017, 110034),
    Reject.OUT_OF_BOUNDS: (
        *(110003, 110092, 110093, 110120, 110121),  # price
        *(110064, 110094),  # quantity
        *(110013, 110085, 110086, 110089, 110090),  # risk tier
    ),
    Reject.RATE_LIMITED: (10006, 10018, 10429, 20003),
    Reject.PERMISSION: (10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 10029, 33004),
    Reject.BUSY: (10002, 110005, 110021, 110023, 110042, 110066, 110074, 110079),
}
_REASON_OF = {code: reason for reason, codes in _REASONS.items() for code in codes}
_BOUNDS_WORDS = ("qty", "price", "number of contracts", "notional", "minimum", "maximum")
_SAID_BETTER = {
    10002: "the clock of this machine is off: set it by NTP, then try again",
    10003: "the key is not valid here: check the key, and whether it is one of the demo or of the live side",
    10004: "the signature is wrong: check the API secret",
    10005: "the key may not do this: give it the permission to trade contracts (orders and positions)",
    10010: "the key is bound to other IP addresses than this machine's",
    33004: "the key has expired: make a new one",
}
_A_SECOND_MS = 1_000
_BANNED_MS = 600_000
"""Bybit wants ten minutes of silence after a 403."""


class Failed(Exception):
    """A request without the answer that was hoped for, and what is known of it."""

    def __init__(self, outcome: Rejected | NotSent | Unknown, code: int = 0) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome
        self.code = code
        """Bybit's ``retCode``, where there was one."""

    def as_read(self) -> errors.VenueError:
        """The same for a request that changes nothing."""
        outcome = self.outcome
        if isinstance(outcome, NotSent):
            return errors.NotSent(outcome.text)
        if isinstance(outcome, Unknown):
            return errors.Unclear(outcome.text)
        if outcome.reason is Reject.RATE_LIMITED:
            return errors.RateLimited(outcome.text, outcome.until)
        return errors.Refused(outcome.text)


def of_code(code: int, text: str, now: Millis, reset: Millis = 0) -> Rejected | Unknown:
    """A ``retCode`` other than 0. ``reset``: when the rate limit of this endpoint begins anew, if the answer told."""
    said = f"Bybit {code}: {text[:200]}"
    if code in _SAID_BETTER:
        said = f"{said}; {_SAID_BETTER[code]}"
    if code in _NOBODY_KNOWS:
        return Unknown(said)
    if code == 10001:
        lower = text.lower()
        in_bounds_text = any(word in lower for word in _BOUNDS_WORDS)
        return Rejected(Reject.OUT_OF_BOUNDS if in_bounds_text else Reject.OTHER, said)
    reason = _REASON_OF.get(code, Reject.OTHER)
    if reason is Reject.RATE_LIMITED:
        return Rejected(reason, said, reset if now < reset <= now + _BANNED_MS else now + _A_SECOND_MS)
    return Rejected(reason, said)


def of_status(status: int, text: str, now: Millis) -> Rejected | Unknown:
    """An HTTP status other than 200. Only what Bybit's door itself refuses is known not to have been carried out."""
    if status == 403:
        said = "Bybit answers 403: too many requests from this address, or no service for its country"
        return Rejected(Reject.RATE_LIMITED, said, now + _BANNED_MS)
    if status == 429:
        return Rejected(Reject.RATE_LIMITED, "Bybit answers 429: too many requests", now + _A_SECOND_MS)
    if status == 401:
        return Rejected(Reject.PERMISSION, "Bybit answers 401: the key is not accepted")
    if status == 404:
        return Rejected(Reject.OTHER, "Bybit answers 404: no such request here; check venue.endpoint")
    return Unknown(f"Bybit answers {status}: {text[:200]}")


def of_transport(error: Exception) -> NotSent | Unknown:
    """No answer at all. A request has left unless the connection, or the trust in its other end, never came about."""
    said = f"no answer from Bybit ({type(error).__name__})"
    if isinstance(error, http.ConnectTimeout):
        return NotSent(f"Bybit can not be reached: {type(error).__name__}")
    for cause in _causes(error):
        if isinstance(cause, NewConnectionError):
            return NotSent("Bybit can not be reached: connection refused or name not found")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSent("Bybit's certificate is not valid: is this network's log-in page in between?")
    return Unknown(said)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that requests and urllib3 wrap into one another."""
    inner: object = error
    for _ in range(5):
        following = getattr(inner, "reason", None) or (inner.args[0] if getattr(inner, "args", ()) else None)  # type: ignore[attr-defined]
        if not isinstance(following, BaseException):
            return
        yield following
        inner = following
