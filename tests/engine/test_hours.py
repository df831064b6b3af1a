"""A market that closes and opens, as one symbol's hours know it, and as a whole session lives through it."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.change import Cancel, Change
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis, Role
from gridhedge.engine.hours import Hours
from gridhedge.engine.ports import Accepted, Outcome, Rejected
from gridhedge.engine.stop import withdraw
from tests.engine.worlds import DOGE, START, L, S, World, profile

D = Decimal
MINUTE = 60_000


def test_pauses_double_up_to_sixteen_minutes() -> None:
    """1, 2, 4, 8, 16, 16: refusals of one moment count once, and only the first is news."""
    hours, now, pauses, news = Hours(), START, [], []
    for _ in range(6):
        news += [hours.close(now, 0), hours.close(now, 0)]
        pauses.append((hours.closed_until - now) // MINUTE)
        now = hours.closed_until
    assert pauses == [1, 2, 4, 8, 16, 16]
    assert news == [True, *[False] * 11]


def test_a_venue_that_tells_when_it_opens_is_believed() -> None:
    """To the millisecond, however far away that is."""
    hours = Hours()
    assert hours.close(START, START + 172_800_001)
    assert hours.closed_until == START + 172_800_001


def test_what_has_opened_is_asked_as_if_it_had_never_been_closed() -> None:
    """Opening is news once; the next closing begins with a minute. An execution of before the last question is none."""
    hours = Hours()
    assert not hours.open(START)
    hours.close(START, 0)
    hours.close(START + MINUTE, 0)
    assert not hours.open(START + MINUTE - 1)
    assert hours.is_closed
    assert [hours.open(START + MINUTE), hours.open(START + MINUTE)] == [True, False]
    assert (hours.is_closed, hours.closed_until) == (False, 0)
    assert hours.close(START + 9 * MINUTE, 0)
    assert hours.closed_until == START + 10 * MINUTE


class Market:
    """Refuses every request from ``begin`` to ``end``, and notes when it was asked meanwhile."""

    def __init__(self, world: World, begin: Millis, end: Millis, opens: Millis = 0) -> None:
        self.asked: list[Millis] = []
        send = world.paper.send

        def refuse(changes: list[Change]) -> list[Outcome]:
            now = world.exchange.now()
            if not begin <= now < end:
                return send(changes)
            self.asked.append((now - begin) // MINUTE)
            return [Rejected(Reject.MARKET_CLOSED, "10018 Market closed", opens)] * len(changes)

        world.paper.send = refuse


def warnings(world: World) -> list[str]:
    return [text for level, text in world.ear.lines if level == "warning"]


def test_a_closed_market_is_said_once_and_its_opening_once() -> None:
    """Half an hour: asked after 0, 1, 3, 7 and 15 minutes, and taken after 31. One warning in all."""
    world = World(profile(system={"tick_interval": D(10)}))
    market = Market(world, START, START + 30 * MINUTE)
    world.start()
    world.tick(31 * 6)
    assert market.asked == [0, 1, 3, 7, 15]
    closed = f"{DOGE}: the market is closed (10018 Market closed): orders wait until it is open"
    assert warnings(world) == [closed]
    assert world.ear.heard(f"{DOGE}: the market is open again", "info") == 1
    world.tick()
    assert world.held(L) == world.held(S) > 0
    assert warnings(world) == [closed]


def test_an_execution_tells_that_the_market_is_open() -> None:
    """Nobody waits for the end of the pause."""
    world = World().start()
    world.tick()
    hours = world.desk.hours
    hours.close(world.exchange.now(), 0)
    world.run_into(L, 1)
    assert not hours.is_closed
    assert world.ear.heard("the market is open again", "info") == 1
    assert world.book.long.exits[Role.TAKE_PROFIT].quantity == world.held(L) == 1128


def test_a_cancel_does_not_tell_that_the_market_is_open() -> None:
    """Some brokers let go of what rests, and take nothing new."""
    world = World().start()
    world.tick()
    world.desk.hours.close(world.exchange.now(), 0)
    cancel = Cancel(DOGE, world.book.long.entries[1].client_id, "", "why")
    world.session.settle(world.desk, [cancel], [Accepted("")], world.exchange.now() + 1)
    assert world.desk.hours.is_closed


def test_orders_stay_where_the_market_is_closed() -> None:
    """That is said; and it is not asked."""
    world = World().start()
    world.tick()
    before = world.at_venue()
    world.desk.hours.close(world.exchange.now(), 0)
    withdraw(world.session, lambda order: True, "on_stop: cancel_all")
    assert world.at_venue() == before
    assert world.ear.heard("orders stay, the market is closed: on_stop: cancel_all", "error") == 1


def test_an_emergency_is_seen_through_when_the_market_opens() -> None:
    """After two days, more rounds of which nobody counts: then everything is closed."""
    world = World(profile(risk={"emergency_action": "close_all"}, system={"tick_interval": D(60)})).start()
    world.tick()
    begin = world.exchange.now()
    market = Market(world, begin, begin + 2 * 1440 * MINUTE)
    world.session.stopper.raise_stop(world.session, DOGE, "why")
    world.tick(2 * 1440 - 1)
    assert (len(market.asked) > 60, world.session.stopper.is_done) == (True, False)
    assert world.held(L) == world.held(S) > 0
    world.tick(20)
    assert world.held(L) == world.held(S) == 0
    assert world.session.stopper.is_done
    assert world.ear.heard("the market is closed") == world.ear.heard("the market is open again") == 1
