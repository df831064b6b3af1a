"""The exact side of measuring a replay: every execution and funding payment, added up in ``Decimal``.

Equity needs no average prices: whatever was paid or received is cash, and what is held is worth its price, so
``equity = cash + sum of (long - short) * price``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gridhedge.domain.events import Event, Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderKey, account_tag, parse_client_id
from gridhedge.domain.values import SIDES, ZERO, Millis, Money, Price, Quantity, Role, Side


class Holding(NamedTuple):
    """What is held of one symbol."""

    long: Quantity
    short: Quantity

    @property
    def net(self) -> Quantity:
        return self.long - self.short


class Step(NamedTuple):
    """The account after an event. ``holdings`` are in the order of the symbols; ``symbol`` is the place of the one
    that traded at ``price`` in that moment (``price`` None: a funding payment)."""

    at: Millis
    cash: Money
    holdings: tuple[Holding, ...]
    symbol: int = 0
    price: Price | None = None


class Tally(NamedTuple):
    """Exact figures of a replay; times in ms."""

    steps: tuple[Step, ...]
    """The account before the first event, and after each (once for payments of the same moment)."""
    fills: int
    fees: Money
    funding: Money
    volume: Money
    profits: Mapping[Side, Money]
    """Each side over all symbols: realised plus open profit, minus fees and funding."""
    deepest_level: int | None
    """The highest level that executed; None if nothing did."""
    time_at_depth: Mapping[int, Millis]
    """How long the deeper side of a symbol had this many levels started, added over the symbols."""
    longest_unhedged: Millis
    """The longest time from a side's take-profit to the last of its now-levels."""


class _SideBook:
    """One side of one symbol while the events pass by."""

    __slots__ = ("cash", "closed_at", "cycle", "is_hedge", "quantity", "started", "unhedged")

    def __init__(self) -> None:
        self.quantity = ZERO
        self.cash = ZERO
        self.cycle = -1
        """The cycle of the latest entry; -1 before the first."""
        self.started = 0
        """Levels started in this cycle."""
        self.is_hedge = False
        """Whether it opens at once: a side of a hedge, whose levels count from 0; a grid on one side counts from 1."""
        self.closed_at: Millis | None = None
        """When the take-profit of the last cycle completed."""
        self.unhedged: Millis = 0

    def enter(self, execution: Execution, key: OrderKey | None) -> None:
        if key is not None:
            if key.cycle > self.cycle:
                self.started = 0  # whatever the cycle before has left
            self.cycle = max(self.cycle, key.cycle)
            self.is_hedge = self.is_hedge or key.role is Role.OPENING
            self.started = max(self.started, key.level + self.is_hedge)
            if key.role is Role.OPENING and self.closed_at is not None:
                self.unhedged = max(self.unhedged, execution.at - self.closed_at)
        self.quantity += execution.quantity

    def leave(self, execution: Execution, key: OrderKey | None) -> None:
        self.quantity -= execution.quantity
        took_profit = execution.kind is ExecutionKind.ADL or (key is not None and key.role is Role.TAKE_PROFIT)
        if took_profit:
            self.closed_at = execution.at
        if self.quantity == 0:
            self.started = 0
            if not took_profit:
                self.closed_at = None


class _Depths:
    """How long a symbol stood at each depth."""

    __slots__ = ("depth", "since", "times")

    def __init__(self, start: Millis) -> None:
        self.depth = 0
        self.since = start
        self.times: dict[int, Millis] = {}

    def change(self, depth: int, at: Millis) -> None:
        if depth == self.depth:
            return
        if at > self.since:
            self.times[self.depth] = self.times.get(self.depth, 0) + at - self.since
        self.depth, self.since = depth, at


class _Fold:
    """All books, and the figures that need no book."""

    def __init__(self, account: str, symbols: Sequence[str], start_balance: Money, start: Millis) -> None:
        self.tags = {symbol: account_tag(account, symbol) for symbol in symbols}
        self.places = {symbol: place for place, symbol in enumerate(symbols)}
        self.books = {(symbol, side): _SideBook() for symbol in symbols for side in SIDES}
        self.depths = {symbol: _Depths(start) for symbol in symbols}
        self.cash = start_balance
        self.holdings = (Holding(ZERO, ZERO),) * len(symbols)
        self.steps = [Step(start, start_balance, self.holdings)]
        self.fills = 0
        self.fees = self.funding = self.volume = ZERO
        self.deepest = -1

    def execution(self, event: Execution) -> None:
        book = self.books[event.symbol, event.side]
        key = parse_client_id(self.tags[event.symbol], event.client_id)
        value = event.quantity * event.price
        self.fills += 1
        self.fees += event.fee
        self.volume += value
        flow = (value if event.closing else -value) * event.side.sign - event.fee
        self.cash += flow
        if event.closing:
            book.cash += flow
            book.leave(event, key)
        else:
            book.enter(event, key)
            book.cash += flow
            self.deepest = max(self.deepest, -1 if key is None else key.level)
        self._note(event.symbol, event.at, event.price)
        if event.kind is ExecutionKind.LIQUIDATION and self.cash < 0 and not any(map(any, self.holdings)):
            self._forgive(book)

    def payment(self, event: Funding) -> None:
        self.funding += event.amount
        self.cash -= event.amount
        self.books[event.symbol, event.side].cash -= event.amount
        step = Step(event.at, self.cash, self.holdings)
        last = self.steps[-1]
        if len(self.steps) > 1 and last.at == event.at and last.price is None:
            self.steps[-1] = step  # both sides pay in the same moment
        else:
            self.steps.append(step)

    def _note(self, symbol: str, at: Millis, price: Price) -> None:
        long, short = self.books[symbol, Side.LONG], self.books[symbol, Side.SHORT]
        place = self.places[symbol]
        self.depths[symbol].change(max(long.started, short.started), at)
        holding = Holding(long.quantity, short.quantity)
        self.holdings = (*self.holdings[:place], holding, *self.holdings[place + 1 :])
        self.steps.append(Step(at, self.cash, self.holdings, place, price))

    def _forgive(self, book: _SideBook) -> None:
        """A bankrupt account owes nothing: the venue's insurance fund bears the rest."""
        book.cash -= self.cash
        self.cash = ZERO
        self.steps[-1] = self.steps[-1]._replace(cash=ZERO)


def tally(
    account: str, events: Sequence[Event], start_balance: Money, start: Millis, end: Millis, prices: Mapping[str, Price]
) -> Tally:
    """Fold the executions and funding payments of a replay, oldest first, that ran from ``start`` to ``end``.

    ``prices`` names the symbols and their last prices, at which open positions are valued.
    """
    fold = _Fold(account, tuple(prices), start_balance, start)
    for event in events:
        if type(event) is Execution:
            fold.execution(event)
        elif type(event) is Funding:
            fold.payment(event)
    times: dict[int, Millis] = {}
    for depths in fold.depths.values():
        depths.change(-1, end)
        for depth, duration in depths.times.items():
            times[depth] = times.get(depth, 0) + duration
    return Tally(
        steps=tuple(fold.steps),
        fills=fold.fills,
        fees=fold.fees,
        funding=fold.funding,
        volume=fold.volume,
        profits={side: _profit(fold, side, prices) for side in SIDES},
        deepest_level=fold.deepest if fold.deepest >= 0 else None,
        time_at_depth=dict(sorted(times.items())),
        longest_unhedged=max(_longest_unhedged(book, end) for book in fold.books.values()),
    )


def _profit(fold: _Fold, side: Side, prices: Mapping[str, Price]) -> Money:
    books = [(fold.books[symbol, side], price) for symbol, price in prices.items()]
    return sum((book.cash + side.sign * book.quantity * price for book, price in books), ZERO)


def _longest_unhedged(book: _SideBook, end: Millis) -> Millis:
    """A side that took profit and holds nothing yet is unhedged until the end."""
    open_for = end - book.closed_at if book.is_hedge and book.closed_at is not None and not book.quantity else 0
    return max(book.unhedged, open_for)
