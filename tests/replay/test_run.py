"""Recorded candles through the live engine: how it ends, what it was given, and that it is the same every time."""

from __future__ import annotations

import gc
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.replay.candles import Candles, load_candles
from gridhedge.replay.funding import load_funding
from gridhedge.replay.run import ReplayResult, replay
from gridhedge.venue.paper.hours import ForexWeek
from tests.cli.candles import START, falling_rows, quiet_rows, write
from tests.cli.shell import DEMO


@pytest.fixture
def demo() -> Profile:
    return load_profile(DEMO)


@pytest.fixture
def quiet(tmp_path: Path) -> Candles:
    return load_candles(write(tmp_path / "quiet.csv", quiet_rows()))


@pytest.fixture
def falling(tmp_path: Path) -> Candles:
    return load_candles(write(tmp_path / "falling.csv", falling_rows()))


def executions(result: ReplayResult) -> list[Execution]:
    return [event for event in result.events if isinstance(event, Execution)]


def test_quiet_candles_end_with_the_data(demo: Profile, quiet: Candles) -> None:
    """At the last close, with both sides holding their take-profits."""
    result = replay(demo, {"DOGEUSDT": quiet})
    assert (result.ended_by, result.reason) == ("data_end", "")
    assert quiet.end - quiet.interval_ms < result.ended_at <= quiet.end
    assert result.last_prices == {"DOGEUSDT": D(repr(float(quiet.close[-1])))}
    assert result.start_balance == 1000
    (desk,) = result.session.desks
    for side in SIDES:
        assert desk.book.of(side).exits[Role.TAKE_PROFIT].remaining == desk.book.of(side).held > 0


def test_a_fall_ends_with_the_emergency_stop_on_its_way(demo: Profile, falling: Candles) -> None:
    """At a price inside a candle; nothing is executed afterwards."""
    result = replay(demo, {"DOGEUSDT": falling})
    assert result.ended_by == "emergency_stop"
    assert result.reason.startswith("emergency stop: maintenance margin rate 9")
    assert result.ended_at < falling.end
    assert max(one.at for one in executions(result)) <= result.ended_at


def test_without_a_threshold_a_fall_ends_with_the_liquidation(demo: Profile, falling: Candles) -> None:
    """0 switches the stop off."""
    bold = demo.model_copy(update={"risk": demo.risk.model_copy(update={"mm_rate_threshold": D(0)})})
    result = replay(bold, {"DOGEUSDT": falling})
    assert result.ended_by == "liquidation"
    assert "liquidated" in result.reason


def test_the_same_candles_give_the_same_journal(demo: Profile, quiet: Candles) -> None:
    """To the last event."""
    assert replay(demo, {"DOGEUSDT": quiet}).events == replay(demo, {"DOGEUSDT": quiet}).events


def test_a_dry_profile_is_replayed_like_any_other(demo: Profile, quiet: Candles) -> None:
    """A dry run decides nothing here: there is no exchange to be spared."""
    dry = demo.model_copy(update={"dry_run": True})
    assert replay(dry, {"DOGEUSDT": quiet}).events == replay(demo, {"DOGEUSDT": quiet}).events


def test_the_profiles_liquidity_counts(demo: Profile, quiet: Candles) -> None:
    """100 DOGE per leg: the opening 376 need four of them."""
    thin = demo.model_copy(update={"venue": demo.venue.model_copy(update={"liquidity": D(100)})})
    opening = [one for one in executions(replay(thin, {"DOGEUSDT": quiet})) if not one.closing][:4]
    assert max(one.quantity for one in opening) == 100


def test_constant_funding_is_charged_every_eight_hours(demo: Profile, tmp_path: Path) -> None:
    """0.01 % of what is held at 08:00 and 16:00; long pays what short receives where both hold the same."""
    candles = load_candles(write(tmp_path / "day.csv", quiet_rows(1000)))
    paid = [event for event in replay(demo, {"DOGEUSDT": candles}).events if isinstance(event, Funding)]
    assert {event.at for event in paid} == {START + 8 * 3_600_000, START + 16 * 3_600_000}
    assert {event.rate for event in paid} == {D("0.0001")}


def test_a_funding_series_replaces_it(demo: Profile, quiet: Candles, tmp_path: Path) -> None:
    """At its own times, with its own rates."""
    file = tmp_path / "funding.csv"
    file.write_text(f"timestamp_ms,funding_rate\n{START + 3_600_000},-0.0003\n{START + 7_200_000},0.0002\n")
    result = replay(demo, {"DOGEUSDT": quiet}, {"DOGEUSDT": load_funding(file)})
    rates = {(event.at, event.rate) for event in result.events if isinstance(event, Funding)}
    assert rates == {(START + 3_600_000, D("-0.0003")), (START + 7_200_000, D("0.0002"))}


def test_progress_is_told_and_never_goes_back(demo: Profile, tmp_path: Path) -> None:
    """For a bar on long work."""
    candles = load_candles(write(tmp_path / "days.csv", quiet_rows(6000)))
    told: list[int] = []
    replay(demo, {"DOGEUSDT": candles}, progress=told.append)
    assert told
    assert told == sorted(told)
    assert START <= told[0] <= told[-1] <= candles.end


def test_a_symbol_without_candles_is_refused(demo: Profile) -> None:
    """One file per symbol."""
    with pytest.raises(UsageError, match="no candles for DOGEUSDT"):
        replay(demo, {})


def test_the_collector_is_as_it_was(demo: Profile, quiet: Candles) -> None:
    """It is off during the replay only, also when that fails."""
    assert gc.isenabled()
    replay(demo, {"DOGEUSDT": quiet})
    assert gc.isenabled()
    gc.disable()
    try:
        replay(demo, {"DOGEUSDT": quiet})
        assert not gc.isenabled()
    finally:
        gc.enable()


def grids(*, direction: str) -> Profile:
    """BTC and ETH with the seed's numbers, in one account of 3000."""
    feeds = {symbol: {"kind": "synthetic", "price": D(1000)} for symbol in ("BTCUSDT", "ETHUSDT")}
    strategy = {"kind": "trim", "direction": direction}
    return Profile.model_validate(
        {
            "account": "001",
            "venue": {"name": "paper", "rules": "binance", "balance": D(3000), "feeds": feeds},
            "symbols": [{"symbol": symbol, "leverage": 20, "strategy": strategy} for symbol in feeds],
            "risk": {"mm_rate_threshold": D(0), "balance_buffer_percent": D(0)},
        }
    )


@pytest.mark.parametrize("direction", ["long", "short"])
def test_two_grids_in_one_account_on_recorded_candles(market_data: Path, direction: str) -> None:
    """Seven weeks of BTC and ETH: both trade, every exit covers what it should, and both capitals together have grown
    by exactly what the wallet has, together with what the cycles under way have paid and earned."""
    candles = {
        symbol: load_candles(next((market_data / "candles").glob(f"binance-usdm_{symbol}_1m_*")))
        for symbol in ("BTCUSDT", "ETHUSDT")
    }
    start, end = max(one.start for one in candles.values()), min(one.end for one in candles.values())
    result = replay(grids(direction=direction), {name: one.between(start, end) for name, one in candles.items()})
    assert result.ended_by == "data_end"
    assert {one.symbol for one in executions(result)} == set(candles)
    grown = D(0)
    for desk in result.session.desks:
        (side,) = desk.strategy.sides
        ladder = desk.book.of(side)
        assert desk.strategy.settled(desk.book, desk.plan.withheld) == []
        assert ladder.held == result.exchange.market(desk.symbol).holding(side).quantity
        assert ladder.cycles > 50
        under_way = ladder.net_result() + ladder.side.sign * ladder.carried  # closed so far, and all costs
        grown += ladder.working_capital - 990 + under_way
    assert abs(grown - (result.exchange.account.wallet - 3000)) < D("1E-8")


def test_forex_candles_replay_with_spread_swap_and_closed_weekends(market_data: Path) -> None:
    """Two weeks of EURUSD: nothing executes while the market is closed, swap is charged at 17:00 New York, threefold
    on Wednesday, each side at its own price, and commission at 30 USD per million."""
    profile = load_profile(Path(__file__).parents[2] / "configs" / "mt5-eurusd.yaml")
    start = 1_588_543_200_000  # Sunday 2020-05-03 22:00 UTC
    candles = load_candles(market_data / "forex" / "mt5_EURUSD_1m_2020-04-27_2020-06-14.csv.gz")
    result = replay(profile, {"EURUSD": candles.between(start, start + 12 * 86_400_000)})
    made = [event for event in result.events if isinstance(event, Execution)]
    paid = [event for event in result.events if isinstance(event, Funding)]
    week = ForexWeek()
    assert len(made) > 50
    assert all(week.opens(one.at) == one.at for one in made)
    assert all(one.fee == one.quantity * one.price * D("0.00003") for one in made)
    assert {one.at % 86_400_000 for one in paid} == {21 * 3_600_000}
    assert all(one.amount > 0 if one.side is Side.LONG else one.amount < 0 for one in paid)
    assert len({one.at for one in paid}) == 9  # the last candle ends before the tenth night
