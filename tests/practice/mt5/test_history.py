"""Past prices as the package's arrays."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.history import RATES, TICKS, timeframe_ms
from gridhedge.practice.mt5.terminal import SimulatedTerminal


@pytest.mark.parametrize(
    ("timeframe", "minutes"), [(1, 1), (30, 30), (16385, 60), (16408, 24 * 60), (32769, 7 * 24 * 60)]
)
def test_timeframes_are_minutes_with_marks(timeframe: int, minutes: int) -> None:
    """M1, M30, H1, D1 and W1."""
    assert timeframe_ms(timeframe) == minutes * 60_000


def test_bars_are_oldest_first_and_the_last_is_forming(house: Broker, mt5: SimulatedTerminal) -> None:
    """Three minutes, a price each; position 0 is the present bar."""
    for price in ("1.10100", "1.10200", "1.10300"):
        house.move("EURUSD", D(price))
        mt5.account_info()
        house.skip(60_000)
    rates = mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 0, 3)
    assert rates.dtype.descr == RATES
    assert [float(bar["close"]) for bar in rates] == [1.102, 1.103, 1.103]
    assert list(rates["spread"]) == [6, 6, 6]
    assert len(mt5.copy_rates_from_pos("EURUSD", mt5.TIMEFRAME_M1, 1, 2)) == 2
    assert mt5.copy_rates_from_pos("NOPE", mt5.TIMEFRAME_M1, 0, 3) is None


def test_ticks_have_bid_and_ask(house: Broker, mt5: SimulatedTerminal) -> None:
    """Six points apart."""
    house.move("EURUSD", D("1.10100"))
    ticks = mt5.copy_ticks_from("EURUSD", 0, 10, mt5.COPY_TICKS_ALL)
    assert ticks.dtype.descr == TICKS
    assert float(ticks[-1]["bid"]) == 1.101
    assert float(ticks[-1]["ask"]) == pytest.approx(1.10106)
