"""What a backtest shows: a summary in the terminal, and the page with charts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from gridhedge.dashboard.figures import price_text
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.order import account_tag, parse_client_id
from gridhedge.domain.values import Millis
from gridhedge.report.backtest import BacktestReport, ChartCandles, LadderStep, Metric, SymbolChart
from gridhedge.report.backtest_html import backtest_html, metric_rows
from gridhedge.report.rows import FundingRow, TradeRow
from gridhedge.store.times import iso

if TYPE_CHECKING:
    from gridhedge.replay.candles import Candles
    from gridhedge.replay.metrics import Metrics
    from gridhedge.replay.run import ReplayResult


def print_summary(result: ReplayResult, metrics: Metrics) -> None:
    """The figures, readable, and how fast they came."""
    from rich.markup import escape
    from rich.table import Table

    from gridhedge.cli.terminal import Terminal

    shown = figures(result, metrics)
    shown.pop("reason", None)  # it stands in the last line
    table = Table(title=_title(result), show_header=False, title_justify="left")
    for name, text in metric_rows(shown, _quote(result)):
        table.add_row(name, text)
    if metrics.replay_seconds:
        speed = Decimal(metrics.candles) / Decimal(metrics.replay_seconds) / 1_000_000
        table.add_row("replayed in", f"{metrics.replay_seconds:.3f} s ({speed:.2f} million candles/s)")
        table.add_row("files read in", f"{metrics.load_seconds:.3f} s")
    console = Terminal()
    console.print(table)
    if result.reason:
        text = f"ENDED EARLY at {last_prices(result)}, {_minute(result.ended_at)}: {escape(result.reason)}"
        console.print(f"[bold red]{text}", soft_wrap=True)


def last_prices(result: ReplayResult) -> str:
    """``DOGEUSDT 0.19469``: where each price ended, to the tick."""
    ticks = {desk.symbol: desk.instrument.tick_size for desk in result.session.desks}
    return ", ".join(f"{symbol} {price_text(price, ticks[symbol])}" for symbol, price in result.last_prices.items())


def _minute(at: Millis) -> str:
    return f"{iso(at)[:16].replace('T', ' ')} UTC"


def backtest_page(result: ReplayResult, metrics: Metrics, candles: Mapping[str, Candles]) -> str:
    """The self-contained HTML report."""
    charts = [_chart(result, symbol, series) for symbol, series in candles.items()]
    return backtest_html(
        BacktestReport(_title(result), _quote(result), charts, metrics.equity, figures(result, metrics))
    )


def figures(result: ReplayResult, metrics: Metrics) -> dict[str, Metric]:
    """The figures under the names that reports know."""
    shown: dict[str, Metric] = {
        "from": _minute(metrics.start),
        "to": _minute(metrics.end),
        "candles": metrics.candles,
        "net_profit": metrics.net_profit,
        "final_equity": metrics.final_equity,
        "max_drawdown": metrics.max_drawdown.amount,
        "max drawdown, %": round(metrics.max_drawdown_percent.percent, 2),
        "worst_mm_rate": round(metrics.worst_mm_rate, 2),
        "fees": metrics.fees,
        "funding": metrics.funding,
        "profit_by_side": {side.value: profit for side, profit in metrics.profits.items()},
        "fills": metrics.fills,
        "cycles": metrics.cycles,
        "deepest_level": metrics.deepest_level,
        "time_at_depth": dict(metrics.time_at_depth_seconds),
        "longest_unhedged_seconds": metrics.longest_unhedged_seconds,
        "ended_by": metrics.ended_by,
        "last price": last_prices(result),
    }
    if result.reason:
        shown["reason"] = result.reason
    return shown


def _title(result: ReplayResult) -> str:
    entries = [f"{entry.symbol} {entry.leverage}x" for entry in result.profile.symbols]
    return f"gridhedge backtest, account {result.profile.account}: {', '.join(entries)}"


def _quote(result: ReplayResult) -> str:
    return result.session.desks[0].instrument.quote


def _chart(result: ReplayResult, symbol: str, candles: Candles) -> SymbolChart:
    from gridhedge.replay.steps import price_steps

    account = result.profile.account
    shown = candles.between(None, result.ended_at + candles.interval_ms)
    tag = account_tag(account, symbol)
    trades, funding = [], []
    for event in result.events:
        if isinstance(event, Execution) and event.symbol == symbol:
            trades.append(_trade(tag, event))
        elif isinstance(event, Funding) and event.symbol == symbol:
            funding.append(FundingRow(event.at, symbol, event.side, event.amount, event.rate))
    return SymbolChart(
        symbol,
        ChartCandles(shown.times, shown.open, shown.high, shown.low, shown.close),
        trades,
        funding,
        [LadderStep(*step) for step in price_steps(account, symbol, result.events)],
    )


def _trade(tag: str, event: Execution) -> TradeRow:
    key = parse_client_id(tag, event.client_id)
    role, level, cycle = (key.role, key.level, key.cycle) if key is not None else (None, None, None)
    return TradeRow(
        event.at,
        event.symbol,
        event.side,
        role,
        level,
        cycle,
        event.closing,
        event.quantity,
        event.price,
        event.fee,
        event.maker,
        event.kind,
    )
