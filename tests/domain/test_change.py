"""Changes are data: they compare, and they sort."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.change import Amend, Urgency

D = Decimal


def test_exits_leave_first_and_look_ahead_last() -> None:
    """What lowers the risk, then what restores equality, then what may wait."""
    shuffled = [Urgency.LOOK_AHEAD, Urgency.INSURANCE, Urgency.EXIT, Urgency.OPENING]
    assert sorted(shuffled) == [Urgency.EXIT, Urgency.OPENING, Urgency.INSURANCE, Urgency.LOOK_AHEAD]


def test_equal_changes_are_equal_whatever_the_scale_of_their_numbers() -> None:
    """376 @ 0.2 and 376.0 @ 0.20 are the same change."""
    one = Amend("DOGEUSDT", "id", "v", D("0.2"), D(376), Urgency.EXIT, "why")
    assert one == one._replace(price=D("0.20"), quantity=D("376.0"))
