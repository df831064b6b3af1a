"""A small two-sided grid on a random walk: realistic rows for the reports, made here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal as D

import numpy as np
import numpy.typing as npt

from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.report.backtest import BacktestReport, ChartCandles, LadderStep, Metric, SymbolChart
from gridhedge.report.rows import FundingRow, TradeRow

MINUTE = 60_000
START = 1_735_689_600_000
TICK = D("0.00001")


@dataclass
class _Ladder:
    side: Side
    fills: list[tuple[D, D]] = field(default_factory=list)
    next_price: float = 0.0
    target: float = 0.0
    cycle: int = 0


def candles(minutes: int, seed: int = 7, start: float = 0.2) -> ChartCandles:
    """One-minute candles of a mean-reverting random walk."""
    steps = np.random.default_rng(seed).normal(0, 0.0011, minutes)
    logs = np.empty(minutes)
    level = 0.0
    for index, step in enumerate(steps):
        level = level * 0.9997 + step
        logs[index] = level
    close = np.round(start * np.exp(logs), 5)
    opened = np.concatenate(([start], close[:-1]))
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    at: npt.NDArray[np.int64] = START + np.arange(minutes, dtype=np.int64) * MINUTE
    return ChartCandles(at, opened, high, low, close)


def trade_grid(
    data: ChartCandles, symbol: str = "DOGEUSDT", step: float = 0.01
) -> tuple[list[TradeRow], list[LadderStep]]:
    """Entries one step apart, doubling; take-profit one step beyond the average; re-entry at two levels less."""
    trades: list[TradeRow] = []
    steps: list[LadderStep] = []
    ladders = {side: _Ladder(side) for side in SIDES}

    def enter(ladder: _Ladder, at: int, price: float, role: Role) -> None:
        level = len(ladder.fills)
        paid, quantity = D(repr(round(price, 5))), D(100 * 2**level)
        ladder.fills.append((quantity, paid))
        fee = quantity * paid * D("0.00055" if role is Role.OPENING else "0.0002")
        maker = role is not Role.OPENING
        trades.append(TradeRow(at, symbol, ladder.side, role, level, ladder.cycle, False, quantity, paid, fee, maker))
        held = sum((size for size, _ in ladder.fills), D(0))
        average = sum((size * cost for size, cost in ladder.fills), D(0)) / held
        ladder.next_price = price * (1 - ladder.side.sign * step) if level < 9 else -1.0
        target = (average * (1 + ladder.side.sign * D("0.0108"))).quantize(TICK)
        ladder.target = float(target)
        steps.append(LadderStep(at, ladder.side, average, target))

    def leave(ladder: _Ladder, at: int) -> None:
        held = sum((size for size, _ in ladder.fills), D(0))
        price = D(repr(round(ladder.target, 5)))
        fee = held * price * D("0.0002")
        trades.append(
            TradeRow(at, symbol, ladder.side, Role.TAKE_PROFIT, 0, ladder.cycle, True, held, price, fee, True)
        )
        steps.append(LadderStep(at, ladder.side, None, None))
        ladder.fills.clear()
        ladder.cycle += 1

    for row in range(len(data.at)):
        at, low, high = int(data.at[row]), float(data.low[row]), float(data.high[row])
        for ladder in ladders.values():
            if not ladder.fills:
                enter(ladder, at, float(data.open[row]), Role.OPENING)
            reached = low if ladder.side is Side.LONG else high
            while ladder.next_price > 0 and (ladder.next_price - reached) * ladder.side.sign >= 0:
                enter(ladder, at, ladder.next_price, Role.GRID)
            best = high if ladder.side is Side.LONG else low
            if (best - ladder.target) * ladder.side.sign >= 0:
                target = ladder.target
                leave(ladder, at)
                for _ in range(max(1, len(ladders[ladder.side.other].fills) - 2)):
                    enter(ladder, at + 400, target, Role.OPENING)
    return trades, steps


def backtest(minutes: int, names: tuple[str, ...] = ("DOGEUSDT",)) -> BacktestReport:
    """A report of one or more symbols with an equity series sampled every quarter of an hour."""
    charts = []
    for number, name in enumerate(names):
        data = candles(minutes, seed=7 + number)
        trades, steps = trade_grid(data, name)
        paid = [FundingRow(START + hour * 3_600_000, name, Side.LONG, D("0.01"), D("0.0001")) for hour in (8, 16)]
        charts.append(SymbolChart(name, data, trades, paid, steps))
    series = np.random.default_rng(3).normal(0.3, 9, max(2, minutes // 15)).cumsum() + 10_000
    equity = [(START + index * 15 * MINUTE, D(repr(round(float(value), 4)))) for index, value in enumerate(series)]
    metrics: dict[str, Metric] = {
        "net_profit": D("1234.5678"),
        "fees": D("87.12"),
        "funding": D("-3.4"),
        "max_drawdown": D("312.40"),
        "worst_mm_rate": D("23.4"),
        "deepest_level": 7,
        "time_at_depth": {1: 86_400, 5: 7_200, 7: 65},
        "longest_unhedged_seconds": D("0.400"),
        "fills": sum(len(one.trades) for one in charts),
        "cycles": 321,
        "profit_by_side": {"long": D("700"), "short": D("534.5678")},
        "final_equity": D("11234.5678"),
        "ended_by": "data_end",
    }
    return BacktestReport(f"Backtest of {', '.join(names)}", "USDT", charts, equity, metrics)
