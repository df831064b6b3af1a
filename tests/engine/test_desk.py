"""The band: inside it neither the margin rate nor the plan's budget can come due. Checked tick by tick."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.events import Execution, ExecutionKind, MarketSeen
from gridhedge.domain.instrument import Fees, Tier
from gridhedge.domain.values import Side
from gridhedge.engine.desk import Desk
from gridhedge.strategy.view import Plan
from tests.domain.journal import RULES, XYZ, Journal, L, S

D = Decimal
FEES = Fees(maker=D("0.0002"), taker=D("0.00055"))
THRESHOLD = D("0.9")
STEEP = replace(
    RULES,
    tiers=(
        Tier(D(3000), D("0.01"), D(0), 50),
        Tier(D(6000), D("0.02"), D(30), 20),
        Tier(D(12_000), D("0.1"), D(510), 10),
        Tier(D(10**9), D("0.3"), D(2910), 2),
    ),
)
"""Four tiers close together: a rising price passes several of them."""


def market(price: Decimal) -> MarketSeen:
    return MarketSeen(XYZ, price, price, price, price, 0)


def desk(long: int, short: int, price: str = "10", leverage: int = 10) -> Desk:
    """A symbol that holds this much on each side, entered at the present price."""
    journal = Journal().begin()
    for side, quantity in ((L, long), (S, short)):
        if quantity:
            journal.book.of(side).enter(((3, D(quantity)),), D(price), D(0), 1, "")
    made = Desk(journal.book, SimpleNamespace(reader=None), STEEP, FEES, leverage, market(D(price)))
    made.measure()
    return made


def maintenance(made: Desk, price: Decimal) -> Decimal:
    needed = D(0)
    for side in (made.book.long, made.book.short):
        if side.held:
            notional = side.held * price
            needed += STEEP.maintenance_margin(notional) + notional * FEES.taker
    return needed


def balance_at(made: Desk, start: Decimal, price: Decimal) -> Decimal:
    return start + (made.book.long.held - made.book.short.held) * (price - D(10))


def inside(made: Desk, lowest: int = 1, highest: int = 6000) -> list[Decimal]:
    """All ticks strictly inside the band, within reason; the ends of long ranges are what matters most."""
    below = made.below if made.below is not None and made.below > 0 else D(0)
    above = made.above if made.above is not None else D(highest) / 100
    first, last = int(below * 100) + 1, min(int((above * 100).to_integral_value(rounding="ROUND_CEILING")) - 1, highest)
    ticks = range(max(first, lowest), last + 1)
    picked = sorted({*ticks[:20], *ticks[-20:], *ticks[:: max(1, len(ticks) // 50)]})
    return [D(tick) / 100 for tick in picked]


holdings = st.integers(0, 3000)


@given(long=holdings, short=holdings, balance=st.integers(1, 20_000))
def test_the_margin_rate_does_not_come_due_inside_the_band(long: int, short: int, balance: int) -> None:
    """At no tick between the bounds is the maintenance margin 90 % of the balance, across all margin tiers."""
    made = desk(long, short)
    slack = THRESHOLD * balance - maintenance(made, D(10))
    made.set_band(max(slack, D(0)), THRESHOLD, 1)
    for price in inside(made):
        if slack > 0:
            assert maintenance(made, price) <= THRESHOLD * balance_at(made, D(balance), price)


@given(long=holdings, short=holdings, slack=st.integers(50, 5000))
def test_the_available_balance_does_not_move_by_the_plans_slack_inside_the_band(
    long: int, short: int, slack: int
) -> None:
    """Own estimate: balance less gross margin. (A band narrower than a thousandth of the price is widened to it.)"""
    made = desk(long, short)
    made.plan = Plan((), slack=D(slack))
    made.set_band(D(10**9), THRESHOLD, 1)
    narrowest = D(10) * D("0.001")
    before = D(10**6) - made.gross_margin()
    for price in inside(made):
        made.market = market(price)
        after = balance_at(made, D(10**6), price) - made.gross_margin()
        assert abs(after - before) <= slack or abs(price - D(10)) <= narrowest


def test_a_flat_symbol_without_wishes_needs_no_band() -> None:
    """Nothing is held, the plan names no price: any price may come."""
    made = desk(0, 0)
    made.set_band(D(100), THRESHOLD, 1)
    assert (made.below, made.above) == (None, None)
    made.see(market(D(99)))


def test_the_plans_own_prices_bound_the_band() -> None:
    """Asked to wake at 9.9 and 10.05: those, where the margin leaves more room."""
    made = desk(10, 10)
    made.plan = Plan((), wake_below=D("9.9"), wake_above=D("10.05"))
    made.set_band(D(10**6), THRESHOLD, 1)
    assert (made.below, made.above) == (D("9.9"), D("10.05"))


def test_symbols_share_the_slack_equally() -> None:
    """Two symbols: half the way each."""
    alone, shared = desk(100, 0), desk(100, 0)
    alone.set_band(D(100), THRESHOLD, 1)
    shared.set_band(D(100), THRESHOLD, 2)
    assert alone.above is not None
    assert shared.above is not None
    assert abs((alone.above - 10) - (shared.above - 10) * 2) < D("1E-20")


def test_a_used_up_slack_looks_at_every_tick() -> None:
    """At the threshold the band is one tick to each side."""
    made = desk(100, 50)
    made.set_band(D(0), THRESHOLD, 1)
    assert (made.below, made.above) == (D("9.99"), D("10.01"))


def test_a_band_that_did_not_move_says_so() -> None:
    """The venue is asked to watch only when bounds have changed."""
    made = desk(100, 50)
    assert made.set_band(D(100), THRESHOLD, 1)
    assert not made.set_band(D(100), THRESHOLD, 1)


@pytest.mark.parametrize(
    ("price", "dirty"), [("9.9", True), ("9.89", True), ("9.91", False), ("10.1", True), ("10", False)]
)
def test_a_price_at_or_beyond_a_bound_asks_for_a_plan(price: str, dirty: bool) -> None:
    """The bounds themselves belong to the outside."""
    made = desk(0, 0)
    made.below, made.above, made.dirty = D("9.9"), D("10.1"), False
    made.see(market(D(price)))
    assert made.dirty is dirty


@pytest.mark.parametrize(
    ("wake", "retry", "due"), [(None, None, None), (5, None, 5), (None, 7, 7), (5, 7, 5), (9, 7, 7)]
)
def test_the_earlier_of_plan_and_retry_is_due(wake: int | None, retry: int | None, due: int | None) -> None:
    """Either may be missing."""
    made: Any = desk(0, 0)
    made.plan, made.retry_at = Plan((), wake_at=wake), retry
    assert made.next_due() == due


QUOTE = MarketSeen(XYZ, D("9.99"), D("10.01"), D(10), D("10.02"), 1_000)


@pytest.mark.parametrize(
    ("side", "closing", "maker", "price", "seen"),
    [
        (L, True, True, "10.10", ("9.99", "10.10", "10.10")),  # a buyer took our take-profit
        (S, False, True, "10.10", ("9.99", "10.10", "10.10")),
        (L, False, False, "10.05", ("9.99", "10.05", "10.05")),  # we took the ask
        (S, True, False, "10.00", ("9.99", "10.01", "10.00")),  # the ask was lower for a moment
        (S, True, True, "9.90", ("9.90", "10.01", "9.90")),  # a seller took our take-profit
        (L, False, True, "9.90", ("9.90", "10.01", "9.90")),
        (S, False, False, "9.95", ("9.95", "10.01", "9.95")),  # we took the bid
        (L, True, False, "10.00", ("9.99", "10.01", "10.00")),
    ],
)
def test_a_trade_that_is_ahead_of_the_prices_moves_the_touch(
    side: Side, closing: bool, maker: bool, price: str, seen: tuple[str, str, str]
) -> None:
    """Only on the side of the order book that it was taken from. Mark and age stay: a trade is no fresh picture."""
    made = desk(0, 0)
    made.market = QUOTE
    made.see_execution(Execution("e", XYZ, "c", "v", side, closing, D(1), D(price), D(0), maker, 1_001))
    bid, ask, last = map(D, seen)
    assert made.market == QUOTE._replace(bid=bid, ask=ask, last=last)


@pytest.mark.parametrize(("at", "kind"), [(1_000, ExecutionKind.TRADE), (1_001, ExecutionKind.LIQUIDATION)])
def test_what_is_no_newer_or_no_trade_tells_nothing_of_the_market(at: int, kind: ExecutionKind) -> None:
    """A late message, or a liquidation at its bankruptcy price."""
    made = desk(0, 0)
    made.market = QUOTE
    made.see_execution(Execution("e", XYZ, "c", "v", L, True, D(1), D("5"), D(0), False, at, kind))
    assert made.market == QUOTE
