"""One symbol at work: its book, its strategy, the market as last seen, and when to ask the strategy again."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import AccountSeen, Execution, ExecutionKind, MarketSeen
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import ONE, ZERO, Millis, Money, Price, Quantity, Side
from gridhedge.engine.candles import CandleWatch
from gridhedge.engine.hours import Hours
from gridhedge.engine.policy import Policy
from gridhedge.engine.ports import Venue
from gridhedge.strategy.budget import gross_margin
from gridhedge.strategy.view import Awaited, Plan, Strategy, View

_TRADE = ExecutionKind.TRADE
_NARROWEST = Decimal("0.001")
"""A plan's band is never narrower than this part of the price: a balance right at the reserve must not cost a plan a
tick. (The margin rate knows no such mercy.)"""


class Exposure:
    """What a price change does to the account through one symbol; all in quote currency."""

    __slots__ = ("ceiling", "equity_slope", "maintenance", "maintenance_slope", "margin_slope", "mark")

    def __init__(
        self, long: SideBook, short: SideBook, mark: Price, rules: Instrument, fees: Fees, leverage: int
    ) -> None:
        long_held, short_held = long.held, short.held
        held = long_held + short_held
        self.mark = mark
        self.equity_slope = abs(long_held - short_held)
        self.maintenance = ZERO
        self.ceiling: Price | None = None
        """Beyond this price the maintenance margin may grow faster than its slope says."""
        worst_rate = ZERO
        # Positions are closed at their bankruptcy price, which leverage moves away from the mark (Bybit's rule).
        share = ONE / leverage
        cheaper, dearer = fees.taker * (ONE - share), fees.taker * (ONE + share)
        for quantity, closing in ((long_held, cheaper), (short_held, dearer)):
            if quantity > ZERO:
                notional = quantity * mark
                self.maintenance += rules.maintenance_margin(notional) + notional * closing
                tier, is_last = _next_tier(rules, notional)
                worst_rate = max(worst_rate, tier.rate)
                if not is_last:
                    end = tier.max_notional / quantity
                    self.ceiling = end if self.ceiling is None else min(self.ceiling, end)
        self.maintenance_slope = held * (worst_rate + dearer)
        self.margin_slope = held * (share + fees.taker)


def _next_tier(rules: Instrument, notional: Money) -> tuple[Tier, bool]:
    """The margin tier above the notional's own, and whether there is none above that one. Its rate bounds the slope
    of the maintenance margin up to its end."""
    tiers = rules.tiers
    for following in range(1, len(tiers)):
        if notional <= tiers[following - 1].max_notional:
            return tiers[following], following == len(tiers) - 1
    return tiers[-1], True


def _moved_by(market: MarketSeen, trade: Execution) -> MarketSeen:
    """The market after a trade of ours: a buyer has taken the ask up to its price, or a seller the bid down to it. The
    other side of the order book, the mark and the age stay what they were."""
    we_buy = trade.side.is_long is not trade.closing
    bid, ask, price = market.bid, market.ask, trade.price
    if we_buy is trade.maker:
        bid = min(bid, price)
    else:
        ask = max(ask, price)
    return MarketSeen(market.symbol, bid, ask, price, market.mark, market.at)


class Desk:
    """Mutable state of one symbol, owned by the session."""

    def __init__(
        self,
        book: SymbolBook,
        strategy: Strategy,
        instrument: Instrument,
        fees: Fees,
        leverage: int,
        market: MarketSeen,
        *,
        asked_leverage: int = 0,
        sets_leverage: bool = False,
        terms_since: Millis = 0,
    ) -> None:
        self.symbol = book.symbol
        self.book = book
        self.strategy = strategy
        self.instrument = instrument
        self.fees = fees
        self.leverage = leverage
        """In force at the venue."""
        self.asked_leverage = asked_leverage or leverage
        """By the profile: what is in force may be less."""
        self.sets_leverage = sets_leverage
        """Whether the venue is told which leverage is wanted."""
        self.terms_since = terms_since
        """When leverage, fees and filters were last seen to change, or the bot was started."""
        self.market = market
        self.plan = Plan(())
        self._pushed_mark: Price = market.mark
        self._pushed_net: Quantity = book.long.held - book.short.held
        self.dirty = True
        self.retry_at: Millis | None = None
        """When to plan again after a refusal."""
        self.alarms: dict[str, str] = {}
        """Raised alarms by code."""
        self.spendable: Money = ZERO
        """Available balance above the reserve, as the plan was shown it."""
        self.below: Price | None = None
        self.above: Price | None = None
        """Outside this band the plan or the margin rate must be looked at again."""
        self.exposure = Exposure(book.long, book.short, market.mark, instrument, fees, leverage)
        self.doubts: dict[Side, tuple[Quantity, Quantity, Millis]] = {}
        """Where the venue seems to hold less than the book: what the book holds, what the venue, and since when."""
        reader = strategy.reader
        self.candles = CandleWatch(book.symbol, reader) if reader is not None else None
        self.position_is_read = False
        """Whether the venue's position has been read since the last execution."""
        self.reads_failed = 0
        self.remarks: list[str] = []
        """What the user should know before the first order."""
        self.hours = Hours()
        """When the market may be asked."""
        self.blocked = ""
        """The code of what is in the way of everything; empty while nothing is."""
        self.last_changes: tuple[str, ...] = ()
        """What a dry run has told last, so that it tells it once."""

    def follow(self, strategy: Strategy) -> None:
        """Plan with another strategy of the same kind from now on. What it reads from candles is read anew."""
        self.strategy = strategy
        reader = strategy.reader
        self.candles = CandleWatch(self.symbol, reader) if reader is not None else None
        self.dirty = True

    def note_push(self) -> None:
        """The venue has told the account's figures as of the price that is known now."""
        self._pushed_mark = self.market.mark
        self._pushed_net = self.book.long.held - self.book.short.held

    def drift(self) -> Money:
        """What the mark price has done to the margin balance since the venue's last figure: some venues push nothing
        when only prices move."""
        return self._pushed_net * (self.market.mark - self._pushed_mark)

    def see(self, market: MarketSeen) -> None:
        """Take in the market; outside the band the plan and the margin rate must be looked at again."""
        self.market = market
        last = market.last
        if (self.below is not None and last <= self.below) or (self.above is not None and last >= self.above):
            self.dirty = True

    def see_execution(self, execution: Execution) -> None:
        """Take in what an execution tells besides the book: the venue's position must be read before the next exit,
        and the market has been at its price. It may be ahead of the prices, and what opens a side anew at the touch
        of before it would rest, and leave the side unhedged."""
        self.position_is_read = False
        if execution.kind is _TRADE and execution.at > self.market.at:
            self.market = _moved_by(self.market, execution)

    def measure(self) -> None:
        """Value the position at the mark price."""
        book = self.book
        self.exposure = Exposure(book.long, book.short, self.market.mark, self.instrument, self.fees, self.leverage)

    def gross_margin(self) -> Money:
        return gross_margin(self.book, self.market.mark, self.leverage, self.fees)

    def view(
        self, account: AccountSeen, balance: Money, available: Money, reserve: Money, policy: Policy, now: Millis
    ) -> View:
        """What the strategy is shown; ``balance``: the margin balance as of now."""
        return View(
            self.book,
            self.market,
            self.instrument,
            self.fees,
            self.leverage,
            balance,
            available,
            reserve,
            policy.max_notional,
            now,
            policy.tick_ms,
            account.wallet_balance,
            self.candles.signal if self.candles is not None else None,
        )

    def retry(self, at: Millis) -> None:
        """Plan again at this time, at the latest."""
        self.retry_at = at if self.retry_at is None else min(self.retry_at, at)

    def next_due(self) -> Millis | None:
        """When to look at it again even if nothing happens."""
        due, retry_at = self.plan.wake_at, self.retry_at
        if retry_at is not None and (due is None or retry_at < due):
            due = retry_at
        if self.candles is not None:
            closes_at = self.candles.due
            due = closes_at if due is None else min(due, closes_at)
        return due

    def come_due(self, venue: Venue, now: Millis) -> str:
        """What time alone brings: a plan that wants to be looked at again, a candle that has closed. Returns what went
        wrong, empty if nothing did."""
        if self.candles is not None and self.candles.is_due(now):
            try:
                self.dirty = (self.candles.look(venue, now) and self._has_news(self.candles, now)) or self.dirty
            except VenueError as error:
                return f"the candles could not be read: {error}"
        due = self.next_due()
        self.dirty = self.dirty or (due is not None and due <= now)
        return ""

    def awaited(self, now: Millis) -> Awaited | None:
        """The candles that are worth a plan; None: every one is."""
        reader, candles = self.strategy.reader, self.candles
        if reader is None or candles is None or candles.signal is None:
            return None
        return reader.awaited(self.book, self.instrument, self.alarms, now)

    def _has_news(self, candles: CandleWatch, now: Millis) -> bool:
        """Whether something could follow from the candle that has just been read: otherwise it costs no plan."""
        awaited, seen = self.awaited(now), candles.signal
        return awaited is None or seen is None or awaited.includes(seen)

    def set_band(self, margin_slack: Money, threshold: Decimal, symbols: int) -> bool:
        """Bound the prices within which neither the plan nor the margin rate can come due; True if they moved.

        Safe by slope: the margin rate's slack shrinks by at most ``threshold x equity_slope + maintenance_slope`` per
        unit of price, the available balance by ``equity_slope + margin_slope``. Symbols share the slack equally.
        """
        exposure, last = self.exposure, self.market.last
        below, above = self.plan.wake_below, self.plan.wake_above
        if below is not None and last <= below:
            below = None  # the plan was made beyond it: waiting for it would be no wait
        if above is not None and last >= above:
            above = None
        slope = threshold * exposure.equity_slope + exposure.maintenance_slope
        if slope > ZERO:
            width = max(margin_slack / (slope * symbols), self.instrument.tick_size)
            if self.plan.slack is not None:
                shift = self.plan.slack / ((exposure.equity_slope + exposure.margin_slope) * symbols)
                width = min(width, max(shift, last * _NARROWEST))
            below = last - width if below is None else max(below, last - width)
            above = last + width if above is None else min(above, last + width)
            if exposure.ceiling is not None:
                above = min(above, exposure.ceiling)
        moved = below != self.below or above != self.above
        self.below, self.above = below, above
        return moved
