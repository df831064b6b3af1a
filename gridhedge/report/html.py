"""The report of an account as one HTML file: equity and drawdown, profit by day, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from gridhedge.domain.values import Millis, Money, Side
from gridhedge.report.booking import Cycle
from gridhedge.report.page import (
    EQUITY_COLOUR,
    LOSS_COLOUR,
    SIDE_COLOURS,
    Panel,
    Trace,
    chart,
    figure_list,
    line,
    page,
    table,
)
from gridhedge.report.summary import Summary, Sums
from gridhedge.report.tables import SUMS_TITLES, sums_row, total_rows
from gridhedge.report.thin import Floats, Times, drawdown_percent, floats, thin_range, times
from gridhedge.report.words import duration, minute, money, plain

_CYCLES_SHOWN = 500
_HALF_A_DAY = 12 * 3600 * 1000


def report_html(summary: Summary, title: str) -> str:
    """The whole page. Raises UsageError when plotly is not installed."""
    panels = equity_panels([(sample.at, sample.margin_balance) for sample in summary.equity])
    if summary.by_day:
        panels += [Panel("net profit by day, UTC", 200, [_daily(summary.by_day)])]
    if summary.trades:
        panels += [Panel("realised profit, running", 200, [_running(summary, side) for side in Side])]
    sections = [figure_list(total_rows(summary))]
    sections += [chart(panels)] if panels else ['<p class="note">Nothing was recorded in this period.</p>']
    for name, groups in (
        ("day", summary.by_day),
        ("symbol", summary.by_symbol),
        ("side", summary.by_side),
        ("role", summary.by_role),
    ):
        sections += [_sums_table(name, groups)] if groups else []
    sections += [_cycles_table(summary.cycles)] if summary.cycles else []
    return page(title, sections)


def equity_panels(equity: Sequence[tuple[Millis, Money]]) -> list[Panel]:
    """Equity, and under it how far it is below its highest value so far; nothing without samples."""
    if not equity:
        return []
    at = times([moment for moment, _ in equity])
    values = floats([value for _, value in equity])
    fall = drawdown_percent(values)
    hover = {"hovertemplate": "%{x}<br>%{y:,.2f}<extra></extra>", "showlegend": False}
    under = {"hovertemplate": "%{x}<br>%{y:.2f} %<extra></extra>", "showlegend": False, "fill": "tozeroy"}
    return [
        Panel("equity", 210, [thinned("equity", at, values, EQUITY_COLOUR, **hover)]),
        Panel(
            "drawdown, % below the highest equity so far", 120, [thinned("drawdown", at, fall, LOSS_COLOUR, **under)]
        ),
    ]


def thinned(name: str, at: Times, values: Floats, colour: str, **more: Any) -> Trace:
    """A line of not more points than a screen can show."""
    kept_at, kept = thin_range(at, values, values)
    return line(name, kept_at.tolist(), kept.tolist(), colour, **more)


def _daily(days: Mapping[str, Sums]) -> Trace:
    """One bar per day, standing in the middle of it."""
    noon = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000) + _HALF_A_DAY for day in days]
    net = [float(sums.net) for sums in days.values()]
    colours = [SIDE_COLOURS[Side.LONG] if value >= 0 else LOSS_COLOUR for value in net]
    return {
        "type": "bar",
        "name": "net profit",
        "x": noon,
        "y": net,
        "width": [2 * _HALF_A_DAY * 0.8] * len(net),
        "marker": {"color": colours},
        "showlegend": False,
        "hovertemplate": "%{x|%Y-%m-%d}<br>%{y:,.4f}<extra></extra>",
    }


def _running(summary: Summary, side: Side) -> Trace:
    """The sum of the exits' profits of a side, each bearing its share of fees and funding."""
    exits = [booked for booked in summary.trades if booked.trade.side is side and booked.profit is not None]
    at = times([booked.trade.at for booked in exits])
    sums = floats(list(accumulate(booked.profit for booked in exits if booked.profit is not None)))
    hover = {"hovertemplate": "%{x}<br>%{y:,.4f}<extra></extra>", "line": {"shape": "hv"}}
    return thinned(side.value, at, sums, SIDE_COLOURS[side], **hover)


def _sums_table(name: str, groups: Mapping[str, Sums]) -> str:
    rows = [(key, *sums_row(sums)) for key, sums in groups.items()]
    return table(f"Profit by {name}", (name, *SUMS_TITLES), rows)


def _cycles_table(cycles: Sequence[Cycle]) -> str:
    shown = cycles[-_CYCLES_SHOWN:]
    title = "Cycles" if len(shown) == len(cycles) else f"The latest {len(shown)} of {len(cycles):,} cycles"
    columns = ("closed, UTC", "symbol", "side", "net", "fees", "funding", "deepest level", "quantity", "lasted")
    rows = [
        (
            minute(cycle.closed),
            cycle.symbol,
            cycle.side.value,
            money(cycle.net),
            money(cycle.fees),
            money(cycle.funding),
            "-" if cycle.deepest_level is None else str(cycle.deepest_level),
            plain(cycle.quantity),
            duration(cycle.milliseconds),
        )
        for cycle in reversed(shown)
    ]
    return table(title, columns, rows)
