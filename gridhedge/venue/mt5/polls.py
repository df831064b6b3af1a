"""What has changed at the terminal since the last look, as events: it pushes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.account import OrderRecord
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import AccountSeen, ConnectionChanged, OrderUpdate, Seen
from gridhedge.domain.values import ZERO, Millis
from gridhedge.venue.mt5.account import account_seen, decimal, market_seen
from gridhedge.venue.mt5.reads import Reads
from gridhedge.venue.mt5.records import Records
from gridhedge.venue.mt5.terminal.structs import AccountInfo, Tick, TradeOrder, TradePosition

__all__ = ["STREAM", "Polls", "gathered_swap", "told_as"]

STREAM = "terminal"
_OVERLAP_MS = 60_000
"""Deals are looked for so far back: their times and ours need not agree."""
_SHOW_AGAIN_MS = 1_000
_ASLEEP_S = 60
"""A price that has not moved for so long is told with its own age: the market may be closed."""


class _Look(NamedTuple):
    """One symbol as it was seen."""

    tickets: frozenset[tuple[int, float, float, float, float]]
    orders: dict[int, TradeOrder]


class Polls:
    """One look after the other. ``tell`` puts into the inbox. A terminal that is lost raises nothing: it is told."""

    def __init__(
        self, reads: Reads, records: Mapping[str, Records], tell: Callable[[Seen], None], now: Callable[[], Millis]
    ) -> None:
        self._reads, self._records, self._tell, self._now = reads, records, tell, now
        self._looks: dict[str, _Look] = {}
        self._deals: set[int] = set()
        """Tickets of deals that have been told."""
        self._since: Millis = now()
        self._ticks: dict[str, tuple[Tick, Millis]] = {}
        """The last price of each symbol, and when it was told."""
        self._account: AccountSeen | None = None
        self._overdue: set[tuple[str, int]] = set()
        """Orders that have left the list and are not in the history yet."""
        self._closing: dict[str, set[int]] = {}
        """Positions that have left the list, by symbol, whose closing deals are still to be told."""
        self.down_since: Millis | None = None
        self.heard_at: Millis = now()
        """When a look was answered in full."""

    def look(self) -> None:
        """Look once at everything."""
        try:
            terminal, info = self._reads.state()
            if not terminal.connected:
                self._down("the terminal has lost the broker")
                return
            for plain, records in self._records.items():
                self._see_symbol(plain, records)
            self._see_account(info)
            self.heard_at = self._now()
        except VenueError as error:
            self._down(str(error))
            return
        if self.down_since is not None:
            self.down_since = None
            self._tell(ConnectionChanged(STREAM, True, self._now()))

    def _down(self, text: str) -> None:
        if self.down_since is None:
            self.down_since = self._now()
            self._tell(ConnectionChanged(STREAM, False, self.down_since, text))

    def _see_symbol(self, plain: str, records: Records) -> None:
        held, pending = self._reads.positions(plain), self._reads.orders(plain)
        look = _look(held, pending)
        before = self._looks.get(plain)
        self._overdue |= {(plain, ticket) for ticket in records.placed - look.orders.keys()}
        if look != before or plain in self._closing or any(symbol == plain for symbol, _ in self._overdue):
            self._see_deals(plain, records, held)
            if before is not None:
                self._overdue |= {(plain, ticket) for ticket in before.orders.keys() - look.orders.keys()}
                gone = {ticket for ticket, *_ in before.tickets} - {ticket for ticket, *_ in look.tickets}
                self._closing.setdefault(plain, set()).update(gone)
            self._see_ends(plain, records)
            self._see_exits(plain, records, held)
            self._looks[plain] = look
        self._see_price(plain)

    def _see_deals(self, plain: str, records: Records, held: tuple[TradePosition, ...]) -> None:
        fresh = [deal for deal in self._reads.deals(plain, self._since - _OVERLAP_MS) if deal.ticket not in self._deals]
        for deal in fresh:
            self._deals.add(deal.ticket)
            made = records.execution(deal)
            self._tell(made)
            if not made.closing:
                self._overdue.add((plain, deal.order))
        for funding in records.swaps(held, fresh, self._now()):
            self._tell(funding)

    def _see_ends(self, plain: str, records: Records) -> None:
        """Orders that are not pending any more: their end is in the history, now or a moment later."""
        for symbol, ticket in sorted(self._overdue):
            order = self._reads.order_of(ticket) if symbol == plain else None
            record = None if order is None else records.pending(order)
            if order is not None:
                self._overdue.discard((symbol, ticket))
                records.placed.discard(ticket)
            if record is not None and record.client_id and record.state.is_final:
                self._tell(told_as(record, self._now()))

    def _see_exits(self, plain: str, records: Records, held: tuple[TradePosition, ...]) -> None:
        """Exit orders that no ticket carries any more have ended, once all that they have executed has been told."""
        closing = self._closing.pop(plain, set())
        left = {ticket for ticket in closing if not records.is_closed(ticket)}
        if left:
            self._closing[plain] = left
            return
        for exit_ in records.exits():
            if records.exit_state(exit_, held) is None:
                self._tell(told_as(records.end_exit(exit_, self._now()), self._now()))

    def _see_price(self, plain: str) -> None:
        tick = self._reads.tick(plain)
        now = self._now()
        last, told = self._ticks.get(plain, (None, 0))
        if last is not None and tick[:3] == last[:3] and now < told + _SHOW_AGAIN_MS:
            return
        at = self._reads.utc(tick.time_msc)
        self._tell(market_seen(plain, tick, at if now - at > _ASLEEP_S * 1000 else now))
        self._ticks[plain] = (tick, now)

    def _see_account(self, info: AccountInfo) -> None:
        seen = account_seen(info, gathered_swap(self._reads, self._records), self._now())
        if self._account is None or seen[:-1] != self._account[:-1]:
            self._account = seen
            self._tell(seen)


def _look(held: tuple[TradePosition, ...], pending: tuple[TradeOrder, ...]) -> _Look:
    tickets = frozenset((one.identifier, one.volume, one.swap, one.sl, one.tp) for one in held)
    return _Look(tickets, {one.ticket: one._replace(price_current=0.0) for one in pending})


def told_as(record: OrderRecord, now: Millis) -> OrderUpdate:
    """A listed order as news of it."""
    return OrderUpdate(
        record.symbol, record.client_id, record.venue_id, record.state, record.price, record.quantity, record.filled,
        now,
    )  # fmt: skip


def gathered_swap(reads: Reads, symbols: Iterable[str]) -> Decimal:
    """What the open tickets of these symbols have gathered (negative: to be paid). Raises VenueError."""
    return sum((decimal(one.swap) for plain in symbols for one in reads.positions(plain)), ZERO)
