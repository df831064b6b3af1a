"""Leverage, fees and filters change while the bot runs: it plans with those of now, or stops."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from gridhedge.domain.errors import RateLimited, Refused, Unclear, VenueError
from gridhedge.domain.events import ConnectionChanged
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import Role
from gridhedge.engine.terms import DOUBTED_MS, TERMS_EVERY_MS, Terms
from tests.engine.worlds import DOGE, RULES, L, S, World, listed, profile

D = Decimal
TP = Role.TAKE_PROFIT


class Late:
    """A paper venue that may tell late, as real ones do, and counts how often its terms are read."""

    def __init__(self, world: World) -> None:
        self.paper = world.paper
        self.capabilities = world.paper.capabilities._replace(is_instant=False)
        self.error: VenueError | None = None
        self.refuses: VenueError | None = None
        """What it says to a leverage."""
        self.read: list[int] = []
        self.asked: list[str] = []
        """Which terms, in order."""

    def instrument(self, symbol: str) -> Instrument:
        self.read.append(self.paper.now())
        self.asked.append("instrument")
        if self.error is not None:
            raise self.error
        return self.paper.instrument(symbol)

    def fees(self, symbol: str) -> Fees:
        self.asked.append("fees")
        return self.paper.fees(symbol)

    def prepare(self, symbol: str, leverage: int) -> int:
        self.asked.append("prepare")
        if self.refuses is not None:
            raise self.refuses
        return self.paper.prepare(symbol, leverage)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.paper, name)


@pytest.fixture
def world() -> World:
    """Both sides at level 0, everything rests."""
    world = World()

    world.begin(venue=Late(world))  # the rest is the paper venue's
    world.start().tick()
    return world


def reads(world: World) -> list[int]:
    return world.venue.read


def renew_terms(world: World) -> None:
    """Everything at once."""
    for _ in Terms().read(world.session):
        pass


def pass_by(world: World, lasts_ms: int) -> None:
    until = world.exchange.now() + lasts_ms
    while world.exchange.now() < until:
        world.tick()


def test_what_has_not_changed_is_passed_over(world: World) -> None:
    """Nothing is said, no order is touched."""
    orders = listed(world.at_venue())
    renew_terms(world)
    assert world.ear.heard("terms have changed") == 0
    assert listed(world.at_venue()) == orders


def test_leverage_lowered_by_hand_is_set_again(world: World) -> None:
    """10x at the exchange, 75x by the profile: 75x again, as at a start."""
    world.exchange.set_leverage(DOGE, 10)
    renew_terms(world)
    assert world.exchange.market(DOGE).leverage == world.desk.leverage == 75


def test_less_leverage_than_before_is_planned_with(world: World) -> None:
    """The venue allows 50x from now on."""
    world.exchange.market(DOGE).follow(replace(RULES, max_leverage=50))
    renew_terms(world)
    assert world.desk.leverage == world.exchange.market(DOGE).leverage == 50
    assert world.ear.heard("DOGEUSDT: the venue's terms have changed: leverage 75 -> 50, max leverage 75 -> 50") == 1


def test_new_fees_move_the_take_profits(world: World) -> None:
    """A maker fee of 0.1 % instead of 0.02 %: both sides ask for more, and I-16 holds."""
    before = [world.book.of(side).exits[TP].price for side in (L, S)]
    world.exchange.market(DOGE).fees = Fees(D("0.001"), D("0.002"))
    renew_terms(world)
    world.tick(3)
    after = [world.book.of(side).exits[TP].price for side in (L, S)]
    assert after[0] > before[0]
    assert after[1] < before[1]
    assert world.session.stopper.reason == ""


def test_orders_off_a_coarser_tick_are_replaced(world: World) -> None:
    """Ten old ticks make a new one: within two ticks of time every order rests on it, and nothing has frozen."""
    tick = RULES.tick_size * 10
    resting = len(world.at_venue())
    assert any(order.price % tick for order in world.at_venue())
    world.exchange.market(DOGE).follow(replace(RULES, tick_size=tick))
    renew_terms(world)
    world.tick(2)
    assert len(world.at_venue()) == resting
    assert not any(order.price % tick for order in world.at_venue())
    assert world.session.stopper.reason == ""


def test_a_table_off_a_coarser_step_freezes(world: World) -> None:
    """376 can not be traded in lots of 10: nothing is sent any more, orders stay, a person is told what to do."""
    orders = listed(world.at_venue())
    world.exchange.market(DOGE).follow(replace(RULES, lot_step=D(10), min_quantity=D(10)))
    renew_terms(world)
    world.tick(2)
    assert world.session.stopper.level == "freeze"
    assert "the venue's quantity step is 10 now, and 376 is off it: close the position by hand" in (
        world.session.stopper.reason
    )
    assert listed(world.at_venue()) == orders


def test_terms_are_read_every_ten_minutes(world: World) -> None:
    """Half an hour: three times."""
    reads(world).clear()
    pass_by(world, 3 * TERMS_EVERY_MS)
    assert len(reads(world)) == 3


def test_a_refusal_makes_them_be_read_sooner(world: World) -> None:
    """A minute after the last time: the minimum has risen above what level 1 is worth."""
    reads(world).clear()
    world.exchange.market(DOGE).follow(replace(RULES, min_notional=D(500)))
    world.exchange.by_hand_cancel(world.book.long.entries[1].venue_id)
    pass_by(world, 2 * DOUBTED_MS)
    assert len(reads(world)) == 1
    assert world.desk.instrument.min_notional == D(500)


def test_a_tick_reads_one_term(world: World) -> None:
    """Filters, fees and leverage in three ticks in a row: the thread trades in between."""
    pass_by(world, TERMS_EVERY_MS - 2_000)
    asked = world.venue.asked
    asked.clear()
    while not asked:
        world.tick()
    assert asked == ["instrument"]
    world.tick()
    assert asked == ["instrument", "fees"]
    world.tick()
    assert asked == ["instrument", "fees", "prepare"]
    pass_by(world, 60_000)
    assert len(asked) == 3


def test_after_a_gap_everything_is_read_before_the_next_order(world: World) -> None:
    """An hour without the stream: what plans are made with is older than ten minutes."""
    world.session.disconnected["stream"] = ConnectionChanged("stream", False, world.exchange.now(), "a test")
    pass_by(world, 6 * TERMS_EVERY_MS)
    asked = world.venue.asked
    asked.clear()
    world.session.inbox.put(ConnectionChanged("stream", True, world.exchange.now()))
    world.tick()
    assert asked == ["instrument", "fees", "prepare"]


def test_a_venue_that_can_not_be_read_changes_nothing(world: World) -> None:
    """It is asked again after 5, 10, 20, 40 … seconds, that is said once, and trading goes on with what is known."""
    reads(world).clear()
    world.venue.error = Unclear("no answer")
    pass_by(world, TERMS_EVERY_MS + 100_000)
    assert [(later - earlier) // 1000 for earlier, later in pairwise(reads(world))] == [8, 13, 23, 43]
    assert world.desk.instrument == RULES
    assert world.ear.heard("DOGEUSDT: filters could not be read again, trying on: no answer", "warning") == 1
    world.venue.error = None
    pass_by(world, 100_000)
    assert world.ear.heard("DOGEUSDT: filters could be read again", "info") == 1


def test_a_venue_that_refuses_the_leverage_does_not_hide_its_filters(world: World) -> None:
    """An account that may not set it goes on with what is in force, told once, and follows filters and fees."""
    world.venue.refuses = Refused("the leverage can not be set")
    world.exchange.market(DOGE).follow(replace(RULES, min_notional=D(6)))
    pass_by(world, TERMS_EVERY_MS + 200_000)
    assert world.desk.instrument.min_notional == D(6)
    assert world.desk.leverage == 75
    assert world.ear.heard("DOGEUSDT: leverage could not be read again, trying on", "warning") == 1


def test_the_venue_s_silence_is_kept(world: World) -> None:
    """Rate limited for a minute and a half: nothing is read before."""
    reads(world).clear()
    start = world.exchange.now()
    world.venue.error = RateLimited("slow down", start + TERMS_EVERY_MS + 90_000)
    pass_by(world, TERMS_EVERY_MS + 80_000)
    assert len(reads(world)) == 1
    pass_by(world, 20_000)
    assert len(reads(world)) == 2


def test_a_dry_run_sets_nothing() -> None:
    """The leverage at the exchange stays what somebody has set."""
    world = World(profile(dry_run=True))
    world.begin(venue=Late(world))
    world.start()
    world.exchange.set_leverage(DOGE, 10)
    renew_terms(world)
    assert world.exchange.market(DOGE).leverage == 10
