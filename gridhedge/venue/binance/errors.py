"""Classifies what came back: the only place that decides whether a request may have been carried out.

* an explicit refusal: ``Rejected`` with a reason that the engine acts on;
* everything else (5xx, 408, answers that can not be read): ``Unknown``. Only asking helps.

Codes: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown

__all__ = ["CLOCK", "NO_SUCH_KEY", "NO_SUCH_ORDER", "SAME_ORDER", "UNCHANGED", "Refusal", "of_answer", "of_item"]

SAME_ORDER = -5027
UNCHANGED = frozenset({-4046, -4059, -4171, SAME_ORDER})
"""Margin type, position mode, asset mode or order "no need to change": it is as it should be."""
CLOCK = frozenset({-1021, -5028})
"""The request was outside the receive window, at the door or at the matching engine."""
NO_SUCH_KEY = -1125
NO_SUCH_ORDER = -2013

_NOBODY_KNOWS = frozenset({-1000, -1001, -1006, -1007})
"""Unknown error, internal error, unexpected answer, time-out of the back end: it may have been carried out."""

_REASONS: dict[Reject, tuple[int, ...]] = {
    Reject.MARGIN: (-2018, -2019, -4050, -4051),
    Reject.DUPLICATE_ID: (-4116, -4111),
    Reject.UNKNOWN_ORDER: (-2011, NO_SUCH_ORDER),
    Reject.REDUCE_ONLY: (-2022, -2024, -4118),
    Reject.OUT_OF_BOUNDS: (
        *(-1013, -1111, -4001, -4002, -4013, -4014, -4016, -4024, -4131),  # price
        *(-4003, -4004, -4005, -4023, -4164, -5029),  # quantity, notional
        *(-2027, -4044),  # the position that the leverage allows
    ),
    Reject.WOULD_TAKE: (-5022,),
    Reject.WOULD_TRIGGER: (-2021, -4142),
    Reject.RATE_LIMITED: (-1003, -1015),
    Reject.PERMISSION: (
        *(-1002, -1022, -2014, -2015, -2017),  # key and signature
        *(-4087, -4088, -4105, -4106, -4107, -4109, -4140, -4141, -4189, -4192, -4400, -4401, -5024),  # not allowed now
    ),
    Reject.BUSY: (-1008, -1016, -2023, -5043, *CLOCK),
}
_REASON_OF = {code: reason for reason, codes in _REASONS.items() for code in codes}
_SAID_BETTER = {
    -1021: "the request came too early or too late: set this machine's clock by NTP if this goes on",
    -1022: "the signature is wrong: check the API secret",
    -2014: "the key has not the form of a key: check the API key",
    -2015: "the key is not valid here, expired, bound to other addresses, or may not trade futures: check it on "
    "Binance, whether it is one of the demo or of the live side, or make a new one",
    -4061: "the account is not in hedge mode any more",
    -4109: "the futures account is empty: transfer margin to it",
}
_BANNED_UNTIL = re.compile(r"banned until (\d{13})")
_A_SECOND_MS, _TEN_SECONDS_MS = 1_000, 10_000
_LONGEST_MS = 4 * 24 * 3600 * 1000
"""Bans last three days at most: a longer silence is not believed."""
_WALL_MS = 600_000


class Refusal(NamedTuple):
    """An answer that is no success: HTTP status, Binance's code (0: none), its text, and ``Retry-After`` (seconds)."""

    status: int
    code: int
    text: str
    retry_after: int | None = None


def of_answer(refusal: Refusal, now: Millis) -> Rejected | Unknown:
    """What is known after a status other than 2xx."""
    status, code, text, _ = refusal
    said = _said(refusal)
    if status in (418, 429) or code in _REASONS[Reject.RATE_LIMITED]:
        return Rejected(Reject.RATE_LIMITED, said, _until(refusal, now))
    if status == 403:
        return Rejected(
            Reject.RATE_LIMITED, f"{said}; too many requests, or no service for this country", now + _WALL_MS
        )
    if code == -1008 or (status == 503 and text.strip().startswith("Service Unavailable")):
        return Rejected(Reject.BUSY, said)
    if status >= 500 or status == 408 or code in _NOBODY_KNOWS:
        return Unknown(said)
    if code:
        return Rejected(_REASON_OF.get(code, Reject.OTHER), said)
    if status == 401:
        return Rejected(Reject.PERMISSION, said)
    if status == 404:
        return Rejected(Reject.OTHER, "Binance answers 404: no such request here; check venue.endpoint")
    return Unknown(said)


def of_item(code: int, text: str, now: Millis) -> Rejected | Unknown:
    """The code of one item of a batch whose other items may have been taken."""
    return of_answer(Refusal(400, code, text), now)


def _said(refusal: Refusal) -> str:
    name = f"Binance {refusal.code}" if refusal.code else f"Binance answers {refusal.status}"
    said = f"{name}: {refusal.text[:200]}"
    return f"{said}; {_SAID_BETTER[refusal.code]}" if refusal.code in _SAID_BETTER else said


def _until(refusal: Refusal, now: Millis) -> Millis:
    """When requests are welcome again: as the text says, or the header; where neither does, in ten seconds.

    A time that has passed already is a second ahead: Binance's clock and ours need not agree to the millisecond.
    """
    named = _BANNED_UNTIL.search(refusal.text)
    told = [int(named[1])] if named else []
    if refusal.retry_after is not None:
        told.append(now + refusal.retry_after * 1000)
    if not told or max(told) > now + _LONGEST_MS:
        return now + _TEN_SECONDS_MS
    return max(*told, now + _A_SECOND_MS)
