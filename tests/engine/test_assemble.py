"""A session put together from a profile: units, memory, and what a venue makes of our wishes."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.events import StopRaised
from gridhedge.engine.assemble import policy_of
from gridhedge.venue.paper.feed import ScriptedFeed
from tests.domain.journal import dump
from tests.engine.worlds import DOGE, START, L, World, listed, profile

D = Decimal


def test_the_policy_is_in_the_engines_units() -> None:
    """Percent to fractions, seconds to milliseconds; a price may be 15 s old, or three ticks where those are longer."""
    settings = profile(
        risk={"balance_buffer_percent": D("12.5"), "max_notional_per_side": D(500)},
        system={"tick_interval": D("0.25"), "sync_interval": D(30)},
    )
    policy = policy_of(settings)
    assert (policy.buffer_fraction, policy.mm_rate_threshold, policy.max_notional) == (D("0.125"), D("90.0"), D(500))
    assert (policy.tick_ms, policy.sync_ms, policy.max_price_age_ms) == (250, 30_000, 15_000)
    assert (policy.emergency_action, policy.on_start, policy.on_stop, policy.dry_run) == (
        "freeze",
        "adopt",
        "keep",
        False,
    )
    assert policy_of(profile(system={"tick_interval": D(10)})).max_price_age_ms == 30_000


def test_a_remembered_journal_gives_the_same_book_again() -> None:
    """Stopped in the middle of a ladder, put together anew: every slot of the book agrees, and nothing is sent."""
    world = World().start()
    world.tick()
    world.run_into(L, 1)
    before, orders, journal = dump(world.book), listed(world.at_venue()), world.journal.events
    world.begin(journal)
    assert dump(world.book) == before
    world.start()
    assert listed(world.at_venue()) == orders
    assert dump(world.book) == before


def test_a_stop_of_an_earlier_run_is_the_files_business() -> None:
    """The file decides whether a run may start; the journal's own word of the stop does not stop a new session."""
    world = World().start()
    world.tick()
    world.begin([*world.journal.events, StopRaised("emergency", DOGE, "old", START)])
    assert world.session.stopper.reason == ""
    assert world.session.book.stop is None


def test_what_happened_while_the_bot_was_away_is_asked_for() -> None:
    """The take-profit executed between two runs: the history is read from the last remembered moment on."""
    world = World().start()
    world.tick()
    journal = world.journal.events
    world.feed.add(world.exchange.now() + 1000, D("0.19700"))
    world.exchange.advance(world.exchange.now() + 3_600_000)
    world.begin(journal)
    world.start()
    assert world.book.short.cycles == 1


def test_a_leverage_above_the_venues_is_lowered_and_said() -> None:
    """75x is what the instrument allows; 100x becomes that, with a warning at the start."""
    settings = profile()
    symbol = settings.symbols[0].model_copy(update={"leverage": 100})
    world = World(settings.model_copy(update={"symbols": (symbol,)})).start()
    assert world.desk.leverage == 75
    assert world.ear.heard("leverage 100x is lowered to the 75x that the venue allows", "warning") == 1


def test_a_dry_run_does_not_touch_the_leverage() -> None:
    """The exchange's default of 10x stays."""
    world = World(profile(dry_run=True), feed=ScriptedFeed([(START, D("0.19933"))]))
    assert world.desk.leverage == 75
    assert world.exchange.market(DOGE).leverage == 10
