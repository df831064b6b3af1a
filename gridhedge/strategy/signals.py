"""What closed candles say: which sides of a symbol may be opened.

Two indicators, each of which may give a signal by itself: Parabolic SAR against the weighted average, which stands for
as long as a candle is the last one, and CCI leaving its band, which counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from gridhedge.domain.candles import Candles
from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import SIDES, Millis, Side
from gridhedge.strategy.indicators import channel_index, parabolic_sar, weighted_average
from gridhedge.strategy.settings import SignalSettings

_WORDS = {Side.LONG: "BUY", Side.SHORT: "SELL"}
WINDOW = 500
"""So many candles are looked at. SAR remembers no further than a few reversals, the others no further than their
period."""


def candles_needed(settings: SignalSettings) -> int:
    """The fewest closed candles that say something."""
    average = max(settings.sma_period, 2) if settings.use_sma_sar else 1
    return max(average, settings.cci_period + 1 if settings.cci_period else 1)


def signal_of(settings: SignalSettings, symbol: str, candles: Candles, now: Millis) -> SignalSeen | None:
    """What the last of these candles says; None while there are too few of them."""
    if len(candles.times) < candles_needed(settings):
        return None
    stands: tuple[Side, ...] = ()
    crossed: tuple[Side, ...] = ()
    average = sar = cci = None
    if settings.use_sma_sar:
        average = weighted_average(candles, settings.sma_period)[-1].item()
        sar = parabolic_sar(candles, settings.sar_af, settings.sar_max)[-1].item()
        stands = _standing(sar, average, settings.reverse_order)
    if settings.cci_period:
        index = channel_index(candles, settings.cci_period)[settings.cci_period - 1 :].tolist()
        cci = index[-1]
        crossed = crossings(index, settings.cci_min, settings.cci_max)
    if not settings.has_signals:
        stands = SIDES
    closed = candles.times[-1] + settings.candle.ms
    close = Decimal(str(candles.close[-1]))
    return SignalSeen(symbol, closed, close, stands, crossed, now, _shown(average), _shown(sar), _shown(cci))


def _standing(sar: float, average: float, is_reversed: bool) -> tuple[Side, ...]:
    if sar == average:
        return ()
    is_long = (sar > average) is not is_reversed
    return (Side.LONG,) if is_long else (Side.SHORT,)


def signal_text(seen: SignalSeen) -> str:
    """``signal BUY (average 0.1989, SAR 0.2001)``."""
    sides = [word for side, word in _WORDS.items() if side in seen.stands or side in seen.crossed]
    figures = [("average", seen.average), ("SAR", seen.sar), ("CCI", seen.cci)]
    shown = ", ".join(f"{name} {value:.8g}" for name, value in figures if value is not None)
    return f"signal {' and '.join(sides) or 'none'}" + (f" ({shown})" if shown else "")


def crossings(index: Sequence[float], least: Decimal, most: Decimal) -> tuple[Side, ...]:
    """The side whose bound the last value has crossed outwards.

    A side re-arms once the index has been back between the bounds: one that jumps from above the band to below it and
    back above gives no second signal.
    """
    if len(index) < 2:
        return ()
    last, before = index[-1], index[:-1]
    if last > most:
        inside = next((value for value in reversed(before) if value >= least), None)
        return (Side.LONG,) if inside is None or inside <= most else ()
    if last < least:
        inside = next((value for value in reversed(before) if value <= most), None)
        return (Side.SHORT,) if inside is None or inside >= least else ()
    return ()


def _shown(value: float | None) -> Decimal | None:
    """Ten digits are enough for a screen and a log."""
    return None if value is None else Decimal(f"{value:.10g}")
