"""The life of a session: start, ticks, housekeeping, stop; and a long life on a bad line."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from gridhedge.domain.account import Snapshot
from gridhedge.domain.errors import RateLimited, Unclear, VenueError
from gridhedge.domain.events import ConnectionChanged, Execution
from gridhedge.domain.invariants import always, settled
from gridhedge.domain.order import parse_client_id
from gridhedge.domain.values import SIDES, Role
from gridhedge.venue.paper.synthetic import SyntheticFeed
from tests.engine.faults import Faults, FaultyVenue
from tests.engine.worlds import DOGE, RULES, START, L, World, listed, profile, working

D = Decimal
TP = Role.TAKE_PROFIT


class Counting:
    """A paper venue that counts snapshots, and fails them when told to."""

    def __init__(self, world: World) -> None:
        self.paper = world.paper
        self.read: list[int] = []
        self.error: VenueError | None = None

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        self.read.append(self.paper.now())
        if self.error is not None:
            raise self.error
        return self.paper.snapshot(symbols)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.paper, name)


def counting(**sections: object) -> tuple[World, Counting]:
    world = World(profile(**sections))
    venue = Counting(world)
    world.begin(venue=venue)
    return world, venue


@pytest.fixture
def world() -> World:
    world = World().start()
    world.tick()
    return world


# ---- ticks -----------------------------------------------------------------------------------------------------------


def test_a_tick_takes_its_time_and_no_more(world: World) -> None:
    """1000 ms each, whatever happened meanwhile."""
    at, ticks = world.exchange.now(), world.loop.ticks
    world.feed.add(at + 400, D("0.1950"))
    world.tick(5)
    assert (world.exchange.now() - at, world.loop.ticks - ticks) == (5000, 5)


def test_the_loop_ends_when_told_when_done_and_when_stopped(world: World) -> None:
    """should_stop, the number of ticks, and an emergency."""
    after: list[int] = []
    world.loop.run(world.loop.ticks + 3, lambda: False, lambda: after.append(world.loop.ticks))
    assert after == [2, 3, 4]
    world.loop.run(None, lambda: world.loop.ticks >= 6, lambda: None)
    assert world.loop.ticks == 6
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    world.loop.run(None, lambda: False, lambda: None)
    assert world.loop.ticks == 6


def test_what_is_known_is_written_before_the_bot_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time: whatever comes then, the request that it needs has little left to write."""
    done: list[str] = []

    def wait(until: int, original: Callable[[int], None] = world.venue.wait) -> None:
        done.append("wait")
        original(until)

    monkeypatch.setattr(world.venue, "wait", wait)
    monkeypatch.setattr(world.journal, "write", lambda: done.append("write"))
    world.feed.add(world.exchange.now() + 400, D("0.1950"))
    world.tick(2)
    assert "wait" in done
    assert done == ["write", "wait"] * (len(done) // 2)


def test_no_start_without_the_truth() -> None:
    """The venue can not be read: the error goes up, and nothing has been sent."""
    world, venue = counting()
    venue.error = Unclear("timeout")
    with pytest.raises(Unclear):
        world.loop.start()
    assert world.at_venue() == []


def test_the_venue_is_read_every_sync_interval() -> None:
    """Every ten seconds of 35: at 0, 10, 20 and 30."""
    world, venue = counting(system={"sync_interval": D(10)})
    world.start()
    world.tick(35)
    assert [(at - START) // 1000 for at in venue.read] == [0, 10, 20, 30]


@pytest.mark.parametrize(("error", "pause"), [(Unclear("timeout"), 5), (RateLimited("slow", START + 33_000), 23)])
def test_a_failed_synchronisation_is_tried_again_after_a_pause(error: VenueError, pause: int) -> None:
    """5 s, or what the venue says; not at every step."""
    world, venue = counting(system={"sync_interval": D(10)})
    world.start()
    world.tick(9)
    venue.error = error
    world.tick(pause + 1)
    assert [(at - START) // 1000 for at in venue.read] == [0, 10]
    venue.error = None
    world.tick(2)
    assert [(at - START) // 1000 for at in venue.read] == [0, 10, 10 + pause]


def test_a_wish_to_synchronise_does_not_hammer_a_venue_that_fails() -> None:
    """Something unexplained happened and the venue can not be read: one try per pause."""
    world, venue = counting()
    world.start()
    world.tick()
    venue.error = Unclear("timeout")
    world.session.wants_sync = True
    world.desk.retry_at = world.exchange.now()
    venue.read.clear()
    world.tick(11)
    assert len(venue.read) == 3
    assert not world.session.stopper.reason


def test_a_disconnected_bot_waits_instead_of_turning(world: World) -> None:
    """Orders are overdue and nothing may be sent: a tick is a few waits, not thousands."""
    world.session.disconnected["private"] = ConnectionChanged("private", False, 5, "reset")
    world.desk.retry_at = world.exchange.now()
    waits: list[int] = []
    wait = world.paper.wait
    world.paper.wait = lambda until: (waits.append(until), wait(until))[1]
    world.tick(3)
    assert len(waits) < 20


def test_equity_is_sampled_once_a_minute(world: World) -> None:
    """At the first tick and 60 s later."""
    world.tick(90)
    assert [(at - START) // 1000 for at, _, _ in world.journal.samples] == [1, 61]
    assert all(wallet > 0 for _, _, wallet in world.journal.samples)


# ---- start and stop --------------------------------------------------------------------------------------------------


def left(world: World) -> set[str]:
    """Roles and levels that rest at the venue."""
    return {order.client_id[9:13] for order in world.at_venue()}


@pytest.mark.parametrize(
    ("on_stop", "resting"),
    [("keep", {"LG01", "SG01", "LT00", "ST00"}), ("cancel_entries", {"LT00", "ST00"}), ("cancel_all", set())],
)
def test_on_stop_does_what_it_says(on_stop: str, resting: set[str]) -> None:
    """Positions stay in any case."""
    world = World(profile(risk={"on_stop": on_stop})).start()
    world.tick()
    world.loop.stop()
    assert left(world) == resting
    assert world.held(L) == D(376)


@pytest.mark.parametrize("on_start", ["adopt", "cancel_all"])
def test_on_start_keeps_what_is_wanted_or_begins_with_a_clean_slate(on_start: str) -> None:
    """The same orders rest afterwards; adopted ones are the same orders, cancelled ones new."""
    world = World(profile(risk={"on_start": on_start})).start()
    world.tick()
    before = {order.client_id for order in world.at_venue()}
    world.begin(world.journal.events)
    world.start()
    world.tick()
    after = {order.client_id for order in world.at_venue()}
    assert len(before) == len(after) == 4
    assert (before == after) == (on_start == "adopt")
    assert before.isdisjoint(after) == (on_start == "cancel_all")


def test_a_stopped_account_leaves_its_orders_as_the_emergency_left_them() -> None:
    """on_stop does not apply after a stop."""
    world = World(profile(risk={"on_stop": "cancel_all"})).start()
    world.tick()
    world.session.stopper.raise_stop(world.session, DOGE, "why", "freeze")
    world.loop.stop()
    assert len(world.at_venue()) == 4


# ---- invariants ------------------------------------------------------------------------------------------------------


def test_an_invariant_that_only_we_can_break_freezes_at_once(world: World) -> None:
    """An order under an id that is not its meaning's: frozen at the end of the tick, orders stay."""
    order = world.book.long.entries[1]
    order.client_id = order.client_id + "x"
    world.tick()
    assert world.session.stopper.level == "freeze"
    assert "I-03" in world.session.stopper.reason
    assert len(world.at_venue()) == 4


def test_a_difference_that_stands_freezes_after_the_venue_was_asked() -> None:
    """A book that lost a level's quantity for good: one tick of doubt, a look at the venue, then frozen."""
    world, venue = counting()
    world.start()
    world.tick()
    world.desk.strategy.plan = lambda view: world.desk.plan
    world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
    world.desk.plan = world.desk.plan._replace(wanted=tuple(w for w in world.desk.plan.wanted if w.role is not TP))
    venue.read.clear()
    world.tick(2)
    assert not world.session.stopper.reason
    world.tick(3)
    assert "I-15: long: exits for 0, wanted for 376 of 376 held" in world.session.stopper.reason
    assert len(venue.read) >= 1


def test_a_lost_message_is_no_reason_to_freeze() -> None:
    """A hand closes a part, the execution is lost and the take-profit is cut by the venue: looked up and followed."""
    world = World()
    faulty = FaultyVenue(world.paper, random.Random(1), Faults())
    world.begin(venue=faulty)
    world.start()
    world.tick()
    faulty.faults = Faults(lost_event=100)
    world.exchange.by_hand_close(DOGE, L, D(100))
    faulty.faults = Faults()
    exit_order = world.book.long.exits[TP]
    assert exit_order.quantity == D(376)
    world.desk.dirty = True
    world.tick(70)
    assert not world.session.stopper.reason
    assert world.book.long.held == world.held(L)


def test_a_take_profit_may_follow_a_level_that_fills_in_parts(world: World) -> None:
    """50 units a second on a level of 752: the take-profit is always a part behind, and that is no gap."""
    thin = World(feed=world.feed, liquidity=D(50), fill="touch").start()
    for number in range(40):
        thin.go(D("0.19933") + D("0.00001") * (number % 2))
    price = thin.book.long.entries[1].price
    for number in range(10):
        thin.go(price - D("0.00001") * (number % 2))
        assert not thin.session.stopper.reason
    assert thin.book.long.filled(1) == D(500)


# ---- a long life on a bad line ---------------------------------------------------------------------------------------


def hostile(seed: int) -> tuple[World, FaultyVenue, random.Random]:
    """A wild market, whole or partial executions, and a mix of faults of its own for each seed."""
    dice = random.Random(seed)
    feed = SyntheticFeed(seed, START, D("0.19933"), RULES.tick_size, 1000, 3000)
    liquidity = None if dice.randrange(2) else D(dice.choice([300, 3000]))
    world = World(profile(system={"sync_interval": D(10)}), feed=feed, fill="touch", liquidity=liquidity)
    faults = Faults(*[dice.choice([0, 0, 3, 10]) for _ in Faults._fields])
    venue = FaultyVenue(world.paper, dice, Faults())
    world.begin(venue=venue)
    world.start()
    venue.faults = faults
    return world, venue, dice


def check_step(world: World) -> None:
    """What no fault excuses: at most one live order per meaning at the exchange, and no broken order in the book."""
    meanings = Counter(
        key[:4] for record in world.at_venue() if (key := parse_client_id(world.book.tag, record.client_id))
    )
    assert all(count == 1 for count in meanings.values()), meanings
    found = {violation.invariant for violation in always(world.book, RULES)}
    assert found <= {"I-10", "I-11", "I-13"}, found


def live(world: World, dice: random.Random) -> None:
    """Some minutes with faults, checked after every step of the bot."""
    step = world.session.step

    def checked() -> bool:
        changed = step()
        check_step(world)
        return changed

    world.session.step = checked
    for _ in range(40):
        world.tick(dice.randrange(1, 8))
        assert not world.session.stopper.reason


SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_bad_line_book_and_exchange_agree(seed: int) -> None:
    """Requests, answers and events were lost, late, doubled and refused; the connection broke. Afterwards: the same
    orders, positions and executions on both sides, everything settled, nothing unknown, and the bot never stopped."""
    world, venue, dice = hostile(seed)
    live(world, dice)
    venue.faults = Faults()
    world.tick(60)
    for _ in range(120):
        if not settled(world.book) and listed(world.at_venue()) == working(world.book):
            break
        world.tick()
    assert settled(world.book) == []
    assert always(world.book, RULES) == []
    assert listed(world.at_venue()) == working(world.book)
    assert len(world.session.unknowns) == 0
    assert not world.session.stopper.reason
    for side in SIDES:
        assert world.held(side) == world.book.of(side).held
    counted = [event.execution_id for event in world.journal.events if isinstance(event, Execution)]
    made = [fact.execution_id for fact in world.exchange.account.bookings if isinstance(fact, Execution)]
    assert sorted(counted) == sorted(made)
    assert len(made) > 3


def test_the_faults_do_happen() -> None:
    """Each kind of fault, over all seeds: a line that is never bad proves nothing."""
    fired: Counter[str] = Counter()
    for seed in range(12):
        world, venue, dice = hostile(seed)
        venue.faults = Faults(*[5] * len(Faults._fields))
        for _ in range(20):
            world.tick(dice.randrange(1, 8))
        fired.update(venue.fired)
    assert set(Faults._fields) - set(fired) == {"lost_event", "doubled_event", "swapped_events"}
    assert min(fired.values()) > 5
