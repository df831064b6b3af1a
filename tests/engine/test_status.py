"""The status model is plain data: safe to hand to another thread."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Side
from gridhedge.engine.status import LadderRow, SideStatus

D = Decimal


def test_a_status_is_made_of_values_only() -> None:
    """It hashes, so nothing in it can change behind its reader's back."""
    row = LadderRow(0, D("0.19933"), D(376), D(376), "filled")
    side = SideStatus(Side.LONG, D(376), D("0.19933"), None, None, D(0), D(0), 0, (row,))
    assert hash(side) == hash(side._replace())
