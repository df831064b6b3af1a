"""The figures of a backtest for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.cli.backtest_page import backtest_page, figures, last_prices
from gridhedge.cli.profiles import open_profile
from gridhedge.domain.events import Execution
from gridhedge.replay.candles import Candles, load_candles
from gridhedge.replay.equity import Market
from gridhedge.replay.metrics import Metrics, Recording, measure
from gridhedge.replay.run import ReplayResult, replay
from tests.cli.candles import falling_rows, quiet_rows, write
from tests.cli.shell import DEMO


def replayed(candles: Candles) -> tuple[ReplayResult, Metrics]:
    result = replay(open_profile(DEMO), {"DOGEUSDT": candles})
    (desk,) = result.session.desks
    market = Market(candles, desk.instrument, desk.fees, desk.leverage)
    ends = (result.start_balance, result.ended_at, result.last_prices, result.ended_by)
    return result, measure(Recording("demo", {"DOGEUSDT": market}, result.events, result.session.book, *ends))


@pytest.fixture
def quiet(tmp_path: Path) -> Candles:
    return load_candles(write(tmp_path / "quiet.csv", quiet_rows()))


def test_the_figures_are_those_of_the_metrics(quiet: Candles) -> None:
    """Rounded, and with the price at the end."""
    result, metrics = replayed(quiet)
    shown = figures(result, metrics)
    assert shown["net_profit"] == metrics.net_profit
    assert shown["fills"] == sum(isinstance(event, Execution) for event in result.events)
    assert shown["last price"] == last_prices(result)
    assert "reason" not in shown


def test_an_early_end_has_a_reason_and_a_price_to_the_tick(tmp_path: Path) -> None:
    """The price on its way within a candle has no 28 digits."""
    result, metrics = replayed(load_candles(write(tmp_path / "falling.csv", falling_rows())))
    shown = figures(result, metrics)
    assert str(shown["reason"]).startswith("emergency stop: maintenance margin rate 9")
    assert last_prices(result)[:11] == "DOGEUSDT 0."
    assert len(last_prices(result)) == len("DOGEUSDT 0.17669")


def test_the_page_draws_every_fill(quiet: Candles) -> None:
    """Openings, grid entries and take-profits of both sides are there by name."""
    result, metrics = replayed(quiet)
    page = backtest_page(result, metrics, {"DOGEUSDT": quiet})
    roles = {(event.side.value, event.closing) for event in result.events if isinstance(event, Execution)}
    assert ("long", True) in roles
    for name in ("long opening", "short opening", "long take-profit", "DOGEUSDT", "last price"):
        assert name in page
