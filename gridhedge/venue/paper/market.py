"""One symbol of the exchange: its rules, its price, its two position legs, its queues, and what the price will meet."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nextafter
from typing import Literal, NamedTuple, TypeAlias

from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.order import Reject
from gridhedge.domain.values import MONEY_STEP, ONE, ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.venue.paper.feed import Feed, Leg, time_of
from gridhedge.venue.paper.funding import ConstantFunding, FundingPlan
from gridhedge.venue.paper.hours import Hours
from gridhedge.venue.paper.margin import margin_rates, steps
from gridhedge.venue.paper.orders import PaperOrder, Queue, Refusal

__all__ = ["MAX_STOPS", "FillRule", "Holding", "Listing", "Market"]

FillRule: TypeAlias = Literal["through", "touch"]
"""Whether a resting order fills when the price trades strictly beyond it, or as soon as it is touched."""

MAX_STOPS = 10
"""Waiting stop orders per symbol, as on Bybit and Binance."""


class Listing(NamedTuple):
    """A symbol to be traded. ``funding`` defaults to 0.01 % at the instrument's interval.

    ``price_band`` (a fraction, Bybit's ratio Y) moves a buy limit above ``mark x (1 + band)``, or a sell limit below
    ``mark x (1 - band)``, to that edge; None leaves prices alone. ``margin_holds_fees``: whether margin includes the
    fee of closing, as on Bybit; Binance's does not. ``spread`` is the distance from bid to ask, at least one tick.
    Outside of ``hours`` nothing can be sent; None is a market that never closes.
    """

    instrument: Instrument
    fees: Fees
    feed: Feed
    funding: FundingPlan | None = None
    price_band: Decimal | None = None
    margin_holds_fees: bool = True
    spread: Price = ZERO
    hours: Hours | None = None


class Holding:
    """One position leg, and what waits to change it."""

    __slots__ = ("cost", "limit", "opening", "quantity", "rates", "reserved", "side", "sign", "symbol")

    def __init__(self, symbol: str, side: Side) -> None:
        self.symbol = symbol
        self.side = side
        self.sign = side.sign
        self.quantity: Quantity = ZERO
        self.cost: Money = ZERO
        """Quantity times average entry price, kept as the sum that it is."""
        self.opening: Money = ZERO
        """Notional of the resting orders that would enlarge it."""
        self.reserved: Quantity = ZERO
        """What the resting reduce-only orders would close."""
        self.rates = margin_rates(side, 1, ZERO)
        self.limit: Money = ZERO
        """The notional that the leverage allows, orders included."""

    @property
    def average(self) -> Price:
        return self.cost / self.quantity

    def enlarge(self, quantity: Quantity, value: Money) -> None:
        self.quantity += quantity
        self.cost += value

    def reduce(self, quantity: Quantity, value: Money) -> Money:
        """Close a part for ``value``; returns the profit. Costs are cut at 1E-12 so that sums of money stay exact."""
        assert ZERO < quantity <= self.quantity, "a position closes at most what it holds"
        cost = self.cost
        if quantity != self.quantity:
            cost = (cost * quantity / self.quantity).quantize(MONEY_STEP)
        self.quantity -= quantity
        self.cost -= cost
        return value - cost if self.sign > 0 else cost - value


class Market:
    """State of one symbol. Bounds are what ``feed.seek`` is asked for; they are renewed when ``stale``."""

    def __init__(self, listing: Listing, rule: FillRule, liquidity: Quantity | None, leverage: int) -> None:
        instrument = listing.instrument
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.steps = steps(instrument)
        self.fees: Fees = listing.fees
        self.feed = listing.feed
        self.funding = listing.funding or ConstantFunding(instrument.funding_interval_minutes)
        self.next_funding: Millis | None = self.funding.after(self.feed.at)
        self.price_band = listing.price_band
        self._margin_holds_fees = listing.margin_holds_fees
        self._spread = listing.spread
        self.gap = max(listing.spread, instrument.tick_size)
        """From bid to ask."""
        self.extra = self.gap - instrument.tick_size
        """How much wider than a tick that is."""
        self.hours = listing.hours
        self.touch_fills = rule == "touch"
        self.liquidity = liquidity
        self.left = liquidity
        """What still trades in the leg under way; None where liquidity is unlimited."""
        self.leg_number = -1
        self.long = Holding(self.symbol, Side.LONG)
        self.short = Holding(self.symbol, Side.SHORT)
        self.holdings = (self.long, self.short)
        self.buys, self.sells = Queue(True), Queue(False)
        self.drops, self.rises = Queue(True), Queue(False)
        """Stop orders that wait for a falling and for a rising mark."""
        self.watch_below: Price | None = None
        self.watch_above: Price | None = None
        self.band_low: Price | None = None
        self.band_high: Price | None = None
        self.below, self.above = -inf, inf
        self.low_stop: Price | None = None
        self.high_stop: Price | None = None
        self.stale = True
        self.bid: Price = ZERO
        self.ask: Price = ZERO
        self.set_leverage(leverage)
        self.renew_touch()

    @property
    def price(self) -> Price:
        return self.feed.price

    def worth(self, holding: Holding) -> Price:
        """The mark of a leg: what it can be closed at, a tick left aside."""
        return self.feed.price + self.extra if holding.sign < 0 and self.extra else self.feed.price

    def holding(self, side: Side) -> Holding:
        return self.long if side.is_long else self.short

    def set_leverage(self, leverage: int) -> None:
        self.leverage = leverage
        fee = self.fees.taker if self._margin_holds_fees else ZERO
        for holding in self.holdings:
            holding.rates = margin_rates(holding.side, leverage, fee)
            holding.limit = self.instrument.max_notional_at(leverage)

    def follow(self, rules: Instrument) -> None:
        """From now on these filters hold; orders that rest stay as they are."""
        self.instrument, self.steps = rules, steps(rules)
        self.gap = max(self._spread, rules.tick_size)
        self.extra = self.gap - rules.tick_size
        self.set_leverage(self.leverage)
        self.renew_touch()
        self.stale = True

    def renew_touch(self) -> None:
        """Bid and ask around the last price: a spread apart, the last price on the bid where it is on the tick."""
        price, tick = self.feed.price, self.instrument.tick_size
        bid = price // tick * tick
        self.bid = bid
        self.ask = bid + self.gap

    @property
    def stops(self) -> int:
        """How many stop orders wait."""
        return len(self.drops.entries) + len(self.rises.entries)

    @property
    def waiting(self) -> int:
        """How many orders wait, of any kind."""
        return len(self.buys.entries) + len(self.sells.entries) + self.stops

    def queue(self, order: PaperOrder) -> Queue:
        if order.trigger_price is not None:
            return self.rises if order.buys else self.drops
        return self.buys if order.buys else self.sells

    # ---- filters -----------------------------------------------------------------------------------------------------

    def check_open(self, now: Millis) -> None:
        """Refusal MARKET_CLOSED until the market opens, where it is closed."""
        if self.hours is not None:
            opens = self.hours.opens(now)
            if opens > now:
                raise Refusal(Reject.MARKET_CLOSED, f"{self.symbol}: the market is closed", opens)

    def check_quantity(self, quantity: Quantity, market: bool) -> None:
        """Step, minimum and maximum (a smaller one for market orders); Refusal OUT_OF_BOUNDS."""
        instrument = self.instrument
        if quantity % instrument.lot_step:
            raise self._out_of_bounds(f"quantity {quantity} is not a multiple of {instrument.lot_step}")
        if quantity < instrument.min_quantity:
            raise self._out_of_bounds(f"quantity {quantity} is below the minimum {instrument.min_quantity}")
        most = instrument.max_market_quantity if market else instrument.max_quantity
        if quantity > most:
            raise self._out_of_bounds(f"quantity {quantity} is above the maximum {most}")

    def check_price(self, price: Price) -> None:
        if price <= ZERO:
            raise self._out_of_bounds(f"price {price} is not positive")
        if price % self.instrument.tick_size:
            raise self._out_of_bounds(f"price {price} is not a multiple of {self.instrument.tick_size}")

    def check_notional(self, price: Price, quantity: Quantity) -> None:
        """Orders that open; reduce-only orders may be as small as what is left."""
        value = price * quantity
        if value < self.instrument.min_notional:
            raise self._out_of_bounds(f"notional {value} is below the minimum {self.instrument.min_notional}")

    def banded(self, buys: bool, price: Price) -> Price:
        """The price, moved to the edge of the price band if it lies beyond."""
        band = self.price_band
        if band is None:
            return price
        if buys:
            return min(price, self.instrument.floor_price(self.price * (ONE + band)))
        return max(price, self.instrument.ceil_price(self.price * (ONE - band)))

    def _out_of_bounds(self, text: str) -> Refusal:
        return Refusal(Reject.OUT_OF_BOUNDS, f"{self.symbol}: {text}")

    # ---- what the price meets ----------------------------------------------------------------------------------------

    def renew_bounds(self) -> None:
        """The nearest prices at which something happens. Strict bounds become the next double beyond."""
        low, high = self._stops()
        down, up = low, high
        if self.buys.entries:
            price = self.buys.entries[0][2].meets
            if low is None or price > low:
                low = price
        if self.sells.entries:
            price = self.sells.entries[0][2].meets
            if high is None or price < high:
                high = price
        below = -inf if low is None else float(low)
        above = inf if high is None else float(high)
        if not self.touch_fills:
            below = below if low is down else nextafter(below, -inf)
            above = above if high is up else nextafter(above, inf)
        if self.liquidity is not None and self._has_leftovers():
            # Every leg brings new liquidity to an order that the price has already passed.
            below, above = inf, -inf
        self.below, self.above = below, above
        self.low_stop, self.high_stop = low, high
        self.stale = False

    def _stops(self) -> tuple[Price | None, Price | None]:
        """The nearest prices below and above that matter beside resting orders: bands, watched prices, triggers."""
        low, high = self.band_low, self.band_high
        bound = self.watch_below
        if bound is not None and (low is None or bound > low):
            low = bound
        bound = self.watch_above
        if bound is not None and (high is None or bound < high):
            high = bound
        if self.drops.entries:
            bound = self.drops.entries[0][2].meets
            if low is None or bound > low:
                low = bound
        if self.rises.entries:
            bound = self.rises.entries[0][2].meets
            if high is None or bound < high:
                high = bound
        return low, high

    def _has_leftovers(self) -> bool:
        buys, sells, price = self.buys.entries, self.sells.entries, self.price
        return bool((buys and buys[0][2].meets > price) or (sells and sells[0][2].meets < price))

    def meeting(self, leg: Leg) -> tuple[Millis, Price]:
        """When and at which price a leg meets the first thing that waits for it (its end, if there is none).

        The time may lie before the present one, where something was put in the price's way in this millisecond.
        """
        target = leg.target
        if leg.jump:
            return leg.ends, target
        price = self.feed.price if self.feed.at >= leg.begins else leg.origin
        low, high = self.low_stop, self.high_stop
        if self.liquidity is not None:
            if leg.number != self.leg_number and self._has_leftovers():
                return leg.begins, price
            if leg.number == self.leg_number and self.left == 0:
                low, high = self._stops()
        if target < price:
            met = target if low is None or low < target else min(price, low)
        else:
            met = target if high is None or high > target else max(price, high)
        return time_of(leg, met), met

    def enter(self, leg_number: int) -> None:
        """A new leg brings new liquidity."""
        if leg_number != self.leg_number:
            self.leg_number = leg_number
            self.left = self.liquidity

    def passed(self, order: PaperOrder, target: Price) -> bool:
        """Whether a resting order fills while the price stands where it is, on its way to ``target``."""
        price = self.feed.price
        meets = order.meets
        if meets == price:
            return self.touch_fills or (target < price if order.buys else target > price)
        return meets > price if order.buys else meets < price
