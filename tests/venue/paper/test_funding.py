"""When funding is due."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.values import Side
from gridhedge.venue.paper.funding import ConstantFunding, RecordedFunding, Swap

HOUR = 3_600_000


def test_a_constant_rate_is_due_at_00_08_and_16_utc() -> None:
    """Multiples of the interval since the epoch; a charge is never due twice."""
    plan = ConstantFunding()
    assert (plan.after(0), plan.after(8 * HOUR - 1), plan.after(8 * HOUR)) == (8 * HOUR, 8 * HOUR, 16 * HOUR)
    assert plan.rate(8 * HOUR) == D("0.0001")
    assert ConstantFunding(60, D("-0.001")).after(HOUR) == 2 * HOUR


def test_recorded_charges_come_at_their_times_and_end() -> None:
    """Each time has its own rate; after the last there is nothing."""
    plan = RecordedFunding((100, 250), (D("0.0003"), D("-0.0002")))
    assert (plan.after(0), plan.after(100), plan.after(250)) == (100, 250, None)
    assert (plan.rate(100), plan.rate(250)) == (D("0.0003"), D("-0.0002"))


def test_a_perpetual_charges_its_rate_of_the_notional_and_shorts_receive_it() -> None:
    """0.01 % of a price of 20000."""
    plan = ConstantFunding()
    assert (plan.charge(0, Side.LONG, D(20000)), plan.charge(0, Side.SHORT, D(20000))) == (D(2), D(-2))


def test_a_swap_has_a_price_for_each_side_and_three_nights_on_wednesday() -> None:
    """Negative swaps are paid; 2020-05-11 is a Monday, 21:00 UTC its rollover."""
    plan, monday = Swap(D("-0.00006"), D("0.00002")), 1_589_230_800_000
    assert plan.after(monday - 1) == monday
    assert plan.charge(monday, Side.LONG, D("1.1")) == D("0.00006")
    assert plan.charge(monday, Side.SHORT, D("1.1")) == D("-0.00002")
    assert plan.charge(monday + 48 * HOUR, Side.LONG, D("1.1")) == D("0.00018")
    assert plan.rate(monday) == D("0.00006")
