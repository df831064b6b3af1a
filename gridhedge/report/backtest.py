"""What a backtest hands to its report: candles, executions, ladder prices, equity and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis, Money, Price, Side
from gridhedge.report.rows import FundingRow, TradeRow

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers: TypeAlias = Sequence[float] | Sequence[Decimal] | npt.NDArray[np.float64]
    Moments: TypeAlias = Sequence[int] | npt.NDArray[np.int64]

Metric: TypeAlias = "str | int | Decimal | Mapping[str, Metric] | Mapping[int, Metric] | None"


class ChartCandles(NamedTuple):
    """Candles as columns of equal length; ``at`` is the opening time in ms."""

    at: Moments
    open: Numbers
    high: Numbers
    low: Numbers
    close: Numbers


class LadderStep(NamedTuple):
    """From ``at`` on the side's average price and its take-profit are these; None: it holds nothing."""

    at: Millis
    side: Side
    average: Price | None
    take_profit: Price | None


class SymbolChart(NamedTuple):
    """One symbol: prices, what executed, and how average and take-profit moved. All oldest first."""

    symbol: str
    candles: ChartCandles
    trades: Sequence[TradeRow]
    funding: Sequence[FundingRow]
    steps: Sequence[LadderStep]


class BacktestReport(NamedTuple):
    """A replay, ready to be drawn.

    ``metrics`` are figures under the names of ``backtest --json`` (``net_profit``, ``max_drawdown``, ``ended_by``, …);
    the page knows the words and units of these and shows others under their own names.
    """

    title: str
    quote: str
    symbols: Sequence[SymbolChart]
    equity: Sequence[tuple[Millis, Money]]
    metrics: Mapping[str, Metric]
