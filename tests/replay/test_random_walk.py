"""Made-up candles obey the same rules as recorded ones."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from gridhedge.replay.random_walk import random_walk


@pytest.mark.parametrize("tick", [Decimal("0.00001"), Decimal("0.1"), Decimal("0.5"), Decimal(5)])
def test_prices_lie_on_the_tick_exactly(tick: Decimal) -> None:
    """Every price is the double nearest to a decimal multiple of the tick."""
    candles = random_walk(200, 0.01, 7, price=Decimal(100), tick=tick)
    for column in (candles.open, candles.high, candles.low, candles.close):
        assert column.tolist() == [float(round(Decimal(repr(price)) / tick) * tick) for price in column.tolist()]


def test_candles_are_consistent_and_connected() -> None:
    """High and low enclose open and close; each candle opens where the last one closed; a minute apart."""
    candles = random_walk(5000, 0.002, 1, price=Decimal(50), tick=Decimal("0.01"))
    assert (candles.high >= np.maximum(candles.open, candles.close)).all()
    assert (candles.low <= np.minimum(candles.open, candles.close)).all()
    assert (candles.open[1:] == candles.close[:-1]).all()
    assert (candles.open[0], set(np.diff(candles.times).tolist())) == (50.0, {60_000})


def test_the_seed_decides() -> None:
    """The same seed gives the same candles, another seed others."""
    first, again, other = (random_walk(100, 0.01, seed, Decimal(50), Decimal("0.01")) for seed in (3, 3, 4))
    assert first.close.tolist() == again.close.tolist()
    assert first.close.tolist() != other.close.tolist()


def test_a_crash_ends_at_one_tick_not_at_zero() -> None:
    """Prices stay above zero however wild the walk."""
    candles = random_walk(1000, 1.0, 2, price=Decimal("0.01"), tick=Decimal("0.01"))
    assert candles.low.min() == 0.01
