"""Fewer points for the same picture: within each stretch of time its lowest and highest point stay.

NumPy and floats are fine here: these points are drawn, not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Times: TypeAlias = npt.NDArray[np.int64]
MOST_POINTS = 5000


def thin_range(at: Times, low: Floats, high: Floats, most: int = MOST_POINTS) -> tuple[Times, Floats]:
    """A line through the lows and highs in the order in which they came, of at most ``most`` points.

    ``low`` and ``high`` are the same array for a plain line. The first and the last point of a plain line stay.
    """
    count = len(at)
    if low is high and count <= most:
        return at, low
    size = max(1, -(-count // max(1, (most - 2) // 2)))
    times: list[int] = []
    values: list[float] = []
    for start in range(0, count, size):
        stretch = slice(start, min(start + size, count))
        lowest, highest = start + int(np.argmin(low[stretch])), start + int(np.argmax(high[stretch]))
        first_low = lowest < highest
        for index, array in ((lowest, low), (highest, high)) if first_low else ((highest, high), (lowest, low)):
            if times and times[-1] == at[index] and values[-1] == array[index]:
                continue
            times.append(int(at[index]))
            values.append(float(array[index]))
    return _with_ends(at, low, times, values) if low is high else (np.array(times), np.array(values))


def drawdown_percent(equity: Floats) -> Floats:
    """How far below its highest value so far, in percent: 0 at a peak, negative below it."""
    peaks = np.maximum.accumulate(equity) if len(equity) else equity
    return np.divide((equity - peaks) * 100, peaks, out=np.zeros_like(equity), where=peaks > 0)


def floats(values: Sequence[object] | Floats) -> Floats:
    """Decimals, floats or an array as float64."""
    return np.asarray(values, dtype=np.float64)


def times(values: Sequence[int] | Times) -> Times:
    return np.asarray(values, dtype=np.int64)


def _with_ends(at: Times, values: Floats, kept_at: list[int], kept: list[float]) -> tuple[Times, Floats]:
    if kept_at and kept_at[0] != at[0]:
        kept_at, kept = [int(at[0]), *kept_at], [float(values[0]), *kept]
    if kept_at and kept_at[-1] != at[-1]:
        kept_at, kept = [*kept_at, int(at[-1])], [*kept, float(values[-1])]
    return np.array(kept_at), np.array(kept)
