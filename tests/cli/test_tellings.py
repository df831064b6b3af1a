"""Decisions in a trader's words."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.cli.tellings import opening_text, telling
from gridhedge.domain.basket import Cause
from gridhedge.domain.events import (
    BasketClosed,
    CloseDecided,
    CycleOpened,
    Event,
    LevelStarted,
    LookAheadSwitched,
    SignalSeen,
    TradingHalted,
)
from gridhedge.domain.values import Side

L, S = Side.LONG, Side.SHORT
MIDNIGHT = 1_767_225_600_000


@pytest.mark.parametrize(("levels", "text"), [(1, "opens with level 0"), (4, "opens with levels 0 to 3")])
def test_an_opening_says_which_levels_execute_now(levels: int, text: str) -> None:
    """Minus two: four now-levels where the other side is at six."""
    assert opening_text(CycleOpened("DOGEUSDT", S, 1, levels, 0)) == f"DOGEUSDT short {text}"


@pytest.mark.parametrize(
    ("event", "level", "text"),
    [
        (
            SignalSeen("X", 0, D("0.2"), (L,), (), 0, D("0.1989"), D("0.20010")),
            "info",
            "X at 0.2: signal BUY (average 0.1989, SAR 0.20010)",
        ),
        (SignalSeen("X", 0, D("0.2"), (), (S,), 0, cci=D("-120.5")), "info", "X at 0.2: signal SELL (CCI -120.5)"),
        (SignalSeen("X", 0, D("0.2"), (), (), 0), "info", "X at 0.2: signal none"),
        (LevelStarted("X", L, 3, 0), "info", "X long adds order 3 at the close of the candle"),
        (
            CloseDecided("X", L, Cause.PAIR, D("1.004"), 0),
            "info",
            "X long closes: pair_global_profit is reached at 1.00",
        ),
        (
            BasketClosed("X", S, Cause.SINGLE, D("3.1"), 0),
            "info",
            "X short has closed with +3.10 net: single_order_profit",
        ),
        (
            TradingHalted("X", Cause.DAY_LOSS, D("-50.2"), MIDNIGHT, 0),
            "warning",
            "max_loss is reached at -50.20: everything closes, nothing opens before 2026-01-01T00:00:00.000+00:00",
        ),
    ],
)
def test_what_a_trader_sees_is_one_sentence(event: Event, level: str, text: str) -> None:
    """With the setting that was reached, and the money."""
    assert telling(event) == (level, text)


def test_a_profit_of_the_day_is_no_warning() -> None:
    """A loss is."""
    told = telling(TradingHalted("X", Cause.DAY_PROFIT, D(20), MIDNIGHT, 0))
    assert told is not None
    assert told[0] == "info"


def test_what_a_trader_need_not_see_is_not_told() -> None:
    """The look-ahead's switch raises an alarm of its own."""
    assert telling(LookAheadSwitched("X", True, 0)) is None
    assert telling(CycleOpened("X", L, 1, 0, 0)) is None
