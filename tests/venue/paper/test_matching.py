"""How orders become executions."""

from __future__ import annotations

from decimal import Decimal as D

from paper_worlds import (
    LONG,
    SHORT,
    Witness,
    conserved,
    exchange,
    executions,
    fills,
    fundings,
    limit,
    listing,
    market,
    run,
    script,
)

from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.order import OrderState, Reject
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.funding import RecordedFunding


def test_a_marketable_order_pays_the_touch_and_the_taker_fee() -> None:
    """A limit at 103 buys at the ask 100.5: 2 x 100.5 x 0.002 = 0.402."""
    made = exchange((0, "100"))
    order = limit(made, "a", LONG, "103", "2")
    assert order.state is OrderState.FILLED
    (one,) = executions(made)
    assert (one.price, one.quantity, one.fee, one.maker, one.closing) == (D("100.5"), 2, D("0.402"), False, False)
    assert (one.execution_id, one.client_id, one.venue_id, one.kind) == ("E1", "a", "P1", ExecutionKind.TRADE)


def test_a_resting_order_fills_at_its_own_price_as_maker_when_the_price_goes_beyond() -> None:
    """Touching 98 does nothing; trading at 97.5 fills the buy at 98 for 1 x 98 x 0.001."""
    made = exchange((0, "100"), (10, "98"), (20, "97.5"))
    order = limit(made, "a", LONG, "98", "1")
    assert run(made, 15) == 0
    assert run(made, 25) == 1
    (one,) = executions(made)
    assert (one.price, one.fee, one.maker, one.at) == (98, D("0.098"), True, 1_000_020)
    assert order.state is OrderState.FILLED


def test_with_touch_filling_the_price_itself_is_enough() -> None:
    """The same order, filled ten milliseconds earlier."""
    made = exchange((0, "100"), (10, "98"), (20, "97.5"), fill="touch")
    limit(made, "a", LONG, "98", "1")
    limit(made, "b", SHORT, "102", "1")
    assert run(made, 15) == 1
    assert fills(made) == [("a", "1", "98")]


def test_a_jump_fills_everything_that_it_crosses_best_price_first() -> None:
    """From 100 to 90: buys at 98 and 95 (two, by arrival) in one happening; the one at 90 waits."""
    made = exchange((0, "100"), (10, "90"))
    for name, price in (("d", "90"), ("b", "95"), ("a", "98"), ("c", "95")):
        limit(made, name, LONG, price, "1")
    assert run(made, 20) == 1
    assert fills(made) == [("a", "1", "98"), ("b", "1", "95"), ("c", "1", "95")]


def test_limited_liquidity_fills_in_parts_leg_by_leg() -> None:
    """4 per tick: 10 are bought as 4, 4 and 2, although the price has come back above."""
    made = exchange((0, "100"), (10, "97"), (20, "97.5"), (30, "97"), liquidity=D(4))
    order = limit(made, "a", LONG, "98", "10")
    assert run(made, 10) == 1
    assert (order.filled, order.state) == (4, OrderState.WORKING)
    assert made.market("TOYUSDT").long.opening == 6 * 98
    assert run(made, 40) == 2
    assert fills(made) == [("a", "4", "98"), ("a", "4", "98"), ("a", "2", "98")]
    assert order.state is OrderState.FILLED
    assert made.market("TOYUSDT").long.opening == 0


def test_liquidity_is_shared_by_takers_and_the_rest_of_a_market_order_is_cancelled() -> None:
    """4 trade per tick: a market order of 6 gets 4, the next nothing, and the next tick brings 4 again."""
    made = exchange((0, "100"), (10, "100"), liquidity=D(4))
    first, second = market(made, "a", LONG, "6"), market(made, "b", LONG, "1")
    run(made, 20)
    third = market(made, "c", LONG, "1")
    assert [(one.filled, one.state) for one in (first, second, third)] == [
        (4, OrderState.CANCELLED),
        (0, OrderState.CANCELLED),
        (1, OrderState.FILLED),
    ]


def test_reduce_only_orders_are_cut_when_the_position_shrinks_the_worst_priced_first() -> None:
    """Long 10 with sells of 4 at 110, 4 at 120 and 2 at 130. Closing 5 by hand cancels 130 and cuts 120 to 1."""
    made = exchange((0, "100"))
    market(made, "o", LONG, "10")
    orders = [limit(made, f"t{price}", LONG, price, size, True) for price, size in (("120", "4"), ("110", "4"))]
    orders.append(limit(made, "t130", LONG, "130", "2", True))
    made.by_hand_close("TOYUSDT", LONG, D(5))
    assert [(str(one.price), one.quantity, one.state) for one in orders] == [
        ("120", 1, OrderState.WORKING),
        ("110", 4, OrderState.WORKING),
        ("130", 2, OrderState.CANCELLED),
    ]
    assert orders[2].reason is orders[0].reason is Reject.REDUCE_ONLY
    assert made.market("TOYUSDT").long.reserved == 5


def test_a_position_closed_to_flat_leaves_no_reduce_only_order() -> None:
    """On both sides, and orders that open stay."""
    made = exchange((0, "100"))
    market(made, "l", LONG, "2")
    market(made, "s", SHORT, "2")
    names = [
        ("tl", LONG, "110", True),
        ("ts", SHORT, "90", True),
        ("gl", LONG, "90", False),
        ("gs", SHORT, "110", False),
    ]
    orders = {name: limit(made, name, side, price, "2", closing) for name, side, price, closing in names}
    made.auto_deleverage("TOYUSDT", LONG, D(2))
    made.by_hand_close("TOYUSDT", SHORT, D(2))
    assert [name for name, order in orders.items() if order.state is OrderState.WORKING] == ["gl", "gs"]


def test_a_stop_sells_at_the_market_when_the_mark_comes_to_it() -> None:
    """Long 3, stop at 95: untouched at 95.5; a jump to 94 sells at the bid 94 as taker."""
    made = exchange((0, "100"), (10, "95.5"), (20, "94"))
    market(made, "o", LONG, "3")
    stop = made.place("TOYUSDT", "s", LONG, True, D(0), D(3), trigger_price=D(95))
    assert run(made, 15) == 0
    assert run(made, 25) == 1
    assert stop.state is OrderState.FILLED
    assert fills(made)[1:] == [("s", "3", "94")]
    assert executions(made)[1].maker is False


def test_a_triggered_stop_goes_before_resting_take_profits() -> None:
    """The take-profit reserves the whole position; the stop closes it all the same, and the take-profit goes."""
    made = exchange((0, "100"), (10, "90"))
    market(made, "o", LONG, "3")
    profit = limit(made, "t", LONG, "110", "3", True)
    made.place("TOYUSDT", "s", LONG, True, D(0), D(5), trigger_price=D(95))
    run(made, 20)
    assert fills(made)[1:] == [("s", "3", "90")]
    assert (profit.state, profit.reason) == (OrderState.CANCELLED, Reject.REDUCE_ONLY)


def test_a_stop_with_nothing_left_to_close_is_cancelled_at_its_trigger() -> None:
    """Closed by hand before: the stop says so instead of turning the position."""
    made = exchange((0, "100"), (10, "90"))
    market(made, "o", SHORT, "3")
    stop = made.place("TOYUSDT", "s", SHORT, True, D(0), D(3), trigger_price=D(105))
    made.by_hand_close("TOYUSDT", SHORT, D(3))
    made.market("TOYUSDT").feed.add(1_000_030, D(106))
    run(made, 40)
    assert (stop.state, stop.reason, stop.text) == (
        OrderState.CANCELLED,
        Reject.REDUCE_ONLY,
        "no position is left to reduce",
    )
    assert made.market("TOYUSDT").short.quantity == 0


def test_a_stop_entry_needs_its_margin_when_it_triggers() -> None:
    """60 x 105.5 / 10 and fees are more than the 500 of the wallet: cancelled for lack of margin."""
    made = exchange((0, "100"), (10, "105"), wallet="500")
    stop = made.place("TOYUSDT", "s", LONG, False, D(0), D(60), trigger_price=D(105))
    run(made, 20)
    assert (stop.state, stop.reason) == (OrderState.CANCELLED, Reject.MARGIN)
    assert executions(made) == []


def test_funding_is_paid_by_longs_and_received_by_shorts_each_for_itself() -> None:
    """Long 3, short 1 at mark 120, rate 0.01: long pays 3.6, short receives 1.2; then -0.01 the other way round."""
    plan = RecordedFunding((1_000_020, 1_000_030), (D("0.01"), D("-0.01")))
    made = Exchange([listing(script((0, "100"), (10, "120")), funding=plan)], D(1000))
    market(made, "l", LONG, "3")
    market(made, "s", SHORT, "1")
    wallet = made.account.wallet
    assert run(made, 25) == 1
    assert [(one.side, one.amount, one.rate, one.at) for one in fundings(made)] == [
        (LONG, D("3.60"), D("0.01"), 1_000_020),
        (SHORT, D("-1.20"), D("0.01"), 1_000_020),
    ]
    assert made.account.wallet == wallet - D("2.40")
    assert run(made, 40) == 1
    assert made.account.wallet == wallet
    assert made.account.funding == 0
    assert conserved(made)


def test_a_flat_account_pays_no_funding_and_is_not_woken() -> None:
    """Nothing happens at the funding time."""
    made = Exchange([listing(script((0, "100")), funding=RecordedFunding((1_000_020,), (D("0.01"),)))], D(1000))
    assert run(made, 40) == 0
    assert fundings(made) == []


def test_deleveraging_closes_at_the_mark_without_fee() -> None:
    """2 of a short of 3 at mark 100."""
    made = exchange((0, "100"))
    market(made, "s", SHORT, "3")
    made.auto_deleverage("TOYUSDT", SHORT, D(2))
    last = executions(made)[-1]
    assert (last.kind, last.price, last.quantity, last.fee) == (ExecutionKind.ADL, 100, 2, 0)
    assert (last.client_id, last.venue_id, last.closing) == ("", "", True)


def test_a_listener_sees_every_change_in_order() -> None:
    """Placing, filling, cutting, cancelling, triggering, money."""
    witness = Witness()
    made = exchange((0, "100"), (10, "90"), listener=witness)
    limit(made, "a", LONG, "98", "4")
    limit(made, "b", LONG, "80", "1")
    made.watch("TOYUSDT", D(91), None)
    run(made, 20)
    limit(made, "t", LONG, "110", "4", True)
    made.by_hand_close("TOYUSDT", LONG, D(1))
    made.amend("b", "", D(81), D(2))
    made.cancel("b")
    made.deposit(D(5))
    assert witness.lines == [
        "a placed 0/4",
        "b placed 0/1",
        "a filled 4/4",
        "trade 4 at 98",
        "watched price of TOYUSDT",
        "t placed 0/4",
        "trade 1 at 90.0",
        "t withdrawn 0/3",
        "b amended 0/2",
        "b cancelled 0/2",
        "wallet",
    ]
