"""Equity and margin over every candle of a replay, vectorised.

Between two events nothing of the account changes, so its value is a straight line in the prices there. NumPy
(float64) finds *where* the extremes are; what is reported is computed there once more, in ``Decimal``.

The path is scanned in chunks that fit the processor's cache. Its points are the two extremes of every candle and every
event; an event comes before a candle's point of the same millisecond. At an event the price is that of the execution,
and symbols that do not trade keep the price of their last point.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import HUNDRED, SIDES, ZERO, Millis, Money, Price, Side
from gridhedge.replay.candles import Candles, Prices, Times
from gridhedge.replay.path import aligned, extremes, extremes_before, legs
from gridhedge.replay.tally import Holding, Step
from gridhedge.venue.paper.margin import maintenance, margin_rates, mm_rate

CURVE_POINTS = 2000
_CHUNK = 16_384
_CHUNKS = 64
_LEAST_PEAK = 1e-9
"""Below such an equity there is nothing left to lose a share of."""

Floats: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]


class Market(NamedTuple):
    """One symbol of a replay. ``leverage`` is the one in force."""

    candles: Candles
    instrument: Instrument
    fees: Fees
    leverage: int

    def closing_fee_rate(self, side: Side) -> Decimal:
        """Fee to close a side at its bankruptcy price, per notional."""
        return margin_rates(side, self.leverage, self.fees.taker).closing

    def maintenance(self, holding: Holding, price: Price) -> Money:
        """Maintenance margin of both sides at a mark price, the fees to close them included."""
        long, short = holding.long * price, holding.short * price
        return (maintenance(self.instrument, long, self.closing_fee_rate(Side.LONG)) if long else ZERO) + (
            maintenance(self.instrument, short, self.closing_fee_rate(Side.SHORT)) if short else ZERO
        )


class Moment(NamedTuple):
    """A point of the path: the account after step ``step``, at these prices of the symbols."""

    at: Millis
    step: int
    prices: tuple[Price, ...]


class Fall(NamedTuple):
    """The deepest fall of the equity, from a peak to the lowest point after it; ``percent`` of the peak."""

    amount: Money
    percent: Decimal
    peak_at: Millis
    bottom_at: Millis


class EquityFigures(NamedTuple):
    deepest_fall: Fall
    """The one that cost most money."""
    deepest_fall_percent: Fall
    """The one that cost the largest share of its peak."""
    worst_margin_rate: Decimal
    """Maintenance margin in percent of equity, at most."""
    curve: tuple[tuple[Millis, Money], ...]
    """Equity over time, thinned out to at most 2,000 points without losing an extreme; money to 8 digits."""


class _Points(NamedTuple):
    """A stretch of the path: the prices of every symbol and the equity at each of its points. The first ``counts[0]``
    points lie after step ``first``, the next ``counts[1]`` after the step that follows, and so on."""

    first: int
    counts: Places
    prices: list[Prices]
    equity: Floats

    def spread(self, by_step: Floats) -> Floats:
        """What each step has, at each point."""
        return np.repeat(by_step[self.first : self.first + len(self.counts)], self.counts)

    def steps_before(self, place: int) -> int:
        """How many steps of the stretch (beyond ``first``) have happened at a point."""
        return int(np.searchsorted(np.cumsum(self.counts), place, "right"))

    def prices_at(self, place: int) -> tuple[Price, ...]:
        return tuple(Decimal(repr(float(column[place]))) for column in self.prices)


class _SideTable(NamedTuple):
    """One side of one symbol in float64: its quantity after each step, and its margin table."""

    place: int
    sign: int
    held: Floats
    limits: Floats
    rates: Floats
    deductions: Floats

    def margin(self, values: Floats) -> Floats:
        """Maintenance margin of these notionals, closing fees included."""
        tier = np.minimum(np.searchsorted(self.limits, values), len(self.limits) - 1)
        return np.where(values > 0, values * self.rates[tier] - self.deductions[tier], 0.0)


class _Peak(NamedTuple):
    equity: float
    moment: Moment


class _Low(NamedTuple):
    loss: float
    peak: Moment
    bottom: Moment


class EquityScan:
    """One pass over the path of a replay. ``steps`` come from the tally; the path ends at ``end`` (inclusive)."""

    def __init__(self, markets: Sequence[Market], steps: Sequence[Step], end: Millis) -> None:
        self._markets = markets
        self._steps = steps
        self._candles = aligned([market.candles for market in markets])
        self._size = max(1, int(np.searchsorted(self._candles[0].times, end)))
        """How many candles open before the end."""
        self._end = end
        self._step_times = np.array([step.at for step in steps])
        self._cash = np.array([float(step.cash) for step in steps])
        self._sides = [
            _side_table(market, steps, place, side) for place, market in enumerate(markets) for side in SIDES
        ]
        self._last_prices = [float(each.open[0]) for each in self._candles]
        self._next_step = 1
        start = Moment(steps[0].at, 0, tuple(Decimal(repr(price)) for price in self._last_prices))
        self._peak = _Peak(float(steps[0].cash), start)
        self._low = _Low(0.0, start, start)
        self._low_percent = _Low(0.0, start, start)
        self._worst_rate = ZERO
        self._curve = [(start.at, steps[0].cash)]

    def run(self) -> EquityFigures:
        """The figures of the whole path."""
        size = self._size
        chunk = max(_CHUNK, size // _CHUNKS + 1)
        chunks = -(-size // chunk)
        bucket = -(-(2 * size + len(self._steps)) // (CURVE_POINTS // 2 - 1 - chunks))
        for begin in range(0, size, chunk):
            points = self._points(slice(begin, min(begin + chunk, size)))
            if len(points.equity):
                self._follow_margin(self._before_events(points))
                self._follow_margin(points)
                self._follow_falls(points, begin)
                self._follow_curve(points, begin, bucket)
        return EquityFigures(self._fall(self._low), self._fall(self._low_percent), self._worst_rate, tuple(self._curve))

    def value(self, moment: Moment) -> Money:
        """Equity at a moment, exactly."""
        step = self._steps[moment.step]
        pairs = zip(step.holdings, moment.prices, strict=True)
        return step.cash + sum((holding.net * price for holding, price in pairs), ZERO)

    def margin_rate(self, moment: Moment) -> Decimal:
        """Maintenance margin in percent of equity at a moment, exactly."""
        holdings = self._steps[moment.step].holdings
        rows = zip(self._markets, holdings, moment.prices, strict=True)
        needed = sum((market.maintenance(holding, price) for market, holding, price in rows), ZERO)
        return mm_rate(needed, self.value(moment))

    def fall_to(self, ending: Moment) -> Fall:
        """The fall from the highest point of the path that ``run`` has seen to the moment at which the replay ended."""
        return self._fall(_Low(0.0, self._peak.moment, ending))

    # ---- a chunk of the path -------------------------------------------------------------------------------------

    def _points(self, part: slice) -> _Points:
        """The extremes of some candles, with the events that happen until the next ones put in between."""
        first, until = self._next_step, self._steps_until(part)
        self._next_step = until
        before = self._extremes_before(part, self._step_times[first:until])
        count = int(self._extremes_before(part, np.array([self._end + 1]))[0])
        prices = [
            self._merged(place, extremes(each, part)[:count], before, first) for place, each in enumerate(self._candles)
        ]
        counts = np.diff(before, prepend=0, append=count)
        counts[1:] += 1
        return self._valued(first - 1, counts, prices)

    def _before_events(self, points: _Points) -> _Points:
        """The events of a stretch, each with its own prices and the holdings that it found."""
        events = np.cumsum(points.counts)[:-1]
        return self._valued(points.first, np.ones_like(events), [column[events] for column in points.prices])

    def _valued(self, first: int, counts: Places, prices: list[Prices]) -> _Points:
        points = _Points(first, counts, prices, np.empty(0))
        equity = points.spread(self._cash)
        for side in self._sides:
            equity += side.sign * points.spread(side.held) * prices[side.place]
        return points._replace(equity=equity)

    def _extremes_before(self, part: slice, moments: Times) -> Places:
        return extremes_before(self._candles[0].times[part], self._candles[0].interval_ms, moments)

    def _steps_until(self, part: slice) -> int:
        """The first step that is left for the next part; the last part takes them all."""
        if part.stop == self._size:
            return len(self._steps)
        return max(self._next_step, int(np.searchsorted(self._step_times, self._candles[0].times[part.stop])))

    def _times(self, points: _Points, begin: int, places: Places) -> Times:
        """When the points at these places are, in the stretch that begins with candle ``begin``."""
        blocks = np.cumsum(points.counts)
        passed = np.searchsorted(blocks, places, "right")
        is_event = (passed > 0) & (blocks[passed - 1] == places)
        candle, extreme = np.divmod(places - passed, 2)
        candles = self._candles[0]
        at_extreme = candles.times[np.minimum(begin + candle, len(candles) - 1)]
        at_extreme = at_extreme + np.array(legs(candles.interval_ms))[extreme]
        return np.where(is_event, self._step_times[points.first + passed], at_extreme)

    def _moment(self, points: _Points, begin: int, place: int) -> Moment:
        at = int(self._times(points, begin, np.array([place]))[0])
        return Moment(at, points.first + points.steps_before(place), points.prices_at(place))

    def _merged(self, place: int, own: Prices, before: Places, first: int) -> Prices:
        """A symbol's prices at its own points and at the events between them."""
        at_events = np.empty(len(before))
        last, seen = self._last_prices[place], 0
        for index, count in enumerate(before.tolist()):
            if count > seen:
                last, seen = float(own[count - 1]), count
            step = self._steps[first + index]
            if step.symbol == place and step.price is not None:
                last = float(step.price)
            at_events[index] = last
        self._last_prices[place] = float(own[-1]) if len(own) > seen else last
        return np.insert(own, before, at_events)

    # ---- what is looked for --------------------------------------------------------------------------------------

    def _follow_falls(self, points: _Points, begin: int) -> None:
        highest = max(self._peak.equity, float(points.equity.max()))
        most = highest - float(points.equity.min())
        if most > self._low.loss or most > self._low_percent.loss * self._peak.equity:
            peaks = np.maximum(np.maximum.accumulate(points.equity), self._peak.equity)
            losses = peaks - points.equity
            self._low = self._deeper(self._low, losses, points, begin)
            losses /= np.maximum(peaks, _LEAST_PEAK)
            self._low_percent = self._deeper(self._low_percent, losses, points, begin)
        self._peak = self._peak_until(points, begin, len(points.equity) - 1)

    def _deeper(self, low: _Low, losses: Floats, points: _Points, begin: int) -> _Low:
        place = int(losses.argmax())
        if losses[place] <= low.loss:
            return low
        peak = self._peak_until(points, begin, place)
        return _Low(float(losses[place]), peak.moment, self._moment(points, begin, place))

    def _peak_until(self, points: _Points, begin: int, place: int) -> _Peak:
        highest = int(points.equity[: place + 1].argmax())
        equity = float(points.equity[highest])
        return _Peak(equity, self._moment(points, begin, highest)) if equity > self._peak.equity else self._peak

    def _fall(self, low: _Low) -> Fall:
        peak = self.value(low.peak)
        amount = peak - self.value(low.bottom)
        percent = HUNDRED * amount / peak if peak > 0 else ZERO
        return Fall(amount, percent, low.peak.at, low.bottom.at)

    def _follow_margin(self, points: _Points) -> None:
        if not len(points.equity) or not self._may_be_worse(points):
            return
        needed = np.zeros(len(points.equity))
        for side in self._sides:
            needed += side.margin(points.spread(side.held) * points.prices[side.place])
        rates = np.where(needed > 0, needed / np.maximum(points.equity, _LEAST_PEAK), 0.0)
        place = int(rates.argmax())
        moment = Moment(0, points.first + points.steps_before(place), points.prices_at(place))
        self._worst_rate = max(self._worst_rate, self.margin_rate(moment))

    def _may_be_worse(self, points: _Points) -> bool:
        """A bound that costs little: the largest quantities at the highest prices over the lowest equity."""
        steps = slice(points.first, points.first + len(points.counts))
        highest = [column.max() for column in points.prices]
        values = [side.held[steps].max(keepdims=True) * highest[side.place] for side in self._sides]
        needed = sum(float(side.margin(value)[0]) for side, value in zip(self._sides, values, strict=True))
        lowest = float(points.equity.min())
        return needed > 0 and (lowest <= 0 or 100 * needed / lowest > float(self._worst_rate))

    def _follow_curve(self, points: _Points, begin: int, bucket: int) -> None:
        """Of each bucket of points its lowest and its highest."""
        places: list[int] = []
        for start in range(0, len(points.equity), bucket):
            part = points.equity[start : start + bucket]
            places += sorted({start + int(part.argmin()), start + int(part.argmax())})
        times = self._times(points, begin, np.array(places)).tolist()
        equity = points.equity[places].tolist()
        self._curve += [(at, Decimal(f"{money:.8f}")) for at, money in zip(times, equity, strict=True)]


def _side_table(market: Market, steps: Sequence[Step], place: int, side: Side) -> _SideTable:
    tiers = market.instrument.tiers
    fee = market.closing_fee_rate(side)
    held = (step.holdings[place].long if side is Side.LONG else step.holdings[place].short for step in steps)
    return _SideTable(
        place,
        side.sign,
        np.array([float(quantity) for quantity in held]),
        np.array([float(tier.max_notional) for tier in tiers]),
        np.array([float(tier.rate + fee) for tier in tiers]),
        np.array([float(tier.deduction) for tier in tiers]),
    )
