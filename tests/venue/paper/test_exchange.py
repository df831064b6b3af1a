"""Requests to the exchange: what is accepted, what is refused, and why."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from paper_worlds import (
    LONG,
    SHORT,
    conserved,
    exchange,
    executions,
    fills,
    held,
    limit,
    listing,
    market,
    run,
    script,
)

from gridhedge.domain.errors import UsageError
from gridhedge.domain.order import OrderState, Reject, TimeInForce
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.orders import Refusal


def refused(reason: Reject, text: str) -> pytest.RaisesExc[Refusal]:
    """A refusal for this reason with this sentence."""
    return pytest.raises(Refusal, match=text, check=lambda error: error.reason is reason)


def test_a_client_id_is_used_once_for_ever() -> None:
    """While it rests, after it was cancelled, and after it was filled."""
    made = exchange((0, "100"), keep_history=False)
    limit(made, "a", LONG, "90", "1")
    market(made, "b", LONG, "1")
    for _ in range(2):
        for name in ("a", "b"):
            with refused(Reject.DUPLICATE_ID, f"client id {name} has been used before"):
                limit(made, name, SHORT, "110", "1")
        if made.account.open:
            made.cancel("a")


def test_a_refused_order_leaves_no_trace() -> None:
    """Neither an id, nor margin, nor a place in a queue."""
    made = exchange((0, "100"))
    before = made.account_seen()
    with refused(Reject.OUT_OF_BOUNDS, "TOYUSDT: price 99.9 is not a multiple of 0.5"):
        limit(made, "a", LONG, "99.9", "1")
    with refused(Reject.OUT_OF_BOUNDS, "quantity 101 is above the maximum 100"):
        market(made, "a", LONG, "101")
    assert made.account_seen() == before
    assert limit(made, "a", LONG, "99.5", "1").state is OrderState.WORKING


def test_opening_needs_margin_for_the_order_and_both_fees() -> None:
    """At 10x a long of 10 at 100 reserves 103.8. With 103.8 it goes, with a hundred-millionth less it does not."""
    limit(exchange((0, "100"), wallet="103.8"), "a", LONG, "100", "10")
    with refused(Reject.MARGIN, r"a margin of 103\.80000000 is needed, 103\.79999999 is available"):
        limit(exchange((0, "100"), wallet="103.79999999"), "a", LONG, "100", "10")


def test_resting_orders_reserve_what_they_need_until_they_are_gone() -> None:
    """Two orders of 103.8 do not fit into 200; after a cancel the second one does."""
    made = exchange((0, "100"), wallet="200")
    limit(made, "a", LONG, "100", "10")
    assert made.account_seen().available == D("96.2")
    with refused(Reject.MARGIN, "is needed"):
        limit(made, "b", LONG, "100", "10")
    made.cancel("a")
    limit(made, "c", LONG, "100", "10")


def test_the_leverage_limits_the_notional_of_a_side_orders_included() -> None:
    """At 50x the toy allows 10,000 per side: 9,900 rest, 200 more are too much, on the other side they are not."""
    made = exchange((0, "100"), wallet="10000")
    assert made.set_leverage("TOYUSDT", 75) == 50
    limit(made, "a", LONG, "99", "100")
    with refused(
        Reject.MARGIN, "TOYUSDT: 10100 of notional on the long side is above the limit of 10000 at leverage 50"
    ):
        limit(made, "b", LONG, "100", "2")
    limit(made, "c", SHORT, "101", "2")


def test_post_only_never_takes() -> None:
    """At the ask it would execute; one tick below it rests."""
    made = exchange((0, "100"))
    with refused(Reject.WOULD_TAKE, r"TOYUSDT: post-only at 100\.5 would execute at once"):
        made.place("TOYUSDT", "a", LONG, False, D("100.5"), D(1), time_in_force=TimeInForce.POST_ONLY)
    order = made.place("TOYUSDT", "a", LONG, False, D(100), D(1), time_in_force=TimeInForce.POST_ONLY)
    assert (order.state, order.filled) == (OrderState.WORKING, 0)


def test_immediate_or_cancel_does_not_rest() -> None:
    """At the bid nothing trades at once: cancelled. With 3 on offer, 5 are filled in part and the rest is cancelled."""
    made = exchange((0, "100"), liquidity=D(3))
    away = made.place("TOYUSDT", "a", LONG, False, D(100), D(1), time_in_force=TimeInForce.IOC)
    part = made.place("TOYUSDT", "b", LONG, False, D(101), D(5), time_in_force=TimeInForce.IOC)
    assert (away.state, away.filled) == (OrderState.CANCELLED, 0)
    assert (part.state, part.filled) == (OrderState.CANCELLED, 3)
    assert made.account.open == {}


def test_the_rest_of_a_good_till_cancelled_order_stays() -> None:
    """3 of 5 at the ask, 2 rest at the limit price."""
    made = exchange((0, "100"), liquidity=D(3))
    order = limit(made, "a", LONG, "101", "5")
    assert (order.state, order.remaining) == (OrderState.WORKING, 2)
    assert fills(made) == [("a", "3", "100.5")]
    assert made.market("TOYUSDT").long.opening == 202


def test_reduce_only_is_cut_to_what_other_orders_leave() -> None:
    """Long 10, 6 already offered: 9 become 4, and then nothing is left."""
    made = exchange((0, "100"))
    with refused(Reject.REDUCE_ONLY, r"nothing of the long side is left to close \(0 held, 0 in reduce-only orders\)"):
        limit(made, "z", LONG, "110", "1", True)
    market(made, "o", LONG, "10")
    assert limit(made, "a", LONG, "110", "6", True).quantity == 6
    assert limit(made, "b", LONG, "111", "9", True).quantity == 4
    with refused(Reject.REDUCE_ONLY, r"\(10 held, 10 in reduce-only orders\)"):
        limit(made, "c", LONG, "112", "1", True)
    with refused(Reject.REDUCE_ONLY, "of the short side"):
        limit(made, "d", SHORT, "90", "1", True)


def test_reduce_only_needs_no_margin_and_no_minimum_notional() -> None:
    """1 x 9.5 is below the minimum of 10 and closes all the same; margin is not touched."""
    made = exchange((0, "100"), (10, "9.5"))
    market(made, "o", SHORT, "1")
    run(made, 20)
    before = made.account_seen().available
    assert limit(made, "a", SHORT, "9.0", "1", True).state is OrderState.WORKING
    assert made.account_seen().available == before
    with refused(Reject.OUT_OF_BOUNDS, r"notional 9\.0 is below the minimum 10"):
        limit(made, "b", LONG, "9.0", "1")


def test_stops_that_would_trigger_at_once_are_refused() -> None:
    """A stop closing a long waits for a fall, one closing a short for a rise; the mark itself is too near."""
    made = exchange((0, "100"))
    for name, side, trigger in (("a", LONG, "100"), ("b", LONG, "101"), ("c", SHORT, "99.5")):
        with refused(Reject.WOULD_TRIGGER, f"a stop at {trigger} would trigger at once, the mark is 100"):
            made.place("TOYUSDT", name, side, True, D(0), D(1), trigger_price=D(trigger))


def test_only_so_many_orders_may_wait() -> None:
    """Three orders in all, and ten stops, per symbol."""
    made = exchange((0, "100"), max_open_orders=3)
    for name in "abc":
        limit(made, name, LONG, "90", "1")
    with refused(Reject.OTHER, "TOYUSDT: 3 orders are open, the most allowed"):
        limit(made, "d", LONG, "90", "1")
    stops = exchange((0, "100"))
    for number in range(10):
        stops.place("TOYUSDT", f"s{number}", LONG, True, D(0), D(1), trigger_price=D(90))
    with refused(Reject.OTHER, "10 stop orders wait already"):
        stops.place("TOYUSDT", "s10", LONG, True, D(0), D(1), trigger_price=D(90))


def test_an_order_may_get_another_price_and_quantity() -> None:
    """Margin follows: 2 at 95 at 10x reserve 190 x 0.1038."""
    made = exchange((0, "100"))
    order = limit(made, "a", LONG, "90", "1")
    assert made.amend("a", "", D(95), D(2)) is order
    assert (order.price, order.quantity, order.state) == (95, 2, OrderState.WORKING)
    assert made.account_seen().initial_margin == 190 * D("0.1038")


def test_an_amended_order_may_execute_at_once() -> None:
    """Moved to the ask it takes, and pays as a taker."""
    made = exchange((0, "100"))
    limit(made, "a", LONG, "90", "2")
    assert made.amend("a", "P1", D("100.5"), D(2)).state is OrderState.FILLED
    assert executions(made)[0].fee == D("0.402")
    assert made.market("TOYUSDT").long.opening == 0


def test_a_quantity_not_above_the_executed_one_is_refused() -> None:
    """4 of 10 are executed: 4 is too little, 5 leaves one."""
    made = exchange((0, "100"), (10, "97"), liquidity=D(4))
    order = limit(made, "a", LONG, "98", "10")
    made.advance(1_000_010)
    with refused(Reject.OUT_OF_BOUNDS, "quantity 4 is not above the executed 4"):
        made.amend("a", "", D(98), D(4))
    made.amend("a", "", D(97), D(5))
    assert (order.remaining, made.market("TOYUSDT").long.opening) == (1, 97)


def test_a_refused_amend_leaves_the_order_as_it_was() -> None:
    """Too much margin, off the tick, a stop order, an order that is gone."""
    made = exchange((0, "100"), wallet="100")
    order = limit(made, "a", LONG, "90", "1")
    made.place("TOYUSDT", "s", LONG, True, D(0), D(1), trigger_price=D(90))
    with refused(Reject.MARGIN, "is needed"):
        made.amend("a", "", D(90), D(20))
    with refused(Reject.OUT_OF_BOUNDS, "not a multiple"):
        made.amend("a", "", D("90.2"), D(1))
    with refused(Reject.OTHER, "a stop order can not be amended; cancel it and place anew"):
        made.amend("s", "", D(80), D(1))
    with refused(Reject.UNKNOWN_ORDER, "no working order x"):
        made.amend("x", "", D(80), D(1))
    assert (order.price, order.quantity, order.state) == (90, 1, OrderState.WORKING)


def test_an_amended_reduce_only_order_is_cut_like_a_new_one() -> None:
    """Long 10, offers of 6 and 4: the second may grow to 4, whatever is asked."""
    made = exchange((0, "100"))
    market(made, "o", LONG, "10")
    limit(made, "a", LONG, "110", "6", True)
    second = limit(made, "b", LONG, "110", "3", True)
    made.amend("b", "", D(111), D(9))
    assert (second.quantity, made.market("TOYUSDT").long.reserved) == (4, 10)


def test_cancelling_what_does_not_work_is_refused() -> None:
    """Never placed, already cancelled, already filled."""
    made = exchange((0, "100"))
    limit(made, "a", LONG, "90", "1")
    market(made, "b", LONG, "1")
    assert made.cancel("a").state is OrderState.CANCELLED
    for name in ("a", "b", "c"):
        with refused(Reject.UNKNOWN_ORDER, f"no working order {name}"):
            made.cancel(name)


def test_the_user_s_hand_trades_without_client_ids() -> None:
    """Open and close at the touch, and cancel; what is not there can not be closed."""
    made = exchange((0, "100"))
    made.by_hand_open("TOYUSDT", LONG, D(3))
    made.by_hand_close("TOYUSDT", LONG, D(1))
    assert fills(made) == [("", "3", "100.5"), ("", "1", "100")]
    with refused(Reject.REDUCE_ONLY, "TOYUSDT: only 2 of the long side are held"):
        made.by_hand_close("TOYUSDT", LONG, D(3))
    order = limit(made, "a", LONG, "90", "1")
    made.by_hand_cancel("P1")
    assert (order.state, order.text) == (OrderState.CANCELLED, "cancelled by hand")


def test_withdrawals_stop_at_what_is_available() -> None:
    """A position of 2 x 100 keeps its margin."""
    made = exchange((0, "100"))
    market(made, "a", LONG, "2")
    available = made.account_seen().available
    with refused(Reject.MARGIN, "can not be withdrawn"):
        made.deposit(-available - D("0.01"))
    made.deposit(-available)
    assert made.account_seen().available == 0
    assert conserved(made)


def test_a_price_beyond_the_band_is_moved_silently() -> None:
    """As Bybit does by default: a buy at 150 with a band of 10 % becomes one at 110."""
    made = Exchange([listing(script((0, "100")))._replace(price_band=D("0.1"))], D(1000), liquidity=D(1))
    assert limit(made, "a", LONG, "150", "2").price == 110


def test_unknown_symbols_and_empty_exchanges_are_usage_errors() -> None:
    """Sentences for whoever builds one."""
    with pytest.raises(UsageError, match="does not list 'BTCUSDT': it has TOYUSDT"):
        exchange((0, "100")).mark("BTCUSDT")
    with pytest.raises(UsageError, match="at least one symbol"):
        Exchange([], D(1))


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "place", "market", "stop", "amend", "cancel", "hand", "go", "go", "go"]),
        st.sampled_from([LONG, SHORT]),
        st.booleans(),
        st.integers(-24, 24),
        st.integers(1, 30),
    ),
    max_size=60,
)


def request(made: Exchange, number: int, what: str, side: object, closing: bool, away: int, size: int) -> None:
    """One random request; refusals are answers like others."""
    price = made.mark("TOYUSDT") // D("0.5") * D("0.5") + away * D("0.5")
    assert side is LONG or side is SHORT
    open_ids = list(made.account.open)
    if what == "place":
        made.place("TOYUSDT", f"c{number}", side, closing, price, D(size))
    elif what == "market":
        made.place("TOYUSDT", f"c{number}", side, closing, price, D(size), market=True)
    elif what == "stop":
        made.place("TOYUSDT", f"c{number}", side, closing, price, D(size), trigger_price=price)
    elif what == "hand":
        made.by_hand_close("TOYUSDT", side, D(size))
    elif open_ids:
        chosen = open_ids[size % len(open_ids)]
        if what == "cancel":
            made.cancel("", chosen)
        elif what == "amend":
            made.amend("", chosen, price, D(size))


@examples(max_examples=150)
@given(
    requests=REQUESTS,
    moves=st.lists(st.integers(-30, 30), min_size=60, max_size=60),
    liquidity=st.sampled_from([None, D(3), D(50)]),
    wallet=st.sampled_from(["150", "2000", "100000"]),
)
def test_whatever_happens_the_books_add_up(
    requests: list[tuple[str, object, bool, int, int]], moves: list[int], liquidity: D | None, wallet: str
) -> None:
    """After every request and happening: money is conserved, positions are the sum of executions, reduce-only orders
    fit their position, sums kept along the way equal sums made anew, and ids are unique."""
    price, points = 200, [(0, "100")]
    for step, move in enumerate(moves, start=1):
        price = max(20, price + move)
        points.append((10 * step, str(price * D("0.5"))))
    made = Exchange([listing(script(*points), funding=ConstantFunding(1, D("0.001")))], D(wallet), liquidity=liquidity)
    toy = made.market("TOYUSDT")
    for number, (what, side, closing, away, size) in enumerate(requests):
        try:
            if what == "go":
                made.advance(made.now() + size)
            else:
                request(made, number, what, side, closing, away, size)
        except Refusal:
            pass
        assert conserved(made)
        resting = [order for order in made.account.open.values() if order.trigger_price is None]
        for holding in toy.holdings:
            own = [order for order in resting if order.side is holding.side]
            assert holding.quantity == held(executions(made), holding.side) >= 0
            assert holding.reserved == sum(order.remaining for order in own if order.closing) <= holding.quantity
            assert holding.opening == sum(order.price * order.remaining for order in own if not order.closing)
            assert (holding.quantity == 0) == (holding.cost == 0)
        filled: dict[str, D] = {}
        for one in executions(made):
            filled[one.venue_id] = filled.get(one.venue_id, D(0)) + one.quantity
        for order in (*made.account.open.values(), *made.account.ended.values()):
            assert order.filled == filled.get(order.venue_id, 0) <= order.quantity
            assert (order.filled == order.quantity) == (order.state is OrderState.FILLED)
    ids = [one.execution_id for one in executions(made)]
    assert len(set(ids)) == len(ids)
