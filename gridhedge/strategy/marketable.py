"""Limit prices that execute at once: the touch and a little more, priced anew when the market runs away."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.order import Order
from gridhedge.domain.values import ONE, Millis, Price
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.view import View


class Marketable(NamedTuple):
    """How far beyond the touch an order may reach, how long it may rest, and how far the price may move meanwhile
    (fractions of the price) before it is priced anew."""

    slippage: Decimal
    timeout_ms: Millis
    band: Decimal

    def price(self, view: View, buys: bool) -> Price:
        """Where an order executes now; it rounds towards the touch."""
        if buys:
            return view.instrument.floor_price(view.market.ask * (ONE + self.slippage))
        return view.instrument.ceil_price(view.market.bid * (ONE - self.slippage))

    def kept(self, draft: Draft, order: Order | None, fresh: Price) -> Price:
        """The price of a working order that should have executed, until it is old and the market has moved."""
        if order is None:
            return fresh
        due = order.changed + self.timeout_ms
        if draft.view.now < due:
            draft.wake_at(due)
            return order.price
        margin = order.price * self.band
        if abs(fresh - order.price) > margin:
            return fresh
        # The market's price at which ``fresh`` leaves the band.
        buys = (order.key.side.is_long) is not order.reduce_only
        factor = ONE + self.slippage if buys else ONE - self.slippage
        draft.wake_between((order.price - margin) / factor, (order.price + margin) / factor)
        return order.price
