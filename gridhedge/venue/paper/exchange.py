"""The embedded exchange: one account in hedge mode and cross margin over several linear perpetuals, in memory.

Requests change orders at once; ``advance`` moves time and price to the next happening. Between two happenings nothing
is computed: the feeds are asked for the next price at which an order, a stop, a watched price or the edge of the band
in which no liquidation is possible is met.
"""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.errors import UsageError
from gridhedge.domain.events import AccountSeen, ExecutionKind, MarketSeen
from gridhedge.domain.order import OrderState, Reject, TimeInForce
from gridhedge.domain.values import ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.paper.account import Account
from gridhedge.venue.paper.market import MAX_STOPS, FillRule, Holding, Listing, Market
from gridhedge.venue.paper.matching import Listener, Matching
from gridhedge.venue.paper.orders import PaperOrder, Refusal
from gridhedge.venue.paper.timeline import Timeline

__all__ = ["Exchange"]

_DEFAULT_LEVERAGE = 10
_WORKING, _CANCELLED = OrderState.WORKING, OrderState.CANCELLED
_POST_ONLY, _IOC = TimeInForce.POST_ONLY, TimeInForce.IOC


class Exchange:
    """One account. Refused requests raise ``Refusal`` and change nothing; ``now`` makes it the session's clock.

    ``fill``: a resting order fills when the price trades through it, or at a touch. ``liquidity``: what trades per leg
    of the path and symbol; None is without limit. ``ids_return``: a client id may be used again once its order has
    ended, as on Binance. ``listener`` sees everything that happens.
    """

    def __init__(
        self,
        listings: Sequence[Listing],
        wallet: Money,
        *,
        fill: FillRule = "through",
        liquidity: Quantity | None = None,
        max_open_orders: int = 500,
        keep_history: bool = True,
        ids_return: bool = False,
        listener: Listener | None = None,
    ) -> None:
        if not listings:
            raise UsageError("the paper exchange needs at least one symbol")
        assert wallet >= 0, "a wallet starts with zero or more"
        assert liquidity is None or liquidity > 0, "liquidity is a positive quantity, or None for no limit"
        self.markets: dict[str, Market] = {}
        for listing in listings:
            leverage = min(_DEFAULT_LEVERAGE, listing.instrument.max_leverage)
            self.markets[listing.instrument.symbol] = Market(listing, fill, liquidity, leverage)
        self.account = Account(wallet, self.markets.values(), keep_history)
        self.matching = Matching(self.account, listener)
        self.max_open_orders = max_open_orders
        self._ids_return = ids_return
        self.orders = 0
        """Counts all orders ever placed; their venue ids come from it."""
        self.timeline = Timeline(tuple(self.markets.values()), self.account, self.matching)

    # ---- reading -----------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        return self.matching.now

    @property
    def ended(self) -> bool:
        """Whether the data has come to its end."""
        end = self.timeline.end
        return end is not None and self.matching.now >= end

    def advance(self, until: Millis) -> bool:
        """Go to the next happening: True if there was one, False at ``until`` or at the end of the data."""
        return self.timeline.advance(until)

    @property
    def listener(self) -> Listener | None:
        return self.matching.listener

    @listener.setter
    def listener(self, listener: Listener | None) -> None:
        self.matching.listener = listener

    def market(self, symbol: str) -> Market:
        market = self.markets.get(symbol)
        if market is None:
            raise UsageError(f"the paper exchange does not list {symbol!r}: it has {', '.join(self.markets)}")
        return market

    def mark(self, symbol: str) -> Price:
        """The price that values positions, triggers stops and sets funding: the last price."""
        return self.market(symbol).feed.price

    def market_seen(self, symbol: str) -> MarketSeen:
        market = self.market(symbol)
        price = market.feed.price
        return MarketSeen(symbol, market.bid, market.ask, price, price, self.matching.now)

    def account_seen(self) -> AccountSeen:
        return self.account.seen(self.matching.now)

    # ---- requests ----------------------------------------------------------------------------------------------------

    def place(
        self,
        symbol: str,
        client_id: str,
        side: Side,
        reduce_only: bool,
        price: Price,
        quantity: Quantity,
        *,
        market: bool = False,
        trigger_price: Price | None = None,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> PaperOrder:
        """Place an order and execute what is marketable at once. ``side`` is the position side.

        A reduce-only quantity is cut to what is closable. ``price`` is ignored by market orders and by stop orders,
        which become market orders when the mark reaches ``trigger_price``. An empty client id is the user's hand.
        """
        listed = self.market(symbol)
        if client_id and self._is_taken(client_id):
            raise Refusal(Reject.DUPLICATE_ID, f"{symbol}: client id {client_id} has been used before")
        listed.check_open(self.matching.now)
        at_market = market or trigger_price is not None
        listed.check_quantity(quantity, at_market)
        buys = side.is_long is not reduce_only
        if trigger_price is not None:
            self._check_stop(listed, buys, trigger_price)
            worth = trigger_price
        elif market:
            worth = listed.ask if buys else listed.bid
        else:
            listed.check_price(price)
            worth = price = listed.banded(buys, price)
        takes = trigger_price is None and (market or (price >= listed.ask if buys else price <= listed.bid))
        if takes and time_in_force is _POST_ONLY and not at_market:
            raise Refusal(Reject.WOULD_TAKE, f"{symbol}: post-only at {price} would execute at once")
        holding = listed.holding(side)
        if trigger_price is None and reduce_only:
            quantity = self._closable(listed, holding, quantity)
        elif not reduce_only:
            listed.check_notional(worth, quantity)
            if trigger_price is None:
                self._check_margin(listed, holding, worth * quantity)
        if len(self.account.open) >= self.max_open_orders <= listed.waiting:  # the first counts all symbols
            raise Refusal(Reject.OTHER, f"{symbol}: {self.max_open_orders} orders are open, the most allowed")
        self.orders += 1
        order = PaperOrder(
            self.orders,
            symbol,
            client_id,
            side,
            reduce_only,
            worth if market else price,
            quantity,
            self.matching.now,
            at_market,
            trigger_price,
        )
        matching = self.matching
        self.account.enter(order)
        matching.tell(order, "placed")
        if takes:
            matching.take(listed, order)
        if order.state is _WORKING:
            if trigger_price is None and (market or time_in_force is _IOC):
                matching.end_rest(order)
            else:
                matching.rest(listed, order)
        return order

    def amend(self, client_id: str, venue_id: str, price: Price, quantity: Quantity) -> PaperOrder:
        """Give a resting limit order another price and total quantity (executed part included); it may execute."""
        order = self._working(client_id, venue_id)
        listed = self.markets[order.symbol]
        if order.trigger_price is not None:
            raise Refusal(Reject.OTHER, f"{order.symbol}: a stop order can not be amended; cancel it and place anew")
        if quantity <= order.filled:
            raise Refusal(
                Reject.OUT_OF_BOUNDS, f"{order.symbol}: quantity {quantity} is not above the executed {order.filled}"
            )
        listed.check_open(self.matching.now)
        listed.check_quantity(quantity, False)
        listed.check_price(price)
        price = listed.banded(order.buys, price)
        holding = listed.holding(order.side)
        if order.closing:
            quantity = min(quantity, order.filled + order.remaining + holding.quantity - holding.reserved)
        else:
            listed.check_notional(price, quantity)
            self._check_margin(listed, holding, price * (quantity - order.filled) - order.price * order.remaining)
        matching = self.matching
        matching.unrest(listed, order)
        order.price, order.quantity, order.changed = price, quantity, matching.now
        matching.tell(order, "amended")
        if price >= listed.ask if order.buys else price <= listed.bid:
            matching.take(listed, order)
        if order.state is _WORKING:
            matching.rest(listed, order)
        return order

    def cancel(self, client_id: str, venue_id: str = "") -> PaperOrder:
        """Cancel a working order; Refusal UNKNOWN_ORDER if it is not working (any more)."""
        order = self._working(client_id, venue_id)
        matching = self.matching
        self.markets[order.symbol].check_open(matching.now)
        matching.unrest(self.markets[order.symbol], order)
        self.account.end(order, _CANCELLED, matching.now)
        matching.tell(order, "cancelled")
        return order

    def set_leverage(self, symbol: str, leverage: int) -> int:
        """Set the leverage of both sides; returns the one in force, never above what the instrument allows."""
        assert leverage >= 1, "leverage is at least 1"
        market = self.market(symbol)
        market.set_leverage(min(leverage, market.instrument.max_leverage))
        self._account_changed()
        return market.leverage

    def watch(self, symbol: str, below: Price | None, above: Price | None) -> None:
        """Let ``advance`` stop, once, when the price comes to one of these or beyond. A bound that the present price
        has met already is dropped: the caller knows."""
        market = self.market(symbol)
        price = market.feed.price
        market.watch_below = below if below is not None and below < price else None
        market.watch_above = above if above is not None and above > price else None
        market.stale = True

    def deposit(self, amount: Money) -> None:
        """Add to the wallet; a negative amount withdraws, at most what is available."""
        if -amount > self.account.available():
            raise Refusal(Reject.MARGIN, f"{-amount} can not be withdrawn: {self.account.available()} is available")
        self.account.wallet += amount
        self.account.deposits += amount
        self._account_changed()

    # ---- other people's doing ----------------------------------------------------------------------------------------

    def by_hand_open(self, symbol: str, side: Side, quantity: Quantity) -> None:
        """The user buys (or sells short) by hand, at the touch, without any client id."""
        self._by_hand(symbol, side, False, quantity, ExecutionKind.TRADE)

    def by_hand_close(self, symbol: str, side: Side, quantity: Quantity) -> None:
        """The user closes a part of a position by hand, at the touch; resting reduce-only orders are cut."""
        self._by_hand(symbol, side, True, quantity, ExecutionKind.TRADE)

    def by_hand_cancel(self, venue_id: str) -> None:
        """The user cancels an order by hand."""
        order = self._working("", venue_id)
        self.matching.withdraw(self.markets[order.symbol], order, None, "cancelled by hand")

    def auto_deleverage(self, symbol: str, side: Side, quantity: Quantity) -> None:
        """The exchange closes a part of a position at the mark to cover somebody else's loss; no fee is charged."""
        self._by_hand(symbol, side, True, quantity, ExecutionKind.ADL)

    def _by_hand(self, symbol: str, side: Side, closing: bool, quantity: Quantity, kind: ExecutionKind) -> None:
        market = self.market(symbol)
        holding = market.holding(side)
        assert quantity > 0
        if closing and quantity > holding.quantity:
            raise Refusal(Reject.REDUCE_ONLY, f"{symbol}: only {holding.quantity} of the {side.value} side are held")
        buys = side.is_long is not closing
        price = market.feed.price if kind is ExecutionKind.ADL else market.ask if buys else market.bid
        if not closing:
            market.check_quantity(quantity, True)
            self._check_margin(market, holding, price * quantity)
        self.matching.execute(market, holding, None, closing, quantity, price, False, kind)

    # ---- checks ------------------------------------------------------------------------------------------------------

    def _is_taken(self, client_id: str) -> bool:
        venue_id = self.account.ids.get(client_id)
        return venue_id is not None and (not self._ids_return or venue_id in self.account.open)

    def _working(self, client_id: str, venue_id: str) -> PaperOrder:
        account = self.account
        order = account.open.get(venue_id or account.ids.get(client_id, ""))
        if order is None:
            raise Refusal(Reject.UNKNOWN_ORDER, f"no working order {client_id or venue_id}")
        return order

    def _check_stop(self, market: Market, buys: bool, trigger: Price) -> None:
        market.check_price(trigger)
        mark = market.feed.price + market.extra if buys else market.feed.price
        if trigger <= mark if buys else trigger >= mark:
            raise Refusal(
                Reject.WOULD_TRIGGER, f"{market.symbol}: a stop at {trigger} would trigger at once, the mark is {mark}"
            )
        if market.stops >= MAX_STOPS:
            raise Refusal(Reject.OTHER, f"{market.symbol}: {MAX_STOPS} stop orders wait already, the most allowed")

    def _closable(self, market: Market, holding: Holding, quantity: Quantity) -> Quantity:
        closable = holding.quantity - holding.reserved
        if closable <= 0:
            raise Refusal(
                Reject.REDUCE_ONLY,
                f"{market.symbol}: nothing of the {holding.side.value} side is left to close "
                f"({holding.quantity} held, {holding.reserved} in reduce-only orders)",
            )
        return min(quantity, closable)

    def _check_margin(self, market: Market, holding: Holding, growth: Money) -> None:
        """Whether opening orders may grow by this notional: position limit and available margin."""
        if growth <= ZERO:
            return
        total = holding.quantity * market.feed.price + holding.opening + growth
        if total > holding.limit:
            raise Refusal(
                Reject.MARGIN,
                f"{market.symbol}: {total} of notional on the {holding.side.value} side is above the limit of "
                f"{holding.limit} at leverage {market.leverage}",
            )
        margin = growth * holding.rates.order
        available = self.account.available()
        if margin > available:
            raise Refusal(
                Reject.MARGIN, f"{market.symbol}: a margin of {margin:.8f} is needed, {available:.8f} is available"
            )

    def _account_changed(self) -> None:
        self.account.unsettle()
        self.matching.bands_stale = True
        if self.matching.listener is not None:
            self.matching.listener.wallet_changed()
