"""The embedded exchange behind the engine's port: requests in, outcomes back, events into the inbox."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from gridhedge.domain.account import OrderRecord, Position, Snapshot
from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.change import Amend, Change, Place
from gridhedge.domain.events import AccountSeen, Execution, Funding, MarketSeen
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Millis, Price
from gridhedge.engine.ports import Accepted, Capabilities, Check, Inbox, Outcome, Rejected
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = ["BATCH_SIZE", "PaperVenue"]

BATCH_SIZE = 20
_CANCELLED = OrderState.CANCELLED


class PaperVenue:
    """The port over an exchange; also the session's clock. It is the exchange's only listener.

    ``latency_ms``: a request reaches the exchange that much later; what happens meanwhile is in the inbox before its
    outcome. ``every_price``: also tell the price after a ``wait`` in which nothing happened (not in replay).
    ``pause`` is called with the milliseconds that a wait has passed, to bring them in step with real time.
    ``disk`` keeps the exchange: it is saved after every batch of requests and every wait that changed something.
    """

    name = "paper"

    def __init__(
        self,
        exchange: Exchange,
        *,
        latency_ms: Millis = 0,
        every_price: bool = True,
        pause: Callable[[Millis], None] | None = None,
        disk: PaperDisk | None = None,
    ) -> None:
        assert exchange.listener is None, "a paper venue needs an exchange that nobody listens to yet"
        assert latency_ms >= 0, "latency can not be negative"
        self.exchange = exchange
        exchange.listener = self
        self.capabilities = Capabilities(
            batch_size=BATCH_SIZE,
            can_amend=True,
            has_stop_orders=True,
            receive_window_ms=0,  # a request dies with the process that made it
            processing_ms=latency_ms,
            max_open_orders=exchange.max_open_orders,
            is_instant=True,
        )
        self._latency = latency_ms
        self._every_price = every_price
        self._pause = pause
        self._disk = disk
        self._inbox: Inbox | None = None
        self._symbols: tuple[str, ...] = ()
        self._happened = False
        """Whether something happened that has not been followed by a sight of the markets yet."""
        self._shown: dict[str, Price] = {}
        """The price of the last sight of each symbol."""
        self._account_moved = False
        self._told = False
        """Whether something was put into the inbox since the last wait."""
        self._changed: dict[int, PaperOrder] = {}
        """Orders that the disk does not know as they are; used only with a disk."""

    # ---- the port ----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        return self.exchange.now()

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        """From now on events of these symbols go into the inbox."""
        for symbol in symbols:
            self.exchange.market(symbol)
        self._symbols = tuple(symbols)
        self._inbox = inbox

    def prepare(self, symbol: str, leverage: int) -> int:
        in_force = self.exchange.set_leverage(symbol, leverage)
        self._save()
        return in_force

    def checks(self, symbols: Sequence[str]) -> list[Check]:
        account = self.exchange.account_seen()
        lines = [
            Check("exchange", None, "embedded paper exchange: no real money; hedge mode and cross margin always on"),
            Check("wallet", account.wallet_balance > 0, f"wallet balance {account.wallet_balance:f}"),
        ]
        for symbol in symbols:
            market = self.exchange.markets.get(symbol)
            if market is None:
                lines.append(Check(symbol, False, "not listed"))
            else:
                most = market.instrument.max_leverage
                lines.append(Check(symbol, True, f"price {market.price:f}, leverage up to {most}x"))
        return lines

    def instrument(self, symbol: str) -> Instrument:
        return self.exchange.market(symbol).instrument

    def fees(self, symbol: str) -> Fees:
        return self.exchange.market(symbol).fees

    def market(self, symbol: str) -> MarketSeen:
        sight = self.exchange.market_seen(symbol)
        self._shown[symbol] = sight.last
        return sight

    def account(self) -> AccountSeen:
        return self.exchange.account_seen()

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        orders = [order.record() for order in self.exchange.account.open.values() if order.symbol in symbols]
        positions = [
            Position(symbol, holding.side, holding.quantity, holding.average)
            for symbol in symbols
            for holding in self.exchange.market(symbol).holdings
            if holding.quantity
        ]
        return Snapshot(self.now(), self.account(), tuple(positions), tuple(orders))

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        account = self.exchange.account
        ended = [order for order in account.ended.values() if order.symbol == symbol and order.changed >= since]
        ended.sort(key=lambda order: (order.changed, order.number))
        first = bisect_left(account.bookings, since, key=lambda booking: booking.at)
        bookings = [booking for booking in account.bookings[first:] if booking.symbol == symbol]
        return [order.record() for order in ended], bookings

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        return self.exchange.market(symbol).feed.candles(timeframe, limit)

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        order = self.exchange.account.find(client_id)
        return order.record() if order is not None and order.state is OrderState.WORKING else None

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        order = self.exchange.account.find(client_id)
        return order.record() if order is not None and order.state is not OrderState.WORKING else None

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for start in range(0, len(changes), BATCH_SIZE):
            if self._latency:
                self._travel()
            outcomes += [self._carry_out(change) for change in changes[start : start + BATCH_SIZE]]
        if self._account_moved:
            self._happened = False
            self._show_account()
        self._save()
        return outcomes

    def wait(self, until: Millis) -> None:
        if self._told or self._happened:
            self._show()
            self._told = False
            return
        started = self.exchange.now()
        happened = self.exchange.advance(until)
        if not happened and self._every_price:
            self._happened = True
            self._account_moved = True
        self._show()
        self._told = False
        self._save()
        if self._pause is not None:
            self._pause(self.exchange.now() - started)

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        price = self.exchange.mark(symbol)
        met = (below is not None and price <= below) or (above is not None and price >= above)
        if met and self._shown.get(symbol) != price:
            # The price has come there unseen: without this the caller would wait for it in vain.
            self._happened = True
        self.exchange.watch(symbol, below, above)

    def heard(self) -> dict[str, Millis]:
        return {}

    def close(self) -> None:
        self._save()
        if self._disk is not None:
            self._disk.close()

    # ---- the exchange tells ------------------------------------------------------------------------------------------

    def order_changed(self, order: PaperOrder, cause: Cause) -> None:
        if self._disk is not None:
            self._changed[order.number] = order
        if cause == "withdrawn":
            self._happened = True
            if self._inbox is not None and order.symbol in self._symbols:
                self._inbox.put(order.update(self.exchange.now()))
                self._told = True

    def executed(self, execution: Execution) -> None:
        self._tell(execution)

    def funded(self, funding: Funding) -> None:
        self._tell(funding)

    def price_met(self, symbol: str) -> None:
        self._happened = True

    def wallet_changed(self) -> None:
        self._account_moved = True

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _tell(self, fact: Execution | Funding) -> None:
        self._happened = True
        self._account_moved = True
        if self._inbox is not None and fact.symbol in self._symbols:
            self._inbox.put(fact)
            self._told = True

    def _show(self) -> None:
        """Follow what happened with one sight of each market and one of the account."""
        if not self._happened and not self._account_moved:
            return
        inbox = self._inbox
        if inbox is not None:
            # Of all symbols: whoever reacts to one of them may act on another, and must know its price of now.
            for symbol in self._symbols:
                sight = self.exchange.market_seen(symbol)
                self._shown[symbol] = sight.last
                inbox.put(sight)
        self._happened = False
        self._show_account()

    def _show_account(self) -> None:
        self._account_moved = False
        if self._inbox is not None:
            self._inbox.put(self.exchange.account_seen())
            self._told = True

    def _travel(self) -> None:
        """A request is on its way: time passes, and what happens meanwhile is told."""
        arrival = self.exchange.now() + self._latency
        while self.exchange.advance(arrival):
            self._show()

    def _carry_out(self, change: Change) -> Outcome:
        try:
            if isinstance(change, Place):
                return self._place(change)
            if isinstance(change, Amend):
                order = self.exchange.amend(change.client_id, change.venue_id, change.price, change.quantity)
                if order.price == change.price and order.quantity == change.quantity:
                    return Accepted(order.venue_id)
            else:
                order = self.exchange.cancel(change.client_id, change.venue_id)
            return Accepted(order.venue_id, order.update(self.exchange.now()))
        except Refusal as refusal:
            return Rejected(refusal.reason, str(refusal), refusal.until)

    def _place(self, change: Place) -> Accepted:
        order = self.exchange.place(
            change.symbol,
            change.client_id,
            change.key.side,
            change.reduce_only,
            change.price,
            change.quantity,
            market=change.market,
            trigger_price=change.trigger_price,
        )
        as_sent = order.price == change.price and order.quantity == change.quantity
        if order.state is _CANCELLED or (not as_sent and not change.market):
            return Accepted(order.venue_id, order.update(self.exchange.now()))
        return Accepted(order.venue_id)

    def _save(self) -> None:
        if self._disk is not None:
            self._disk.save(self.exchange, tuple(self._changed.values()))
            self._changed.clear()
