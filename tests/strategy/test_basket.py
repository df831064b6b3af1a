"""How large the orders of a basket are, and where the next one stands."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.change import Cancel
from gridhedge.domain.events import LevelStarted
from gridhedge.domain.values import Role
from gridhedge.strategy.basket import basket_table, next_rung
from tests.strategy.baskets import HOUR, Baskets, L, S, told

DAY = 24 * HOUR


def test_the_next_order_rests_one_space_beyond_the_outermost() -> None:
    """1 % apart from 0.2, three times; then 2 %: 0.198, 0.19602, 0.19209, 0.18824. The fifth order is the last one."""
    bench = Baskets()
    bench.open(L)
    found = []
    for _ in range(4):
        (order,) = bench.book.long.entries.values()
        found.append((order.key.level, order.key.role, order.price, order.remaining))
        bench.add(L)
    assert found == [
        (1, Role.GRID, D("0.19800"), D(100)),
        (2, Role.GRID, D("0.19602"), D(100)),
        (3, Role.GRID, D("0.19209"), D(200)),
        (4, Role.GRID, D("0.18824"), D(200)),
    ]
    assert bench.resting(L) == {}


def test_a_short_basket_is_the_mirror() -> None:
    """0.202, 0.20402 and then 2 %: 0.20811."""
    bench = Baskets()
    bench.open(S)
    found = []
    for _ in range(3):
        (order,) = bench.book.short.entries.values()
        found.append((order.price, order.remaining))
        bench.add(S)
    assert found == [(D("0.20200"), D(100)), (D("0.20402"), D(100)), (D("0.20811"), D(200))]


def test_the_space_is_measured_from_the_lowest_entry() -> None:
    """The second order executed at 0.197, better than its price: the third stands 1 % below that."""
    bench = Baskets()
    bench.open(L)
    bench.see("0.19700")
    bench.fill(bench.entry(L, 1), price=D("0.19700"))
    bench.step()
    assert bench.entry(L, 2).price == D("0.19503")


def test_an_order_that_executes_in_parts_is_finished_before_the_next() -> None:
    """40 of 100; the rest stays where it is."""
    bench = Baskets()
    bench.open(L)
    order = bench.entry(L, 1)
    bench.fill(order, D(40))
    bench.step()
    assert bench.resting(L) == {1: D(60)}
    assert bench.entry(L, 1) is order
    bench.fill(order)
    bench.step()
    assert bench.resting(L) == {2: D(100)}


def test_with_open_on_new_candle_orders_are_added_at_closes_only() -> None:
    """The price falls through 0.198 and comes back: nothing. A close at 0.1975: the order executes now."""
    bench = Baskets(open_on_new_candle=True)
    bench.open(L)
    bench.see("0.19500")
    bench.step()
    bench.say(L, close="0.19900")
    bench.see("0.19700")
    bench.step()
    assert (bench.resting(L), told(bench, LevelStarted)) == ({}, [])
    bench.say(L, close="0.19750")
    bench.see("0.19760")
    bench.step()
    order = bench.entry(L, 1)
    assert (order.key.role, order.price, order.remaining) == (Role.OPENING, D("0.19769"), D(100))
    bench.fill(order, price=D("0.19760"), maker=False)
    bench.step()
    assert bench.resting(L) == {}
    bench.say(L, close="0.19500")
    bench.step()
    assert bench.entry(L, 2).key.level == 2


def test_an_order_added_at_a_close_is_never_worse_than_its_own_price() -> None:
    """Closed at 0.1975, but the market stands at 0.201 when the bot gets to it: 0.198 is the most."""
    bench = Baskets(open_on_new_candle=True)
    bench.open(L)
    bench.say(L, close="0.19750")
    bench.see("0.20100")
    bench.step()
    assert bench.entry(L, 1).price == D("0.19800")


def test_one_candle_adds_one_order() -> None:
    """However far the price is."""
    bench = Baskets(open_on_new_candle=True)
    bench.open(L)
    bench.say(L, close="0.15000")
    bench.see("0.15000")
    bench.step()
    bench.fill(bench.entry(L, 1), price=D("0.15"), maker=False)
    bench.step()
    assert bench.resting(L) == {}


# ---- sizes -----------------------------------------------------------------------------------------------------------


def table(price: str = "0.2", leverage: int = 75, cap: str = "0", **settings: Any) -> list[int]:
    bench = Baskets(**settings)
    return [int(size) for size in basket_table(bench.strategy.settings, bench.instrument, leverage, D(price), D(cap))]


def test_without_a_multiplier_each_band_has_its_lots() -> None:
    """100 three times, 200 twice."""
    assert table() == [100, 100, 100, 200, 200]


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"multiplier": D(2)}, [100, 200, 400, 800, 1000]),
        ({"multiplier": D(2), "max_martingale_multiple": D(4)}, [100, 200, 400, 400, 400]),
        ({"multiplier": D(2), "max_lot": D(300)}, [100, 200, 300, 300, 300]),
        ({"multiplier": D("1.5")}, [100, 150, 225, 337, 505]),
        ({"multiplier": D("0.5"), "min_lot": D(40)}, [100, 50, 40, 40, 40]),
        ({"min_lot": D(150)}, [150, 150, 150, 200, 200]),
        ({"max_lot": D(150)}, [100, 100, 100, 150, 150]),
    ],
)
def test_the_last_lot_times_the_multiplier_within_its_bounds(settings: dict[str, Any], sizes: list[int]) -> None:
    """Rounded down to the step each time; at most ten times the first unless told otherwise."""
    assert table(**settings) == sizes


def test_small_lots_are_raised_to_what_the_venue_takes_where_they_stand() -> None:
    """5 USDT, 1 % below each order: 26 at 0.198, 0.19602 and 0.19406, 27 at 0.19018 and 0.18637."""
    assert table(space_lots=D(10), space1_lots=D(10)) == [26, 26, 26, 27, 27]


def test_a_basket_ends_where_the_venue_s_limits_or_the_user_s_end_it() -> None:
    """0.2, 0.202, 0.20402 …: 300 are 61.2 USDT on the short side, 500 are 104.0."""
    assert table(cap="100") == [100, 100, 100]
    assert table(cap="19") == []


def test_the_user_is_told_what_the_venue_makes_of_the_settings() -> None:
    """Quantities raised, and orders left out."""
    bench = Baskets(space_lots=D(10), suspend=True)
    view = bench.view()._replace(max_notional=D(20))
    assert bench.strategy.remarks(view) == (
        "3 quantities are raised to the venue's minimum, the first to 26",
        "a basket ends after 3 of 5 orders: the venue's limits at this leverage, or max_notional_per_side, allow no "
        "more",
        "suspend: nothing new is opened",
    )


def test_a_rest_too_small_for_the_venue_is_let_go() -> None:
    """The first order executed but for 4: that is 0.8 USDT, and the basket goes on with its next order."""
    bench = Baskets()
    bench.say(L)
    bench.step()
    bench.fill(bench.entry(L, 0), D(96), D("0.2"))
    order = bench.entry(L, 0)
    bench._carry_out(Cancel("DOGEUSDT", order.client_id, order.venue_id, "by hand"))
    bench.step()
    assert bench.resting(L) == {1: D(100)}


def test_a_basket_whose_first_order_is_not_known_goes_on_from_what_it_has() -> None:
    """Rebuilt from the venue: 60 of the second order's 100 at 0.19. The rest follows there, then one space beyond."""
    bench = Baskets()
    side, table = bench.book.long, (D(100), D(100), D(100))
    side.enter(((1, D(60)),), D("0.19"), D(0), 1, "")
    assert next_rung(side, table, (D("0.01"),), bench.instrument) == (1, D("0.19"), D(40))
    side.enter(((1, D(40)),), D("0.19"), D(0), 2, "")
    assert next_rung(side, table, (D("0.01"),), bench.instrument) == (2, D("0.18810"), D(100))


def test_an_order_without_margin_waits_and_the_user_is_told() -> None:
    """The first order's margin is there, the second one's is not."""
    bench = Baskets()
    bench.open(L)
    for order in list(bench.book.long.entries.values()):
        bench._carry_out(Cancel("DOGEUSDT", order.client_id, order.venue_id, "by hand"))
    bench.available = D("0.1") + bench.balance * bench.buffer
    bench.step()
    assert (bench.resting(L), bench.alarms()) == ({}, {"budget long 1"})
    bench.available = bench.balance
    bench.step()
    assert bench.resting(L) == {1: D(100)}
