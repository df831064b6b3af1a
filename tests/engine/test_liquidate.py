"""Closing everything by hand, outside the tick loop."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gridhedge.domain.change import Change
from gridhedge.domain.events import OrderIntended, OrderSettled
from gridhedge.domain.order import OrderState, Reject, client_id
from gridhedge.domain.values import SIDES, Role
from gridhedge.engine.liquidate import close_everything
from gridhedge.engine.ports import Outcome, Rejected
from tests.engine.worlds import DOGE, RULES, L, S, World

D = Decimal


@pytest.fixture
def world() -> World:
    world = World().start()
    world.tick()
    world.run_into(L, 1)
    return world


def test_nothing_of_ours_is_left(world: World) -> None:
    """No order, no position, an empty list of leftovers, at the exchange and in the book."""
    assert close_everything(world.session) == []
    assert world.at_venue() == []
    for side in SIDES:
        assert world.held(side) == world.book.of(side).held == 0
    assert world.book.long.cycles == 1


def test_a_flat_account_is_closed_already(world: World) -> None:
    """The second call sends nothing."""
    close_everything(world.session)
    events = len(world.journal.events)
    assert close_everything(world.session) == []
    assert len(world.journal.events) == events


def test_what_is_not_ours_stays(world: World) -> None:
    """The user's order and the user's 500."""
    theirs = world.exchange.place(DOGE, "web-1", L, False, D("0.15"), D(100))
    world.exchange.by_hand_open(DOGE, S, D(500))
    assert close_everything(world.session) == []
    assert [order.venue_id for order in world.at_venue()] == [theirs.venue_id]
    assert (world.held(L), world.held(S)) == (D(0), D(500))


def test_an_intent_without_an_outcome_is_waited_for(world: World) -> None:
    """Killed between intent and request: once nothing can arrive any more, nothing is left."""
    intended = next(event for event in world.journal.events if isinstance(event, OrderIntended))
    key = intended.key._replace(role=Role.GRID, level=5)
    lost = intended._replace(client_id=client_id(world.book.tag, key), key=key, at=world.exchange.now())
    world.begin([*world.journal.events, lost])
    assert close_everything(world.session) == []
    settled = [event for event in world.journal.events if isinstance(event, OrderSettled)]
    assert [event.state for event in settled if event.client_id == lost.client_id] == [OrderState.ABSENT]


def test_a_closed_market_is_asked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is named, and why it stays."""
    asked: list[int] = []

    def refuse(changes: list[Change]) -> list[Outcome]:
        asked.append(len(changes))
        return [Rejected(Reject.MARKET_CLOSED, "10018 Market closed")] * len(changes)

    monkeypatch.setattr(world.paper, "send", refuse)
    left = close_everything(world.session)
    assert len(asked) == 1
    assert left[:2] == [f"{DOGE} long 1128 (the market is closed)", f"{DOGE} short 376 (the market is closed)"]
    assert world.ear.heard("the market is closed (10018 Market closed)", "warning") == 1


def test_it_works_with_nothing_but_the_venue(world: World) -> None:
    """The journal is lost: orders and positions are found by their ids first."""
    world.forget()
    assert close_everything(world.session) == []
    assert world.at_venue() == []
    assert world.held(L) == world.held(S) == 0


def test_positions_beyond_the_largest_market_order_are_closed_in_parts() -> None:
    """At most 500 per market order: 1128 go in three."""
    world = World(rules=replace(RULES, max_market_quantity=D(500))).start()
    world.tick()
    world.run_into(L, 1)
    assert world.held(L) == D(1128)
    assert close_everything(world.session) == []
    assert world.held(L) == world.held(S) == 0


def test_what_could_not_be_closed_is_named() -> None:
    """A market that holds 200 per movement of the price: after the tries the rest is said."""
    world = World(liquidity=D(200))
    world.start()
    for number in range(4):
        world.go(D("0.19933") + D("0.00001") * (number % 2))
    assert world.held(L) + world.held(S) > 400
    left = close_everything(world.session)
    assert any(line.startswith(f"{DOGE} ") for line in left)
    assert sum(world.book.of(side).held for side in SIDES) == world.held(L) + world.held(S) > 0
