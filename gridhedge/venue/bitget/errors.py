"""Classifies what came back, or did not: the only place that decides whether a request may have been carried out.

* never left this machine: ``NotSent``;
* an explicit refusal: ``Rejected`` with a reason that the engine acts on;
* everything else (timeouts, resets, 5xx, answers that can not be read): ``Unknown``. Only asking helps.

Codes: https://www.bitget.com/api-doc/contract/error-code/restapi and .../uta/error-code/restapi. Texts are templates
and several codes mean one thing, so that codes alone decide.
"""

from __future__ import annotations

from gridhedge.domain.errors import Refused
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Rejected, Unknown

__all__ = ["CLASSIC_HERE", "CLOCK", "GONE", "UNCHANGED", "CodedRefusal", "of_code", "of_status"]

UNCHANGED = frozenset({40814, 45054})
"""The leverage is already what was asked for."""
GONE = frozenset({40109, 40768, 43001, 43020, 43025, 43033, 45057, 22001, 25204, 24056})
"""There is no such order."""
CLASSIC_HERE = frozenset({40084, 25245})
"""A classic account was asked in the unified way."""
CLOCK = frozenset({40004, 40005, 40008, 40078})
"""The time that a request was signed with is not near enough to Bitget's."""

_NOBODY_KNOWS = frozenset({40010, 40015, 40200, 40725, 40910, 45001, 50031})
"""Time-outs and server errors: it may have been carried out. Bitget itself says: ask by client id."""

_NOT_HEDGED = (40774, 45021, 43075, 45109)
_AT_RISK = (45009, 40931, 40879, 40880)
_TOO_MANY = (40723, 40761, 43005, 43128, 45118, 40930)
_REASONS: dict[Reject, tuple[int, ...]] = {
    Reject.MARGIN: (40754, 40762, 43012, 40711, 40712, 40798, 40800, 45002, 40893, 25202, 25203),
    Reject.DUPLICATE_ID: (40786, 40708, 43118, 45034, 50060, 25212),
    Reject.UNKNOWN_ORDER: (*GONE, 43004, 45055, 45031),
    Reject.REDUCE_ONLY: (
        *(22002, 43043, 40757, 40755, 43029, 40717, 40804, 40837, 45068),  # no position
        *(45003, 45004, 45005, 45006, 25601, 25225),
    ),
    Reject.OUT_OF_BOUNDS: (
        *(40808, 41103, 45115, 43028, 45035, 22038, 40706),  # form of price and quantity
        *(45110, 45111, 45114, 43006, 43010, 43027, 22034, 43037),  # too small
        *(45112, 45113, 43007, 43038, 43041, 40921, 45120, 22029, 40928),  # too large, risk tier
        *(40815, 40816, 43008, 43009, 22006, 22007, 22008, 22009, 43039, 43040, 40820, 40821),  # price band
    ),
    Reject.WOULD_TRIGGER: (40917, 45122),
    Reject.RATE_LIMITED: (429, 25004, 22035, 30006, 30007),
    Reject.PERMISSION: (
        *(40001, 40002, 40003, 40006, 40009, 40011, 40012, 40036, 40037, 40041),  # who
        *(40014, 40018, 40038, 40040, 22010, 40752, 40753, 40916),  # what, from where
        *(40022, 40023, 40024, 40025, 40026, 40099, 40084, 40085, 25245),  # which account
        *_NOT_HEDGED,
        *_AT_RISK,
    ),
    Reject.BUSY: (
        *CLOCK,
        *(40308, 40309, 40844, 40845, 41114, 43115, 45119, 45043, 40878, 22045, 22043, 22044, 22067, 45123),  # halted
        *(45129, 43031),  # this order was cancelled a moment ago, or its predecessor still is
    ),
}
_REASON_OF = {code: reason for reason, codes in _REASONS.items() for code in codes}
_CLOCK = "the clock of this machine is off: set it by NTP, then try again"
_SAID_BETTER = {
    40004: _CLOCK,
    40005: _CLOCK,
    40008: _CLOCK,
    40006: "the key is not valid here: check the key, and whether it is one of the demo or of the live side",
    40037: "the key does not exist (any more): check it, or make a new one",
    40036: "the passphrase is wrong: it is the one that was chosen when the key was made",
    40041: "the key has expired: make a new one",
    40012: "key or passphrase are wrong: the passphrase is the one that was chosen when the key was made",
    40009: "the signature is wrong: check the API secret",
    40014: "the key may not do this: give it the permission to trade futures (orders and holdings)",
    40040: "the key may not do this: give it the permission to trade futures (orders and holdings)",
    40018: "the key is bound to other IP addresses than this machine's",
    40038: "the key is bound to other IP addresses than this machine's",
    40099: "a demo key does not work on the live side, nor a live key on the demo side: check venue.demo_trading",
    **dict.fromkeys(_NOT_HEDGED, "the account is not in hedge mode any more: set hedge mode on Bitget"),
    **dict.fromkeys(_AT_RISK, "Bitget's risk control lets this account open nothing: look at it there"),
    **dict.fromkeys(_TOO_MANY, "too many orders rest: cancel those that are not needed, or choose fewer levels"),
    40920: "not while a position is held or an order rests",
    45117: "the margin mode can not be changed while a position is held or an order rests on the symbol",
    **dict.fromkeys((45097, 40730, 40872), "the leverage can not be changed while orders rest or positions are held"),
}
_A_SECOND_MS = 1_000
_BANNED_MS = 600_000


class CodedRefusal(Refused):
    """A refusal whose code matters to the caller."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


def of_code(code: int, text: str, now: Millis, retry_after_s: int = 0) -> Rejected | Unknown:
    """A ``code`` other than 00000 (0). ``retry_after_s``: how long to be silent, if the answer's headers told."""
    said = f"Bitget {code}: {text[:200]}"
    if code in _SAID_BETTER:
        said = f"{said}; {_SAID_BETTER[code]}"
    if code in _NOBODY_KNOWS:
        return Unknown(said)
    reason = _REASON_OF.get(code, Reject.OTHER)
    if reason is Reject.RATE_LIMITED:
        return Rejected(reason, said, now + _silence(retry_after_s))
    return Rejected(reason, said)


def of_status(status: int, text: str, now: Millis, retry_after_s: int = 0) -> Rejected | Unknown:
    """An HTTP status without a readable code. Only what the door itself refuses is known not to be carried out."""
    if status == 403:
        said = "Bitget answers 403: too many requests from this address, or no service for its country"
        return Rejected(Reject.RATE_LIMITED, said, now + _BANNED_MS)
    if status == 429:
        said = "Bitget answers 429: too many requests"
        return Rejected(Reject.RATE_LIMITED, said, now + _silence(retry_after_s))
    if status == 401:
        return Rejected(Reject.PERMISSION, "Bitget answers 401: the key is not accepted")
    if status == 404:
        return Rejected(Reject.OTHER, "Bitget answers 404: no such request here; check venue.endpoint")
    return Unknown(f"Bitget answers {status}: {text[:200]}")


def _silence(seconds: int) -> Millis:
    return min(seconds * 1000, _BANNED_MS) if seconds > 0 else _A_SECOND_MS
