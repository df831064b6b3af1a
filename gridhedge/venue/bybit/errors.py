"""Classifies what came back, or did not: the only place that decides whether a request may have been carried out.

* never left this machine: ``NotSent``;
* an explicit refusal: ``Rejected`` with a reason that the engine acts on;
* everything else (timeouts, resets, 5xx, answers that can not be read): ``Unknown``. Only asking helps.

Codes: https://bybit-exchange.github.io/docs/v5/error.
"""

from __future__ import annotations

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown

__all__ = ["UNCHANGED", "of_code", "of_status"]

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
        *(110003, 110120, 110121),  # price
        *(110064, 110094),  # quantity
        *(110013, 110085, 110086, 110089, 110090),  # risk tier
    ),
    Reject.WOULD_TRIGGER: (110092, 110093),
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
_REQUEST = " origin_string["
"""What follows it repeats the request, with the key in it."""
_A_SECOND_MS = 1_000
_BANNED_MS = 600_000
"""Bybit wants ten minutes of silence after a 403: nothing it says is taken for more."""
_ADDRESS_BANNED = 10018
"""What a 403 was before it had a status of its own."""


def of_code(code: int, text: str, now: Millis, reset: Millis = 0) -> Rejected | Unknown:
    """A ``retCode`` other than 0. ``reset``: when the rate limit of this endpoint begins anew, if the answer told."""
    said = f"Bybit {code}: {text.partition(_REQUEST)[0][:200]}"
    if code in _SAID_BETTER:
        said = f"{said.rstrip('.')}; {_SAID_BETTER[code]}"
    if code in _NOBODY_KNOWS:
        return Unknown(said)
    if code == 10001:
        lower = text.lower()
        in_bounds_text = any(word in lower for word in _BOUNDS_WORDS)
        return Rejected(Reject.OUT_OF_BOUNDS if in_bounds_text else Reject.OTHER, said)
    reason = _REASON_OF.get(code, Reject.OTHER)
    if code == _ADDRESS_BANNED:
        return Rejected(reason, said, now + _BANNED_MS)
    if reason is Reject.RATE_LIMITED:
        return Rejected(reason, said, min(reset, now + _BANNED_MS) if reset > now else now + _A_SECOND_MS)
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
