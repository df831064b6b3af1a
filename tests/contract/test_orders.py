"""Cards 10 to 29: orders. Every venue must do this, through its real client library."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.change import Change
from gridhedge.domain.events import Execution, MarketSeen, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import Accepted, Rejected, Unknown
from tests.contract.bench import SYMBOL, Bench, Desk

LONG, SHORT = Side.LONG, Side.SHORT


def reason_of(outcome: object) -> Reject:
    assert isinstance(outcome, Rejected), outcome
    return outcome.reason


def test_card_10_an_entry_rests_as_it_was_sent(desk: Desk) -> None:
    """Price, quantity, side and our id come back to the last digit."""
    entry = desk.place(LONG, "0.19500", "100")
    (outcome,) = desk.venue.send([entry])
    assert isinstance(outcome, Accepted)
    (record,) = desk.venue.snapshot([SYMBOL]).orders
    assert record[:10] == (
        SYMBOL, entry.client_id, outcome.venue_id, LONG, False, D("0.195"), D(100), D(0), OrderState.WORKING,
        record.created,
    )  # fmt: skip
    assert record.trigger_price is None


@pytest.mark.parametrize(("side", "price"), [(LONG, "0.20100"), (SHORT, "0.19900")], ids=["long", "short"])
def test_card_11_a_marketable_entry_executes_on_its_own_side(desk: Desk, side: Side, price: str) -> None:
    """In hedge mode a sell may open a short: 100 at the touch, the taker's fee paid."""
    entry = desk.place(side, price, "100")
    desk.venue.send([entry])
    (made,) = desk.wait_for(Execution)
    assert (made.client_id, made.side, made.closing, made.quantity) == (entry.client_id, side, False, D(100))
    assert made.fee == made.price * 100 * desk.venue.fees(SYMBOL).taker
    (held,) = desk.venue.snapshot([SYMBOL]).positions
    assert held == (SYMBOL, side, D(100), made.price)


@pytest.mark.parametrize(
    ("side", "entry", "exit", "touched"),
    [(LONG, "0.20100", "0.20200", "0.20300"), (SHORT, "0.19900", "0.19800", "0.19700")],
    ids=["long", "short"],
)
def test_card_12_a_take_profit_closes_its_own_side(
    desk: Desk, bench: Bench, side: Side, entry: str, exit: str, touched: str
) -> None:
    """It rests, executes as maker when the price goes through it, and nothing is left."""
    desk.venue.send([desk.place(side, entry, "100")])
    desk.wait_for(Execution)
    close = desk.place(side, exit, "100", closing=True)
    desk.venue.send([close])
    (resting,) = desk.venue.snapshot([SYMBOL]).orders
    assert (resting.client_id, resting.side, resting.closing) == (close.client_id, side, True)
    bench.move(D(touched))
    _, made = desk.wait_for(Execution, 2)
    assert (made.client_id, made.side, made.closing, made.maker) == (close.client_id, side, True, True)
    assert made.fee == D(exit) * 100 * D("0.0002")
    assert desk.venue.snapshot([SYMBOL]).positions == ()


@pytest.mark.parametrize(
    ("side", "entry", "exit"), [(LONG, "0.20100", "0.00010"), (SHORT, "0.19900", "0.90000")], ids=["long", "short"]
)
def test_card_29_an_exit_far_through_the_market_closes(desk: Desk, side: Side, entry: str, exit: str) -> None:
    """Any price will do for it: a venue that refuses such prices gets one that it takes."""
    desk.venue.instrument(SYMBOL)
    desk.wait_for(MarketSeen)
    desk.venue.send([desk.place(side, entry, "100")])
    desk.wait_for(Execution)
    (outcome,) = desk.venue.send([desk.place(side, exit, "100", closing=True)])
    assert isinstance(outcome, Accepted), outcome
    desk.wait_for(Execution, 2)
    assert desk.venue.snapshot([SYMBOL]).positions == ()


def test_card_13_the_end_of_an_order_comes_after_its_executions(desk: Desk) -> None:
    """Whatever order the venue's own messages come in."""
    desk.venue.send([desk.place(LONG, "0.20100", "100")])
    desk.wait_for(OrderUpdate, 1, lambda update: update.state is OrderState.FILLED)
    kinds = [type(event) for event in desk.seen if isinstance(event, Execution | OrderUpdate)]
    assert kinds.index(Execution) < len(kinds) - 1 - kinds[::-1].index(OrderUpdate)


def test_card_14_a_cancelled_order_is_gone(desk: Desk) -> None:
    """Accepted, told, no longer listed, and found among the ended ones."""
    entry = desk.place(LONG, "0.19500", "100")
    desk.venue.send([entry])
    (outcome,) = desk.venue.send([desk.cancel(entry)])
    assert isinstance(outcome, Accepted)
    desk.wait_for(OrderUpdate, 1, lambda update: update.state is OrderState.CANCELLED)
    assert desk.venue.snapshot([SYMBOL]).orders == ()
    found = desk.venue.find_ended(SYMBOL, entry.client_id)
    assert found is not None
    assert (found.state, found.filled) == (OrderState.CANCELLED, D(0))


def test_card_15_an_amend_changes_price_and_whole_quantity(desk: Desk) -> None:
    """The order keeps its id at the venue; one that can not amend refuses, and leaves the order as it is."""
    entry = desk.place(LONG, "0.19500", "100")
    (placed,) = desk.venue.send([entry])
    (outcome,) = desk.venue.send([desk.amend(entry, "0.19400", "150")])
    can_amend = desk.venue.capabilities.can_amend
    assert isinstance(placed, Accepted)
    assert isinstance(outcome, Accepted if can_amend else Rejected)
    (record,) = desk.venue.snapshot([SYMBOL]).orders
    expected = (D("0.194"), D(150)) if can_amend else (D("0.195"), D(100))
    assert (record.venue_id, record.price, record.quantity) == (placed.venue_id, *expected)


def test_card_16_each_order_of_a_batch_has_its_own_outcome(desk: Desk) -> None:
    """The middle one is off the tick; the others rest."""
    orders = [desk.place(LONG, price, "100", level) for level, price in enumerate(("0.195", "0.1941234", "0.193"))]
    first, second, third = desk.venue.send(orders)
    assert isinstance(first, Accepted)
    assert reason_of(second) is Reject.OUT_OF_BOUNDS
    assert isinstance(third, Accepted)
    assert {record.client_id for record in desk.venue.snapshot([SYMBOL]).orders} == {
        orders[0].client_id, orders[2].client_id,
    }  # fmt: skip


def test_card_17_outcomes_stand_in_the_order_of_the_changes(desk: Desk) -> None:
    """A place, a cancel that finds nothing, an amend (where the venue can) and another place in one call."""
    resting = desk.place(LONG, "0.19500", "100")
    desk.venue.send([resting])
    changes = [
        desk.place(SHORT, "0.20500", "100"),
        desk.cancel(desk.place(SHORT, "0.3", "1", 9)),
        desk.amend(resting, "0.19600", "100"),
        desk.place(SHORT, "0.20600", "100", 1),
    ]
    can_amend = desk.venue.capabilities.can_amend
    outcomes = desk.venue.send(changes)
    assert [type(outcome) for outcome in outcomes] == [
        Accepted, Rejected, Accepted if can_amend else Rejected, Accepted,
    ]  # fmt: skip
    assert reason_of(outcomes[1]) is Reject.UNKNOWN_ORDER
    assert sorted(record.price for record in desk.venue.snapshot([SYMBOL]).orders) == [
        D("0.196") if can_amend else D("0.195"),
        D("0.205"),
        D("0.206"),
    ]


def test_card_18_a_client_id_is_taken_once(desk: Desk) -> None:
    """A resend is recognised: nothing rests twice."""
    entry = desk.place(LONG, "0.19500", "100")
    desk.venue.send([entry])
    (outcome,) = desk.venue.send([entry])
    assert reason_of(outcome) is Reject.DUPLICATE_ID
    assert len(desk.venue.snapshot([SYMBOL]).orders) == 1


def test_card_19_nothing_to_change_is_an_unknown_order(desk: Desk) -> None:
    """For cancels and amends of what never was, and of what has ended."""
    ended = desk.place(LONG, "0.20100", "100")
    desk.venue.send([ended])
    desk.wait_for(Execution)
    never = desk.place(LONG, "0.1", "1", 7)
    changes: list[Change] = [desk.cancel(ended), desk.cancel(never)]
    if desk.venue.capabilities.can_amend:
        changes += [desk.amend(ended, "0.19", "200"), desk.amend(never, "0.19", "200")]
    assert {reason_of(outcome) for outcome in desk.venue.send(changes)} == {Reject.UNKNOWN_ORDER}


def test_card_20_an_exit_never_opens(desk: Desk) -> None:
    """Reduce-only without a position is refused, on both sides."""
    exits = [desk.place(side, price, "100", closing=True) for side, price in ((LONG, "0.21"), (SHORT, "0.19"))]
    assert [reason_of(outcome) for outcome in desk.venue.send(exits)] == [Reject.REDUCE_ONLY] * 2


def test_card_21_margin_that_is_not_there_is_said(desk: Desk) -> None:
    """1000 USDT at leverage 10 carry 10,000 of notional, not 100,000."""
    (outcome,) = desk.venue.send([desk.place(LONG, "0.19900", "500000")])
    assert reason_of(outcome) is Reject.MARGIN


def test_card_22_filters_are_out_of_bounds(desk: Desk) -> None:
    """Off the step, under the minimum notional (5 USDT), and over the largest quantity."""
    orders = [desk.place(LONG, "0.195", quantity, level) for level, quantity in enumerate(("100.5", "20", "99999999"))]
    assert [reason_of(outcome) for outcome in desk.venue.send(orders)] == [Reject.OUT_OF_BOUNDS] * 3


def test_card_23_a_market_close_leaves_nothing(desk: Desk) -> None:
    """Both sides at once, each closing its own."""
    desk.venue.send([desk.place(LONG, "0.20100", "100"), desk.place(SHORT, "0.19900", "100")])
    desk.wait_for(Execution, 2)
    closes = [desk.place(side, "0.2", "100", closing=True, market=True) for side in (LONG, SHORT)]
    assert all(isinstance(outcome, Accepted) for outcome in desk.venue.send(closes))
    made = desk.wait_for(Execution, 4)[2:]
    assert {(one.side, one.closing, one.quantity) for one in made} == {(LONG, True, D(100)), (SHORT, True, D(100))}
    assert desk.venue.snapshot([SYMBOL]).positions == ()


def test_card_24_more_than_the_budget_is_sent_later_or_said(desk: Desk) -> None:
    """25 orders at once: those that do not fit are rate limited until a time that lies ahead; the rest were taken."""
    orders = [desk.place(LONG, f"0.19{level:03}", "100", level) for level in range(25)]
    outcomes = desk.venue.send(orders)
    taken = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    assert outcomes[: len(taken)] == taken
    for outcome in outcomes[len(taken) :]:
        assert reason_of(outcome) is Reject.RATE_LIMITED
        assert isinstance(outcome, Rejected)
        assert outcome.until > 0
    assert len(taken) == len(desk.venue.snapshot([SYMBOL]).orders) >= 10


def test_card_25_one_bad_item_of_the_venue_fails_alone(desk: Desk, bench: Bench) -> None:
    """Two of three are taken, and the one that nobody knows about is unknown."""
    bench.fault("item_fails", item=1, code=10016, text="Server error")
    orders = [desk.place(LONG, f"0.19{level:03}", "100", level) for level in range(3)]
    outcomes = desk.venue.send(orders)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Unknown, Accepted]


def test_card_27_several_amends_in_one_call_each_take_effect(desk: Desk) -> None:
    """Three orders get other prices and quantities; a fourth that never was is told apart."""
    if not desk.venue.capabilities.can_amend:
        pytest.skip(f"{desk.bench.title} replaces orders under other ids: its adapter does not amend")
    orders = [desk.place(LONG, f"0.19{level}00", "100", level) for level in range(3)]
    desk.venue.send(orders)
    amends = [desk.amend(order, f"0.18{level}00", "120") for level, order in enumerate(orders)]
    outcomes = desk.venue.send([*amends, desk.amend(desk.place(SHORT, "0.21", "100", 9), "0.22", "100")])
    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted, Accepted, Rejected]
    listed = {(record.price, record.quantity) for record in desk.venue.snapshot([SYMBOL]).orders}
    assert listed == {(D(f"0.18{level}00"), D(120)) for level in range(3)}
