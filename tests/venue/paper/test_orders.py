"""The lists in which orders wait."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st
from paper_worlds import LONG, SHORT

from gridhedge.domain.order import OrderState, Reject
from gridhedge.venue.paper.orders import PaperOrder, Queue


def order(number: int, price: int) -> PaperOrder:
    return PaperOrder(number, "TOYUSDT", f"c{number}", LONG, False, D(price), D(1), 5)


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=30), st.booleans())
def test_the_market_meets_the_best_price_first_and_then_the_oldest(made: list[tuple[int, bool]], falling: bool) -> None:
    """However orders come and go, the queue is sorted by price (buys: highest first) and then by arrival."""
    queue = Queue(falling)
    waiting = []
    for number, (price, leaves) in enumerate(made):
        one = order(number, price)
        queue.add(one, one.price, number)
        waiting.append(one)
        if leaves:
            queue.remove(waiting.pop(0))
    waiting.sort(key=lambda one: (-one.price if falling else one.price, one.number))
    assert list(queue) == waiting
    assert len(queue) == len(waiting)


def test_an_order_buys_to_open_a_long_or_to_close_a_short() -> None:
    """Hedge mode: the direction follows from side and purpose."""
    buys = {
        (side, closing): PaperOrder(1, "T", "", side, closing, D(1), D(1), 0).buys
        for side in (LONG, SHORT)
        for closing in (False, True)
    }
    assert buys == {(LONG, False): True, (LONG, True): False, (SHORT, False): False, (SHORT, True): True}


def test_records_and_updates_carry_what_the_order_is() -> None:
    """Nothing gets lost on the way to the engine's words."""
    one = order(3, 7)
    one.filled, one.state = D("0.5"), OrderState.CANCELLED
    one.reason, one.text = Reject.REDUCE_ONLY, "why"
    record, update = one.record(), one.update(9)
    assert (record.venue_id, record.client_id, record.side, record.closing) == ("P3", "c3", LONG, False)
    assert (record.price, record.quantity, record.filled, record.created) == (7, 1, D("0.5"), 5)
    assert (update.state, update.filled, update.at) == (OrderState.CANCELLED, D("0.5"), 9)
    assert (update.reason, update.text) == (Reject.REDUCE_ONLY, "why")
