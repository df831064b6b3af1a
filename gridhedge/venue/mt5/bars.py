"""Closed candles of whole UTC hours and days, from bars of a trade server whose clock is hours away from UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.values import Millis
from gridhedge.venue.mt5.terminal.constants import Constants as C

__all__ = ["Bar", "closed", "source_of"]

Bar: TypeAlias = tuple[Millis, float, float, float]
"""Opening time (UTC), high, low, close."""

_SOURCES = {
    Timeframe.M1: C.TIMEFRAME_M1,
    Timeframe.M5: C.TIMEFRAME_M5,
    Timeframe.M15: C.TIMEFRAME_M15,
    Timeframe.M30: C.TIMEFRAME_M30,
}


def source_of(timeframe: Timeframe, limit: int) -> tuple[int, int]:
    """Which bars to ask for, and how many. Four hours and days are put together from hours: the server's own begin at
    its midnight, not at UTC's."""
    if timeframe in _SOURCES:
        return _SOURCES[timeframe], limit + 1
    return C.TIMEFRAME_H1, (limit + 1) * (timeframe.ms // Timeframe.H1.ms)


def closed(bars: Iterable[Bar], timeframe: Timeframe, now: Millis, limit: int) -> Candles:
    """The last ``limit`` candles that have closed by ``now``, each from the bars that open in it."""
    groups: dict[Millis, list[Bar]] = {}
    for bar in bars:
        groups.setdefault(timeframe.opened(bar[0]), []).append(bar)
    whole = [(opened, parts) for opened, parts in groups.items() if opened + timeframe.ms <= now]
    if len(whole) > limit:
        whole = whole[-limit:]
    return Candles(
        [opened for opened, _ in whole],
        [max(bar[1] for bar in parts) for _, parts in whole],
        [min(bar[2] for bar in parts) for _, parts in whole],
        [parts[-1][3] for _, parts in whole],
    )
