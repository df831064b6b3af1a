"""The emergency stop: what it says, what it leaves behind, and the little that it still sends."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from gridhedge.domain.change import Cancel, Place
from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import StopRaised
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import SIDES, Role
from gridhedge.engine.stop import Stopper, cancels, close_all, emergency_changes, withdraw
from tests.domain.journal import RULES, Journal, L, S
from tests.engine.worlds import DOGE, World, listed, profile

D = Decimal
GRID, TP = Role.GRID, Role.TAKE_PROFIT
PRICE = D(10)


@pytest.fixture
def journal() -> Journal:
    """Long at levels 0 and 1, short at level 0; insurance, look-ahead and take-profits rest."""
    made = Journal().begin()
    made.open_level(L, 0, "10")
    made.open_level(L, 1, "9.9")
    made.open_level(S, 0, "10")
    made.work(S, GRID, 1, 200, "10.1")
    made.work(L, GRID, 2, 400, "9.8")
    made.work(S, GRID, 2, 400, "10.2")
    made.work(L, TP, 0, 300, "10.2")
    made.work(S, TP, 0, 100, "9.8")
    return made


def cancelled(journal: Journal, action: str) -> set[tuple[object, Role, int]]:
    changes = emergency_changes(journal.book, action, RULES, PRICE)
    keys = [journal.book.orders[change.client_id].key for change in changes if isinstance(change, Cancel)]
    return {(key.side, key.role, key.level) for key in keys}


LOOK_AHEAD = {(L, GRID, 2), (S, GRID, 2)}
INSURANCE = {(S, GRID, 1)}
EXITS = {(L, TP, 0), (S, TP, 0)}
ACTIONS = [
    ("freeze", set()),
    ("hold", LOOK_AHEAD | EXITS),
    ("cancel_entries", LOOK_AHEAD | INSURANCE),
    ("close_all", LOOK_AHEAD | INSURANCE | EXITS),
]


@pytest.mark.parametrize(("action", "gone"), ACTIONS)
def test_each_action_cancels_what_it_names(journal: Journal, action: str, gone: set[tuple[object, Role, int]]) -> None:
    """freeze nothing; hold keeps the insurance, so that the hedge stays whole."""
    assert cancelled(journal, action) == gone


@pytest.mark.parametrize("action", ["freeze", "hold", "cancel_entries"])
def test_only_close_all_sends_orders(journal: Journal, action: str) -> None:
    """The others cancel at most."""
    assert [
        change for change in emergency_changes(journal.book, action, RULES, PRICE) if isinstance(change, Place)
    ] == []


def test_closing_all_sells_what_is_held_at_market_after_the_cancels(journal: Journal) -> None:
    """300 long and 100 short, reduce-only, last in the list: cancels free what the take-profits reserve."""
    changes = close_all(journal.book, RULES, PRICE, "why")
    kinds = [type(change) for change in changes]
    assert kinds == [Cancel] * 5 + [Place] * 2
    closes = [change for change in changes if isinstance(change, Place)]
    assert [(close.key.side, close.quantity, close.market, close.reduce_only) for close in closes] == [
        (L, D(300), True, True),
        (S, D(100), True, True),
    ]
    assert {close.key.role for close in closes} == {Role.CLOSE}


def test_more_than_the_largest_market_order_is_closed_in_parts(journal: Journal) -> None:
    """300 with at most 120 per order: 120, 120 and 60, each under an id of its own."""
    rules = replace(RULES, max_market_quantity=D(120))
    closes = [change for change in close_all(journal.book, rules, PRICE, "why") if isinstance(change, Place)]
    assert [close.quantity for close in closes if close.key.side is L] == [D(120), D(120), D(60)]
    assert len({close.client_id for close in closes}) == 4


def test_a_second_try_to_close_uses_new_ids_even_without_a_cycle(journal: Journal) -> None:
    """A residue is held between two cycles; the first close was refused: the next id differs, and so does the third."""
    journal.fill(journal.book.long.exits[TP].client_id, 300, "10.2")
    late = journal.book.long.stale[journal.name(L, GRID, 2, cycle=1000)]
    journal.fill(late.client_id, 50, "9.8")
    assert (journal.book.long.cycle, journal.book.long.held) == (0, D(50))
    used = set()
    for _ in range(3):
        (close,) = [
            change
            for change in close_all(journal.book, RULES, PRICE, "why")
            if isinstance(change, Place) and change.key.side is L
        ]
        assert close.client_id not in used
        used.add(close.client_id)
        journal.intend(L, Role.CLOSE, 0, 50, "10", close.key.revision, close.key.cycle)
        journal.settle(close.client_id, OrderState.REJECTED)


def test_orders_that_are_not_known_to_work_are_not_cancelled(journal: Journal) -> None:
    """Unknown ones are asked for instead."""
    journal.settle(journal.intend(L, GRID, 3, 800, "9.7"), OrderState.UNKNOWN)
    assert len(cancels(journal.book, lambda order: True, "why")) == 5


# ---- in a session ----------------------------------------------------------------------------------------------------


def running(action: str = "freeze", **sections: object) -> World:
    world = World(profile(risk={"emergency_action": action}, **sections)).start()
    world.tick()
    world.run_into(L, 1)
    return world


def test_a_stop_is_told_written_and_remembered_once() -> None:
    """Event, file, critical line; the second reason changes nothing."""
    world = running()
    stopper = world.session.stopper
    stopper.raise_stop(world.session, DOGE, "the first reason")
    stopper.raise_stop(world.session, DOGE, "the second reason")
    assert stopper.reason == "emergency stop: the first reason"
    assert [event.reason for event in world.journal.events if isinstance(event, StopRaised)] == ["the first reason"]
    assert [(symbol, reason) for _, symbol, reason, _ in world.stop_file.written] == [(DOGE, "the first reason")]
    assert world.ear.heard("emergency stop: the first reason", "critical") == 1
    assert world.session.book.stop is not None


def test_after_a_stop_nothing_more_is_sent() -> None:
    """Prices run through levels and take-profits: the exchange's orders only ever get fewer."""
    world = running()
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    before = set(listed(world.at_venue()))
    for price in ("0.190", "0.199", "0.210", "0.195"):
        world.go(price, 2)
        assert set(listed(world.at_venue())) <= before


@pytest.mark.parametrize("action", ["freeze", "hold", "cancel_entries", "close_all"])
def test_an_emergency_carries_out_its_action_at_the_exchange(action: str) -> None:
    """What is left there: everything; insurance only; take-profits only; nothing at all."""
    world = running(action)
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    left = {order.client_id[9:13] for order in world.at_venue()}
    assert (
        left
        == {
            "freeze": {"LG02", "SG01", "SG02", "LT00", "ST00"},
            "hold": {"SG01"},
            "cancel_entries": {"LT00", "ST00"},
            "close_all": set(),
        }[action]
    )
    world.tick()
    assert all((world.held(side) == 0) == (action == "close_all") for side in SIDES)


def test_a_freeze_does_not_carry_out_the_emergency_action() -> None:
    """An invariant is broken: the bot does not trust itself to act."""
    world = running("close_all")
    before = listed(world.at_venue())
    world.session.stopper.raise_stop(world.session, DOGE, "I-01: broken", "freeze")
    assert listed(world.at_venue()) == before
    assert world.held(L) == D(1128)


def test_a_dry_run_acts_in_no_emergency() -> None:
    """It says what it would have stopped for."""
    world = running("close_all")
    world.session.policy = world.session.policy._replace(dry_run=True)
    before = listed(world.at_venue())
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    assert listed(world.at_venue()) == before


def test_orders_are_not_withdrawn_while_the_venue_wants_silence() -> None:
    """They rest, and that is told; a moment later they go."""
    world = World().start()
    world.tick()
    before = listed(world.at_venue())
    world.session.quiet_until = world.session.clock.now() + 1
    withdraw(world.session, lambda order: True, "on_stop: cancel_all")
    assert listed(world.at_venue()) == before
    assert world.ear.heard("orders stay, the venue wants silence: on_stop: cancel_all", "error") == 1
    world.session.quiet_until = 0
    withdraw(world.session, lambda order: True, "on_stop: cancel_all")
    assert world.at_venue() == []


def test_the_stop_file_is_written_though_the_journal_fails() -> None:
    """The file is what keeps the next start away."""
    world = World(profile())
    world.start()
    written: list[str] = []

    class File:
        def is_set(self) -> bool:
            return bool(written)

        def write(self, at: int, symbol: str, reason: str, mm_rate: Decimal) -> None:
            written.append(reason)

    def fail() -> None:
        raise DiskFailure("no space left")

    stopper = Stopper("freeze", File())
    world.session.journal.sync = fail
    with pytest.raises(DiskFailure):
        stopper.raise_stop(world.session, DOGE, "a test")
    assert written == ["a test"]
    assert stopper.reason == "emergency stop: a test"
