"""The MetaTrader5 module as this bot needs it: the real one, a bridge to one, or a simulated one is handed in.

No function raises for a failure: it returns None or False, and ``last_error`` tells why, until the next call.
One process drives one terminal, and one terminal one account. Times are seconds of the trade server's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from gridhedge.venue.mt5.terminal.structs import (
    AccountInfo,
    OrderCheckResult,
    OrderSendResult,
    SymbolInfo,
    TerminalInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
)

__all__ = ["Mt5Api", "Request"]

Request: TypeAlias = Mapping[str, int | float | str]


class Mt5Api(Protocol):
    """Signatures as documented at mql5.com/en/docs/python_metatrader5."""

    def initialize(
        self,
        path: str = ...,
        *,
        login: int = ...,
        password: str = ...,
        server: str = ...,
        timeout: int = ...,
        portable: bool = ...,
    ) -> bool: ...

    def shutdown(self) -> None: ...

    def last_error(self) -> tuple[int, str]: ...

    def terminal_info(self) -> TerminalInfo | None: ...

    def account_info(self) -> AccountInfo | None: ...

    def symbols_get(self, group: str = ...) -> tuple[SymbolInfo, ...] | None: ...

    def symbol_info(self, symbol: str, /) -> SymbolInfo | None: ...

    def symbol_info_tick(self, symbol: str, /) -> Tick | None: ...

    def symbol_select(self, symbol: str, enable: bool = ..., /) -> bool: ...

    def copy_rates_from_pos(self, symbol: str, timeframe: int, start: int, count: int, /) -> Any: ...

    def positions_get(
        self, *, symbol: str = ..., ticket: int = ..., group: str = ...
    ) -> tuple[TradePosition, ...] | None: ...

    def orders_get(
        self, *, symbol: str = ..., ticket: int = ..., group: str = ...
    ) -> tuple[TradeOrder, ...] | None: ...

    def history_orders_get(
        self, date_from: int = ..., date_to: int = ..., *, group: str = ..., ticket: int = ..., position: int = ...
    ) -> tuple[TradeOrder, ...] | None: ...

    def history_deals_get(
        self, date_from: int = ..., date_to: int = ..., *, group: str = ..., ticket: int = ..., position: int = ...
    ) -> tuple[TradeDeal, ...] | None: ...

    def order_check(self, request: Request, /) -> OrderCheckResult | None: ...

    def order_send(self, request: Request, /) -> OrderSendResult | None: ...

    def order_calc_margin(self, action: int, symbol: str, volume: float, price: float, /) -> float | None: ...
