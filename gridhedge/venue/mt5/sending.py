"""One request to the trade server, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis, Price
from gridhedge.engine.ports import NotSent, Rejected, Unknown
from gridhedge.venue.mt5.account import decimal
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.terminal.api import Request
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.filling import Fillings
from gridhedge.venue.mt5.terminal.retcodes import Meaning, is_lost, meaning_of, said
from gridhedge.venue.mt5.terminal.structs import OrderSendResult

__all__ = ["Failed", "Sender"]

_QUOTES_AT_MOST = 3
_RATE_PAUSE_MS = 2_000
_REASONS = {
    Meaning.CLOSED: Reject.MARKET_CLOSED,
    Meaning.MARGIN: Reject.MARGIN,
    Meaning.BOUNDS: Reject.OUT_OF_BOUNDS,
    Meaning.QUOTE: Reject.BUSY,
    Meaning.BUSY: Reject.BUSY,
    Meaning.GONE: Reject.UNKNOWN_ORDER,
    Meaning.FORBIDDEN: Reject.PERMISSION,
    Meaning.LIMIT: Reject.OTHER,
    Meaning.FILLING: Reject.OTHER,
    Meaning.WRONG: Reject.OTHER,
    Meaning.UNCHANGED: Reject.OTHER,
}


class Failed(Exception):
    """A request that was not carried out, or perhaps was."""

    def __init__(self, outcome: Rejected | NotSent | Unknown) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome

    @property
    def reason(self) -> Reject | None:
        """Why the server refused; None where it did not."""
        return self.outcome.reason if isinstance(self.outcome, Rejected) else None


class Sender:
    """Raises Failed, and what reads raise."""

    def __init__(self, reads: Reads, fillings: Fillings, now: Callable[[], Millis]) -> None:
        self._reads, self._fillings, self._now = reads, fillings, now
        self._error = (C.RES_S_OK, "")
        self.done = False
        """Whether a request of the change under way has been carried out already."""

    def deal(
        self, plain: str, request: dict[str, int | float | str], buys: bool, worst: Price | None = None
    ) -> OrderSendResult:
        """At the market, never where the price is worse than ``worst``; with a fresh price where it has moved, and
        another filling where one is not allowed: both answers say that nothing has been done."""
        info = self._reads.info(plain)
        for filling in self._fillings.candidates(info):
            for attempt in range(_QUOTES_AT_MOST):
                tick = self._reads.tick(plain)
                price = tick.ask if buys else tick.bid
                if worst is not None and (decimal(price) - worst) * (1 if buys else -1) > 0:
                    raise Failed(Rejected(Reject.BUSY, f"the price has moved to {price}, beyond {worst}"))
                result, meaning = self._ask(request | {"price": price, "type_filling": filling})
                if meaning is not Meaning.QUOTE or attempt == _QUOTES_AT_MOST - 1:
                    break
            if meaning is not Meaning.FILLING:
                break
        if result is None or meaning is not Meaning.DONE:
            raise Failed(self._outcome(result, meaning))
        self._fillings.remember(info.name, filling)
        return result

    def send(self, request: Request) -> OrderSendResult:
        """Anything but a deal."""
        result, meaning = self._ask(request)
        if result is None or meaning not in (Meaning.DONE, Meaning.UNCHANGED):
            raise Failed(self._outcome(result, meaning))
        return result

    def _ask(self, request: Request) -> tuple[OrderSendResult | None, Meaning]:
        result = self._reads.api.order_send(request)
        if result is None:
            self._error = self._reads.api.last_error()
            if self._error[0] != C.RES_E_INVALID_PARAMS:
                self._reads.lose()
            return None, Meaning.UNKNOWN
        meaning = meaning_of(result.retcode)
        self.done = self.done or meaning is Meaning.DONE
        return result, meaning

    def _outcome(self, result: OrderSendResult | None, meaning: Meaning) -> Rejected | NotSent | Unknown:
        if result is None:
            code, text = self._error
            if is_lost(code):
                return Unknown(said(None, self._error))
            if code == C.RES_E_INTERNAL_FAIL_CONNECT:
                return NotSent(said(None, self._error))
            reason = Reject.PERMISSION if code == C.RES_E_AUTO_TRADING_DISABLED else Reject.OTHER
            return Rejected(reason, f"the terminal refuses the request ({code}: {text})")
        text = said(result, (0, ""))
        if meaning is Meaning.UNKNOWN:
            return Unknown(text)
        if meaning is Meaning.RATE:
            return Rejected(Reject.RATE_LIMITED, text, self._now() + _RATE_PAUSE_MS)
        return Rejected(_REASONS[meaning], text)
