"""Logs and traces say what happened in words that a person reads, and leave out what says nothing."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.events import CycleOpened, OrderSettled
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import Accepted, Rejected, Unknown
from gridhedge.engine.wording import told


def test_an_event_is_one_line() -> None:
    """Kind, client id, and every field with something to say; symbol and time are told by the id and the step."""
    settled = OrderSettled("ghx-LT00-1-2", "ETHUSDT", OrderState.REJECTED, "", 1_000, Reject.MARGIN, "too little")
    assert told(settled) == "OrderSettled ghx-LT00-1-2 state rejected reason margin too little"
    opened = CycleOpened("ETHUSDT", Side.LONG, 7, 2, 1_000)
    assert told(opened) == "CycleOpened ETHUSDT side long cycle 7 now_levels 2"


def test_an_outcome_is_one_line() -> None:
    """What the venue answered, or that nobody knows."""
    assert told(Accepted("P14")) == "Accepted venue_id P14"
    assert told(Unknown("timeout")) == "Unknown timeout"
    assert told(Rejected(Reject.RATE_LIMITED, "slow down", 5)) == "Rejected reason rate limited slow down until 5"
    assert told(Accepted("P1")._replace(venue_id=str(Decimal("1.50")))) == "Accepted venue_id 1.50"
