"""What a simulated terminal shows: connection, account, symbols, prices. Each call lets the broker's time catch up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.history import History
from gridhedge.practice.mt5.rows import Rows
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.tape import Tape
from gridhedge.venue.mt5.terminal.constants import Constants
from gridhedge.venue.mt5.terminal.structs import AccountInfo, SymbolInfo, TerminalInfo, Tick

__all__ = ["Login", "Sights", "in_group", "seconds"]

_VERSION = (500, 6231, "27 Sep 2026")


class Login(NamedTuple):
    """Who may use the terminal. ``offset_s``: how far the server's clock is ahead of UTC."""

    login: int
    password: str
    server: str
    offset_s: int = 0

    def __repr__(self) -> str:
        return f"Login({self.login}, server={self.server!r})"


class Sights(Constants):
    """One program's MetaTrader5 module. Nothing works before ``initialize``."""

    def __init__(self, broker: Broker, login: Login, tapes: Mapping[str, Tape] | None = None) -> None:
        self._broker = broker
        self._login = login
        self._rows = Rows(broker, login.login, login.server, login.offset_s)
        self._history = History(broker, self._rows, tapes or {})
        self._selected: set[str] = set()
        self._path = ""
        self._running = False
        self._error = (Constants.RES_S_OK, "Success")

    # ---- connection --------------------------------------------------------------------------------------------------

    def initialize(
        self,
        path: str = "",
        *,
        login: int = 0,
        password: str = "",
        server: str = "",
        timeout: int = 60_000,
        portable: bool = False,
    ) -> bool:
        """Start the terminal and, with ``login``, sign in."""
        if self._broker.faults.active("no_terminal"):
            return self._fail(self.RES_E_INTERNAL_FAIL_INIT, "IPC initialize failed, MetaTrader 5 x64 not found")
        if login and not self._knows(login, password, server):
            return self._fail(self.RES_E_AUTH_FAILED, "Terminal: Authorization failed")
        self._path, self._running = path, True
        self._error = (self.RES_S_OK, "Success")
        return True

    def login(self, login: int, password: str = "", server: str = "", timeout: int = 60_000) -> bool:
        """Sign in to an account."""
        if not self._is_up():
            return False
        return self._knows(login, password, server) or self._fail(
            self.RES_E_AUTH_FAILED, "Terminal: Authorization failed"
        )

    def shutdown(self) -> None:
        self._running = False

    def version(self) -> tuple[int, int, str] | None:
        return _VERSION if self._is_up() else None

    def last_error(self) -> tuple[int, str]:
        return self._error

    def terminal_info(self) -> TerminalInfo | None:
        """Whether the terminal is connected, and whether programs may trade through it."""
        if not self._is_up():
            return None
        faults = self._broker.faults
        return TerminalInfo(
            connected=faults.active("disconnected") is None,
            trade_allowed=faults.active("disabled") is None,
            tradeapi_disabled=faults.active("api_disabled") is not None,
            build=_VERSION[1],
            maxbars=100_000,
            ping_last=1_000,
            company="gridhedge",
            name="Simulated terminal",
            language="English",
            path=self._path,
        )

    def account_info(self) -> AccountInfo | None:
        return self._rows.account() if self._reads() else None

    # ---- symbols -----------------------------------------------------------------------------------------------------

    def symbols_total(self) -> int:
        return len(self._broker.specs) if self._reads() else 0

    def symbols_get(self, group: str = "*") -> tuple[SymbolInfo, ...] | None:
        """All symbols of the broker, or those of a group such as ``*EUR*,!*JPY*``."""
        if not self._reads():
            return None
        specs = self._broker.specs
        return tuple(
            self._rows.symbol(spec, name in self._selected) for name, spec in specs.items() if in_group(name, group)
        )

    def symbol_info(self, symbol: str, /) -> SymbolInfo | None:
        spec = self._spec(symbol)
        return None if spec is None else self._rows.symbol(spec, symbol in self._selected)

    def symbol_info_tick(self, symbol: str, /) -> Tick | None:
        """The latest prices; none of a symbol that is not selected."""
        spec = self._spec(symbol)
        if spec is None or symbol not in self._selected:
            return None
        return self._rows.tick(spec)

    def symbol_select(self, symbol: str, enable: bool = True, /) -> bool:
        if self._spec(symbol) is None:
            return False
        (self._selected.add if enable else self._selected.discard)(symbol)
        return True

    def market_book_add(self, symbol: str, /) -> bool:
        return self._spec(symbol) is not None and self._fail(self.RES_E_UNSUPPORTED, "Depth of Market is not offered")

    def market_book_get(self, symbol: str, /) -> tuple[()] | None:
        return None if self._spec(symbol) is None else ()

    def market_book_release(self, symbol: str, /) -> bool:
        return self._spec(symbol) is not None

    # ---- past prices -------------------------------------------------------------------------------------------------

    def copy_rates_from(self, symbol: str, timeframe: int, date_from: int | datetime, count: int, /) -> Any:
        """``count`` bars up to and including the one of a time."""
        return self._array(symbol, lambda spec: self._history.rates(spec, timeframe, None, seconds(date_from), count))

    def copy_rates_from_pos(self, symbol: str, timeframe: int, start: int, count: int, /) -> Any:
        """``count`` bars, ``start`` bars before the present one, which is still forming."""
        return self._array(symbol, lambda spec: self._history.rates_at(spec, timeframe, start, count))

    def copy_rates_range(
        self, symbol: str, timeframe: int, date_from: int | datetime, date_to: int | datetime, /
    ) -> Any:
        """Bars that open in a span of time."""
        first, last = seconds(date_from), seconds(date_to)
        return self._array(symbol, lambda spec: self._history.rates(spec, timeframe, first, last, 100_000))

    def copy_ticks_from(self, symbol: str, date_from: int | datetime, count: int, flags: int, /) -> Any:
        """The first ``count`` ticks since a time."""
        return self._array(symbol, lambda spec: self._history.ticks(spec, seconds(date_from), None, count))

    def copy_ticks_range(self, symbol: str, date_from: int | datetime, date_to: int | datetime, flags: int, /) -> Any:
        """The ticks of a span of time."""
        first, last = seconds(date_from), seconds(date_to)
        return self._array(symbol, lambda spec: self._history.ticks(spec, first, last, 100_000))

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _knows(self, login: int, password: str, server: str) -> bool:
        return (login, password, server) == self._login[:3]

    def _is_up(self) -> bool:
        if not self._running or self._broker.faults.active("no_terminal"):
            return self._fail(self.RES_E_INTERNAL_FAIL_CONNECT, "No IPC connection")
        return True

    def _reads(self) -> bool:
        """Whether a call is answered; the time of the exchange has come up to now."""
        if not self._is_up():
            return False
        if self._broker.faults.strike("unreadable") is not None:
            return self._fail(self.RES_E_INTERNAL_FAIL_RECEIVE, "IPC recv failed")
        if not self._broker.faults.active("disconnected"):
            self._broker.catch_up()
            self._history.catch_up()
        self._error = (self.RES_S_OK, "Success")
        return True

    def _spec(self, symbol: str) -> Spec | None:
        if not self._reads():
            return None
        spec = self._broker.specs.get(symbol)
        if spec is None:
            self._fail(self.RES_E_NOT_FOUND, "Terminal: Not found")
        return spec

    def _array(self, symbol: str, read: Callable[[Spec], Any]) -> Any:
        spec = self._spec(symbol)
        return None if spec is None else read(spec)

    def _fail(self, code: int, text: str) -> bool:
        self._error = (code, text)
        return False


def in_group(name: str, group: str) -> bool:
    """Conditions count from left to right; ``!`` excludes."""
    found = False
    for condition in group.split(","):
        pattern = condition.strip()
        if fnmatchcase(name, pattern.removeprefix("!")):
            found = not pattern.startswith("!")
    return found


def seconds(moment: int | datetime | None) -> int:
    return int(moment.timestamp()) if isinstance(moment, datetime) else int(moment or 0)
