"""The backtest's page: every fill is drawn, prices are thinned, figures are in words."""

from decimal import Decimal as D
from itertools import pairwise
from typing import Any

from gridhedge.report.backtest import Metric
from gridhedge.report.backtest_html import backtest_html, metric_rows
from tests.report.pages import figure_of
from tests.report.walks import backtest, candles


def traces_of(html: str) -> dict[str, dict[str, Any]]:
    data = figure_of(html)["data"]
    return {trace["name"]: trace for trace in data}


def test_a_day_is_drawn_as_candles_with_every_fill() -> None:
    """Markers: circle, triangle and star, one colour per side; as many as there are executions."""
    report = backtest(1400)
    traces = traces_of(backtest_html(report))
    assert traces["price"]["type"] == "candlestick"
    markers = {name: trace for name, trace in traces.items() if trace.get("mode") == "markers"}
    assert {name: trace["marker"]["symbol"] for name, trace in markers.items()} == {
        "long opening": "circle",
        "long grid": "triangle-up",
        "long take-profit": "star",
        "short opening": "circle",
        "short grid": "triangle-down",
        "short take-profit": "star",
    }
    assert len({trace["marker"]["color"] for trace in markers.values()}) == 2
    assert sum(len(trace["x"]) for trace in markers.values()) == len(report.symbols[0].trades)


def test_a_long_replay_is_drawn_as_a_thin_line() -> None:
    """20,000 candles become at most 5,000 points that still touch the lowest low and the highest high."""
    report = backtest(20_000)
    price = traces_of(backtest_html(report))["price"]
    low, high = candles(20_000).low, candles(20_000).high
    assert len(price["x"]) <= 5000
    assert (min(price["y"]), max(price["y"])) == (min(low), max(high))


def test_average_and_take_profit_are_steps_to_the_end() -> None:
    """Each line is horizontal or vertical, has a gap where nothing is held, and goes on up to the last candle."""
    report = backtest(1400)
    average = traces_of(backtest_html(report))["long average"]
    points = list(zip(average["x"], average["y"], strict=True))
    assert all(before[0] == after[0] or before[1] == after[1] for before, after in pairwise(points))
    assert sum(1 for _, price in points if price is None) > 2
    assert points[-1][0] == int(report.symbols[0].candles.at[-1])


def test_several_symbols_share_one_legend() -> None:
    """Each name stands once and switches both symbols."""
    data = figure_of(backtest_html(backtest(3000, ("DOGEUSDT", "BTCUSDT"))))["data"]
    shown = [trace["name"] for trace in data if trace["showlegend"]]
    assert len(shown) == len(set(shown))
    assert sum(1 for trace in data if trace["name"] == "price") == 2


def test_a_take_profit_tells_its_profit_when_hovered() -> None:
    """Level and size of an entry, profit of an exit."""
    traces = traces_of(backtest_html(backtest(1400)))
    assert traces["long opening"]["text"][0] == "level 0, 100 @ 0.2"
    assert "<br>profit " in traces["short take-profit"]["text"][0]


def test_figures_are_in_words_with_units() -> None:
    """Known names first; unknown ones keep their own."""
    metrics: dict[str, Metric] = {
        "something_new": 3,
        "ended_by": "liquidation",
        "net_profit": D("1234.5"),
        "longest_unhedged_seconds": D("0.412"),
        "time_at_depth": {1: 3600, 5: 65},
        "profit_by_side": {"long": D("2"), "short": D("-1.5")},
        "deepest_level": None,
    }
    assert metric_rows(metrics, "USDT") == [
        ("net profit", "1,234.50 USDT"),
        ("profit by side", "long: 2.00 USDT, short: -1.50 USDT"),
        ("deepest level", "-"),
        ("time at depth", "1: 1 h 00 m, 5: 1 m 05 s"),
        ("longest unhedged time", "0.412 s"),
        ("ended by", "LIQUIDATION"),
        ("something_new", "3"),
    ]


def test_a_replay_without_anything_is_a_page() -> None:
    """No symbols, no equity."""
    empty = backtest(1)._replace(symbols=(), equity=())
    assert "There is nothing to draw" in backtest_html(empty)
