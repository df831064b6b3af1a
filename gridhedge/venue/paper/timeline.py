"""The passage of time: from one happening to the next, over all symbols, in the order of their times."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.values import ZERO, Millis, Price
from gridhedge.venue.paper.account import Account
from gridhedge.venue.paper.feed import Leg
from gridhedge.venue.paper.margin import band
from gridhedge.venue.paper.market import Market
from gridhedge.venue.paper.matching import Matching

__all__ = ["Timeline"]


class Timeline:
    """Moves the prices of all symbols and lets happen what they meet."""

    def __init__(self, markets: Sequence[Market], account: Account, matching: Matching) -> None:
        self._all = tuple(markets)
        self._account = account
        self._matching = matching
        ends = [market.feed.end for market in markets if market.feed.end is not None]
        self.end: Millis | None = min(ends, default=None)
        """The last moment of which all symbols have data; None where it goes on for ever."""
        self._next_funding: Millis | None = None
        self._pass_to(max(market.feed.at for market in markets))
        for market in markets:
            market.next_funding = market.funding.after(matching.now)
        self.renew_funding()

    def renew_funding(self) -> None:
        """Note when funding is due next."""
        times = [market.next_funding for market in self._all if market.next_funding is not None]
        self._next_funding = min(times, default=None)

    def advance(self, until: Millis) -> bool:
        """Go to the next happening: True if there was one, False at ``until`` or at the end of the data.

        A happening is a fill, a trigger, a watched price, funding paid or a liquidation. All that the price meets at
        one point belongs to one happening; what comes later on the same leg waits for the next call.
        """
        if self.end is not None and until > self.end:
            until = self.end
        matching = self._matching
        while True:
            if matching.bands_stale and self._renew_bands():
                return True
            due = until
            if self._next_funding is not None and self._next_funding < due:
                due = self._next_funding
            first: tuple[Millis, Market, Leg, Price] | None = None
            for market in self._all:
                if market.stale:
                    market.renew_bounds()
                leg = market.feed.seek(market.below, market.above, due)
                if leg is not None:
                    at, price = market.meeting(leg)
                    if at <= due and (first is None or at < first[0]):
                        first = at, market, leg, price
            if first is not None:
                if self._meet(*first):
                    return True
                continue
            if due > matching.now:
                self._pass_to(due)
            if due == self._next_funding and self._charge_funding():
                return True
            if due >= until:
                return False

    def _pass_to(self, at: Millis) -> None:
        """Nothing happens until ``at``."""
        for market in self._all:
            if market.feed.at < at:
                market.feed.pass_to(at)
                market.renew_touch()
                if market.liquidity is not None:
                    # Bounds depend on where the price stands, and a new leg brings new liquidity.
                    market.enter(market.feed.number)
                    market.stale = True
        self._matching.now = max(self._matching.now, at)
        self._account.unsettle()

    def _meet(self, at: Millis, market: Market, leg: Leg, price: Price) -> bool:
        """Move one market to a point of its path, the others to the same time, and let happen what happens there."""
        matching = self._matching
        if len(self._all) > 1:
            for other in self._all:
                if other is not market and other.feed.at < at:
                    other.feed.pass_to(at)
                    other.renew_touch()
        matching.now = max(matching.now, at)
        market.feed.move(leg, matching.now, price)
        market.renew_touch()
        market.enter(leg.number)
        market.stale = True
        self._account.unsettle()
        happened = matching.fill_resting(market, leg.target)
        if market.drops.entries or market.rises.entries:
            happened |= matching.trigger(market)
        below, above = market.watch_below, market.watch_above
        if (below is not None and price <= below) or (above is not None and price >= above):
            market.watch_below = below if below is not None and price > below else None
            market.watch_above = above if above is not None and price < above else None
            happened = True
            if matching.listener is not None:
                matching.listener.price_met(market.symbol)
        low, high = market.band_low, market.band_high
        if (low is not None and price <= low) or (high is not None and price >= high):
            matching.bands_stale = True
        return happened

    def _charge_funding(self) -> bool:
        happened = False
        for market in self._all:
            if market.next_funding is not None and market.next_funding <= self._matching.now:
                happened |= self._matching.charge_funding(market)
                market.next_funding = market.funding.after(self._matching.now)
        self.renew_funding()
        return happened

    def _renew_bands(self) -> bool:
        """Liquidate if it is time; otherwise set the prices between which it can not become time."""
        self._matching.bands_stale = False
        slack = self._account.slack()
        if slack <= ZERO and self._matching.liquidate():
            return True
        exposed = 0
        for market in self._all:
            if market.long.quantity or market.short.quantity:
                exposed += 1
        for market in self._all:
            long, short = market.long, market.short
            market.stale = True
            if long.quantity or short.quantity:
                share = slack if exposed == 1 else slack / exposed
                closing = short.rates.closing
                market.band_low, market.band_high = band(
                    market.steps,
                    market.feed.price,
                    market.instrument.tick_size,
                    long.quantity,
                    short.quantity,
                    closing,
                    share,
                )
            else:
                market.band_low = market.band_high = None
        return False
