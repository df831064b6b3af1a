"""Without a terminal: one line when something changes, and one at intervals that says the bot is alive."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import NamedTuple

from gridhedge.dashboard.account import alarms_of
from gridhedge.dashboard.figures import clean, clock_text, fixed, money_text, percent_text, price_text, quantity_text
from gridhedge.domain.values import Millis
from gridhedge.engine.status import AccountStatus, RecentEvent, SideStatus, SymbolStatus

_LOG = logging.getLogger("gridhedge.dashboard")


class _Written(NamedTuple):
    state: Hashable
    alarms: frozenset[str]
    events: frozenset[RecentEvent]
    at: Millis


class PlainLines:
    """Writes lines with ``write``: new events and alarms, the state whenever positions, orders or connections change,
    and a sign of life every ``interval_ms`` of the status's own time. If ``write`` fails it is silent from then on."""

    def __init__(self, write: Callable[[str], object], interval_ms: Millis = 60_000) -> None:
        self._write = write
        self._interval = interval_ms
        self._written: dict[str, _Written] = {}
        self.is_on = True

    def show(self, status: AccountStatus) -> None:
        """Write what is new in ``status``. Never raises."""
        if not self.is_on:
            return
        try:
            for line in self._news(status):
                self._write(line)
        except Exception as error:
            self.is_on = False
            _LOG.warning("plain output ended (%s: %s); trading goes on", type(error).__name__, error)

    def _news(self, status: AccountStatus) -> list[str]:
        before = self._written.get(status.account)
        alarms = alarms_of(status)
        state = _state(status)
        lines = [_event_line(status, event) for event in status.events if not before or event not in before.events]
        lines += [_line(status, f"ALARM {alarm}") for alarm in alarms if not before or alarm not in before.alarms]
        if before:
            gone = sorted(before.alarms - set(alarms))
            lines += [_line(status, f"alarm over: {alarm}") for alarm in gone]
        due = before is None or state != before.state or status.now - before.at >= self._interval
        if due:
            lines += [_account_line(status), *(_symbol_line(status, symbol) for symbol in status.symbols)]
        at = status.now if due or before is None else before.at
        self._written[status.account] = _Written(state, frozenset(alarms), frozenset(status.events), at)
        return lines


def _state(status: AccountStatus) -> Hashable:
    """What makes a change worth a line: not prices and balances, which always move."""
    sides = tuple(
        (
            side.quantity,
            side.take_profit,
            side.stop_loss,
            side.cycles,
            tuple((row.level, row.state) for row in side.rows),
        )
        for symbol in status.symbols
        for side in (symbol.long, symbol.short)
    )
    return status.stop, status.dry_run, tuple((link.stream, link.up) for link in status.connections), sides


def _line(status: AccountStatus, text: str) -> str:
    return f"{clock_text(status.now)} {clean(status.account)} {text}"


def _event_line(status: AccountStatus, event: RecentEvent) -> str:
    return f"{clock_text(event.at)} {clean(status.account)} {event.level.upper()} {clean(event.text)}"


def _account_line(status: AccountStatus) -> str:
    mode = "demo" if status.demo else "LIVE MONEY"
    down = ", ".join(f"{clean(link.stream)} DOWN" for link in status.connections if not link.up)
    return _line(
        status,
        f"{clean(status.venue)} {mode}{', dry run' if status.dry_run else ''}: "
        f"equity {money_text(status.margin_balance)} {clean(status.quote)}, free {money_text(status.available)}, "
        f"reserve {money_text(status.reserve)}, MM {fixed(status.mm_rate, 1)} % of {fixed(status.mm_threshold, 0)} %, "
        f"{down or 'connected'}",
    )


def _symbol_line(status: AccountStatus, symbol: SymbolStatus) -> str:
    price = price_text(symbol.last, symbol.tick_size)
    sides = "; ".join(_side_text(symbol, side) for side in (symbol.long, symbol.short))
    notes = "".join(f"; {clean(note)}" for note in symbol.notes)
    return _line(status, f"{clean(symbol.symbol)} {price}: {sides}{notes}")


def _side_text(symbol: SymbolStatus, side: SideStatus) -> str:
    filled = sum(1 for row in side.rows if row.state in ("filled", "partly"))
    levels = f"{filled} filled, {len(side.rows) - filled} waiting"
    profits = f"unrealised {money_text(side.unrealised, '+')}, net {money_text(side.realised_net, '+')}"
    if side.average is None:
        return f"{side.side.value} flat, {levels}, {profits}"
    position = f"{quantity_text(side.quantity)} @ {price_text(side.average, symbol.tick_size)}"
    return f"{side.side.value} {position}, {levels}, {_take_profit_text(symbol, side)}, {profits}"


def _take_profit_text(symbol: SymbolStatus, side: SideStatus) -> str:
    if side.take_profit is None:
        return "exit watched" if side.is_watched else f"NO {side.exit.upper()}"
    distance = side.take_profit_distance_percent
    away = "" if distance is None else f" ({percent_text(distance, '')} to go)"
    stop = "" if side.stop_loss is None else f", stop-loss {price_text(side.stop_loss, symbol.tick_size)}"
    return f"{side.exit} {price_text(side.take_profit, symbol.tick_size)}{away}{stop}"
