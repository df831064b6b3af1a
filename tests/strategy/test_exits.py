"""When baskets are closed."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.basket import Cause
from gridhedge.domain.events import BasketClosed, CloseDecided, TradingHalted
from gridhedge.domain.values import Role
from gridhedge.strategy.exits import day_result
from gridhedge.strategy.take_profit import net_profit_at
from tests.strategy.baskets import HOUR, START, Baskets, L, S, terms, told

DAY = 24 * HOUR


def test_a_single_order_closes_with_its_profit_net_of_fees() -> None:
    """100 at 0.2, 0.011 of fees: (20 + 0.011 + 0.5) / (100 · 0.9998) = 0.205151… → 0.20516; at 0.20515 it is less."""
    bench = Baskets(single_order_profit=D("0.5"))
    bench.open(L)
    assert terms(bench.exit(L)) == ("long", Role.TAKE_PROFIT, 0, D("0.20516"), D(100))
    side = bench.book.long
    assert (
        net_profit_at(side, D("0.20516"), bench.fees.maker)
        >= D("0.5")
        > net_profit_at(side, D("0.20515"), bench.fees.maker)
    )
    bench.leave(L)
    (closed,) = told(bench, BasketClosed)
    assert (closed.side, closed.cause, closed.profit >= D("0.5")) == (L, Cause.SINGLE, True)


def test_a_single_order_is_single_in_both_baskets() -> None:
    """As soon as the short basket has an order, the long one's exit is withdrawn."""
    bench = Baskets(single_order_profit=D("0.5"))
    bench.open(L)
    bench.open(S)
    assert (bench.exit(L), bench.exit(S)) == (None, None)


def test_a_basket_closes_with_its_profit_whatever_the_other_does() -> None:
    """200 at an average of 0.199, fees 0.011 + 0.00396; 2 USDT: (39.8 + 0.01496 + 2) / (200 · 0.9998) → 0.20912."""
    bench = Baskets(basket_profit=D(2))
    bench.open(L)
    bench.open(S)
    bench.add(L)
    assert terms(bench.exit(L)) == ("long", Role.TAKE_PROFIT, 0, D("0.20912"), D(200))
    short = bench.exit(S)
    assert short is not None
    assert short.price < D("0.18000")


def test_the_nearer_of_two_profits_counts() -> None:
    """A single order for 3 or a basket for 1: the basket's 1 is nearer."""
    bench = Baskets(single_order_profit=D(3), basket_profit=D(1))
    bench.open(L)
    nearer = bench.exit(L)
    assert nearer is not None
    assert nearer.price == D("0.21016")
    bench.leave(L)
    assert told(bench, BasketClosed)[0].cause is Cause.BASKET


def test_the_pair_s_profit_is_a_price_while_only_one_basket_is_open() -> None:
    """Two orders and the other side flat: 1 USDT rests as an order."""
    bench = Baskets(single_order_profit=D("0.5"))
    bench.open(L)
    bench.add(L)
    exit_order = bench.exit(L)
    assert exit_order is not None
    assert net_profit_at(bench.book.long, exit_order.price, bench.fees.maker) >= 1
    bench.leave(L)
    assert told(bench, BasketClosed)[0].cause is Cause.PAIR


def test_both_baskets_close_when_their_sum_is_reached() -> None:
    """Long 100 and 100 at 0.198, short 100 at 0.2: the sum rises with the price, and the bot wakes where it is 1."""
    bench = Baskets()
    bench.open(L, S)
    bench.add(L)
    wake = bench.plan.wake_above
    assert wake is not None
    bench.see(wake - bench.instrument.tick_size)
    bench.step()
    assert told(bench, CloseDecided) == []
    bench.see(wake)
    bench.step()
    assert [(event.side, event.cause, event.profit >= 1) for event in told(bench, CloseDecided)] == [
        (L, Cause.PAIR, True), (S, Cause.PAIR, True),
    ]  # fmt: skip
    assert {terms(bench.exit(side)) for side in (L, S)} == {
        ("long", Role.CLOSE, 0, bench.instrument.ceil_price(wake * D("0.9995")), D(200)),
        ("short", Role.CLOSE, 0, bench.instrument.floor_price(wake * D("1.0005")), D(100)),
    }  # fmt: skip
    assert (bench.resting(L), bench.resting(S)) == ({}, {})
    for side in (L, S):
        bench.leave(side, wake)
    assert sum(event.profit for event in told(bench, BasketClosed)) >= 1
    assert [event.cause for event in told(bench, BasketClosed)] == [Cause.PAIR, Cause.PAIR]


def test_a_close_that_was_decided_is_seen_through() -> None:
    """The price runs back before the orders have executed: they stay, and nothing is added."""
    bench = Baskets()
    bench.open(L, S)
    bench.add(L)
    assert bench.plan.wake_above is not None
    bench.see(bench.plan.wake_above)
    bench.step()
    bench.see("0.19000")
    bench.step()
    assert {want.role for want in bench.plan.wanted} == {Role.CLOSE}
    bench.fill(bench.book.long.exits[Role.CLOSE], D(50), D("0.19"), maker=False)
    bench.step()
    assert terms(bench.exit(L))[4] == D(150)


def test_a_take_profit_that_rests_is_moved_when_everything_must_go() -> None:
    """One request in place of two, and never two exits at once."""
    bench = Baskets(basket_profit=D(5), max_loss=D(-1))
    bench.open(L)
    order = bench.exit(L)
    bench.see("0.18000")
    bench.step()
    assert bench.exit(L) is order
    assert terms(order) == ("long", Role.TAKE_PROFIT, 0, D("0.17991"), D(100))
    assert bench.resting(L) == {}


def test_funding_that_was_paid_raises_the_exit() -> None:
    """0.1 USDT on 100: a tenth of a cent higher, and a little for the fee."""
    bench = Baskets(single_order_profit=D("0.5"))
    bench.open(L)
    bench.fund(L, "0.1")
    bench.step()
    assert terms(bench.exit(L))[3] == D("0.20616")


def test_an_exit_keeps_its_place_while_it_is_good_enough() -> None:
    """Funding received makes it a little too good: within a twentieth it stays."""
    bench = Baskets(single_order_profit=D("0.5"))
    bench.open(L)
    for amount, price in (("-0.02", "0.20516"), ("-0.02", "0.20476")):
        bench.fund(L, amount)
        bench.step()
        assert terms(bench.exit(L))[3] == D(price)


# ---- limits of the day -----------------------------------------------------------------------------------------------


def test_the_day_s_loss_closes_everything_and_ends_the_day() -> None:
    """−1 USDT: the bot wakes there, closes the basket, and opens nothing until midnight; then a signal opens again."""
    bench = Baskets(max_loss=D(-1))
    bench.open(L)
    bench.add(L)
    wake = bench.plan.wake_below
    assert wake is not None
    bench.see(wake + bench.instrument.tick_size)
    bench.step()
    assert told(bench, TradingHalted) == []
    bench.see(wake)
    bench.step()
    (halted,) = told(bench, TradingHalted)
    assert (halted.cause, halted.until, D("-1.01") < halted.profit <= -1) == (Cause.DAY_LOSS, START + DAY, True)
    assert halted.limit == -1
    bench.leave(L, wake)
    bench.say(L)
    plan = bench.step()
    assert (bench.held(), plan.wanted, bench.alarms()) == ({}, (), {"halted"})
    assert plan.wake_at == START + DAY
    assert told(bench, BasketClosed)[0].cause is Cause.DAY_LOSS
    bench.now = START + DAY - HOUR
    bench.say(L)
    bench.step()
    assert bench.resting(L) == {0: D(100)}


def test_the_day_s_profit_counts_what_was_realised() -> None:
    """Two baskets of 0.5 are the day's 1: nothing is open, and nothing more is opened."""
    bench = Baskets(single_order_profit=D("0.5"), global_profit=D(1))
    for _ in range(2):
        bench.open(L)
        bench.leave(L)
    (halted,) = told(bench, TradingHalted)
    assert (halted.cause, halted.profit >= 1, halted.limit) == (Cause.DAY_PROFIT, True, 1)
    assert bench.step().wanted == ()


def test_the_day_before_does_not_count() -> None:
    """0.5 yesterday and 0.5 today."""
    bench = Baskets(single_order_profit=D("0.5"), global_profit=D(1))
    bench.open(L)
    bench.leave(L)
    bench.now += DAY
    bench.open(L)
    bench.leave(L)
    assert told(bench, TradingHalted) == []


def test_the_day_is_the_time_zone_s() -> None:
    """In Tokyo a loss at 02:00 UTC ends the day until 15:00 UTC."""
    bench = Baskets(max_loss=D(-1), timezone="Asia/Tokyo")
    bench.open(L)
    bench.see("0.18000")
    bench.step()
    assert told(bench, TradingHalted)[0].until == START + 15 * HOUR


def test_what_the_other_symbols_have_brought_counts() -> None:
    """-0.8 there and -0.2 here are the day's -1; of what is missing to it, each of two symbols waits for its half."""
    bench = Baskets(max_loss=D(-1))
    bench.elsewhere = D("-0.8"), 1

    def here() -> D:
        return day_result(bench.book, bench.market, bench.fees, START).now

    bench.open(L)
    before, wake = here(), bench.plan.wake_below
    assert wake is not None
    bench.see(wake + bench.instrument.tick_size)
    assert here() > (before + D("-0.2")) / 2
    bench.see(wake)
    assert here() <= (before + D("-0.2")) / 2
    while here() > D("-0.2"):
        bench.step()
        assert told(bench, TradingHalted) == []
        bench.see(bench.market.last - bench.instrument.tick_size)
    bench.step()
    (halted,) = told(bench, TradingHalted)
    assert D("-1.01") < halted.profit <= -1


def test_a_late_fill_after_the_day_was_ended_is_closed_as_well() -> None:
    """An entry that was being withdrawn executes when everything has been closed."""
    bench = Baskets(max_loss=D(-1))
    bench.open(L)
    late = bench.entry(L, 1)
    bench.see("0.18000")
    bench.step()
    bench.leave(L, D("0.18"))
    assert bench.held() == {}
    bench.fill(late, D(100), D("0.198"))
    bench.step()
    assert bench.held() == {"long": D(100)}
    assert terms(bench.exit(L))[1] is Role.CLOSE
