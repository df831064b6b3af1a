"""Where a ladder ends when the price goes straight one way."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.profile.load import load_profile
from gridhedge.profile.settings import Profile
from gridhedge.replay.ends import Way, where_it_ends
from gridhedge.strategy.settings import SignalSettings
from gridhedge.venue.paper.instruments import fees, instrument
from tests.cli.shell import DEMO

RULES, FEES, PRICE = instrument("bybit", "DOGEUSDT"), fees("bybit", "DOGEUSDT"), D("0.19933")


@pytest.fixture
def demo() -> Profile:
    return load_profile(DEMO)


def way(profile: Profile, balance: int, falling: bool = True) -> Way:
    return where_it_ends(profile, RULES, FEES, PRICE, D(balance), falling)


def test_a_small_balance_ends_at_the_reserve_before_the_last_level(demo: Profile) -> None:
    """1000 USDT carry levels 0 to 7; the stop comes before the liquidation."""
    down = way(demo, 1000)
    assert down.averaging is None
    assert down.reserve == (D("0.18575"), 7)
    assert down.mm_threshold is not None
    assert down.liquidation is not None
    assert down.reserve.price > down.mm_threshold.price > down.liquidation.price


def test_up_is_the_mirror_of_down(demo: Profile) -> None:
    """The short side is the deep one then; level and order of the ends are the same."""
    up = way(demo, 1000, falling=False)
    assert up.averaging is None
    assert up.reserve is not None
    assert up.mm_threshold is not None
    assert up.liquidation is not None
    assert up.reserve.level == 7
    assert PRICE < up.reserve.price < up.mm_threshold.price < up.liquidation.price


def test_a_large_balance_executes_the_last_level(demo: Profile) -> None:
    """Level 9 rests at 0.18205 and executes once the price has gone through it."""
    down = way(demo, 10_000)
    assert down.averaging is not None
    assert down.averaging.level == 9
    assert D("0.181") < down.averaging.price <= D("0.18205")
    assert down.reserve is None


def test_a_fortune_is_never_met_on_the_way_to_a_tenth(demo: Profile) -> None:
    """384,648 DOGE can not lose ten million."""
    down = way(demo, 10_000_000)
    assert (down.mm_threshold, down.liquidation) == (None, None)


def test_without_a_threshold_there_is_no_stop(demo: Profile) -> None:
    """Only the liquidation, and that where it was."""
    bold = demo.model_copy(update={"risk": demo.risk.model_copy(update={"mm_rate_threshold": D(0)})})
    assert way(bold, 1000).mm_threshold is None
    assert way(bold, 1000).liquidation == way(demo, 1000).liquidation


def test_a_dry_profile_ends_where_any_other_does(demo: Profile) -> None:
    """And so does one that would close everything: the action comes after the end."""
    other = demo.risk.model_copy(update={"emergency_action": "close_all"})
    assert way(demo.model_copy(update={"dry_run": True, "risk": other}), 1000) == way(demo, 1000)


def test_a_basket_is_walked_the_wrong_way_from_its_opening(demo: Profile) -> None:
    """Three orders of 100 at 1 %, long only: the last one rests at 0.19536, and −5 USDT come soon after it. No candle
    is waited for."""
    values = {"space_percent": D(1), "space_orders": 3, "space_lots": D(100), "basket_profit": D(1), "max_loss": D(-5)}
    entry = demo.symbols[0].model_copy(update={"strategy": SignalSettings.model_validate(values | {"suspend": True})})
    down = way(demo.model_copy(update={"symbols": (entry,)}), 1000)
    assert down.averaging is not None
    assert (down.averaging.level, D("0.1952") < down.averaging.price <= D("0.1954")) == (2, True)
    assert down.max_loss is not None
    assert (down.max_loss.level, D("0.1805") < down.max_loss.price < D("0.1815")) == (2, True)
    assert (down.mm_threshold, down.liquidation) == (None, None)
