"""A backtest as a picture: prices with every fill, the ladders' average and take-profit, equity and drawdown below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gridhedge.domain.values import SIDES, Millis, Price, Role, Side
from gridhedge.report.backtest import BacktestReport, ChartCandles, LadderStep, Metric, SymbolChart
from gridhedge.report.booking import Booked, book
from gridhedge.report.html import equity_panels
from gridhedge.report.page import (
    PRICE_COLOUR,
    SIDE_COLOURS,
    Panel,
    Trace,
    chart,
    figure_list,
    hover_text,
    line,
    page,
)
from gridhedge.report.summary import role_name
from gridhedge.report.thin import floats, thin_range, times
from gridhedge.report.words import duration, money, plain

_MOST_CANDLES = 1500
_MOST_STEPS_SHOWN = 600
_MARKER_SIZES = ((200, 11), (1500, 8), (5000, 6))
_SHAPES = {
    Role.OPENING: ("circle", "circle"),
    Role.GRID: ("triangle-up", "triangle-down"),
    Role.TAKE_PROFIT: ("star", "star"),
    Role.BREAK_EVEN: ("square", "square"),
    Role.STOP_LOSS: ("x", "x"),
    Role.CLOSE: ("cross", "cross"),
    None: ("diamond-open", "diamond-open"),
}
_NAMES = {
    "net_profit": "net profit",
    "final_equity": "final equity",
    "max_drawdown": "max drawdown",
    "fees": "fees",
    "funding": "funding paid",
    "profit_by_side": "profit by side",
    "worst_mm_rate": "worst margin rate, %",
    "deepest_level": "deepest level",
    "time_at_depth": "time at depth",
    "longest_unhedged_seconds": "longest unhedged time",
    "fills": "fills",
    "cycles": "cycles",
    "candles": "candles",
    "from": "from",
    "to": "to",
    "ended_by": "ended by",
}
_ENDINGS = {
    "data_end": "end of the data",
    "emergency_stop": "EMERGENCY STOP: the margin rate reached the threshold",
    "liquidation": "LIQUIDATION",
}
_MONEY = ("net_profit", "final_equity", "max_drawdown", "fees", "funding", "profit_by_side")
_DURATIONS = ("longest_unhedged_seconds", "time_at_depth")


def backtest_html(report: BacktestReport) -> str:
    """The whole page. Raises UsageError when plotly is not installed."""
    panels = [Panel(f"{symbol.symbol}, {report.quote}", 430, _symbol_traces(symbol)) for symbol in report.symbols]
    _name_once([trace for panel in panels for trace in panel.traces])
    panels += equity_panels(report.equity)
    note = (
        '<p class="note">Every mark is a fill, and the legend tells of which order. Click a name there to hide or show '
        "it, drag to move, scroll to zoom; times are UTC.</p>"
    )
    sections = [figure_list(metric_rows(report.metrics, report.quote))]
    sections += [note, chart(panels)] if panels else ['<p class="note">There is nothing to draw.</p>']
    return page(report.title, sections)


def metric_rows(metrics: Mapping[str, Metric], quote: str) -> list[tuple[str, str]]:
    """The figures in words: known ones first and in a fixed order, others after them under their own names."""
    known = [name for name in _NAMES if name in metrics]
    others = [name for name in metrics if name not in _NAMES]
    return [(_NAMES.get(name, name), _metric_text(name, metrics[name], quote)) for name in (*known, *others)]


def _metric_text(name: str, value: Metric, quote: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_metric_text(name, part, quote)}" for key, part in value.items())
    if name == "ended_by":
        return _ENDINGS.get(str(value), str(value))
    if name in _MONEY and isinstance(value, Decimal):
        return f"{money(value)} {quote}"
    if name in _DURATIONS and not isinstance(value, str):
        return duration(int(value * 1000))
    return plain(value) if isinstance(value, Decimal) else f"{value:,}" if isinstance(value, int) else value


def _symbol_traces(symbol: SymbolChart) -> list[Trace]:
    traces = [_prices(symbol.candles)]
    until = int(symbol.candles.at[-1]) if len(symbol.candles.at) else 0
    for side in SIDES:
        traces += _steps([step for step in symbol.steps if step.side is side], side, until)
    booked = book(symbol.trades, symbol.funding).booked
    for side in SIDES:
        for role in _SHAPES:
            fills = [one for one in booked if one.trade.side is side and one.trade.role is role]
            traces += [_fills(fills, side, role, len(booked))] if fills else []
    return traces


def _prices(candles: ChartCandles) -> Trace:
    """Candles while they can be told apart, a line through lows and highs beyond that."""
    at = times(candles.at)
    if len(at) > _MOST_CANDLES:
        kept_at, kept = thin_range(at, floats(candles.low), floats(candles.high))
        hover = {"hovertemplate": "%{x}<br>%{y}<extra></extra>", "line": {"width": 1}}
        return line("price", kept_at.tolist(), kept.tolist(), PRICE_COLOUR, **hover)
    prices = {name: floats(getattr(candles, name)).tolist() for name in ("open", "high", "low", "close")}
    rising, falling = ({"line": {"color": colour, "width": 1}} for colour in (PRICE_COLOUR, "#a9927d"))
    trace = {"type": "candlestick", "name": "price", "x": at.tolist(), **prices}
    return {**trace, "increasing": rising, "decreasing": falling}


def _steps(steps: Sequence[LadderStep], side: Side, until: Millis) -> list[Trace]:
    """Average and take-profit as steps. Where they would only be a carpet they wait in the legend."""
    if all(step.average is None for step in steps):
        return []
    shown = True if len(steps) <= _MOST_STEPS_SHOWN else "legendonly"
    prices = {
        f"{side.value} average": ([(step.at, step.average) for step in steps], {}),
        f"{side.value} TP price": ([(step.at, step.take_profit) for step in steps], {"dash": "dot"}),
    }
    return [
        line(
            name,
            *_staircase(points, until),
            SIDE_COLOURS[side],
            line={"width": 1.3, **style},
            visible=shown,
            hovertemplate=f"%{{x}}<br>{name} %{{y}}<extra></extra>",
        )
        for name, (points, style) in prices.items()
    ]


def _staircase(points: Sequence[tuple[Millis, Price | None]], until: Millis) -> tuple[list[int], list[float | None]]:
    """Each price from its moment to the next one's, the last one to the end; None leaves a gap."""
    at: list[int] = []
    prices: list[float | None] = []
    for moment, price in points:
        drawn = None if price is None else float(price)
        at += [moment, moment]
        prices += [prices[-1] if prices else None, drawn]
    return [*at, max(until, at[-1])], [*prices, prices[-1]]


def _fills(fills: Sequence[Booked], side: Side, role: Role | None, all_fills: int) -> Trace:
    name = f"{side.value} {role_name(role)}"
    shape = _SHAPES[role][0 if side is Side.LONG else 1]
    size = next((size for most, size in _MARKER_SIZES if all_fills <= most), 4)
    outline = {"width": 1 if all_fills <= 1500 else 0, "color": "rgba(255,255,255,0.7)"}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [booked.trade.at for booked in fills],
        "y": [float(booked.trade.price) for booked in fills],
        "text": [_fill_text(booked) for booked in fills],
        "marker": {"symbol": shape, "size": size, "color": SIDE_COLOURS[side], "line": outline},
        "hovertemplate": f"%{{x}}<br><b>{name}</b> %{{text}}<extra></extra>",
    }


def _fill_text(booked: Booked) -> str:
    trade = booked.trade
    level = "" if trade.level is None or trade.closing else f"level {trade.level}, "
    profit = "" if booked.profit is None else f"<br>profit {money(booked.profit)}"
    return hover_text(f"{level}{plain(trade.quantity)} @ {plain(trade.price)}") + profit


def _name_once(traces: Sequence[Trace]) -> None:
    """One legend entry switches the same thing of all symbols."""
    named: set[str] = set()
    for trace in traces:
        name = trace["name"]
        if "showlegend" not in trace:
            trace |= {"legendgroup": name, "showlegend": name not in named}
        named.add(name)
