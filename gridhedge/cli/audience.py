"""Keeps an account's files and screen up to date while the session trades: logs, state, trades, status."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path

from gridhedge.cli.tellings import telling
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import Event, Execution, ExecutionKind, StopRaised, TradingHalted
from gridhedge.domain.ladder_book import SideBook, average_price
from gridhedge.domain.order import OrderState, parse_client_id
from gridhedge.domain.values import Millis, Price, Role
from gridhedge.engine.desk import Desk
from gridhedge.engine.loop import Loop
from gridhedge.engine.ports import Level
from gridhedge.engine.show import account_status
from gridhedge.engine.status import AccountStatus, EventLevel, RecentEvent
from gridhedge.notify.herald import Herald, Trade
from gridhedge.store.emergency import Emergency, raise_emergency, read_emergency
from gridhedge.store.ledger import Ledger
from gridhedge.store.logs import AccountLogs, line
from gridhedge.store.rows import ExecutionRow
from gridhedge.store.snapshot import StatusFile
from gridhedge.store.state import CycleFacts, PositionRow, StateFile, SymbolState
from gridhedge.store.trades import TradesFile

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_EVENTS_KEPT = 50
_SHOWN_AS: Mapping[str, EventLevel] = {"warning": "warning", "error": "error", "critical": "critical"}
_PRICES_KEPT = 240
_AT_ONCE = frozenset((StopRaised, TradingHalted))
"""Told before anything follows from them: how many baskets close now is known only then."""
_NEVER = 1 << 62
"""A moment after every other: whatever is offered then is written."""

Show = Callable[[AccountStatus], object]


class _Words:
    """A text that is put together when somebody reads it: no request waits for it."""

    __slots__ = ("_say", "_text")

    def __init__(self, say: Callable[[], str]) -> None:
        self._say = say
        self._text: str | None = None

    def __str__(self) -> str:
        if self._text is None:
            self._text = self._say()
        return self._text


def _facts(event: Event) -> str:
    return line(type(event).__name__, **{name: value for name, value in event._asdict().items() if value is not None})


class EmergencyFile:
    """The engine's stop file in an account's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_set(self) -> bool:
        return read_emergency(self._folder) is not None

    def write(self, at: Millis, symbol: str, reason: str, mm_rate: Decimal) -> None:
        raise_emergency(self._folder, Emergency(at, symbol, reason, mm_rate))


class FileAudience:
    """``engine.ports.Audience`` over an account's folder and a screen.

    Without a ledger (a dry run) neither the state file nor the trades are written, logs and status only; and the
    decisions, which change nothing that could be seen, are shown as they are said. A ``herald`` hears what is worth
    telling others.
    """

    def __init__(
        self,
        folder: Path,
        logs: AccountLogs,
        ledger: Ledger | None,
        demo: bool,
        quote: str,
        herald: Herald | None = None,
    ) -> None:
        self._logs = logs
        self._demo = demo
        self._quote = quote
        self._trades = None if ledger is None else TradesFile(folder / "trades_history.csv", ledger)
        self._state = StateFile(folder / "bot_state.json")
        self._ledger = ledger
        self._herald = herald
        self._status = StatusFile(folder / "status.json")
        self._events: deque[tuple[Millis, EventLevel, object]] = deque(maxlen=_EVENTS_KEPT)
        self._prices: dict[str, deque[Price]] = {}
        self._untold: list[Event] = []
        """What the book has heard and no line says yet: no request waits for the log."""
        self._loop: Loop | None = None
        self._started: Millis = 0
        self._changed = self._traded = False
        self._tags: dict[str, str] = {}
        """What marks our order ids, by symbol."""

    def attend(self, loop: Loop) -> None:
        """The loop that this audience belongs to; before its start."""
        self._loop = loop
        self._started = loop.session.clock.now()
        self._tags = {desk.symbol: desk.book.tag for desk in loop.session.desks}
        if self._herald is not None and self._ledger is not None:
            self._herald.begin(max((row.seq for row in self._ledger.executions()), default=0))
            self._herald.catch_up(self._trades_after)

    # ---- the port ------------------------------------------------------------------------------------------------

    def told(self, event: Event) -> None:
        self._untold.append(event)
        if type(event) in _AT_ONCE:
            self._catch_up()

    def _catch_up(self) -> None:
        """Say what has happened before what follows from it."""
        untold, self._untold = self._untold, []
        for event in untold:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        self._logs.bot.debug(_Words(partial(_facts, event)))
        if isinstance(event, Execution):
            self._traded = True
            text = _Words(partial(execution_text, event, self._tags.get(event.symbol, "")))
            self._logs.trades.info(text)
            self._remember("info", text, event.at)
        elif (words := telling(event)) is not None:
            level, told = words
            self._logs.bot.log(_LEVELS.get(level, logging.CRITICAL), told)
            self._remember(level, told, event.at)
            if isinstance(event, TradingHalted):
                self._tell_limit(event, told)
        elif isinstance(event, StopRaised):
            self._logs.bot.critical(line("stop_raised", level=event.level, symbol=event.symbol, reason=event.reason))

    def said(self, level: Level, text: str) -> None:
        self._catch_up()
        self._logs.bot.log(_LEVELS.get(level, logging.CRITICAL), text)
        if level in ("warning", "error", "critical") or (level == "info" and self._trades is None):
            self._remember(level, text, self._now())
        if self._herald is not None:
            self._herald.said(level, text)

    def noted(self, text: str) -> None:
        """Something that a person did: logged, and shown among the last events."""
        self._catch_up()
        self._logs.bot.info(text)
        self._remember("info", text, self._now())

    def stepped(self) -> None:
        self._catch_up()
        self._changed = True

    # ---- once a tick ---------------------------------------------------------------------------------------------

    def status(self) -> AccountStatus:
        """What the screen and ``gridhedge status`` show; the price of this tick joins the sparkline."""
        loop = self._loop
        assert loop is not None, "a status needs a loop"
        self._catch_up()
        for desk in loop.session.desks:
            self._prices.setdefault(desk.symbol, deque(maxlen=_PRICES_KEPT)).append(desk.market.last)
        prices = {symbol: tuple(seen) for symbol, seen in self._prices.items()}
        # one of the four levels each: _remember sees to it
        events = tuple([RecentEvent(at, kind, str(text)) for at, kind, text in self._events])
        return account_status(loop.session, self._demo, self._quote, self._started, loop.ticks, prices, events)

    def publish(self, show: Show, last: bool = False) -> AccountStatus:
        """Show the status, and leave it on disk once a second; the ``last`` one always, with everything else."""
        status = self.status()
        self._keep_files()
        if last:
            self._state.close()
        self._status.offer(_NEVER if last else time.monotonic_ns() // 1_000_000, status)
        show(status)
        if self._herald is not None:
            self._herald.tick(status)
        return status

    def _keep_files(self) -> None:
        """Bring the files in line with the book. Once a tick, not after each step: the next execution often comes a
        moment after the last one, and would wait."""
        loop = self._loop
        if loop is None or self._trades is None:
            return
        desks = loop.session.desks
        if self._changed:
            self._changed = False
            self._state.offer([symbol_state(desk, loop.session.clock.now()) for desk in desks])
        if self._traded:
            self._traded = False
            self._trades.refresh()
            for desk in desks:
                self._log_positions(desk)
            if self._herald is not None:
                self._herald.catch_up(self._trades_after)

    def close(self) -> None:
        """Return when the state that was told last is on disk. Raises DiskFailure."""
        self._state.close()

    # ---- inside --------------------------------------------------------------------------------------------------

    def _tell_limit(self, event: TradingHalted, text: str) -> None:
        """Told with the number of baskets that close now."""
        if self._herald is None or self._loop is None:
            return
        books = [desk.book for desk in self._loop.session.desks]
        closed = sum(side.held > 0 for book in books for side in (book.long, book.short))
        self._herald.limit_hit(event.profit, event.limit, closed, text)

    def _trades_after(self, number: int) -> list[Trade]:
        assert self._ledger is not None, "trades are told from the journal"
        return [trade_of(row) for row in sorted(self._ledger.executions(after=number))]

    def _now(self) -> Millis:
        return self._loop.session.clock.now() if self._loop is not None else 0

    def _remember(self, level: str, text: object, at: Millis) -> None:
        self._events.append((at, _SHOWN_AS.get(level, "info"), text))

    def _log_positions(self, desk: Desk) -> None:
        for side in (desk.book.long, desk.book.short):
            if side.side not in desk.strategy.sides and not side.held:
                continue
            average = average_price(side) or Decimal(0)
            self._logs.positions.info(
                line(
                    "position",
                    symbol=desk.symbol,
                    side=side.side,
                    quantity=side.held,
                    average=f"{average:.10g}",
                    levels=sum(1 for fill in side.fills if fill.quantity),
                    realised_net=side.realised,
                )
            )


def execution_text(event: Execution, tag: str) -> str:
    """``DOGEUSDT long level 1: 752 @ 0.19733, fee 0.0297``; ``tag`` marks our order ids (``SymbolBook.tag``)."""
    key = parse_client_id(tag, event.client_id)
    if event.kind is not ExecutionKind.TRADE:
        what = event.kind.value
    elif key is None:
        what = f"{'reduced' if event.closing else 'raised'} by hand"
    else:
        what = f"level {key.level}" if key.role.is_entry else key.role.name.lower().replace("_", "-")
    return f"{event.symbol} {event.side.value} {what}: {event.quantity:f} @ {event.price:f}, fee {event.fee:.4f}"


def trade_of(row: ExecutionRow) -> Trade:
    """An execution as others are told of it. Its profit is what it earned after its own fee."""
    return Trade(
        row.seq,
        row.execution_id,
        row.symbol,
        row.at,
        row.side,
        row.role,
        row.level,
        row.closing,
        row.quantity,
        row.price,
        row.fee,
        None if row.realised is None else row.realised - row.fee,
        row.venue_id or row.client_id,
        row.kind,
    )


def symbol_state(desk: Desk, now: Millis) -> SymbolState:
    """The state file's picture of a symbol."""
    book = desk.book
    return SymbolState(
        book.symbol,
        now,
        tuple(_rows(book, book.long)),
        tuple(_rows(book, book.short)),
        _take_profit_id(book.long),
        _take_profit_id(book.short),
        book.long.reference or book.short.reference,
        _cycle(book.long),
        _cycle(book.short),
    )


def _rows(book: SymbolBook, side: SideBook) -> list[PositionRow]:
    rows = [
        PositionRow(fill.quantity, fill.average, level, fill.order_id, fill.created, fill.executed)
        for level, fill in enumerate(side.fills)
        if fill.quantity > 0
    ]
    rows += [
        PositionRow(order.remaining, order.price, level, order.venue_id or order.client_id, order.created)
        for level, order in sorted(side.entries.items())
        if order.state is OrderState.WORKING
    ]
    return sorted(rows, key=lambda row: (row.grid_level, row.executed is None))


def _take_profit_id(side: SideBook) -> str | None:
    order = side.exits.get(Role.TAKE_PROFIT) or side.exits.get(Role.BREAK_EVEN)
    return None if order is None else order.venue_id or order.client_id


def _cycle(side: SideBook) -> CycleFacts | None:
    return CycleFacts(side.cycle, side.now_levels) if side.cycle else None
