"""Each invariant fires where it is broken, and keeps still where it is not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gridhedge.domain.invariants import always, profit_is_kept, settled
from gridhedge.domain.order import Order, OrderKey, OrderState, client_id
from gridhedge.domain.values import Role, Side
from tests.domain.journal import CYCLE, RULES, TAG, XYZ, Journal, L, S

D = Decimal
GRID, OPENING, TP = Role.GRID, Role.OPENING, Role.TAKE_PROFIT


@pytest.fixture
def journal() -> Journal:
    """A healthy ladder: level 0 executed on both sides, level 1 resting on both, both take-profits resting."""
    made = Journal().begin()
    for side, sign in ((L, 1), (S, -1)):
        made.open_level(side, 0, "10", "1")
        made.work(side, GRID, 1, 200, f"{10 - sign * D('0.1')}")
        made.work(side, TP, 0, 100, f"{10 + sign * D('0.2')}")
    return made


def names(found: list[Any]) -> set[str]:
    return {violation.invariant for violation in found}


def entry(journal: Journal, side: Side, level: int = 1) -> Order:
    return journal.book.of(side).entries[level]


def exit_order(journal: Journal, side: Side) -> Order:
    return journal.book.of(side).exits[TP]


def test_a_healthy_ladder_breaks_nothing(journal: Journal) -> None:
    """Not while it works, and not at rest."""
    assert always(journal.book, RULES) == []
    assert settled(journal.book) == []


def test_an_empty_book_breaks_nothing() -> None:
    """Before the first cycle."""
    book = Journal().book
    assert always(book, RULES) == settled(book) == []


def twin(journal: Journal) -> None:
    """A second order for the meaning of a resting one."""
    journal.intend(L, GRID, 1, 200, "9.9", revision=2)


def renamed(journal: Journal) -> None:
    """An order under a random id."""
    entry(journal, L).client_id = "gh123456-random"


def too_long(journal: Journal) -> None:
    """An id of 29 characters."""
    entry(journal, L).client_id += "x" * 20


def over_executed(journal: Journal) -> None:
    """More executed than ordered."""
    entry(journal, L).filled = D(201)


def dead_but_live(journal: Journal) -> None:
    """A refused order in the list of live ones."""
    entry(journal, L).state = OrderState.REJECTED


def off_tick(journal: Journal) -> None:
    """9.905 on a tick of 0.01."""
    entry(journal, L).price = D("9.905")


def off_step(journal: Journal) -> None:
    """Half a lot."""
    entry(journal, L).quantity = D("199.5")


def priceless(journal: Journal) -> None:
    """A price of 0 is on the tick, and nonsense."""
    entry(journal, L).price = D(0)


def crowd(journal: Journal) -> None:
    """13 orders in the slots of a table of four levels."""
    for level in range(4, 13):
        key = OrderKey(L, GRID, level, CYCLE, 1)
        order = Order(client_id(TAG, key), XYZ, key, D(9), D(1), False, 0)
        order.state = OrderState.WORKING
        journal.book.orders[order.client_id] = order


def over_filled(journal: Journal) -> None:
    """Level 0 holds 101 of 100."""
    journal.book.long.fills[0].quantity = D(101)


def no_room(journal: Journal) -> None:
    """Level 1 rests with 201 of 200."""
    entry(journal, L).quantity = D(201)


def no_room_for_the_amend(journal: Journal) -> None:
    """Level 1 rests with 200, and an amend to 201 is out."""
    entry(journal, L).amending = (D("9.9"), D(201))


def beyond_the_table(journal: Journal) -> None:
    """A level that the table does not have."""
    journal.work(L, GRID, 4, 1, "9")


def too_large(journal: Journal) -> None:
    """Entered and resting exceed the whole table: 1301 + 200 of 1500."""
    journal.book.long.entered = D(1301)


def too_much_exit(journal: Journal) -> None:
    """A take-profit for 101 of 100 held would turn the position."""
    exit_order(journal, S).quantity = D(101)


def too_much_exit_if_amended(journal: Journal) -> None:
    """A take-profit for 100, and an amend to 101 is out."""
    exit_order(journal, S).amending = (D("9.8"), D(101))


def not_bound(journal: Journal) -> None:
    """A take-profit that could open a position."""
    exit_order(journal, L).reduce_only = False


BROKEN: list[tuple[str, Callable[[Journal], None]]] = [
    ("I-01", twin),
    ("I-03", renamed),
    ("I-03", too_long),
    ("I-04", over_executed),
    ("I-04", dead_but_live),
    ("I-05", off_tick),
    ("I-05", off_step),
    ("I-05", priceless),
    ("I-06", crowd),
    ("I-10", over_filled),
    ("I-10", no_room),
    ("I-10", no_room_for_the_amend),
    ("I-10", beyond_the_table),
    ("I-11", too_large),
    ("I-13", too_much_exit),
    ("I-13", too_much_exit_if_amended),
    ("I-17", not_bound),
]


@pytest.mark.parametrize(("identifier", "break_it"), BROKEN)
def test_what_must_always_hold_fires_when_it_does_not(
    journal: Journal, identifier: str, break_it: Callable[[Journal], None]
) -> None:
    """One break, and its invariant is among those named."""
    break_it(journal)
    assert identifier in names(always(journal.book, RULES))


def test_a_stale_order_has_no_slot_to_crowd(journal: Journal) -> None:
    """Orders of a former cycle wait for their cancel: as many as they are, they break no bound."""
    for level in range(4):
        for revision in range(4):
            journal.adopt(OrderKey(L, GRID, level, CYCLE - 1 - revision, 1), 1, "9")
    assert always(journal.book, RULES) == []


def test_an_exit_may_be_as_large_as_the_position(journal: Journal) -> None:
    """100 of 100, in parts as well: 40 closed, 60 of 60."""
    journal.fill(exit_order(journal, L).client_id, 40, "10.2")
    assert always(journal.book, RULES) == []


def test_a_joined_order_has_the_room_of_the_levels_below_it(journal: Journal) -> None:
    """Level 2 carries level 1 as well: 600 of 200 + 400; one more is too much."""
    entry(journal, L).quantity = D(0)
    journal.book.long.entries.pop(1)
    name = journal.work(L, GRID, 2, 600, "9.8")
    assert "I-10" not in names(always(journal.book, RULES))
    journal.book.orders[name].quantity = D(601)
    assert "I-10" in names(always(journal.book, RULES))


def test_both_sides_must_cover_every_level_alike(journal: Journal) -> None:
    """Long rests 200 on level 1, short 199: I-08 and, in sum, I-09."""
    entry(journal, S).quantity = D(199)
    assert names(settled(journal.book)) == {"I-08", "I-09"}


def test_sums_that_agree_do_not_excuse_levels_that_differ(journal: Journal) -> None:
    """Long 100 + 199 against short 99 + 200: 299 on both sides, and both levels differ."""
    entry(journal, L).quantity = D(199)
    journal.book.short.fills[0].quantity = D(99)
    assert [violation.invariant for violation in settled(journal.book)] == ["I-08", "I-08"]


def test_joined_levels_are_compared_in_sum_only(journal: Journal) -> None:
    """Short carries level 1 in its level 2, long has both: level by level they differ, in sum they agree."""
    journal.work(L, GRID, 2, 400, "9.8")
    short = journal.book.short
    short.entries.pop(1)
    journal.work(S, GRID, 2, 600, "10.2")
    assert names(settled(journal.book)) == set()


def test_a_joined_level_that_has_executed_in_part_still_counts_as_joined(journal: Journal) -> None:
    """300 of the 600 have executed and the order was sent anew for the rest of 300: still joined."""
    journal.work(L, GRID, 2, 400, "9.8")
    journal.book.short.entries.pop(1)
    first = journal.work(S, GRID, 2, 600, "10.2")
    journal.fill(first, 300, "10.2")
    journal.update(first, OrderState.CANCELLED, "10.2", 600, 300)
    journal.work(S, GRID, 2, 300, "10.2", revision=2)
    exit_order(journal, S).quantity = D(400)
    assert names(settled(journal.book)) == set()


def test_resting_levels_lie_beyond_each_other(journal: Journal) -> None:
    """Long level 2 at the price of level 1, and above it: I-12; below it: fine. Short mirrored."""
    for side, wrong, right in ((L, "9.90", "9.80"), (S, "10.10", "10.20")):
        name = journal.work(side, GRID, 2, 400, wrong)
        assert "I-12" in names(settled(journal.book))
        journal.book.orders[name].price = D(right)
    assert settled(journal.book) == []


def test_now_levels_may_share_their_price(journal: Journal) -> None:
    """Three openings at one price execute at once."""
    for side in (L, S):
        journal.book.of(side).now_levels = 3
        journal.work(side, OPENING, 2, 400, str(entry(journal, side).price))
    assert settled(journal.book) == []


def test_a_side_at_rest_has_a_take_profit_for_everything_it_holds(journal: Journal) -> None:
    """99 of 100, none of 100, one without a position: all are wrong."""
    exit_order(journal, L).quantity = D(99)
    assert names(settled(journal.book)) == {"I-14"}
    journal.book.long.exits.clear()
    assert names(settled(journal.book)) == {"I-14"}
    journal.book.short.fills[0].quantity = journal.book.short.entered = D(0)
    assert sum(violation.invariant == "I-14" for violation in settled(journal.book)) == 2


RATE, FEE = D("0.01"), D("0.001")


def test_a_take_profit_keeps_its_promise_to_the_last_tick(journal: Journal) -> None:
    """100 @ 10 with 1 of fees, 1 % promised: 1011 over 100 x 0.999 is 10.1201...: 10.13 keeps it, 10.12 does not."""
    order = exit_order(journal, L)
    order.price = D("10.13")
    assert profit_is_kept(journal.book.long, RATE, FEE) == []
    order.price = D("10.12")
    assert names(profit_is_kept(journal.book.long, RATE, FEE)) == {"I-16"}


def test_a_short_take_profit_keeps_its_promise_to_the_last_tick(journal: Journal) -> None:
    """1000 - 1 - 10 over 100 x 1.001 is 9.8801...: 9.88 keeps it, 9.89 does not."""
    order = exit_order(journal, S)
    order.price = D("9.88")
    assert profit_is_kept(journal.book.short, RATE, FEE) == []
    order.price = D("9.89")
    assert names(profit_is_kept(journal.book.short, RATE, FEE)) == {"I-16"}


def test_funding_counts_against_the_promise(journal: Journal) -> None:
    """One cent of room at 10.13 (0.987 USDT); 1 USDT of funding breaks it."""
    exit_order(journal, L).price = D("10.13")
    journal.fund(L, "1")
    assert names(profit_is_kept(journal.book.long, RATE, FEE)) == {"I-16"}


@pytest.mark.parametrize("state", ["part", "amending", "cancelling", "unknown", "none"])
def test_the_promise_is_judged_at_rest_only(journal: Journal, state: str) -> None:
    """Not while the take-profit covers a part, has a change in flight, is unknown or is missing."""
    order = exit_order(journal, L)
    order.price = D("10.00")
    if state == "part":
        order.quantity = D(60)
    elif state == "amending":
        journal.amend(order.client_id, "10.2", 100)
    elif state == "cancelling":
        journal.cancel(order.client_id)
    elif state == "unknown":
        order.state = OrderState.UNKNOWN
    else:
        journal.book.long.exits.clear()
    assert profit_is_kept(journal.book.long, RATE, FEE) == []
