"""When funding is due."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.venue.paper.funding import ConstantFunding, RecordedFunding

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
