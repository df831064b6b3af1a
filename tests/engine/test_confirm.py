"""The position is read before an exit where it belongs to the strategy, and never more often than needed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from gridhedge.domain.account import Snapshot
from gridhedge.domain.errors import Unclear
from gridhedge.domain.events import Execution, OrderIntended, Seen
from gridhedge.domain.values import Role
from gridhedge.engine.confirm import READS_AT_MOST
from gridhedge.engine.ports import Inbox
from tests.engine.worlds import L
from tests.strategy.grids import BTC, GridWorld, trim_profile

D = Decimal


class Reading:
    """The paper venue as one whose messages may be late: snapshots are counted, and fail when told to."""

    def __init__(self, world: GridWorld) -> None:
        self.paper = world.paper
        self.reads = 0
        self.failing = 0
        self.capabilities = world.paper.capabilities._replace(is_instant=False)

    def __getattr__(self, name: str) -> object:
        return getattr(self.paper, name)

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        self.reads += 1
        if self.failing:
            self.failing -= 1
            raise Unclear("no answer")
        return self.paper.snapshot(symbols)


@pytest.fixture
def world() -> GridWorld:
    made = GridWorld(trim_profile(initial_capital=D(10000)), "100000")
    made.begin(venue=Reading(made))
    return made.built()


def reading(world: GridWorld) -> Reading:
    assert isinstance(world.venue, Reading)
    return world.venue


def test_one_look_before_the_first_exit(world: GridWorld) -> None:
    """An entry executes: the position is read once, then the take-profit is sent, and nothing is read for it again."""
    before = reading(world).reads
    world.run_into(L, 1)
    world.tick(3)
    assert reading(world).reads == before + 1
    assert world.exits()[Role.TAKE_PROFIT][0] == D("0.100")


def test_a_stop_that_has_executed_untold_is_not_closed_once_more(world: GridWorld) -> None:
    """Its price has come, its messages are lost: the position is read before the close, and nothing is sent."""
    for level in range(1, 5):
        world.run_into(L, level)
    world.tick(3)
    seen = world.session._see_fact
    world.session._see_fact = lambda fact: False
    world.go("94990")
    world.session._see_fact = seen
    assert (world.held(L, BTC), world.side().held > 0) == (0, True)
    world.tick(8)
    assert world.side().held == 0
    intents = [event.key.role for event in world.journal.events if isinstance(event, OrderIntended)]
    assert Role.CLOSE not in intents


def test_entries_are_not_worth_a_look(world: GridWorld) -> None:
    """Nothing is read for a new grid."""
    before = reading(world).reads
    world.go("103000")
    assert reading(world).reads == before


def test_a_position_that_can_not_be_read_is_asked_for_ten_times(world: GridWorld) -> None:
    """A second apart; then the book's quantity has to do."""
    reading(world).failing = READS_AT_MOST
    world.run_into(L, 1)
    assert world.exits() == {}
    world.tick(READS_AT_MOST + 2)
    assert world.exits()[Role.TAKE_PROFIT][0] == D("0.100")
    assert world.ear.heard("could not be read before closing", "warning") == READS_AT_MOST - 1
    assert world.ear.heard("closing by the book", "error") == 1


class Deaf:
    """An inbox that loses every execution at this price."""

    def __init__(self, inbox: Inbox, price: Decimal) -> None:
        self._inbox = inbox
        self._price = price

    def put(self, seen: Seen) -> None:
        self._inbox.put(seen)

    def drain(self) -> list[Seen]:
        arrived = self._inbox.drain()
        return [seen for seen in arrived if not (isinstance(seen, Execution) and seen.price == self._price)]


def test_an_execution_that_was_not_told_is_found_before_the_exit(world: GridWorld) -> None:
    """What the user bought at 99,600 was never told: the next exit is for the whole position all the same."""
    world.session.inbox = Deaf(world.session.inbox, D(99600))
    world.run_into(L, 1)
    world.by_hand(L, "0.05", "99600")
    assert world.side().held == D("0.100")
    world.run_into(L, 2)
    world.tick(2)
    assert world.side().held == world.held(L, BTC) == D("0.554")
    assert world.exits()[Role.BREAK_EVEN][0] == D("0.554") - world.side().filled(1)
