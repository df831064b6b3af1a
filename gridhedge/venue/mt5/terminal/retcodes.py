"""What a trade server's answer means for whoever asked: done, refused, or nobody knows.

Codes: mql5.com/en/docs/constants/errorswarnings/enum_trade_return_codes.
"""

from __future__ import annotations

from enum import Enum

from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import OrderSendResult

__all__ = ["Meaning", "is_lost", "meaning_of", "said"]


class Meaning(Enum):
    """What the caller must do."""

    DONE = "done"
    UNCHANGED = "it was so already"
    QUOTE = "the price has moved: ask again with a fresh one"
    CLOSED = "the market is closed"
    BUSY = "the server is busy with it: later"
    MARGIN = "no money"
    BOUNDS = "volume, price or stops out of bounds"
    FILLING = "this filling is not allowed: another one"
    GONE = "the position or order is not there any more"
    FORBIDDEN = "trading is not allowed: a person must look"
    RATE = "too many requests"
    LIMIT = "a limit of the broker"
    WRONG = "a malformed request: our bug"
    UNKNOWN = "nobody knows: ask"

    __hash__ = object.__hash__


_MEANINGS: dict[Meaning, tuple[int, ...]] = {
    Meaning.DONE: (C.TRADE_RETCODE_PLACED, C.TRADE_RETCODE_DONE, C.TRADE_RETCODE_DONE_PARTIAL),
    Meaning.UNCHANGED: (C.TRADE_RETCODE_NO_CHANGES,),
    Meaning.QUOTE: (C.TRADE_RETCODE_REQUOTE, C.TRADE_RETCODE_PRICE_CHANGED, C.TRADE_RETCODE_PRICE_OFF),
    Meaning.CLOSED: (C.TRADE_RETCODE_MARKET_CLOSED,),
    Meaning.BUSY: (
        C.TRADE_RETCODE_REJECT, C.TRADE_RETCODE_CANCEL, C.TRADE_RETCODE_LOCKED, C.TRADE_RETCODE_FROZEN,
        C.TRADE_RETCODE_ORDER_CHANGED, C.TRADE_RETCODE_CLOSE_ORDER_EXIST, C.TRADE_RETCODE_REJECT_CANCEL,
    ),
    Meaning.MARGIN: (C.TRADE_RETCODE_NO_MONEY,),
    Meaning.BOUNDS: (
        C.TRADE_RETCODE_INVALID_VOLUME, C.TRADE_RETCODE_INVALID_PRICE, C.TRADE_RETCODE_INVALID_STOPS,
        C.TRADE_RETCODE_INVALID_CLOSE_VOLUME,
    ),
    Meaning.FILLING: (C.TRADE_RETCODE_INVALID_FILL,),
    Meaning.GONE: (C.TRADE_RETCODE_POSITION_CLOSED, C.TRADE_RETCODE_INVALID_ORDER),
    Meaning.FORBIDDEN: (
        C.TRADE_RETCODE_TRADE_DISABLED, C.TRADE_RETCODE_SERVER_DISABLES_AT, C.TRADE_RETCODE_CLIENT_DISABLES_AT,
        C.TRADE_RETCODE_ONLY_REAL, C.TRADE_RETCODE_LONG_ONLY, C.TRADE_RETCODE_SHORT_ONLY, C.TRADE_RETCODE_CLOSE_ONLY,
        C.TRADE_RETCODE_FIFO_CLOSE,
    ),
    Meaning.RATE: (C.TRADE_RETCODE_TOO_MANY_REQUESTS,),
    Meaning.LIMIT: (
        C.TRADE_RETCODE_LIMIT_ORDERS, C.TRADE_RETCODE_LIMIT_VOLUME, C.TRADE_RETCODE_LIMIT_POSITIONS,
    ),
    Meaning.WRONG: (C.TRADE_RETCODE_INVALID, C.TRADE_RETCODE_INVALID_EXPIRATION),
}  # fmt: skip
_MEANING_OF = {code: meaning for meaning, codes in _MEANINGS.items() for code in codes}

_NEVER_SENT = (
    C.RES_E_INVALID_PARAMS, C.RES_E_INTERNAL_FAIL_CONNECT, C.RES_E_INTERNAL_FAIL_INIT, C.RES_E_AUTO_TRADING_DISABLED,
    C.RES_E_AUTH_FAILED, C.RES_E_UNSUPPORTED,
)  # fmt: skip
"""With these ``last_error`` codes a request that returned None has not left this machine."""


def meaning_of(retcode: int) -> Meaning:
    """Codes that nobody here knows, time-outs, server errors and lost connections are UNKNOWN."""
    return _MEANING_OF.get(retcode, Meaning.UNKNOWN)


def is_lost(code: int) -> bool:
    """Whether a request that returned None may have been carried out, by ``last_error``'s code."""
    return code not in _NEVER_SENT


def said(result: OrderSendResult | None, error: tuple[int, str]) -> str:
    """One phrase for logs and people."""
    if result is None:
        return f"no answer from the terminal ({error[0]}: {error[1]})"
    return f"{result.retcode} {result.comment}".strip()
