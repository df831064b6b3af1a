"""What the journal's facts add up to; each way in which a book can differ has its name."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.events import AmendIntended, ChangeSettled, Execution, PositionMended
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Side
from gridhedge.simulate.sums import Sums, Terms
from gridhedge.simulate.world import World
from tests.simulate.calm_worlds import calm_world, desk_of


@pytest.fixture
def world() -> World:
    return calm_world()


def sums_of(world: World) -> Sums:
    events = world.disk.read()
    assert events is not None
    return Sums(events)


def test_a_book_that_follows_its_journal_is_not_accused(world: World) -> None:
    """Both sides, while orders execute."""
    book = desk_of(world).book
    assert book.long.held > 0
    assert list(sums_of(world).differing(book)) == []


def test_a_position_that_moved_without_an_execution_is_named(world: World) -> None:
    """I-23, for either side, by one lot; a surplus counts as well."""
    desk, sums = desk_of(world), sums_of(world)
    desk.book.long.entered += desk.instrument.lot_step
    desk.book.short.surplus += desk.instrument.lot_step
    assert [violation.invariant for violation in sums.differing(desk.book)] == ["I-23", "I-23"]


def test_a_close_never_leaves_less_than_nothing_and_what_was_mended_counts(world: World) -> None:
    """As the book does: a position can not be negative, and the venue's own word is final."""
    book = desk_of(world).book
    sums = sums_of(world)
    too_much = book.long.held + 1
    sums.told(Execution("x", book.symbol, "", "", Side.LONG, True, too_much, D(1), D(0), False, 9))
    sums.told(PositionMended(book.symbol, Side.LONG, book.long.held, D(1), 10, "seen"))
    assert list(sums.differing(book)) == []


def test_a_size_that_an_order_never_had_is_named(world: World) -> None:
    """I-04: neither placed, nor confirmed, nor seen; what was confirmed may be believed before it is seen."""
    book, terms = desk_of(world).book, Terms(world.exchange)
    for known in world.exchange.account.open.values():
        terms.changed(known)
    order = next(order for order in book.orders.values() if order.state is OrderState.WORKING)
    assert list(terms.untrue(book)) == []
    order.quantity *= 2
    terms.told(AmendIntended(order.client_id, book.symbol, order.price, order.quantity, 9))
    assert [violation.invariant for violation in terms.untrue(book)] == ["I-04"]
    terms.told(ChangeSettled(order.client_id, book.symbol, True, 10))
    assert list(terms.untrue(book)) == []
