"""The tick: what arrives, what follows from it, and what must never follow."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from gridhedge.domain.change import Amend, Change, Place
from gridhedge.domain.events import (
    ConnectionChanged,
    Execution,
    ExecutionKind,
    MarketSeen,
    OrderIntended,
    Seen,
    StopRaised,
)
from gridhedge.domain.order import OrderKey, Reject, client_id
from gridhedge.domain.values import SIDES, Role, Side
from gridhedge.engine.ports import NotSent, Outcome, Rejected, Unknown
from tests.engine.faults import Faults, FaultyVenue
from tests.engine.worlds import DOGE, L, S, World, listed, profile

D = Decimal
TP = Role.TAKE_PROFIT


class Stubborn:
    """A paper venue that answers some requests in its own way, and counts all of them."""

    def __init__(self, world: World) -> None:
        self.paper = world.paper
        self.answers: list[tuple[Any, Outcome]] = []
        """(what it applies to, answer): each is used once."""
        self.sent: list[Change] = []

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes = []
        for change in changes:
            self.sent.append(change)
            found = next((item for item in self.answers if item[0](change)), None)
            if found is not None:
                self.answers.remove(found)
                outcomes.append(found[1])
            else:
                outcomes += self.paper.send([change])
        return outcomes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.paper, name)


def stubborn(*answers: tuple[Any, Outcome], wallet: str = "100000", **sections: object) -> tuple[World, Stubborn]:
    """A world not yet started, and its venue."""
    world = World(profile(**sections), wallet=wallet)
    venue = Stubborn(world)
    venue.answers = list(answers)
    world.begin(venue=venue)
    return world, venue


def is_place(side: Side, role: Role, level: int) -> Any:
    return lambda change: isinstance(change, Place) and change.key[:3] == (side, role, level)


@pytest.fixture
def world() -> World:
    """Both sides at level 0, everything rests."""
    world = World().start()
    world.tick()
    return world


def put(world: World, *events: Any) -> None:
    for event in events:
        world.session.inbox.put(event)
    world.session.step()


def execution(world: World, name: str, side: Side = L, kind: ExecutionKind = ExecutionKind.TRADE) -> Execution:
    return Execution(
        "outside-1", DOGE, name, "v", side, kind is not ExecutionKind.TRADE, D(10), D("0.199"), D(0), False, 1, kind
    )


# ---- the ordinary course ---------------------------------------------------------------------------------------------


def test_a_cold_start_opens_both_sides_with_the_same_quantity(world: World) -> None:
    """376 each, level 1 and a take-profit resting on both."""
    assert world.held(L) == world.held(S) == D(376)
    assert {order.client_id[9:13] for order in world.at_venue()} == {"LG01", "SG01", "LT00", "ST00"}


def test_every_request_follows_its_intent(world: World) -> None:
    """Each order of the exchange was intended in the journal, with its price and quantity at that time."""
    intended = {event.client_id for event in world.journal.events if isinstance(event, OrderIntended)}
    assert set(listed(world.at_venue())) <= intended


def test_a_step_without_news_changes_nothing(world: World) -> None:
    """No event, no request, no word to the audience."""
    events, steps, orders = len(world.journal.events), world.ear.steps, listed(world.at_venue())
    assert world.session.step() is False
    assert (len(world.journal.events), world.ear.steps, listed(world.at_venue())) == (events, steps, orders)


def test_facts_of_other_symbols_are_passed_over(world: World) -> None:
    """The stream may tell of symbols that this profile does not trade."""
    events = len(world.journal.events)
    put(world, execution(world, "")._replace(symbol="BTCUSDT"))
    assert len(world.journal.events) == events


def test_an_execution_that_is_told_twice_counts_once(world: World) -> None:
    """The second message changes neither book nor journal."""
    made = next(event for event in world.journal.events if isinstance(event, Execution))
    events, entered = len(world.journal.events), world.book.of(made.side).entered
    put(world, made, made)
    assert len(world.journal.events) == events
    assert world.book.of(made.side).entered == entered


# ---- dry run ---------------------------------------------------------------------------------------------------------


def test_a_dry_run_sends_nothing_and_tells_once() -> None:
    """What it would send is said once, not at every tick; leverage and orders at the venue stay as they are."""
    world, venue = stubborn(dry_run=True)
    world.start()
    world.tick(5)
    assert venue.sent == []
    assert world.at_venue() == []
    assert world.ear.heard("dry run, not sent: open long opening level 0") == 1


# ---- risk ------------------------------------------------------------------------------------------------------------


def deep(action: str) -> World:
    """A small account, long at level 5 of 6, and then the price falls through the floor."""
    settings = profile(risk={"emergency_action": action, "mm_rate_threshold": D(50), "balance_buffer_percent": D(0)})
    world = World(settings, wallet="110").start()
    world.tick()
    for price in ("0.1970", "0.1950", "0.1930", "0.1910"):
        world.go(price)
    return world


@pytest.mark.parametrize("action", ["freeze", "hold", "cancel_entries", "close_all"])
def test_the_emergency_comes_at_the_threshold_and_not_before(action: str) -> None:
    """Tick by tick down: as long as the rate is below 50 % all is well; from the first rate at or over it the file is
    written, and nothing that the action does not name is sent."""
    world = deep(action)
    assert not world.session.stopper.reason
    price = D("0.1900")
    while not world.session.stopper.reason:
        assert world.session.mm_rate < 50
        price -= D("0.0005")
        assert price > D("0.05"), "the threshold must be reached on the way down"
        world.go(price)
    ((_, symbol, reason, rate),) = world.stop_file.written
    assert symbol == DOGE
    assert rate >= 50
    assert "is at or over 50" in reason
    roles = {order.client_id[10] for order in world.at_venue()}
    assert roles <= {"freeze": {"G", "O", "T"}, "hold": {"G", "O"}, "cancel_entries": {"T"}, "close_all": set()}[action]


def test_closing_all_is_seen_through() -> None:
    """One close is lost on its way and one is refused by a busy venue: a second later both are tried again, the lost
    one once it is proved absent, and never a second one while it is unknown."""
    world, venue = stubborn(risk={"emergency_action": "close_all"})
    world.start()
    world.tick()
    venue.answers = [
        (is_place(L, Role.CLOSE, 0), Unknown("timeout")),
        (is_place(S, Role.CLOSE, 0), Rejected(Reject.BUSY, "busy")),
    ]
    stopper = world.session.stopper
    stopper.raise_stop(world.session, DOGE, "why")
    assert not stopper.is_done
    assert (world.held(L), world.held(S)) == (D(376), D(376))
    world.tick(3)
    assert (world.held(L), world.held(S), stopper.is_done) == (D(0), D(0), True)
    closes = [change for change in venue.sent if isinstance(change, Place) and change.market]
    assert [(close.key.side, close.quantity) for close in closes] == [(L, 376), (S, 376)] * 2
    assert len({close.client_id for close in closes}) == 4


def test_what_can_not_be_closed_is_said_in_the_end() -> None:
    """A venue that refuses every close for a minute: critical, with the orders that are still there."""
    world, venue = stubborn(risk={"emergency_action": "close_all"})
    world.start()
    world.tick()
    venue.answers = [(is_place(L, Role.CLOSE, 0), Rejected(Reject.BUSY, "busy"))] * 99
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    world.tick(80)
    assert world.session.stopper.is_done
    assert world.held(L) == 376
    assert world.ear.heard("close_all could not be seen through", "critical") == 1


def test_a_threshold_of_0_switches_the_stop_off() -> None:
    """The user's own decision."""
    world = deep("freeze")
    world.session.policy = world.session.policy._replace(mm_rate_threshold=D(0))
    price = D("0.1900")
    while world.session.mm_rate < 50:
        price -= D("0.0005")
        assert price > D("0.05"), "the threshold must be reached on the way down"
        world.go(price)
    world.tick(2)
    assert not world.session.stopper.reason
    assert world.stop_file.written == []


def test_a_liquidation_is_an_emergency(world: World) -> None:
    """Whatever the rate says."""
    put(world, execution(world, "", kind=ExecutionKind.LIQUIDATION))
    assert world.session.stopper.reason.startswith("emergency stop: the venue liquidated 10 long")


def test_adl_is_no_emergency(world: World) -> None:
    """It closes a part; the bot goes on."""
    world.exchange.auto_deleverage(DOGE, L, D(100))
    world.tick(3)
    assert not world.session.stopper.reason
    assert world.book.long.held == world.held(L) == D(376)


# ---- connections -----------------------------------------------------------------------------------------------------


def test_nothing_is_sent_while_a_stream_is_down_nor_before_the_gap_is_filled(world: World) -> None:
    """The take-profit executes unheard: silence while down, silence until synchronised, then the side re-opens."""
    venue = Stubborn(world)
    world.session.venue = venue
    put(world, ConnectionChanged("private", False, 1, "reset by peer"))
    world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
    world.session.step()
    assert venue.sent == []
    put(world, ConnectionChanged("private", True, 2))
    assert venue.sent == []
    assert world.session.wants_sync
    world.tick(2)
    assert {change.key.role for change in venue.sent if isinstance(change, Place)} == {TP}
    assert world.ear.heard("private is down: reset by peer", "warning") == 1
    assert world.ear.heard("private is back") == 1


def test_all_streams_must_be_back(world: World) -> None:
    """Two are down, one returns: still nothing is sent."""
    put(world, ConnectionChanged("private", False, 1), ConnectionChanged("public", False, 1))
    put(world, ConnectionChanged("private", True, 2))
    assert list(world.session.disconnected) == ["public"]
    world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
    world.tick(2)
    assert world.book.long.exits == {}


def test_a_stream_that_stays_down_is_critical_and_still_nothing_is_sent(world: World) -> None:
    """Told down a second time it is no blip. ``cancel_all`` goes out at the first word only."""
    world.session.policy = world.session.policy._replace(on_disconnect="cancel_all")
    venue = Stubborn(world)
    world.session.venue = venue
    put(world, ConnectionChanged("private", False, 1, "reset by peer"))
    cancelled = len(venue.sent)
    assert cancelled > 0
    put(world, ConnectionChanged("private", False, 2, "frozen, nothing is sent"))
    world.tick(2)
    assert len(venue.sent) == cancelled
    assert world.ear.heard("private is down: frozen", "critical") == 1


# ---- a second bot ----------------------------------------------------------------------------------------------------


def test_an_execution_with_our_mark_that_nobody_intended_freezes_the_account(world: World) -> None:
    """A second bot trades this account: frozen, and the execution is not counted."""
    stranger = client_id(world.book.tag, OrderKey(L, Role.GRID, 1, 77, 5))
    entered = world.book.long.entered
    put(world, execution(world, stranger))
    assert world.session.stopper.level == "freeze"
    assert "a second bot?" in world.session.stopper.reason
    assert world.book.long.entered == entered
    assert [event.level for event in world.journal.events if isinstance(event, StopRaised)] == ["freeze"]


def test_executions_without_our_mark_are_no_second_bot(world: World) -> None:
    """The user's own trades, and those of another account's bot."""
    put(world, execution(world, "web-1"), execution(world, "ghzzzzzz-LG01-abc-1")._replace(execution_id="outside-2"))
    assert not world.session.stopper.reason


# ---- refusals and lost answers ---------------------------------------------------------------------------------------


def test_an_insurance_refused_for_margin_stops_averaging_and_is_tried_again() -> None:
    """The price falls to long level 2 and takes the short side's profit; its re-opening's level 1 is refused: critical,
    once, and no look-ahead beside it; sent again after the pause, and averaging goes on."""
    world, venue = stubborn()
    world.start()
    world.tick()
    world.run_into(L, 1)
    venue.sent.clear()
    venue.answers = [(is_place(S, Role.GRID, 1), Rejected(Reject.MARGIN, "not enough"))]
    world.run_into(L, 2)
    assert set(world.book.short.refused) == {1}
    assert 3 not in world.book.long.entries
    world.tick(4)
    assert world.ear.heard("refused short 1 for lack of margin", "critical") == 1
    assert world.book.short.refused == {}
    assert 1 in world.book.short.entries
    world.tick(60)
    assert 3 in world.book.long.entries
    assert len([change for change in venue.sent if is_place(S, Role.GRID, 1)(change)]) == 2


def test_a_rate_limit_is_silence_until_its_end() -> None:
    """The first request is refused until +2.5 s: nothing leaves before, everything after."""
    world, venue = stubborn()
    start = world.exchange.now()
    venue.answers = [(is_place(L, Role.OPENING, 0), Rejected(Reject.RATE_LIMITED, "slow down", start + 2500))]
    times: list[int] = []
    send = venue.send
    venue.send = lambda changes: (times.append(world.exchange.now()), send(changes))[1]
    world.start()
    world.tick(5)
    assert times[0] == start
    assert min(at for at in times[1:]) >= start + 2500
    assert world.held(L) == world.held(S) == D(376)


def test_what_was_not_sent_is_sent_again_under_a_new_id() -> None:
    """The connection was refused: a second later the next revision leaves, and only one order ever exists."""
    world, venue = stubborn((is_place(L, Role.OPENING, 0), NotSent("connection refused")))
    world.start()
    world.tick(3)
    tries = [change.client_id for change in venue.sent if is_place(L, Role.OPENING, 0)(change)]
    assert [name[-1] for name in tries] == ["1", "2"]
    assert world.held(L) == D(376)


def test_an_unknown_order_is_asked_for_and_never_doubled() -> None:
    """The request never arrived: nothing is sent for its level until two negative rounds have proved that."""
    world, venue = stubborn((is_place(L, Role.OPENING, 0), Unknown("timeout")))
    world.start()
    assert len(world.session.unknowns) == 1
    assert world.book.long.entries[0].state.value == "unknown"
    world.tick(4)
    tries = [change.client_id[-1] for change in venue.sent if is_place(L, Role.OPENING, 0)(change)]
    assert tries == ["1", "2"]
    assert world.held(L) == D(376)
    assert len(world.session.unknowns) == 0


def test_an_unknown_order_that_did_arrive_is_found() -> None:
    """Accepted, and the answer was lost: adopted as it is, no second order."""
    world, venue = stubborn()
    send = venue.send

    def loses_the_first_answer(changes: Sequence[Change]) -> list[Outcome]:
        outcomes = send(changes)
        venue.send = send
        return [Unknown("timeout") for _ in outcomes]

    venue.send = loses_the_first_answer
    world.start()
    world.tick(3)
    ids = [change.client_id for change in venue.sent if isinstance(change, Place)]
    assert len(ids) == len(set(ids))
    assert len([name for name in ids if name[10] == "O"]) == 2
    assert world.held(L) == world.held(S) == D(376)
    assert len(world.session.unknowns) == 0


# ---- alarms, money, bands --------------------------------------------------------------------------------------------


def test_an_alarm_is_told_once_while_it_stays_raised() -> None:
    """Too little money to open: one warning in ten ticks; after a deposit it opens."""
    world = World(wallet="2").start()
    world.tick(10)
    assert world.ear.heard("not opening", "warning") == 1
    assert world.held(L) == 0
    world.exchange.deposit(D(1000))
    world.tick(2)
    assert world.held(L) == world.held(S) == D(376)
    assert world.desk.alarms == {}


def test_what_was_spent_since_the_last_account_message_is_not_spent_again(world: World) -> None:
    """Available falls with every opening order that is sent, before the venue says so."""
    account = world.session.account
    put(world, account._replace(available=D(16_000), margin_balance=D(100_000)))
    assert world.session.available() == D(16_000)
    world.exchange.by_hand_cancel(world.book.long.entries[1].venue_id)
    world.session.observe()
    world.session.account = world.session.account._replace(available=D(16_000))
    world.session.desks[0].dirty = True
    world.session.step()
    order = world.book.long.entries[1]
    notional = order.quantity * order.price
    assert world.session.available() == D(16_000) - notional / 75 - 2 * notional * D("0.00055")


SPENT = [
    (Unknown("timeout"), True),
    (Rejected(Reject.DUPLICATE_ID, "used before"), True),
    (Rejected(Reject.OTHER, "no"), False),
    (NotSent("no connection"), False),
]


@pytest.mark.parametrize(("answer", "is_spent"), SPENT)
def test_what_may_rest_unheard_is_spent_too(answer: Outcome, is_spent: bool) -> None:
    """The margin of level 1 is gone where nobody knows whether the order rests, or where its id is taken; what was
    refused, or never left, has cost nothing."""
    world, venue = stubborn()
    world.start().tick()
    world.exchange.by_hand_cancel(world.book.long.entries[1].venue_id)
    world.session.observe()
    world.session.account = world.session.account._replace(available=D(16_000))
    venue.answers = [(is_place(L, Role.GRID, 1), answer)]
    world.session.desks[0].dirty = True
    world.session.step()
    notional = next(change.quantity * change.price for change in venue.sent[-1:] if isinstance(change, Place))
    spent = notional / 75 + 2 * notional * D("0.00055") if is_spent else 0
    assert world.session.available() == D(16_000) - spent


def test_figures_that_come_late_do_not_undo_newer_ones(world: World) -> None:
    """The account's stream was held up; meanwhile the account has been read."""
    account = world.session.account
    put(world, account._replace(margin_balance=D(900), at=account.at + 5), account._replace(margin_balance=D(1000)))
    assert world.session.margin_balance() == D(900)


def test_the_reserve_is_a_part_of_the_margin_balance(world: World) -> None:
    """15 % of 1000."""
    put(world, world.session.account._replace(margin_balance=D(1000)))
    assert world.session.reserve() == D(150)


def test_the_venue_is_asked_to_watch_the_band(world: World) -> None:
    """The exchange stops at the bounds that the desk has set."""
    market = world.exchange.market(DOGE)
    assert (market.watch_below, market.watch_above) == (world.desk.below, world.desk.above)


def test_a_price_beyond_the_band_makes_a_new_plan(world: World) -> None:
    """Inside nothing is planned, outside everything."""
    assert world.desk.below is not None
    inside = MarketSeen(DOGE, *[D("0.1994")] * 4, world.exchange.now())
    world.session.inbox.put(inside)
    world.session.observe()
    assert not world.desk.dirty
    outside = inside._replace(last=world.desk.below)
    world.session.inbox.put(outside)
    world.session.observe()
    assert world.desk.dirty


def test_stale_prices_stop_orders_until_a_fresh_one_comes() -> None:
    """The price is 20 s old when a take-profit must be placed: not sent, and sent as soon as a price has come."""
    world = World().start()
    world.tick()
    world.desk.market = world.desk.market._replace(at=world.exchange.now() - 20_000)
    world.exchange.by_hand_cancel(world.book.long.exits[TP].venue_id)
    world.session.step()
    assert world.book.long.exits == {}
    assert world.ear.heard("the last price is 20.0 s old, at most 15.0 s", "warning") == 1
    world.tick(3)
    assert world.book.long.exits[TP].remaining == D(376)
    assert not world.session.stopper.reason


class Lag:
    """The inbox of a session that hears of executions and not of prices."""

    def __init__(self, world: World) -> None:
        self._inbox = world.session.inbox
        world.paper.connect([DOGE], self)

    def put(self, seen: Seen) -> None:
        if not isinstance(seen, MarketSeen):
            self._inbox.put(seen)


@pytest.mark.parametrize("side", SIDES)
def test_a_side_re_opens_at_the_price_of_its_take_profit_though_no_price_has_come(world: World, side: Side) -> None:
    """The account's stream is often ahead of the prices': an order at the touch of before would rest, unhedged."""
    Lag(world)
    before, cycle = world.desk.market.at, world.book.of(side).cycle
    world.take_profit(side)
    assert world.desk.market.at == before
    assert world.book.of(side).cycle > cycle
    assert world.held(side) == D(376)


def test_an_order_that_is_moved_twice_is_moved_once_at_a_time(world: World) -> None:
    """While an amend is unknown no second one leaves for the same order."""
    venue = Stubborn(world)
    world.session.venue = venue
    venue.answers = [(lambda change: isinstance(change, Amend), Unknown("timeout"))]
    world.exchange.by_hand_close(DOGE, L, D(100))
    world.exchange.advance(world.exchange.now() + 1)
    world.session.step()
    moved = [change.client_id for change in venue.sent if isinstance(change, Amend)]
    world.session.step()
    again = [change.client_id for change in venue.sent if isinstance(change, Amend)]
    assert len(again) == len(set(again)) >= len(moved)


def test_both_sides_stay_equal_through_a_walk(world: World) -> None:
    """Down three levels, up through a take-profit, down again: levels agree on both sides all the way."""
    for price in ("0.1970", "0.1952", "0.1935", "0.2000", "0.2030", "0.1990", "0.1900"):
        world.go(price, 3)
        covered = {}
        for side in SIDES:
            ladder = world.book.of(side)
            covered[side] = [
                ladder.filled(level) + (ladder.entries[level].remaining if level in ladder.entries else 0)
                for level in range(6)
            ]
        assert covered[L] == covered[S]
        assert not world.session.stopper.reason


def test_without_amends_a_replaced_take_profit_is_back_in_the_same_tick() -> None:
    """The cancel is seen at once, and the plan is made again."""
    world = World()
    venue = FaultyVenue(world.paper, random.Random(1), Faults(), can_amend=False)
    venue.send = world.paper.send
    world.begin(venue=venue)
    world.start()
    world.tick()
    world.run_into(L, 1)
    assert world.book.long.exits[TP].remaining == D(1128)


def test_a_rest_that_is_too_small_is_not_sent(world: World) -> None:
    """Two units closed by hand: what they leave open is below the minimum, and joins the level beyond."""
    world.exchange.by_hand_close(DOGE, S, D(2))
    world.tick(40)
    assert world.ear.heard("refused by the venue") == 0
    assert world.book.short.entries[1].remaining == D(754)


def test_a_refused_look_ahead_is_tried_again() -> None:
    """A minute later the pair rests on both sides."""
    world, _ = stubborn((is_place(S, Role.GRID, 1), Rejected(Reject.MARGIN, "not enough")))
    world.start()
    world.tick(130)
    assert sorted(world.book.short.entries) == sorted(world.book.long.entries) == [1]


def test_an_exit_that_the_venue_cuts_is_asked_for_once_a_minute(world: World) -> None:
    """A person's own order closes a part of the position: it is said, nothing is broken, and once that order is gone
    the take-profit covers everything again. Another size or price is asked for at once."""
    long, held = world.book.long, world.held(L)
    world.exchange.by_hand_cancel(long.exits[TP].venue_id)
    own = world.exchange.place(DOGE, "", L, True, D("0.3"), D(100))
    world.tick(5)
    assert (long.exits[TP].remaining, long.exits[TP].asked) == (held - 100, held)
    changes = len(world.journal.events)
    world.tick(30)
    assert (len(world.journal.events), world.session.stopper.reason) == (changes, "")
    assert world.ear.heard(f"long: the venue lets us close {held - 100} of {held}", "warning") == 1
    world.run_into(L, 1)
    world.tick(2)
    assert world.held(L) > held
    assert long.exits[TP].remaining == world.held(L) - 100
    world.exchange.by_hand_cancel(own.venue_id)
    world.tick(61)
    assert long.exits[TP].remaining == world.held(L)
