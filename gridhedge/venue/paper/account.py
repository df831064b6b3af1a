"""The account of the exchange: wallet, orders and executions ever, and the figures that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from gridhedge.domain.events import AccountSeen, Execution, Funding
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import ZERO, Millis, Money
from gridhedge.venue.paper.margin import Figures, maintenance, mm_rate
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Account", "Booking", "Totals"]

Booking: TypeAlias = Execution | Funding
"""What moves the wallet in trading."""


class Totals(NamedTuple):
    """Sums since the beginning. ``wallet = deposits + realised - fees - funding + covered`` always holds."""

    deposits: Money
    """Deposits minus withdrawals, the first balance included."""
    realised: Money
    fees: Money
    funding: Money
    covered: Money
    """Losses beyond the wallet, taken over by the exchange in a liquidation."""


class Account:
    def __init__(self, wallet: Money, markets: Iterable[Market], keep_history: bool) -> None:
        self.wallet = wallet
        self.deposits = wallet
        self.realised: Money = ZERO
        self.fees: Money = ZERO
        self.funding: Money = ZERO
        self.covered: Money = ZERO
        self.markets = tuple(markets)
        self.keep_history = keep_history
        self.bookings: list[Booking] = []
        self.open: dict[str, PaperOrder] = {}
        """Working orders, by venue id."""
        self.ended: dict[str, PaperOrder] = {}
        self.ids: dict[str, str] = {}
        """Venue id of every client id ever used."""
        self._figures: Figures | None = None

    @property
    def totals(self) -> Totals:
        return Totals(self.deposits, self.realised, self.fees, self.funding, self.covered)

    # ---- figures -----------------------------------------------------------------------------------------------------

    def unsettle(self) -> None:
        """Positions or prices have changed: figures must be computed anew."""
        self._figures = None

    def figures(self) -> Figures:
        """Unrealised profit, initial and maintenance margin of all positions at the mark."""
        figures = self._figures
        if figures is None:
            unrealised = initial = needed = ZERO
            for market in self.markets:
                for holding in market.holdings:
                    if holding.quantity:
                        value = holding.quantity * market.worth(holding)
                        unrealised += value - holding.cost if holding.sign > 0 else holding.cost - value
                        initial += value * holding.rates.position
                        needed += maintenance(market.instrument, value, holding.rates.closing)
            figures = self._figures = Figures(unrealised, initial, needed)
        return figures

    def order_margin(self) -> Money:
        """Margin of all resting orders that would open."""
        margin = ZERO
        for market in self.markets:
            for holding in market.holdings:
                if holding.opening:
                    margin += holding.opening * holding.rates.order
        return margin

    def available(self) -> Money:
        """What new orders and withdrawals may use; never below zero."""
        figures = self.figures()
        return max(ZERO, self.wallet + figures.unrealised - figures.initial - self.order_margin())

    def slack(self) -> Money:
        """How far the margin balance lies above the maintenance margin; at zero or below follows liquidation."""
        figures = self.figures()
        return self.wallet + figures.unrealised - figures.maintenance

    def seen(self, at: Millis) -> AccountSeen:
        """All figures of the account at the present marks, under the given time."""
        figures = self.figures()
        balance = self.wallet + figures.unrealised
        initial = figures.initial + self.order_margin()
        return AccountSeen(
            self.wallet,
            balance,
            max(ZERO, balance - initial),
            initial,
            figures.maintenance,
            mm_rate(figures.maintenance, balance),
            at,
        )

    # ---- books -------------------------------------------------------------------------------------------------------

    def enter(self, order: PaperOrder) -> None:
        self.open[order.venue_id] = order
        if order.client_id:
            self.ids[order.client_id] = order.venue_id

    def end(self, order: PaperOrder, state: OrderState, at: Millis) -> None:
        """A working order has come to a final state."""
        order.state = state
        order.changed = at
        del self.open[order.venue_id]
        if self.keep_history:
            self.ended[order.venue_id] = order

    def find(self, client_id: str, venue_id: str = "") -> PaperOrder | None:
        """An order, working or kept, by venue id where that is given, else by client id."""
        key = venue_id or self.ids.get(client_id, "")
        return self.open.get(key) or self.ended.get(key)

    def book(self, booking: Booking) -> None:
        if self.keep_history:
            self.bookings.append(booking)

    def pay(self, realised: Money, fee: Money) -> None:
        self.realised += realised
        self.fees += fee
        self.wallet += realised - fee
        self._figures = None

    def cover(self) -> None:
        """After a liquidation: the exchange takes over what the wallet can not pay."""
        if self.wallet < 0:
            self.covered -= self.wallet
            self.wallet = ZERO
            self._figures = None
