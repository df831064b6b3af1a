"""How orders turn into executions, and what each execution does to positions, wallet and other orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from gridhedge.domain.events import Execution, ExecutionKind, Funding
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity
from gridhedge.venue.paper.account import Account
from gridhedge.venue.paper.market import Holding, Market
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Cause", "Listener", "Matching"]

_WORKING, _FILLED, _CANCELLED = OrderState.WORKING, OrderState.FILLED, OrderState.CANCELLED
_ADL = ExecutionKind.ADL

Cause: TypeAlias = Literal["placed", "amended", "filled", "cancelled", "withdrawn", "triggered"]
"""Why an order changed. ``cancelled``: on request; ``withdrawn``: cancelled or cut by the exchange or the user."""

_NEVER = Decimal(10**15)
"""A price that no market reaches."""


class Listener(Protocol):
    """Sees everything that happens, as it happens; must not call the exchange back from inside."""

    def order_changed(self, order: PaperOrder, cause: Cause) -> None: ...

    def executed(self, execution: Execution) -> None: ...

    def funded(self, funding: Funding) -> None: ...

    def price_met(self, symbol: str) -> None:
        """A watched price was reached."""

    def wallet_changed(self) -> None:
        """A deposit, a withdrawal, another leverage."""


class Matching:
    """Executes. Knows nothing of requests, filters or time beyond the ``now`` that it is told."""

    def __init__(self, account: Account, listener: Listener | None) -> None:
        self.account = account
        self.listener = listener
        self.now: Millis = 0
        self.executions = 0
        """Counts executions and funding payments; their ids come from it."""
        self.arrivals = 0
        """Counts places in the queues."""
        self.bands_stale = True
        self.sticks: Callable[[PaperOrder], bool] = lambda order: False
        """A fault: whether nothing comes of a stop whose price has come."""

    # ---- resting orders ----------------------------------------------------------------------------------------------

    def rest(self, market: Market, order: PaperOrder) -> None:
        """Put the order into its queue and account for it."""
        price = order.trigger_price or order.price
        order.meets = price - market.extra if order.buys and market.extra else price
        self.arrivals += 1
        market.queue(order).add(order, order.meets, self.arrivals)
        if order.trigger_price is None:
            self._weigh(market, order, order.quantity - order.filled)
        market.stale = True

    def unrest(self, market: Market, order: PaperOrder) -> None:
        """Take the order out of its queue again."""
        market.queue(order).remove(order)
        if order.trigger_price is None:
            self._weigh(market, order, order.filled - order.quantity)
        market.stale = True

    def withdraw(self, market: Market, order: PaperOrder, reason: Reject | None, text: str) -> None:
        """The exchange (or the user's hand) cancels a working order."""
        self.unrest(market, order)
        self._end_unasked(order, reason, text)

    def tell(self, order: PaperOrder, cause: Cause) -> None:
        if self.listener is not None:
            self.listener.order_changed(order, cause)

    def _weigh(self, market: Market, order: PaperOrder, change: Quantity) -> None:
        holding = market.long if order.side.is_long else market.short
        if order.closing:
            holding.reserved += change
        else:
            holding.opening += order.price * change

    def _end_unasked(self, order: PaperOrder, reason: Reject | None, text: str) -> None:
        order.reason, order.text = reason, text
        self.account.end(order, _CANCELLED, self.now)
        self.tell(order, "withdrawn")

    # ---- executions --------------------------------------------------------------------------------------------------

    def fill_resting(self, market: Market, target: Price) -> bool:
        """Fill, as makers, the orders that the price has met on its way to ``target``; best price first."""
        happened = False
        for queue in (market.buys, market.sells):
            entries = queue.entries
            while entries and market.left != 0:
                order = entries[0][2]
                if not market.passed(order, target):
                    break
                self._fill(market, order, self._take(market, order.remaining))
                happened = True
        return happened

    def take(self, market: Market, order: PaperOrder) -> None:
        """Execute a marketable order that is not resting at the touch, as far as there is liquidity."""
        quantity = self._take(market, order.remaining)
        if not quantity:
            return
        price = market.ask if order.buys else market.bid
        order.filled += quantity
        order.changed = self.now
        if order.filled == order.quantity:
            self.account.end(order, _FILLED, self.now)
        self.tell(order, "filled")
        self.execute(market, market.holding(order.side), order, order.closing, quantity, price, False)

    def trigger(self, market: Market) -> bool:
        """Turn the stop orders whose price the mark has reached into market orders."""
        happened = False
        mark = market.feed.price
        for queue, falls in ((market.drops, True), (market.rises, False)):
            entries = queue.entries
            while entries:
                order = entries[0][2]
                if order.meets < mark if falls else order.meets > mark:
                    break
                self.unrest(market, order)
                happened = True
                if self.sticks(order):
                    self._leave_stuck(market, order)
                    continue
                order.trigger_price = None
                self.tell(order, "triggered")
                self._go_to_market(market, order)
        return happened

    def _leave_stuck(self, market: Market, order: PaperOrder) -> None:
        """It waits behind every price there can be."""
        order.stuck, order.changed = True, self.now
        order.meets = _NEVER if order.buys else ZERO
        self.arrivals += 1
        market.queue(order).add(order, order.meets, self.arrivals)
        self.tell(order, "triggered")

    def _fill(self, market: Market, order: PaperOrder, quantity: Quantity) -> None:
        if quantity == order.remaining:
            self.unrest(market, order)
            order.filled = order.quantity
            self.account.end(order, _FILLED, self.now)
        else:
            self._weigh(market, order, -quantity)
            order.filled += quantity
            order.changed = self.now
        self.tell(order, "filled")
        self.execute(market, market.holding(order.side), order, order.closing, quantity, order.price, True)

    def _take(self, market: Market, wish: Quantity) -> Quantity:
        left = market.left
        if left is None:
            return wish
        quantity = min(wish, left)
        market.left = left - quantity
        return quantity

    def _go_to_market(self, market: Market, order: PaperOrder) -> None:
        """A triggered stop. A closing one goes before resting reduce-only orders: those are cut afterwards."""
        holding = market.holding(order.side)
        if order.closing:
            order.quantity = min(order.quantity, order.filled + holding.quantity)
            if not order.remaining:
                self._end_unasked(order, Reject.REDUCE_ONLY, "no position is left to reduce")
                return
        else:
            price = market.ask if order.buys else market.bid
            margin = price * order.quantity * holding.rates.order
            if margin > self.account.available():
                self._end_unasked(order, Reject.MARGIN, f"triggered without the margin of {margin}")
                return
        self.take(market, order)
        self.end_rest(order)

    def end_rest(self, order: PaperOrder) -> None:
        """What a market or IOC order could not execute at once is cancelled."""
        if order.state is _WORKING:
            self._end_unasked(order, None, "the market did not hold enough for the rest")

    def execute(
        self,
        market: Market,
        holding: Holding,
        order: PaperOrder | None,
        closing: bool,
        quantity: Quantity,
        price: Price,
        maker: bool,
        kind: ExecutionKind = ExecutionKind.TRADE,
    ) -> None:
        """One execution: position, wallet, history, listener; then reduce-only orders that no longer fit are cut."""
        value = price * quantity
        fee = ZERO
        if kind is not _ADL:
            fee = value * (market.fees.maker if maker else market.fees.taker)
        realised: Money = ZERO
        if closing:
            realised = holding.reduce(quantity, value)
        else:
            holding.enlarge(quantity, value)
        account = self.account
        account.pay(realised, fee)
        self.bands_stale = True
        self.executions += 1
        client_id, venue_id = (order.client_id, order.venue_id) if order is not None else ("", "")
        execution = Execution(
            f"E{self.executions}",
            holding.symbol,
            client_id,
            venue_id,
            holding.side,
            closing,
            quantity,
            price,
            fee,
            maker,
            self.now,
            kind,
        )
        account.book(execution)
        if self.listener is not None:
            self.listener.executed(execution)
        if closing and holding.reserved > holding.quantity:
            self._trim(market, holding)

    def _trim(self, market: Market, holding: Holding) -> None:
        """The position has shrunk under its reduce-only orders: the worst-priced are cut first, the youngest before
        older ones of the same price."""
        queue = market.sells if holding.sign > 0 else market.buys
        for _, _, order in reversed(queue.entries.copy()):
            excess = holding.reserved - holding.quantity
            if excess <= 0:
                return
            if order.side is not holding.side or not order.closing:
                continue
            if order.remaining <= excess:
                self.withdraw(market, order, Reject.REDUCE_ONLY, "the position has become smaller than the order")
            else:
                order.quantity -= excess
                holding.reserved -= excess
                order.changed = self.now
                order.reason, order.text = Reject.REDUCE_ONLY, "cut to what the position still holds"
                self.tell(order, "withdrawn")

    # ---- the exchange's own doing ------------------------------------------------------------------------------------

    def charge_funding(self, market: Market) -> bool:
        """Every leg pays what the plan charges per unit (a perpetual: mark x rate, which short receives)."""
        rate = market.funding.rate(self.now)
        happened = False
        for holding in market.holdings:
            if holding.quantity:
                amount = holding.quantity * market.funding.charge(self.now, holding.side, market.feed.price)
                self.executions += 1
                account = self.account
                account.funding += amount
                account.wallet -= amount
                account.unsettle()
                funding = Funding(f"F{self.executions}", market.symbol, holding.side, amount, rate, self.now)
                account.book(funding)
                if self.listener is not None:
                    self.listener.funded(funding)
                happened = True
        self.bands_stale |= happened
        return happened

    def liquidate(self) -> bool:
        """The maintenance margin is no longer covered: cancel all orders, close all positions at the mark.

        The taker fee is charged; what the wallet can not pay is covered by the exchange. False if nothing was held.
        """
        account = self.account
        if not any(holding.quantity for market in account.markets for holding in market.holdings):
            account.cover()
            return False
        for market in account.markets:
            for queue in (market.buys, market.sells, market.drops, market.rises):
                for order in tuple(queue):
                    self.withdraw(market, order, Reject.MARGIN, "liquidation")
        for market in account.markets:
            for holding in market.holdings:
                if holding.quantity:
                    mark, quantity = market.worth(holding), holding.quantity
                    self.execute(market, holding, None, True, quantity, mark, False, ExecutionKind.LIQUIDATION)
        account.cover()
        return True
