"""Snapshots of an account are plain data."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.account import OrderRecord, Position, Snapshot
from gridhedge.domain.events import AccountSeen
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Side

D = Decimal


def test_a_snapshot_can_be_kept_while_the_venue_goes_on() -> None:
    """It holds tuples: nothing in it can change after it has been read, so that it hashes and compares."""
    account = AccountSeen(D(1), D(1), D(1), D(0), D(0), D(0), 5)
    order = OrderRecord("A", "", "v", Side.LONG, False, D(1), D(2), D(0), OrderState.WORKING, 1, 2)
    snapshot = Snapshot(5, account, (Position("A", Side.LONG, D(2), D(1)),), (order,))
    assert hash(snapshot) == hash(snapshot._replace())
    assert order.trigger_price is None
