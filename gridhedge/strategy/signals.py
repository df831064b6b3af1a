"""What closed candles say: which sides of a symbol may be opened.

Two indicators, each of which may give a signal by itself: Parabolic SAR against the weighted average, which stands for
as long as a candle is the last one, and CCI leaving its band, which counts once.

All of them depend on where they begin: sums that slide along in their last digits, a slow SAR altogether. A bot that
reads the last ``WINDOW`` candles and a replay that knows years of them see the same figures, to the last bit, because
both begin at the same candle: the candles of one stretch of the clock share a beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import SIDES, Millis, Side
from gridhedge.strategy.indicators import Array, Codes, Flags, Places, channel_index, parabolic_sar, weighted_average
from gridhedge.strategy.settings import SignalSettings

_WORDS = {Side.LONG: "BUY", Side.SHORT: "SELL"}
_LONG, _SHORT = 1, 2
_SETS: tuple[tuple[Side, ...], ...] = ((), (Side.LONG,), (Side.SHORT,), SIDES)
"""The sides that a sum of ``_LONG`` and ``_SHORT`` means."""
_STRETCH = 125
"""So many intervals of the clock, counted from the epoch, share the candle at which their indicators begin."""
_WARM_UP = 250
"""At least so many candles lie before a stretch where there are as many, at most a stretch more. No period is longer;
the default SAR has forgotten its beginning after 50 candles of BTC, DOGE, ETH or SOL."""
WINDOW = _WARM_UP + 2 * _STRETCH
"""So many candles hold the beginning of the newest one's stretch, whatever times are missing between them."""


class _Span(NamedTuple):
    """A stretch of a series, as places in it: where its indicators begin, its first candle, the one after its last."""

    begin: int
    start: int
    stop: int


class Signals(NamedTuple):
    """What each of a series of closed candles says, in columns of equal length."""

    candles: Candles
    timeframe: Timeframe
    first: int
    """The first candle that says something: there are enough before it."""
    stands: Codes
    """Sums of ``_LONG`` and ``_SHORT``."""
    crossed: Codes
    average: Array | None
    sar: Array | None
    cci: Array | None

    def seen(self, symbol: str, index: int, now: Millis) -> SignalSeen | None:
        """What a candle says; None while there are too few of them."""
        if index < self.first:
            return None
        return SignalSeen(
            symbol,
            self.candles.times[index] + self.timeframe.ms,
            Decimal(str(self.candles.close[index])),
            _SETS[self.stands[index]],
            _SETS[self.crossed[index]],
            now,
            *(None if column is None else _shown(column[index]) for column in (self.average, self.sar, self.cci)),
        )

    def speaking(self, sides: Iterable[Side]) -> list[int]:
        """The candles with a signal for one of these sides."""
        import numpy as np

        wanted = sum(code for code, side in ((_LONG, Side.LONG), (_SHORT, Side.SHORT)) if side in sides)
        found: list[int] = (np.flatnonzero((self.stands[self.first :] | self.crossed[self.first :]) & wanted)).tolist()
        return [self.first + place for place in found]


def candles_needed(settings: SignalSettings) -> int:
    """The fewest closed candles that say something."""
    average = max(settings.sma_period, 2) if settings.use_sma_sar else 1
    return max(average, settings.cci_period + 1 if settings.cci_period else 1)


def signal_of(settings: SignalSettings, symbol: str, candles: Candles, now: Millis) -> SignalSeen | None:
    """What the last of these candles says, the last ``WINDOW`` that there are; None while there are too few."""
    if len(candles.times) < candles_needed(settings):
        return None
    last = _spans(candles, settings.candle)[-1]
    return _read(settings, candles, [last]).seen(symbol, last.stop - 1, now)


def signals_of(settings: SignalSettings, candles: Candles) -> Signals:
    """What each of these candles says: to the last bit what ``signal_of`` makes of it and those before it."""
    return _read(settings, candles, _spans(candles, settings.candle))


def signal_text(seen: SignalSeen) -> str:
    """``signal BUY (average 0.1989, SAR 0.2001)``."""
    sides = [word for side, word in _WORDS.items() if side in seen.stands or side in seen.crossed]
    figures = [("average", seen.average), ("SAR", seen.sar), ("CCI", seen.cci)]
    shown = ", ".join(f"{name} {value:.8g}" for name, value in figures if value is not None)
    return f"signal {' and '.join(sides) or 'none'}" + (f" ({shown})" if shown else "")


def crossings(index: Array, least: Decimal, most: Decimal) -> Codes:
    """At each value of CCI the side whose bound it has crossed outwards, as ``_LONG`` or ``_SHORT``; 0 for neither.

    A side re-arms once the index has been back between the bounds: one that jumps from above the band to below it and
    back above gives no second signal. Values that are NaN, at the beginning, are none.
    """
    import numpy as np

    upper, lower = np.float64(most), np.float64(least)
    told = np.zeros(len(index), dtype=np.int8)
    told[_leaves(index >= lower, index > upper)] = _LONG
    told[_leaves(index <= upper, index < lower)] = _SHORT
    told[np.flatnonzero(index == index)[:1]] = 0  # the first value comes from nowhere
    return told


def _leaves(counts: Flags, is_out: Flags) -> Places:
    """Where a value is out, and the one before it among those that count is not."""
    import numpy as np

    places = np.flatnonzero(counts)
    out = is_out[places]
    return places[out & ~np.concatenate(([False], out[:-1]))]


def _spans(candles: Candles, timeframe: Timeframe) -> list[_Span]:
    """One for each stretch. Its indicators begin where the latest one does that leaves the warm-up, or at the first
    candle."""
    import numpy as np

    starts = np.flatnonzero(np.diff(np.asarray(candles.times) // (_STRETCH * timeframe.ms), prepend=-1))
    stops = np.append(starts[1:], len(candles.times))
    begins = starts[np.maximum(np.searchsorted(starts, starts - _WARM_UP, side="right") - 1, 0)]
    return [_Span(*places) for places in zip(begins.tolist(), starts.tolist(), stops.tolist(), strict=True)]


def _read(settings: SignalSettings, candles: Candles, spans: Iterable[_Span]) -> Signals:
    """The indicators span by span, and what they say."""
    import numpy as np

    count = len(candles.times)
    average, sar, cci = (np.full(count, np.nan) for _ in range(3))
    stands, crossed = (np.zeros(count, dtype=np.int8) for _ in range(2))
    for begin, start, stop in spans:
        part, here, warm = candles.part(begin, stop), slice(start, stop), start - begin
        if settings.use_sma_sar:
            average[here] = weighted_average(part, settings.sma_period)[warm:]
            sar[here] = parabolic_sar(part, settings.sar_af, settings.sar_max)[warm:]
        if settings.cci_period:
            index = channel_index(part, settings.cci_period)
            cci[here] = index[warm:]
            crossed[here] = crossings(index, settings.cci_min, settings.cci_max)[warm:]
    if settings.use_sma_sar:
        above, below = (_SHORT, _LONG) if settings.reverse_order else (_LONG, _SHORT)
        stands[sar > average], stands[sar < average] = above, below
    elif not settings.cci_period:
        stands[:] = _LONG + _SHORT
    figures = (
        *((average, sar) if settings.use_sma_sar else (None, None)),
        cci if settings.cci_period else None,
    )
    return Signals(candles, settings.candle, candles_needed(settings) - 1, stands, crossed, *figures)


def _shown(value: float) -> Decimal:
    """Ten digits are enough for a screen and a log."""
    return Decimal(f"{value:.10g}")
