"""The indicators that open baskets, on TA-Lib: moving average, Parabolic SAR and CCI over columns of closed candles.

NumPy and TA-Lib are loaded when the first candle is looked at, so that commands without candles do without them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from gridhedge.domain.candles import Candles

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]
    Codes: TypeAlias = npt.NDArray[np.int8]
    Flags: TypeAlias = npt.NDArray[np.bool_]
    Places: TypeAlias = npt.NDArray[np.intp]
else:
    Array = Codes = Flags = Places = Any


def weighted_average(candles: Candles, period: int) -> Array:
    """Linear weighted moving average of (high + low + 2 close) / 4: the newest weighs ``period``, the oldest 1.

    The first ``period - 1`` values are NaN.
    """
    import talib

    high, low, close = _columns(candles)
    prices = (high + low + 2 * close) / 4
    # TA-Lib knows no average of a single value.
    return prices if period == 1 else talib.WMA(prices, timeperiod=period)


def parabolic_sar(candles: Candles, step: Decimal, most: Decimal) -> Array:
    """Wilder's stop and reverse (New Concepts in Technical Trading Systems, 1978): the acceleration factor begins at
    ``step``, grows by it with every new extreme, and ends at ``most``. The first value is NaN."""
    import numpy as np
    import talib

    high, low, _ = _columns(candles)
    return talib.SAR(high, low, acceleration=np.float64(step), maximum=np.float64(most))


def channel_index(candles: Candles, period: int) -> Array:
    """Lambert's Commodity Channel Index: (p - mean) / (0.015 x mean deviation) of the typical price
    p = (high + low + close) / 3; 0 where nothing deviates. The first ``period - 1`` values are NaN."""
    import talib

    return talib.CCI(*_columns(candles), timeperiod=period)


def _columns(candles: Candles) -> tuple[Array, Array, Array]:
    import numpy as np

    high, low, close = (np.asarray(column, dtype=np.float64) for column in (candles.high, candles.low, candles.close))
    return high, low, close
