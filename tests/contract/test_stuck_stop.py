"""A stop that Binance leaves in TRIGGERING: the bot notices, and closes at market. Through python-binance."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from gridhedge.domain.events import Execution, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Rejected
from tests.contract.bench import SYMBOL, BinanceBench, Desk, hurried
from tests.contract.test_orders import reason_of
from tests.contract.test_streams import Bot

GRID = ["LG01", "LG02", "LG03", "LG04"]


@pytest.fixture
def bench() -> Iterator[BinanceBench]:
    with hurried():
        made = BinanceBench()
        yield made
        made.close()


def test_the_adapter_tells_that_a_stop_is_being_triggered(bench: BinanceBench) -> None:
    """By the stream, and when asked; it can not be cancelled any more, and a market order closes the side."""
    desk = Desk(bench)
    desk.connect()
    desk.venue.send([desk.place(Side.LONG, "0.20100", "100")])
    desk.wait_for(Execution)
    stop = desk.stop(Side.LONG, "0.19000", "100")
    desk.venue.send([stop])
    bench.fault("stuck_stop")
    bench.move(D("0.18900"))
    (told,) = desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == stop.client_id and told.triggered)
    assert (told.state, told.filled) == (OrderState.WORKING, D(0))
    found = desk.venue.find_open(SYMBOL, stop.client_id)
    assert found is not None
    assert (found.state, found.triggered) == (OrderState.WORKING, True)
    (outcome,) = desk.venue.send([desk.cancel(stop)])
    assert isinstance(outcome, Rejected)
    assert reason_of(outcome) is Reject.UNKNOWN_ORDER


def test_a_stuck_stop_leaves_no_position_unprotected(bench: BinanceBench) -> None:
    """All four levels are held, the stop is reached and stays TRIGGERING: after five seconds everything is closed at
    market, said as critical, and a new grid stands."""
    bot = Bot(bench, (), kind="trim", direction="long", initial_capital=D(100))
    bench.skip(120_000)
    bot.until(lambda: bot.roles() == GRID)
    bench.fault("stuck_stop")
    for price in ("0.19898", "0.19798", "0.19198", "0.19098"):
        bench.move(D(price))
        bot.until(lambda: not bot.loop.session.step())
    bot.until(lambda: "LS00" in bot.roles())
    bench.move(D("0.18990"))
    bot.until(lambda: bot.loop.session.desks[0].book.long.exits[Role.STOP_LOSS].triggered_at)
    assert bench.exchange.market(SYMBOL).holding(Side.LONG).quantity > 0
    bot.until(lambda: not bench.exchange.market(SYMBOL).holding(Side.LONG).quantity)
    bot.until(lambda: set(GRID) <= set(bot.roles()))
    closed = [one for one in bot.ear.events if isinstance(one, Execution) and one.closing]
    assert {one.client_id.split("-")[1] for one in closed} == {"LC00"}
    assert bot.ear.heard("has been reached, and the venue does not execute it: closing at market") == 1
    assert "critical" in {level for level, text in bot.ear.lines if "closing at market" in text}
