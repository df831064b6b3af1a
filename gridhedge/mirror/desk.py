"""One account's terminal as the programs of the mirror use it: signed in, looked at, and traded on carefully."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.errors import Refused
from gridhedge.domain.values import Price, Quantity
from gridhedge.mirror.messages import Side
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.connect import Access, complaints, read_failure, server_offset_s, sign_in, state_of
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.filling import Fillings
from gridhedge.venue.mt5.terminal.names import SymbolNames
from gridhedge.venue.mt5.terminal.retcodes import Meaning, is_lost, meaning_of, said
from gridhedge.venue.mt5.terminal.structs import OrderSendResult, SymbolInfo, TradeDeal, TradePosition

__all__ = ["Deal", "Terminal"]

_A_DAY_S = 86_400
_QUOTES_AT_MOST = 3
_MEASURE_EVERY_S = 2.0


class Deal(NamedTuple):
    """What became of a market order. ``known`` is False where nobody knows; then only looking helps."""

    known: bool
    done: bool
    text: str
    ticket: int = 0
    volume: Quantity = Decimal(0)
    price: Price = Decimal(0)
    gone: bool = False
    """The position that was to be closed is not there any more."""


class Terminal:
    """Raises VenueError where the terminal can not be read; ``reconnect`` signs in anew.

    ``symbols``: plain names that are watched; empty for all that are written in the broker's style.
    """

    def __init__(
        self, api: Mt5Api, access: Access, names: SymbolNames, symbols: Collection[str], fillings: Fillings,
        now_s: Callable[[], float], deviation: int = 20,
    ) -> None:  # fmt: skip
        self._api, self._access = api, access
        self._names, self._symbols = names, frozenset(symbols)
        self._fillings = fillings
        self._now_s = now_s
        self._deviation = deviation
        self._infos: dict[str, SymbolInfo] = {}
        self.offset_s: int | None = None
        """How far the server's clock is ahead of UTC, as prices have told."""
        self._told_ms: dict[str, int] = {}
        self._measure_at = 0.0

    @property
    def account(self) -> int:
        return self._access.login

    def connect(self, *, to_trade: bool) -> None:
        """Sign in; with ``to_trade`` the account must be one that can be hedged on. Raises Refused and NotSent."""
        sign_in(self._api, self._access)
        found = complaints(*state_of(self._api)) if to_trade else []
        if found:
            raise Refused(f"account {self.account} can not be used: {'; '.join(found)}")
        self._infos.clear()
        for plain in self._symbols:
            self.info(self._names.of(plain))

    def close(self) -> None:
        self._api.shutdown()

    # ---- reading -----------------------------------------------------------------------------------------------------

    def plain(self, name: str) -> str | None:
        """The plain name of a broker's symbol; None for one that is not watched."""
        plain = self._names.plain(name)
        return plain if plain is not None and (not self._symbols or plain in self._symbols) else None

    def name(self, plain: str) -> str:
        return self._names.of(plain)

    def info(self, name: str) -> SymbolInfo:
        """The symbol's rules, selected. Raises Refused for a symbol that the broker has not."""
        found = self._infos.get(name)
        if found is None:
            selected = self._api.symbol_select(name, True)
            info = self._api.symbol_info(name) if selected else None
            if info is None:
                code, text = self._api.last_error()
                if code != C.RES_E_NOT_FOUND:
                    raise read_failure((code, text))
                raise Refused(
                    f"the broker of account {self.account} has no symbol {name}: correct the prefix, or the symbol"
                )
            found = self._infos[name] = info
        return found

    def contract(self, name: str) -> Decimal:
        """Units per lot."""
        return Decimal(repr(self.info(name).trade_contract_size)).normalize()

    def positions(self) -> tuple[TradePosition, ...]:
        """All open positions. Raises VenueError: an empty list is an answer, None is none."""
        found = self._api.positions_get()
        if found is None:
            raise read_failure(self._api.last_error())
        self._measure()
        return found

    def deals(self, since_s: int) -> tuple[TradeDeal, ...]:
        """Deals since a time of the server's clock. The end lies in the future: its clock may be ahead of ours."""
        found = self._api.history_deals_get(since_s, int(self._now_s()) + 2 * _A_DAY_S)
        if found is None:
            raise read_failure(self._api.last_error())
        return found

    def deals_of(self, position: int) -> tuple[TradeDeal, ...]:
        found = self._api.history_deals_get(position=position)
        if found is None:
            raise read_failure(self._api.last_error())
        return found

    def orders_with(self, magic: int) -> bool:
        """Whether an order of this magic number is on its way."""
        found = self._api.orders_get()
        if found is None:
            raise read_failure(self._api.last_error())
        return any(order.magic == magic for order in found)

    def _measure(self) -> None:
        """Learn how far the server's clock is ahead, now and then, from a price that has just moved; of the first one
        nobody knows its age."""
        now = self._now_s()
        if now < self._measure_at:
            return
        self._measure_at = now + _MEASURE_EVERY_S
        for name in self._infos:
            tick = self._api.symbol_info_tick(name)
            if tick is None:
                continue
            if tick.time_msc != self._told_ms.setdefault(name, tick.time_msc) or self.offset_s is None:
                measured = server_offset_s(tick.time, int(now))
                self.offset_s = self.offset_s if measured is None else measured
            self._told_ms[name] = tick.time_msc

    # ---- trading -----------------------------------------------------------------------------------------------------

    def open(self, name: str, side: Side, volume: Quantity, magic: int, comment: str) -> Deal:
        """Buy or sell at the market: a new ticket."""
        return self._deal(name, side, volume, {"magic": magic, "comment": comment})

    def close_position(self, held: TradePosition, volume: Quantity) -> Deal:
        """Close a ticket, or a part of it."""
        side: Side = "sell" if held.type == C.POSITION_TYPE_BUY else "buy"
        return self._deal(held.symbol, side, volume, {"magic": held.magic, "position": held.ticket})

    def _deal(self, name: str, side: Side, volume: Quantity, more: dict[str, int | str]) -> Deal:
        """Send, with a fresh price where it has moved and another filling where one is not allowed: nothing has been
        done where the server says so, so that asking again is safe."""
        info = self.info(name)
        deal = Deal(True, False, "not sent")
        for filling in self._fillings.candidates(info):
            for _ in range(_QUOTES_AT_MOST):
                deal, meaning = self._send(name, side, volume, filling, more)
                if meaning is not Meaning.QUOTE:
                    break
            if meaning is not Meaning.FILLING:
                if deal.done:
                    self._fillings.remember(name, filling)
                return deal
        return deal

    def _send(
        self, name: str, side: Side, volume: Quantity, filling: int, more: dict[str, int | str]
    ) -> tuple[Deal, Meaning]:
        tick = self._api.symbol_info_tick(name)
        if tick is None:
            raise read_failure(self._api.last_error())
        request: dict[str, int | float | str] = {
            "action": C.TRADE_ACTION_DEAL, "symbol": name, "volume": float(volume),
            "type": C.ORDER_TYPE_BUY if side == "buy" else C.ORDER_TYPE_SELL,
            "price": tick.ask if side == "buy" else tick.bid, "deviation": self._deviation,
            "type_time": C.ORDER_TIME_GTC, "type_filling": filling, **more,
        }  # fmt: skip
        result = self._api.order_send(request)
        return _read(result, self._api.last_error(), volume)


def _read(result: OrderSendResult | None, error: tuple[int, str], volume: Quantity) -> tuple[Deal, Meaning]:
    text = said(result, error)
    if result is None:
        lost = is_lost(error[0])
        return Deal(not lost, False, text), Meaning.UNKNOWN if lost else Meaning.WRONG
    meaning = meaning_of(result.retcode)
    if meaning is Meaning.UNKNOWN:
        return Deal(False, False, text), meaning
    done = meaning is Meaning.DONE
    made = Decimal(repr(result.volume)) if result.volume else volume
    deal = Deal(True, done, text, result.order, made, Decimal(repr(result.price)), meaning is Meaning.GONE)
    return deal, meaning


def held_with(positions: Sequence[TradePosition], magic: int) -> list[TradePosition]:
    """The positions that carry a magic number."""
    return [held for held in positions if held.magic == magic]
