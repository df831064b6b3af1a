"""What a user may say about a strategy."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from pydantic import ValidationError

from gridhedge.domain.candles import Timeframe
from gridhedge.strategy.settings import Band, SignalSettings

GOOD: dict[str, Any] = {
    "space_percent": D("0.5"), "space_orders": 3, "space_lots": D("0.01"), "single_order_profit": D(3),
    "pair_global_profit": D(1),
}  # fmt: skip


def broken(**changed: Any) -> list[tuple[str, str]]:
    """Field and sentence of each rule that does not hold."""
    return list(SignalSettings.model_validate(GOOD | changed).broken_rules())


def test_the_seed_s_numbers_are_the_defaults() -> None:
    """SMA 7, SAR 0.1 to 0.8, CCI ±100 and off, 99 trades a day, at most ten times the first lot."""
    found = SignalSettings.model_validate(GOOD)
    assert (found.sma_period, found.sar_af, found.sar_max) == (7, D("0.1"), D("0.8"))
    assert (found.cci_period, found.cci_max, found.cci_min) == (0, 100, -100)
    assert (found.trades_per_day, found.max_martingale_multiple, found.timezone) == (99, 10, "UTC")
    assert (found.candle, found.has_signals) == (Timeframe.H1, True)


def test_bands_without_orders_are_none() -> None:
    """0.5 % three times, and 2 % twice."""
    changed = {"space2_percent": D(2), "space2_orders": 2, "space2_lots": D("0.03")}
    found = SignalSettings.model_validate(GOOD | changed)
    assert found.bands == (Band(D("0.5"), 3, D("0.01")), Band(D(2), 2, D("0.03")))


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        (
            {"space1_percent": D("0.4"), "space1_orders": 2, "space1_lots": D(1)},
            "space1_percent",
            "0.4 is less than the 0.5 of the band before; distances must not shrink",
        ),
        (
            {"space1_percent": D(1), "space1_orders": 2},
            "space1_lots",
            "is missing: with multiplier 0 every band has lots of its own",
        ),
        ({"min_lot": D(2), "max_lot": D(1)}, "min_lot", "2 is above max_lot 1; lower it, or raise max_lot"),
        ({"cci_min": D(100)}, "cci_min", "100 is not below cci_max 100; lower it"),
        ({"cci_period": 1}, "cci_period", "a period of 1 has no deviation; choose 2 or more, or 0 to do without CCI"),
        ({"sar_af": D("0.9")}, "sar_af", "0.9 is above sar_max 0.8; lower it, or raise sar_max"),
        (
            {"use_sma_sar": False, "reverse_order": True},
            "reverse_order",
            "swaps what SAR and average say, and use_sma_sar is false; remove one of them",
        ),
        ({"start_time": "08:00"}, "start_time", "says only one end of the hours; give finish_time, too"),
        ({"finish_time": "08:00"}, "finish_time", "says only one end of the hours; give start_time, too"),
        (
            {"pair_global_profit": D(0)},
            "basket_profit",
            "nothing would close a basket of two orders with a profit; give basket_profit, pair_global_profit or "
            "global_profit",
        ),
        (
            {"pair_global_profit": D(0), "single_order_profit": D(0), "space_orders": 1},
            "single_order_profit",
            "nothing would close an order with a profit; give single_order_profit",
        ),
        (
            {"space_orders": 60, "space1_orders": 41, "space1_percent": D(1), "space1_lots": D(1)},
            "space_orders",
            "the bands have 101 orders in all; 100 are the most",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(changed: dict[str, Any], field: str, sentence: str) -> None:
    """Each with its field and what to do."""
    assert broken(**changed) == [(field, sentence)]


def test_with_a_multiplier_bands_need_no_lots() -> None:
    """The last lot times the multiplier is the next one."""
    changed = {"multiplier": D("1.5"), "space1_percent": D(1), "space1_orders": 2}
    assert SignalSettings.model_validate(GOOD | changed).bands[1] == Band(D(1), 2, D(0))


@pytest.mark.parametrize(
    "changed", [{"timezone": "Mars/Olympus"}, {"timezone": "../etc"}, {"start_time": "24:00"}, {"start_time": "8:00"}]
)
def test_zones_and_times_must_exist(changed: dict[str, Any]) -> None:
    """The sentence names what is possible."""
    with pytest.raises(ValidationError):
        SignalSettings.model_validate(GOOD | {"start_time": "07:00", "finish_time": "09:00"} | changed)
