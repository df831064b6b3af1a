"""Everything that is asked of the terminal, with errors that say what to do, and the one connection to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

from gridhedge.domain.errors import Refused, VenueError
from gridhedge.domain.values import Millis
from gridhedge.venue.mt5.account import Rules, rules_of
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.connect import Access, read_failure, server_offset_s, sign_in, state_of
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.terminal.structs import (
    AccountInfo,
    SymbolInfo,
    TerminalInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
)

__all__ = ["Reads", "wall_ms"]

_TWO_DAYS_S = 2 * 86_400
_FIRST_TICK_S = 2.0
_Row = TypeVar("_Row")


def wall_ms() -> Millis:
    return time.time_ns() // 1_000_000


class Reads:
    """Raises NotSent, Unclear and Refused. Times go in and come out as ms UTC.

    ``offset_s``: how far the server's clock is ahead of UTC; None until a price has told it, or whoever remembers it.
    """

    def __init__(self, api: Mt5Api, access: Access, names: SymbolNames, now: Callable[[], Millis] = wall_ms) -> None:
        self.api = api
        self._access, self._names, self._now = access, names, now
        self._rules: dict[str, Rules] = {}
        self._signed_in = False
        self.offset_s: int | None = None
        self._told_ms: dict[str, Millis] = {}
        """The server's time of the last price of each symbol."""

    # ---- connection --------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Sign in, if that has not been done since the last loss."""
        if not self._signed_in:
            sign_in(self.api, self._access)
            for rules in self._rules.values():
                self.api.symbol_select(rules.name, True)
            self._signed_in = True

    def _api(self) -> Mt5Api:
        self.connect()
        return self.api

    def lose(self) -> None:
        """The next read signs in anew."""
        self._signed_in = False

    def close(self) -> None:
        self.api.shutdown()
        self._signed_in = False

    def state(self) -> tuple[TerminalInfo, AccountInfo]:
        """Terminal and account as they are now."""
        self.connect()
        try:
            return state_of(self.api)
        except VenueError:
            self.lose()
            raise

    def account(self) -> AccountInfo:
        return self.state()[1]

    # ---- symbols -----------------------------------------------------------------------------------------------------

    def rules(self, plain: str) -> Rules:
        """A symbol's rules; the symbol is selected, and has a price."""
        return self._rules.get(plain) or self.fresh_rules(plain)

    def fresh_rules(self, plain: str) -> Rules:
        """A symbol's rules, asked for anew."""
        self._rules[plain] = rules_of(plain, self._info(plain), self.account())
        return self._rules[plain]

    def info(self, plain: str) -> SymbolInfo:
        """The symbol as it is now."""
        self.connect()
        return self._info(plain)

    def _info(self, plain: str) -> SymbolInfo:
        self.connect()
        name = self._names.of(plain)
        if not self.api.symbol_select(name, True):
            self._fail_symbol(plain, name)
        deadline = time.monotonic() + _FIRST_TICK_S
        while True:
            info = self.api.symbol_info(name)
            if info is None:
                self._fail_symbol(plain, name)
            if info.ask > 0 or time.monotonic() > deadline:
                return info
            time.sleep(0.05)  # a new subscription needs a moment for its first price

    def _fail_symbol(self, plain: str, name: str) -> NoReturn:
        code, text = self.api.last_error()
        if code in (C.RES_E_NOT_FOUND, C.RES_S_OK):
            raise Refused(f"this broker has no symbol {name}: correct {plain}, or venue.symbol_name")
        self.lose()
        raise read_failure((code, text))

    def name(self, plain: str) -> str:
        return self._names.of(plain)

    def plain(self, name: str) -> str | None:
        return self._names.plain(name)

    def tick(self, plain: str) -> Tick:
        """The prices of now; one that has just moved also tells how far the server's clock is ahead. That changes with
        daylight saving; of a price that was there before, nobody knows its age: the market may be closed."""
        self.connect()
        tick = self.api.symbol_info_tick(self._names.of(plain))
        if tick is None or not tick.ask:
            self._fail_symbol(plain, self._names.of(plain))
        if tick.time_msc != self._told_ms.setdefault(plain, tick.time_msc) or self.offset_s is None:
            measured = server_offset_s(tick.time, self._now() // 1000)
            self.offset_s = self.offset_s if measured is None else measured
        self._told_ms[plain] = tick.time_msc
        return tick

    def bars(self, plain: str, timeframe: int, count: int) -> list[tuple[Millis, float, float, float]]:
        """The last bars, the one that forms included: opening time, high, low, close; oldest first."""
        self.tick(plain)  # measures the server's clock
        found = self._api().copy_rates_from_pos(self._names.of(plain), timeframe, 0, count)
        if found is None:
            self.lose()
            raise read_failure(self.api.last_error())
        return [
            (self.utc(int(bar["time"]) * 1000), float(bar["high"]), float(bar["low"]), float(bar["close"]))
            for bar in found
        ]

    # ---- lists -------------------------------------------------------------------------------------------------------

    def positions(self, plain: str) -> tuple[TradePosition, ...]:
        return self._some(self._api().positions_get(symbol=self._names.of(plain)))

    def orders(self, plain: str) -> tuple[TradeOrder, ...]:
        """Pending orders."""
        return self._some(self._api().orders_get(symbol=self._names.of(plain)))

    def deals(self, plain: str, since: Millis) -> tuple[TradeDeal, ...]:
        """Trades of a symbol, oldest first. The end lies in the future, for the server's clock may be ahead."""
        name = self._names.of(plain)
        first, last = self._server_s(since), self._server_s(self._now()) + _TWO_DAYS_S
        found = self._some(self._api().history_deals_get(first, last, group=name))
        trades = [one for one in found if one.symbol == name and one.type in (C.DEAL_TYPE_BUY, C.DEAL_TYPE_SELL)]
        return tuple(sorted(trades, key=lambda one: (one.time_msc, one.ticket)))

    def ended_orders(self, plain: str, since: Millis) -> tuple[TradeOrder, ...]:
        """Orders of the history, oldest first."""
        name = self._names.of(plain)
        first, last = self._server_s(since), self._server_s(self._now()) + _TWO_DAYS_S
        found = self._some(self._api().history_orders_get(first, last, group=name))
        ours = [one for one in found if one.symbol == name]
        return tuple(sorted(ours, key=lambda one: (one.time_done_msc, one.ticket)))

    def deals_of(self, position: int) -> tuple[TradeDeal, ...]:
        return self._some(self._api().history_deals_get(position=position))

    def order_of(self, ticket: int) -> TradeOrder | None:
        """An order of the history."""
        found = self._some(self._api().history_orders_get(ticket=ticket))
        return found[0] if found else None

    def utc(self, server_ms: Millis) -> Millis:
        """A time of the server's clock as UTC."""
        return server_ms - (self.offset_s or 0) * 1000

    def _server_s(self, at: Millis) -> int:
        return max(0, at // 1000 + (self.offset_s or 0))

    def _some(self, found: tuple[_Row, ...] | None) -> tuple[_Row, ...]:
        if found is None:
            self.lose()
            raise read_failure(self.api.last_error())
        return found
