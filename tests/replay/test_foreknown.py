"""Candles that are known in advance lead to the same decisions as those that are read one by one."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from gridhedge.domain.events import CycleOpened, Execution, SignalSeen
from gridhedge.domain.values import Millis
from gridhedge.engine.candles import CandleWatch
from gridhedge.engine.desk import Desk
from gridhedge.engine.ports import Venue
from gridhedge.profile.settings import Profile
from gridhedge.replay import run
from gridhedge.replay.candles import Candles, load_candles
from gridhedge.replay.foreknown import ForeknownCandles
from gridhedge.replay.random_walk import random_walk
from gridhedge.replay.run import ReplayResult, replay

BANDS = {"space_percent": "0.3", "space_orders": 3, "space_lots": "0.002", "space1_percent": "0.6", "space1_orders": 4}


def profile(**changed: Any) -> Profile:
    strategy = {"kind": "signal", "timeframe": "1m", "multiplier": "1.5", "single_order_profit": 1,
                "basket_profit": 1, **BANDS} | changed  # fmt: skip
    return Profile.model_validate({
        "account": "1",
        "venue": {"name": "paper", "rules": "bybit", "balance": 10000, "feeds": {
            "BTCUSDT": {"kind": "synthetic", "price": 97000, "volatility_percent": "0.03"}}},
        "symbols": [{"symbol": "BTCUSDT", "leverage": 20, "strategy": strategy}],
    })  # fmt: skip


def days() -> Candles:
    return random_walk(3 * 1440, 0.0009, 5, D(97000), D("0.1"))


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A replay that reads the last five hundred candles at every close, as a live session does, and then asks for a
    plan, which a live session does only where a signal is awaited."""

    def made(*arguments: Any) -> ReplayResult:
        with monkeypatch.context() as patch:
            patch.setattr(run, "_foretell", lambda session, exchange: None)
            patch.setattr(Desk, "awaited", lambda desk, now: None)
            return replay(*arguments)

    return made


def _both(attentive: Any, traded: Profile, candles: Candles) -> tuple[ReplayResult, ReplayResult]:
    return replay(traded, {"BTCUSDT": candles}), attentive(traded, {"BTCUSDT": candles})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"cci_period": 14},
        {"use_sma_sar": False, "cci_period": 14},
        {"use_sma_sar": False, "cci_period": 14, "open_on_new_candle": True},
        {"timeframe": "15m", "open_on_new_candle": True},
        {"timeframe": "5m", "cci_period": 14, "global_profit": 5, "max_loss": -10},
        {"start_time": "21:00", "finish_time": "04:00"},
        {"trades_per_day": 6},
        {"max_loss": -2, "space_lots": "0.05"},
    ],
)
def test_the_journal_is_the_same_to_the_last_event(attentive: Any, changed: dict[str, Any]) -> None:
    """Three days of minutes: the signals that were of use, and everything that followed from them. So nothing would
    have followed from the candles that were passed over."""
    known, read = _both(attentive, profile(**changed), days())
    assert isinstance(known.session.desks[0].candles, ForeknownCandles)
    assert type(read.session.desks[0].candles) is CandleWatch
    assert known.events == read.events
    kinds = [type(event) for event in known.events]
    assert kinds.count(CycleOpened) >= 2
    assert SignalSeen in kinds


def test_recorded_minutes_and_a_gap_lead_to_the_same_journal(attentive: Any, market_data: Path) -> None:
    """Two days of BTC, of which six hours are missing."""
    found = load_candles(market_data / "candles" / "binance-usdm_BTCUSDT_1m_2025-05-04_2025-06-24.csv.gz")
    keep = [*range(2000), *range(2360, 3500)]
    candles = Candles(
        found.times[keep], found.open[keep], found.high[keep], found.low[keep], found.close[keep], None, 60_000, "cut"
    )
    known, read = _both(attentive, profile(cci_period=14), candles)
    assert known.events == read.events
    assert sum(type(event) is Execution for event in known.events) > 30


def test_candles_that_no_side_awaits_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A side is flat for as long as its first order takes to execute: few of four thousand candles are looked at."""
    looked = []
    look = ForeknownCandles.look

    def counted(candles: ForeknownCandles, venue: Venue, now: Millis) -> bool:
        looked.append(now)
        return look(candles, venue, now)

    monkeypatch.setattr(ForeknownCandles, "look", counted)
    result = replay(profile(), {"BTCUSDT": days()})
    events = sum(type(event) in (CycleOpened, Execution) for event in result.events)
    assert 0 < len(looked) < 2 * events < 3 * 1440 / 2
