"""A real session brought to the truth of a real (embedded) exchange."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.errors import Unclear
from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.invariants import settled
from gridhedge.domain.order import OrderKey, client_id
from gridhedge.domain.values import SIDES, Role
from gridhedge.engine.synchronise import synchronise
from gridhedge.venue.paper.funding import ConstantFunding
from gridhedge.venue.paper.synthetic import SyntheticFeed
from gridhedge.venue.paper.venue import PaperVenue
from tests.engine.worlds import DOGE, RULES, START, L, S, World, ladders, listed, working

D = Decimal
TP = Role.TAKE_PROFIT


class Lagging:
    """A paper venue whose lists are behind: executions and ended orders of the last moments are not listed yet, or
    open ones."""

    def __init__(self, paper: PaperVenue) -> None:
        self.paper = paper
        self.hides_since: int | None = None
        self.hides_open: tuple[int, int] = (0, 0)
        """Open orders of a level and above are not listed before this time."""
        self.broken: Exception | None = None
        self.read_since: list[int] = []

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        if self.broken is not None:
            raise self.broken
        seen = self.paper.snapshot(symbols)
        level, until = self.hides_open
        if seen.at >= until:
            return seen
        return seen._replace(orders=tuple(order for order in seen.orders if f"G{level:02d}" not in order.client_id))

    def history(self, symbol: str, since: int) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        self.read_since.append(since)
        ended, facts = self.paper.history(symbol, since)
        hidden = self.hides_since
        if hidden is None:
            return ended, facts
        return [order for order in ended if order.changed < hidden], [fact for fact in facts if fact.at < hidden]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.paper, name)


@pytest.fixture
def world() -> World:
    """Both sides open, long at level 1; everything rests."""
    world = World().start()
    world.tick()
    world.run_into(L, 1)
    return world


def lose_messages(world: World) -> None:
    """What the exchange tells no longer arrives."""
    world.paper.connect([DOGE], _Deaf())


class _Deaf:
    def put(self, seen: object) -> None:
        pass

    def drain(self) -> list[Any]:
        return []


def sync(world: World) -> None:
    synchronise(world.session, START)


def test_a_book_that_agrees_is_left_as_it_is(world: World) -> None:
    """No event is written, nothing is asked."""
    before = len(world.journal.events)
    sync(world)
    assert len(world.journal.events) == before
    assert len(world.session.unknowns) == 0


def test_lost_executions_are_found(world: World) -> None:
    """The take-profit of the short side executes while nobody hears it."""
    lose_messages(world)
    world.feed.add(world.exchange.now() + 1, D("0.19500"))
    world.exchange.advance(world.exchange.now() + 10)
    assert world.book.short.cycles == 0
    sync(world)
    assert world.book.short.cycles == 1
    assert world.book.short.cycle == 0


def test_the_balance_follows_prices_while_the_history_is_being_read(world: World) -> None:
    """The account's figures are those of the moment of the snapshot, and a slow answer leaves the price at another."""
    world.run_into(L, 2)

    class Slow(Lagging):
        def history(self, symbol: str, since: int) -> tuple[list[OrderRecord], list[Execution | Funding]]:
            world.feed.add(self.paper.exchange.now() + 1, self.paper.exchange.mark(DOGE) - D("0.0002"))
            self.paper.exchange.advance(self.paper.exchange.now() + 10)
            return super().history(symbol, since)

    world.session.venue = Slow(world.paper)
    before = world.session.margin_balance()
    sync(world)
    held = world.book.long.held - world.book.short.held
    assert held > 0
    assert world.session.margin_balance() == world.exchange.account_seen().margin_balance
    assert world.session.margin_balance() == before - held * D("0.0002")


def test_a_cancelled_order_is_found_and_placed_again(world: World) -> None:
    """Cancelled by hand, unheard: after synchronisation the next step replaces it."""
    lose_messages(world)
    entry = world.book.short.entries[1]
    price = entry.price
    world.exchange.by_hand_cancel(entry.venue_id)
    sync(world)
    assert 1 not in world.book.short.entries
    world.session.step()
    again = world.book.short.entries[1]
    assert (again.price, again.quantity, again.key.revision) == (price, D(752), entry.key.revision + 1)


def test_orders_of_others_are_said_and_never_touched(world: World) -> None:
    """The user's own limit order."""
    theirs = world.exchange.place(DOGE, "web-1", L, False, D("0.15"), D(100))
    sync(world)
    world.tick(3)
    assert world.ear.heard(f"order {theirs.venue_id} is not the bot's and is left alone", "warning") >= 1
    assert theirs.venue_id in {order.venue_id for order in world.at_venue()}


def test_what_the_user_adds_by_hand_stays_the_users(world: World) -> None:
    """500 bought by hand: said, no take-profit for it, no level for it."""
    before = ladders(world.book)
    world.exchange.by_hand_open(DOGE, L, D(500))
    world.tick(2)
    sync(world)
    assert ladders(world.book) == before
    assert world.held(L) == world.book.long.held + 500


def test_a_part_closed_by_hand_unheard_is_followed(world: World) -> None:
    """1128 held, 300 closed by hand: 828 stay, level 0 whole and level 1 in part; the take-profit covers 828."""
    lose_messages(world)
    world.exchange.by_hand_close(DOGE, L, D(300))
    world.exchange.advance(world.exchange.now() + 1000)
    sync(world)
    assert [fill.quantity for fill in world.book.long.fills] == [D(376), D(452)]
    world.session.step()
    assert world.book.long.exits[TP].remaining == D(828)
    assert world.book.long.entries[1].remaining == D(300)


def test_an_order_that_rests_for_weeks_costs_no_weeks_of_history() -> None:
    """Placed ninety days ago: a week is read at each synchronisation. Its end is found by its id."""
    world = World()
    lagging = Lagging(world.paper)
    world.begin(venue=lagging)
    world.start()
    world.tick()
    old = world.book.long.entries[1]
    old.created -= 90 * 86_400_000
    lose_messages(world)
    world.exchange.by_hand_cancel(old.venue_id)
    sync(world)
    assert world.exchange.now() - lagging.read_since[-1] == 7 * 86_400_000
    world.tick(30)
    assert old.client_id not in world.book.orders


def test_a_position_is_not_mended_while_its_executions_are_on_their_way() -> None:
    """The take-profit has executed, the history does not show it yet: the cycle is not ended by the position, and when
    the execution arrives it ends once, with its money."""
    world = World()
    lagging = Lagging(world.paper)
    world.begin(venue=lagging)
    world.start()
    world.tick()
    lose_messages(world)
    lagging.hides_since = world.exchange.now() + 1
    exit_order = world.book.short.exits[TP]
    world.feed.add(world.exchange.now() + 1, exit_order.price - RULES.tick_size)
    world.exchange.advance(world.exchange.now() + 1000)
    assert world.held(S) == 0
    sync(world)
    assert (world.book.short.held, world.book.short.cycles) == (D(376), 0)
    assert exit_order.client_id in world.session.unknowns
    lagging.hides_since = None
    sync(world)
    assert (world.book.short.held, world.book.short.cycles) == (0, 1)
    assert world.book.short.realised > 0


def test_a_partly_executed_order_that_the_history_lags_behind_is_not_mended() -> None:
    """100 of the take-profit's 376 have executed: the open order says so, the history not yet."""
    world = World(liquidity=D(100))
    lagging = Lagging(world.paper)
    world.begin(venue=lagging)
    world.start()
    for number in range(8):
        world.go(D("0.19933") + D("0.00001") * (number % 2))
    assert world.book.short.held == D(376)
    lose_messages(world)
    world.exchange.by_hand_cancel(world.book.long.entries[1].venue_id)  # it would take the 100 for itself
    lagging.hides_since = world.exchange.now() + 1
    world.feed.add(world.exchange.now() + 1, world.book.short.exits[TP].price - RULES.tick_size)
    world.exchange.advance(world.exchange.now() + 500)
    assert world.held(S) == D(276)
    sync(world)
    assert world.book.short.held == D(376)
    lagging.hides_since = None
    sync(world)
    assert (world.book.short.held, world.book.short.closed) == (D(276), D(100))


def test_a_venue_that_can_not_be_read_leaves_the_book_as_it_was(world: World) -> None:
    """The error goes up; nothing is written."""
    lagging = Lagging(world.paper)
    lagging.broken = Unclear("timeout")
    world.session.venue = lagging
    before = len(world.journal.events)
    with pytest.raises(Unclear):
        sync(world)
    assert len(world.journal.events) == before


def test_an_order_with_a_change_of_unknown_outcome_is_asked_for(world: World) -> None:
    """A crash swallowed the answer to a cancel."""
    order = world.book.long.exits[TP]
    order.pending = type(order.pending).CANCEL
    sync(world)
    assert order.client_id in world.session.unknowns


# ---- from nothing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_session_thrown_away_is_rebuilt_as_it_was(seed: int) -> None:
    """A wild market, whole or partial executions, funding; every few minutes the bot and its journal are lost. What
    the venue's history tells is what was lost: table, levels, money, resting orders and take-profits."""
    feed = SyntheticFeed(seed, START, D("0.19933"), RULES.tick_size, 1000, 3000)
    world = World(
        feed=feed, fill="touch", liquidity=None if seed % 2 else D(700), funding=ConstantFunding(7, D("0.0001"))
    ).start()
    dice = random.Random(seed)
    cycles = 0
    for _ in range(8):
        world.tick(dice.randrange(1, 120))
        cycles += world.book.long.cycles + world.book.short.cycles
        lost, orders = ladders(world.book), working(world.book)
        if world.session.stopper.reason:
            break
        world.forget()
        synchronise(world.session, 0)
        assert ladders(world.book) == lost
        assert working(world.book) == orders == listed(world.at_venue())
        world.start()
    assert cycles > 5


def test_a_rebuilt_bot_changes_nothing(world: World) -> None:
    """Lost and started again at the same price: not one order is touched."""
    orders = listed(world.at_venue())
    world.forget()
    world.start()
    assert listed(world.at_venue()) == orders
    assert settled(world.book) == []


def test_a_bot_whose_journal_is_lost_waits_until_all_orders_are_listed(world: World) -> None:
    """It was killed right after it had sent level 2 of both sides, and the venue lists them a second later only: they
    are found, not sent once more."""
    orders = listed(world.at_venue())
    venue = Lagging(world.paper)
    venue.capabilities = world.paper.capabilities._replace(receive_window_ms=5000)
    venue.hides_open = (2, world.exchange.now() + 1000)
    before = world.exchange.now()
    world.begin(venue=venue)  # the rest is the paper venue's
    world.start()
    assert listed(world.at_venue()) == orders
    assert 7000 <= world.exchange.now() - before < 8000
    assert world.ear.heard("the journal is not whole", "warning") == 1


def test_a_journal_that_is_whole_makes_nobody_wait(world: World) -> None:
    """Started again with everything remembered: no time passes."""
    before = world.exchange.now()
    world.begin(world.journal.events)
    world.start()
    assert world.exchange.now() == before


def test_missing_orders_are_placed_by_a_rebuilt_bot(world: World) -> None:
    """While it was away a take-profit was cancelled by hand."""
    world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
    world.forget()
    world.start()
    assert world.book.long.exits[TP].remaining == world.held(L) == D(1128)


def test_a_take_profit_that_executed_while_the_bot_was_away_opens_the_side_anew(world: World) -> None:
    """The short side is flat at the venue; the new bot re-opens it in a newer cycle."""
    before = world.book.short.cycle
    price = world.book.short.exits[TP].price - RULES.tick_size
    world.feed.add(world.exchange.now() + 1, price)
    world.exchange.advance(world.exchange.now() + 5000)
    assert world.held(S) == 0
    world.forget()
    world.start()
    world.tick()
    assert world.book.short.cycle > before
    assert world.held(S) == D(376)


def test_the_users_surplus_and_orders_survive_a_rebuild(world: World) -> None:
    """500 of the user's and a foreign order: neither is claimed."""
    world.exchange.by_hand_open(DOGE, L, D(500))
    theirs = world.exchange.place(DOGE, "web-1", L, False, D("0.15"), D(100))
    world.tick()
    lost = ladders(world.book)
    world.forget()
    world.start()
    assert ladders(world.book) == lost
    assert theirs.client_id in listed(world.at_venue())


def test_positions_opened_without_ids_are_read_from_the_order_history() -> None:
    """Levels of both sides opened by other means: 376, then 752 on the long side; the bot takes them as its ladder."""
    world = World()
    for number, (side, quantity) in enumerate(((L, 376), (S, 376), (L, 752))):
        world.exchange.place(DOGE, f"app-{number}", side, False, D(0), D(quantity), market=True)
        world.exchange.advance(world.exchange.now() + 1000)
    world.start()
    assert [fill.quantity for fill in world.book.long.fills] == [D(376), D(752)]
    assert [fill.quantity for fill in world.book.short.fills] == [D(376)]
    assert world.book.reference[:3] == (D(376), D(752), D(1504))
    assert world.book.long.exits[TP].remaining == D(1128)
    assert sorted(world.book.short.entries) == [1, 2]


def test_orders_with_our_mark_are_unique_for_ever(world: World) -> None:
    """After any number of rebuilds no client id has been used twice."""
    for _ in range(5):
        world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
        world.forget()
        world.start()
        world.tick()
    ids = [order.client_id for order in world.exchange.account.ended.values()]
    ids += [order.client_id for order in world.at_venue()]
    assert len(ids) == len(set(ids))
    assert client_id(world.book.tag, OrderKey(L, TP, 0, world.book.long.cycle, 6)) in ids


def test_both_sides_agree_with_the_venue_after_every_rebuild(world: World) -> None:
    """Positions of book and exchange, side by side."""
    world.forget()
    world.start()
    for side in SIDES:
        assert world.book.of(side).held == world.held(side) > 0
