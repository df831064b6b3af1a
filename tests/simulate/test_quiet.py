"""At rest, everything agrees; each disagreement has its name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.book import fold
from gridhedge.domain.events import Execution
from gridhedge.domain.order import OrderState, Pending
from gridhedge.domain.values import Role
from gridhedge.simulate.quiet import differing, unmet
from gridhedge.simulate.world import World
from tests.simulate.calm_worlds import calm_world, desk_of, session_of


@pytest.fixture
def world() -> World:
    """Healed: nothing is on its way."""
    world = calm_world()
    world.heal()
    return world


def named(world: World) -> set[str]:
    return {violation.invariant for violation in unmet(session_of(world), world.exchange, world.judge.facts)}


def test_a_healed_world_is_at_rest(world: World) -> None:
    """Nothing is left to say."""
    assert named(world) == set()


def test_a_lost_execution_is_named(world: World) -> None:
    """I-22: the exchange made it, the ledger does not have it; and one that nobody made."""
    world.judge.facts.pop()
    assert "I-22" in named(world)


def test_a_wallet_that_facts_do_not_explain_is_named(world: World) -> None:
    """I-24: one unit of the last digit."""
    world.exchange.account.wallet += Decimal("0.00000001")
    assert "I-24" in named(world)


def test_a_position_that_differs_is_named(world: World) -> None:
    """I-23: the book believes to hold one lot more; what somebody else added is told apart."""
    side, lot = desk_of(world).book.long, desk_of(world).instrument.lot_step
    side.entered += lot
    assert "I-23" in named(world)
    side.entered -= lot
    side.surplus += lot
    assert "I-23" in named(world)


def test_an_open_question_is_named(world: World) -> None:
    """I-36: an unknown order, a change on its way, an end without its executions, a stream that is down."""
    order = next(iter(desk_of(world).book.orders.values()))
    for name, value in (
        ("state", OrderState.UNKNOWN), ("pending", Pending.CANCEL), ("venue_state", OrderState.FILLED)
    ):  # fmt: skip
        before = getattr(order, name)
        setattr(order, name, value)
        assert "I-36" in named(world)
        setattr(order, name, before)
    session_of(world).wants_sync = True
    assert named(world) == {"I-36"}


def test_an_order_that_only_one_of_both_holds_is_named(world: World) -> None:
    """I-36: cancelled at the exchange behind the bot's back."""
    order = next(iter(desk_of(world).book.orders.values()))
    world.exchange.cancel(order.client_id)
    assert "I-36" in named(world)


def test_a_missing_take_profit_is_named(world: World) -> None:
    """I-14: the side holds something and nothing closes it."""
    book = desk_of(world).book
    side = next(side for side in (book.long, book.short) if Role.TAKE_PROFIT in side.exits)
    side.exits.clear()
    assert "I-14" in named(world)


def test_two_books_are_compared_to_the_last_figure(world: World) -> None:
    """I-25: the journal folds to the book in memory; a changed fee is noticed."""
    book = session_of(world).book
    assert world.journal is not None
    world.journal.sync()
    events = world.disk.read()
    assert events is not None
    assert sum(isinstance(event, Execution) for event in events) > 5
    folded = fold(book.account, book.symbols, events)
    assert differing(folded, book) == ""
    folded.symbols[desk_of(world).symbol].long.realised += Decimal("0.01")
    assert "realised" in differing(folded, book)
