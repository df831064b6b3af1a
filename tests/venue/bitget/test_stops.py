"""Stops and the market orders that they become, which Bitget ties together nowhere in its streams."""

from __future__ import annotations

import logging
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.events import ConnectionChanged, Execution, OrderUpdate
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.venue.bitget.classic import Classic
from gridhedge.venue.bitget.client import Access, Client
from gridhedge.venue.bitget.frames import Frames
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.stops import Stop, Stops
from gridhedge.venue.bitget.unified import Unified
from gridhedge.venue.clock import ServerClock
from tests.venue.bitget.rows import (
    AT,
    CLASSIC_FILL,
    CLASSIC_ORDER,
    UNIFIED_FILL,
    UNIFIED_ORDER,
    Inbox,
    classic,
    unified,
)

LOG = logging.getLogger("gridhedge.account.test")
CLIENT = Client(Access(True, "http://127.0.0.1:1", "k", "s", "p"), ServerClock(), LOG)
NAME = "ghbench0-LS00-1-0"
CHILD = "777"
PHASES = {
    "v2": {"waits": "live", "fired": "executed", "cancelled": "cancelled", "failed": "fail_execute"},
    "v3": {"waits": "pending", "fired": "success", "cancelled": "cancelled", "failed": "failed"},
}


class Stage:
    """Frames that know of a stop of 0.02 at 59000 below a long position."""

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self.inbox = Inbox()
        self.stops = Stops()
        self.stops.learn(Stop(NAME, "BTCUSDT", Side.LONG, D(59_000), D("0.02")))
        speaks = Classic(CLIENT) if generation == "v2" else Unified(CLIENT)
        rates = Fees(D("0.0002"), D("0.0006"))
        self.frames = Frames(
            speaks, KnownOrders(), self.stops, lambda _: rates, ["BTCUSDT"], self.inbox.tell, self.inbox.now, LOG
        )

    def stop(self, phase: str, name: str = NAME) -> None:
        """The stop's own row, as the documents have it."""
        status = PHASES[self.generation][phase]
        if self.generation == "v2":
            row: dict[str, Any] = {
                "instId": "BTCUSDT", "orderId": "500", "clientOid": name, "triggerPrice": "59000",
                "triggerType": "mark_price", "planType": "psl", "size": "", "actualSize": "", "side": "buy",
                "tradeSide": "close", "posSide": "long", "status": status, "cTime": str(AT), "uTime": str(AT + 9),
            }  # fmt: skip
            self.frames.private(classic("orders-algo", row))
        else:
            row = {
                "category": "usdt-futures", "symbol": "BTCUSDT", "orderId": "500", "clientOid": name, "qty": "",
                "side": "sell", "posSide": "long", "type": "tpsl", "status": status, "triggerType": "stopLoss",
                "takeProfit": "", "stopLoss": "59000", "createdTime": str(AT), "updatedTime": str(AT + 9),
            }  # fmt: skip
            self.frames.private(unified("strategy-order", row))

    def order(self, order: str = CHILD) -> None:
        """A market order that closes 0.02 of the long side, under an id of Bitget's own."""
        about = {"orderId": order, "clientOid": order, "tradeSide": "close", "orderType": "market"}
        if self.generation == "v2":
            done = {"status": "filled", "accBaseVolume": "0.02", "reduceOnly": "no"}
            self.frames.private(classic("orders", CLASSIC_ORDER | about | done))
        else:
            done = {"orderStatus": "filled", "cumExecQty": "0.02", "side": "sell"}
            self.frames.private(unified("order", UNIFIED_ORDER | about | done))

    def fill(self, order: str = CHILD, **changes: str) -> None:
        about = {"orderId": order, "clientOid": order, "tradeSide": "close", "tradeScope": "taker", **changes}
        if self.generation == "v2":
            self.frames.private(classic("fill", CLASSIC_FILL | about | {"baseVolume": "0.02"}))
        else:
            self.frames.private(unified("fill", UNIFIED_FILL | about | {"execQty": "0.02", "side": "sell"}))

    def told(self) -> list[tuple[str, str]]:
        """What was told: kind, and whose it is."""
        return [
            ("gap" if isinstance(seen, ConnectionChanged) else type(seen).__name__, getattr(seen, "client_id", ""))
            for seen in self.inbox.seen
        ]


OURS = [("Execution", NAME), ("OrderUpdate", NAME)]


@pytest.fixture(params=["v2", "v3"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param)


@pytest.mark.parametrize("way", ["sfo", "sof", "fso", "fos", "osf", "ofs"])
def test_a_triggered_stop_owns_the_order_that_it_became(stage: Stage, way: str) -> None:
    """In whatever order the three channels tell: the execution is the stop's, then the stop has ended."""
    for step in way:
        {"s": lambda: stage.stop("fired"), "o": stage.order, "f": stage.fill}[step]()
    assert stage.told() == OURS
    made, end = stage.inbox.seen
    assert isinstance(made, Execution)
    assert isinstance(end, OrderUpdate)
    assert (made.side, made.closing, made.quantity) == (Side.LONG, True, D("0.02"))
    assert (end.state, end.filled) == (OrderState.FILLED, D("0.02"))
    stage.stop("fired")  # told twice, as executing and executed
    stage.inbox.time += 5_000
    assert stage.frames.next_due() is None
    assert len(stage.inbox.seen) == 2


def test_a_hand_that_closes_beside_a_waiting_stop_is_told_a_second_later(stage: Stage) -> None:
    """The stop has not been triggered, so that it was not the stop."""
    stage.fill()
    stage.order()
    assert stage.told() == []
    stage.inbox.time += 1_000
    assert stage.frames.next_due() == stage.inbox.time
    stage.frames.release()
    assert stage.told() == [("Execution", CHILD), ("OrderUpdate", CHILD)]


def test_without_a_stop_nothing_waits(stage: Stage) -> None:
    """An order by hand is told at once; so is one on the other leg."""
    stage.stop("cancelled")
    stage.inbox.seen.clear()
    stage.order()
    stage.fill()
    assert stage.told() == [("Execution", CHILD), ("OrderUpdate", CHILD)]


def test_a_liquidation_never_waits_for_a_stop(stage: Stage) -> None:
    """What the venue forces is told at once."""
    stage.fill(tradeSide="burst_close_long")
    assert [kind for kind, _ in stage.told()] == ["Execution"]


def test_a_stop_is_told_as_it_waits_and_as_it_is_cancelled(stage: Stage) -> None:
    """With the price and quantity with which it was wanted: Bitget tells no size of a stop for a whole position."""
    stage.stop("waits")
    stage.stop("cancelled")
    stage.stop("cancelled")
    states = [seen[:7] for seen in stage.inbox.seen]
    assert states == [
        ("BTCUSDT", NAME, "500", OrderState.WORKING, D(59_000), D("0.02"), D(0)),
        ("BTCUSDT", NAME, "500", OrderState.CANCELLED, D(59_000), D("0.02"), D(0)),
    ]


def test_a_stop_that_could_not_be_carried_out_says_so(stage: Stage) -> None:
    """The engine places another one."""
    stage.stop("failed")
    (end,) = stage.inbox.seen
    assert isinstance(end, OrderUpdate)
    assert (end.state, end.reason, end.text) == (
        OrderState.CANCELLED, Reject.OTHER, "Bitget could not carry the stop out",
    )  # fmt: skip


def test_a_triggered_stop_without_an_order_is_a_gap(stage: Stage) -> None:
    """The history tells what has become of it."""
    stage.stop("fired")
    stage.inbox.time += 1_000
    stage.frames.release()
    assert stage.told() == [("gap", "")]


def test_news_of_a_stop_that_nobody_knows_are_a_gap(stage: Stage) -> None:
    """Ours, from before a restart; somebody else's are nothing to us."""
    stage.stop("fired", "ghbench0-LS00-2-0")
    stage.stop("fired", "by-hand")
    assert stage.told() == [("gap", "")]


def test_a_stop_that_was_never_taken_is_forgotten() -> None:
    """And not learned again by a list that was read before its end."""
    stops = Stops()
    stop = Stop(NAME, "BTCUSDT", Side.LONG, D(59_000), D("0.02"))
    stops.learn(stop)
    assert stops.on("BTCUSDT", Side.LONG)
    assert not stops.on("BTCUSDT", Side.SHORT)
    stops.forget(NAME)
    stops.learn(stop)
    assert (stops.get(NAME), stops.has_ended(NAME), stops.on("BTCUSDT", Side.LONG)) == (None, True, False)
