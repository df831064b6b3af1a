"""Cards 70 to 79: stop orders. A venue that declares ``has_stop_orders`` must do this."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.events import Execution, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import Accepted
from tests.contract.bench import SYMBOL, Bench, Desk
from tests.contract.test_orders import reason_of

LONG, SHORT = Side.LONG, Side.SHORT
SIDES = [(LONG, "0.20100", "0.19000", "0.18900"), (SHORT, "0.19900", "0.21000", "0.21100")]
"""Side, an entry that executes at once, a stop, and a price beyond it."""
sides = pytest.mark.parametrize(("side", "entry", "trigger", "beyond"), SIDES, ids=["long", "short"])


def open_side(desk: Desk, side: Side, entry: str) -> None:
    assert desk.venue.capabilities.has_stop_orders
    desk.venue.send([desk.place(side, entry, "100")])
    desk.wait_for(Execution)


@sides
def test_card_70_a_stop_waits_as_it_was_sent(desk: Desk, side: Side, entry: str, trigger: str, beyond: str) -> None:
    """Listed with its trigger, which stands for its price, too: so the plan that wanted it finds it right."""
    open_side(desk, side, entry)
    stop = desk.stop(side, trigger, "100")
    (outcome,) = desk.venue.send([stop])
    assert isinstance(outcome, Accepted)
    (record,) = desk.venue.snapshot([SYMBOL]).orders
    assert record[:9] == (
        SYMBOL, stop.client_id, outcome.venue_id, side, True, D(trigger), D(100), D(0), OrderState.WORKING,
    )  # fmt: skip
    assert record.trigger_price == D(trigger)
    assert desk.venue.find_open(SYMBOL, stop.client_id) == record


@sides
def test_card_71_a_stop_closes_its_side_when_its_price_has_come(
    desk: Desk, bench: Bench, side: Side, entry: str, trigger: str, beyond: str
) -> None:
    """At market, as taker: the fee is the taker's, nothing is left of position and order, and the history has its
    end."""
    open_side(desk, side, entry)
    stop = desk.stop(side, trigger, "100")
    desk.venue.send([stop])
    bench.move(D(beyond))
    (made,) = desk.wait_for(Execution, 1, lambda one: one.closing)
    assert (made.client_id, made.side, made.quantity, made.maker) == (stop.client_id, side, D(100), False)
    assert made.fee == made.price * 100 * desk.venue.fees(SYMBOL).taker
    (end,) = desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == stop.client_id and told.state.is_final)
    assert (end.state, end.filled) == (OrderState.FILLED, D(100))
    snapshot = desk.venue.snapshot([SYMBOL])
    assert (snapshot.positions, snapshot.orders) == ((), ())
    found = desk.venue.find_ended(SYMBOL, stop.client_id)
    assert found is not None
    assert (found.state, found.filled) == (OrderState.FILLED, D(100))


def test_card_72_a_cancelled_stop_never_triggers(desk: Desk, bench: Bench) -> None:
    """Accepted, told as cancelled, no longer listed; the price goes through where it was and nothing happens."""
    open_side(desk, LONG, "0.20100")
    stop = desk.stop(LONG, "0.19000", "100")
    desk.venue.send([stop])
    (outcome,) = desk.venue.send([desk.cancel(stop)])
    assert isinstance(outcome, Accepted)
    told = outcome.update or desk.wait_for(OrderUpdate, 1, lambda one: one.state is OrderState.CANCELLED)[0]
    assert (told.client_id, told.state) == (stop.client_id, OrderState.CANCELLED)
    assert desk.venue.snapshot([SYMBOL]).orders == ()
    bench.move(D("0.18900"))
    desk.look()
    assert [one.closing for one in desk.seen if isinstance(one, Execution)] == [False]
    found = desk.venue.find_ended(SYMBOL, stop.client_id)
    assert found is not None
    assert (found.state, found.filled, found.trigger_price) == (OrderState.CANCELLED, D(0), D("0.19"))


@pytest.mark.parametrize(("side", "trigger"), [(LONG, "0.20500"), (SHORT, "0.19500")], ids=["long", "short"])
def test_card_73_a_stop_that_would_trigger_at_once_is_refused(desk: Desk, side: Side, trigger: str) -> None:
    """Its price has been passed already: the engine is told why, since it closes at once then; and nothing waits."""
    open_side(desk, side, "0.20100" if side is LONG else "0.19900")
    (outcome,) = desk.venue.send([desk.stop(side, trigger, "100")])
    assert reason_of(outcome) is Reject.WOULD_TRIGGER
    assert desk.venue.snapshot([SYMBOL]).orders == ()


def test_card_74_a_stop_never_turns_a_position_around(desk: Desk, bench: Bench) -> None:
    """For more than is held it closes what is held; without a position it ends as cancelled, where a side may have
    two."""
    open_side(desk, LONG, "0.20100")
    stops = [desk.stop(LONG, "0.19000", "150", 0), desk.stop(LONG, "0.18950", "100", 1)]
    outcomes = desk.venue.send(stops)
    names = [stop.client_id for stop, outcome in zip(stops, outcomes, strict=True) if isinstance(outcome, Accepted)]
    assert len(names) == bench.stops_per_side
    bench.move(D("0.18900"))
    ends = desk.wait_for(OrderUpdate, len(names), lambda told: told.state.is_final and told.client_id in names)
    assert {(end.client_id, end.filled) for end in ends} == set(zip(names, (D(100), D(0)), strict=False))
    assert desk.venue.snapshot([SYMBOL]).positions == ()


def test_card_75_take_profit_and_stop_rest_side_by_side(desk: Desk, bench: Bench) -> None:
    """A stop takes nothing of what the take-profit may close; the one that comes first ends the position, and the
    venue cuts the other."""
    open_side(desk, LONG, "0.20100")
    take = desk.place(LONG, "0.21000", "100", closing=True)
    stop = desk.stop(LONG, "0.19000", "100")
    assert [type(outcome) for outcome in desk.venue.send([take, stop])] == [Accepted, Accepted]
    assert {record.client_id for record in desk.venue.snapshot([SYMBOL]).orders} == {take.client_id, stop.client_id}
    bench.move(D("0.18900"))
    desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == take.client_id and told.state is OrderState.CANCELLED)
    snapshot = desk.venue.snapshot([SYMBOL])
    assert (snapshot.positions, snapshot.orders) == ((), ())
