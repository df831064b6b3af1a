"""The broker behind a simulated terminal: one hedging account whose tickets trade on an embedded exchange.

The exchange has prices, margin, swap and stop-out, and one position per side; the tickets are this account's view of
it. Take-profits, stop-losses and pending orders are prices that the exchange watches; what is met
executes at the touch.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from gridhedge.domain.events import Execution, ExecutionKind, Funding
from gridhedge.domain.order import Reject
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.practice.clock import Clock
from gridhedge.practice.mt5.disk import BrokerDisk
from gridhedge.practice.mt5.faults import Faults
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.mt5.tickets import Books, Deal, Order, Ticket
from gridhedge.practice.notes import Notes
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder, Refusal

__all__ = ["Broker"]

_SIDES = {True: Side.LONG, False: Side.SHORT}
_LIMITS = (C.ORDER_TYPE_BUY_LIMIT, C.ORDER_TYPE_SELL_LIMIT)


class Broker:
    """Owned by one thread. ``specs`` by the broker's own symbol names; ``digits`` of the account's currency; ``disk``
    keeps the account, and ``notes`` the pieces of the clock (without them they are forgotten with the process)."""

    def __init__(
        self,
        exchange: Exchange,
        specs: Mapping[str, Spec],
        clock: Clock,
        *,
        digits: int = 2,
        currency: str = "USD",
        disk: BrokerDisk | None = None,
        notes: Notes | None = None,
    ) -> None:
        assert exchange.listener is None, "a broker needs an exchange that nobody listens to yet"
        self.exchange = exchange
        exchange.listener = self
        self.specs = dict(specs)
        self.by_plain = {spec.plain: spec for spec in specs.values()}
        self.clock = clock
        self.currency, self.digits = currency, digits
        self.faults = Faults()
        self.books = Books()
        self._made: list[Execution] = []
        self._disk, self._notes = disk, notes or Notes(None)
        if disk is None or not disk.restore(exchange, self.books):
            self._deposit(exchange.account.wallet)
        at = exchange.now()
        if clock.pieces:
            at = max(at, clock.pieces[-1][1]) + 1  # what happened until then keeps the time that was told
        self._begin(at)
        self.advance(at)

    def _deposit(self, amount: Money) -> None:
        now = self.exchange.now()
        number = self.books.number()
        self.books.book(Deal(number, 0, now, C.DEAL_TYPE_BALANCE, 0, 0, 0, 0, ZERO, ZERO, ZERO, ZERO, amount, "", ""))

    def _begin(self, at: Millis) -> None:
        """The exchange stands at a time now, and goes on from there."""
        self._notes.write({"clock": [*self.clock.begin(at), self.clock.speed]})

    # ---- time --------------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Let happen what the wall clock says should have happened."""
        self.advance(self.clock.due())

    def advance(self, at: Millis) -> None:
        """Go to an exchange time, with everything that is met on the way."""
        while True:
            self.settle()
            if not self.exchange.advance(at):
                break
        self._expire()
        self.save()

    def save(self) -> None:
        """Keep what has changed: before anybody is told of it."""
        if self._disk is not None:
            self._disk.save(self.exchange, self.books)

    def release(self) -> None:
        """Keep everything and let go of the files."""
        self.save()
        self._notes.close()
        if self._disk is not None:
            self._disk.close()

    def skip(self, milliseconds: Millis) -> None:
        """Jump ahead by this much exchange time."""
        self.catch_up()
        at = self.exchange.now() + milliseconds
        self.advance(at)
        self._begin(at)

    def move(self, plain: str, price: Price) -> None:
        """Let the bid jump now. Only where the prices are a script."""
        self.catch_up()
        feed = self.exchange.market(plain).feed
        assert isinstance(feed, ScriptedFeed), "only scripted prices can be moved"
        at = self.exchange.now() + 1
        feed.add(at, price)
        self.exchange.market(plain).stale = True
        self.advance(at)

    def settle(self) -> None:
        """Execute what the prices of now have met, then watch for the next."""
        while self._trigger():
            pass
        for plain in self.by_plain:
            self._arm(plain)

    # ---- figures -----------------------------------------------------------------------------------------------------

    def profit(self, ticket: Ticket, price: Price | None = None) -> Money:
        """What closing a ticket now (or at a price) would earn, commission and swap left aside."""
        market = self.exchange.market(ticket.symbol)
        if price is None:
            price = market.bid if ticket.side is Side.LONG else market.ask
        return self.money(ticket.side.sign * ticket.units * (price - ticket.price))

    def equity(self) -> Money:
        return self.books.balance + sum(
            (self.profit(ticket) + self.money(ticket.swap) for ticket in self.books.tickets.values()), ZERO
        )

    def margin(self) -> Money:
        return self.money(self.exchange.account.figures().initial)

    def money(self, amount: Decimal) -> Money:
        """As the account's currency rounds it."""
        return round(amount, self.digits)

    # ---- trading -----------------------------------------------------------------------------------------------------

    def open(self, order: Order) -> Deal:
        """Execute an order that opens; its position carries the order's number. Raises Refusal."""
        side = _SIDES[order.buys]
        made = self._execute(order.symbol, side, False, order.units)
        order.position = order.number
        self.books.end(order, C.ORDER_STATE_FILLED, made.at)
        order.left = ZERO
        ticket = Ticket(
            order.number, order.symbol, side, made.quantity, made.price, made.at, order.magic, self._comment(order),
            order.sl, order.tp, order.reason, made.at,
        )  # fmt: skip
        slow = self.faults.strike("slow_list")
        ticket.hidden = slow.calls if slow is not None else 0
        self.books.tickets[order.number] = ticket
        return self._deal(order, made, C.DEAL_ENTRY_IN, ZERO, ZERO)

    def close(self, order: Order, ticket: Ticket, units: Quantity) -> Deal:
        """Close a part of a ticket at the touch. Raises Refusal."""
        made = self._execute(ticket.symbol, ticket.side, True, units)
        order.position, order.left = ticket.number, ZERO
        self.books.end(order, C.ORDER_STATE_FILLED, made.at)
        return self._closed(order, ticket, made, C.DEAL_ENTRY_OUT)

    def close_by(self, order: Order, ticket: Ticket, other: Ticket) -> Deal:
        """Close two opposite tickets against each other: neither pays the spread. Raises Refusal."""
        units = min(ticket.units, other.units)
        order.position, order.other, order.left = ticket.number, other.number, ZERO
        pair = [self._execute(each.symbol, each.side, True, units) for each in (ticket, other)]
        self.books.end(order, C.ORDER_STATE_FILLED, pair[0].at)
        first = self._closed(order, ticket, pair[0]._replace(price=other.price), C.DEAL_ENTRY_OUT_BY)
        self._closed(order, other, pair[1]._replace(price=other.price), C.DEAL_ENTRY_OUT_BY)
        self.exchange.deposit(units * self.exchange.market(ticket.symbol).gap)  # it knows no other way to close
        return first

    def market_order(self, symbol: str, buys: bool, units: Quantity, reason: int, comment: str, magic: int) -> Order:
        """An order that executes at once, not in the books yet."""
        now = self.exchange.now()
        kind = C.ORDER_TYPE_BUY if buys else C.ORDER_TYPE_SELL
        number = self.books.number()
        return Order(number, symbol, kind, units, ZERO, now, magic, comment, units, reason=reason)

    def _execute(self, plain: str, side: Side, closing: bool, units: Quantity) -> Execution:
        market = self.exchange.market(plain)
        self._made.clear()
        self.exchange.place(plain, "", side, closing, market.ask, units, market=True)
        assert len(self._made) == 1, "liquidity is without limit here"
        return self._made[0]

    def _closed(self, order: Order, ticket: Ticket, made: Execution, entry: int) -> Deal:
        profit = self.money(ticket.side.sign * made.quantity * (made.price - ticket.price))
        swap = self.money(ticket.swap * made.quantity / ticket.units)
        ticket.swap -= ticket.swap * made.quantity / ticket.units
        ticket.units -= made.quantity
        ticket.changed = made.at
        if not ticket.units:
            del self.books.tickets[ticket.number]
        return self._deal(order, made, entry, swap, profit)

    def _deal(self, order: Order, made: Execution, entry: int, swap: Money, profit: Money) -> Deal:
        buys = (made.side is Side.LONG) is not made.closing
        kind = C.DEAL_TYPE_BUY if buys else C.DEAL_TYPE_SELL
        deal = Deal(
            self.books.number(), order.number, made.at, kind, entry, order.magic, order.position, order.reason,
            made.quantity, made.price, -self.money(made.fee), swap, profit, order.symbol, self._comment(order),
        )  # fmt: skip
        self.books.book(deal)
        return deal

    def _comment(self, order: Order) -> str:
        return f"#{order.number}" if self.faults.strike("comments") is not None else order.comment

    # ---- what prices meet --------------------------------------------------------------------------------------------

    def _trigger(self) -> bool:
        """Execute the first thing that the prices of now have met; True if there was one."""
        for ticket in self.books.tickets.values():
            reason = self._met(ticket)
            if reason is not None:
                return self._exit(ticket, reason)
        return any(self._reached(order) and self._activate(order) for order in list(self.books.pending.values()))

    def _met(self, ticket: Ticket) -> int | None:
        """Whether a stop-loss or take-profit has been met: the closing price decides, bid for a buy, ask for a sell."""
        market = self.exchange.market(ticket.symbol)
        price = market.bid if ticket.side is Side.LONG else market.ask
        gone = (price - ticket.sl) * ticket.side.sign
        if ticket.sl and gone <= 0:
            return C.DEAL_REASON_SL
        if ticket.tp and (price - ticket.tp) * ticket.side.sign >= 0:
            return C.DEAL_REASON_TP
        return None

    def _exit(self, ticket: Ticket, reason: int) -> bool:
        price, word = (ticket.sl, "sl") if reason == C.DEAL_REASON_SL else (ticket.tp, "tp")
        comment = f"[{word} {price:f}]"
        order = self.market_order(ticket.symbol, ticket.side is Side.SHORT, ticket.units, reason, comment, ticket.magic)
        try:
            self.close(order, ticket, ticket.units)
        except Refusal:
            return False  # a market that has closed meanwhile: it is looked at again
        return True

    def _reached(self, order: Order) -> bool:
        market = self.exchange.market(order.symbol)
        price = market.ask if order.buys else market.bid
        falls = order.buys is (order.type in _LIMITS)
        return price <= order.price if falls else price >= order.price

    def _activate(self, order: Order) -> bool:
        if order.type in (C.ORDER_TYPE_BUY_STOP_LIMIT, C.ORDER_TYPE_SELL_STOP_LIMIT):
            order.type = C.ORDER_TYPE_BUY_LIMIT if order.buys else C.ORDER_TYPE_SELL_LIMIT
            order.price, order.stop_limit = order.stop_limit, ZERO
            return True
        try:
            self.open(order)
        except Refusal as refusal:
            if refusal.reason is Reject.MARKET_CLOSED:
                return False
            self.books.end(order, C.ORDER_STATE_REJECTED, self.exchange.now())
        return True

    def _arm(self, plain: str) -> None:
        """Let the exchange stop at the nearest price, of the bid, at which something of ours is met."""
        below: list[Price] = []
        above: list[Price] = []
        gap = self.exchange.market(plain).gap
        for ticket in self.books.tickets.values():
            if ticket.symbol == plain:
                down, up = (ticket.sl, ticket.tp) if ticket.side is Side.LONG else (ticket.tp, ticket.sl)
                shift = ZERO if ticket.side is Side.LONG else gap
                below += [down - shift] if down else []
                above += [up - shift] if up else []
        for order in self.books.pending.values():
            if order.symbol == plain:
                falls = order.buys is (order.type in _LIMITS)
                (below if falls else above).append(order.price - (gap if order.buys else ZERO))
        self.exchange.watch(plain, max(below, default=None), min(above, default=None))

    def _expire(self) -> None:
        now = self.exchange.now()
        for order in list(self.books.pending.values()):
            if order.expires and order.expires <= now:
                self.books.end(order, C.ORDER_STATE_EXPIRED, now)

    # ---- the exchange tells ------------------------------------------------------------------------------------------

    def order_changed(self, order: PaperOrder, cause: Cause) -> None:
        """Every order executes at once: its execution tells all."""

    def executed(self, execution: Execution) -> None:
        self._made.append(execution)
        if execution.kind is ExecutionKind.LIQUIDATION:
            self._stop_out(execution)

    def _stop_out(self, execution: Execution) -> None:
        tickets = [
            ticket
            for ticket in self.books.tickets.values()
            if ticket.symbol == execution.symbol and ticket.side is execution.side
        ]
        for ticket in tickets:
            share = ticket.units / execution.quantity
            order = self.market_order(
                ticket.symbol, ticket.side is Side.SHORT, ticket.units, C.DEAL_REASON_SO, "[so]", ticket.magic
            )
            order.position, order.left = ticket.number, ZERO
            self.books.end(order, C.ORDER_STATE_FILLED, execution.at)
            made = execution._replace(quantity=ticket.units, fee=execution.fee * share)
            self._closed(order, ticket, made, C.DEAL_ENTRY_OUT)

    def funded(self, funding: Funding) -> None:
        held = self.books.held(funding.symbol, funding.side)
        for ticket in self.books.tickets.values():
            if ticket.symbol == funding.symbol and ticket.side is funding.side:
                ticket.swap -= funding.amount * ticket.units / held

    def price_met(self, symbol: str) -> None:
        """Looked at by ``settle``, which follows every happening."""

    def wallet_changed(self) -> None:
        """Deposits are made when the account begins."""
