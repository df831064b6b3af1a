"""Each invariant that the judge holds fires on what breaks it, and on nothing before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.change import Cancel, Change, Place, Urgency
from gridhedge.domain.events import Execution, OrderIntended
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderKey, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.simulate.judge import Broken
from gridhedge.simulate.world import World
from tests.simulate.calm_worlds import calm_world, desk_of, session_of


@pytest.fixture
def world() -> World:
    return calm_world()


def place(world: World, role: Role = Role.TAKE_PROFIT, **terms: object) -> Place:
    """A request of a level that nothing rests for: revision 9 of its meaning."""
    desk = desk_of(world)
    side = desk.book.long
    level = 0 if role is Role.TAKE_PROFIT else len(desk.book.reference) - 1
    key = OrderKey(Side.LONG, role, level, side.cycle + 1, 9)
    name = client_id(desk.book.tag, key)
    made = Place(
        desk.symbol, name, key, desk.instrument.floor_price(desk.market.last), desk.instrument.min_quantity,
        not role.is_entry, Urgency.EXIT, "test",
    )  # fmt: skip
    return made._replace(**terms)


def accused(world: World, *changes: Change) -> str:
    with pytest.raises(Broken) as caught:
        world.judge.sending(changes)
    return caught.value.violation.invariant


def test_sound_requests_pass(world: World) -> None:
    """A take-profit, an entry and a cancel of our own, right after a tick."""
    desk = desk_of(world)
    own = next(iter(desk.book.orders))
    world.judge.sending([place(world), place(world, Role.GRID), Cancel(desk.symbol, own, "P1", "test")])


def test_orders_of_others_are_named(world: World) -> None:
    """I-07: a cancel of an order without our mark."""
    assert accused(world, Cancel(desk_of(world).symbol, "by hand", "P1", "test")) == "I-07"


def test_terms_off_the_grid_are_named(world: World) -> None:
    """I-05: half a tick, half a step."""
    desk = desk_of(world)
    assert accused(world, place(world, price=desk.instrument.tick_size / 2)) == "I-05"
    assert accused(world, place(world, quantity=desk.instrument.lot_step / 2)) == "I-05"


def test_a_closing_order_that_may_open_is_named(world: World) -> None:
    """I-17: a take-profit that is not reduce-only."""
    assert accused(world, place(world, reduce_only=False)) == "I-17"


def test_more_than_a_level_has_room_for_is_named(world: World) -> None:
    """I-10: more than the whole table."""
    too_much = sum(desk_of(world).book.reference, Decimal(0)) * 2
    assert accused(world, place(world, Role.GRID, quantity=too_much)) == "I-10"


def test_terms_that_changed_long_ago_are_named(world: World) -> None:
    """I-35: for a quarter of an hour other fees than the exchange's."""
    desk = desk_of(world)
    desk.fees = Fees(Decimal("0.1"), Decimal("0.1"))
    world.judge.sending([place(world)])
    world.network.pass_time(world.paper.now() + 901_000)
    desk.market = desk.market._replace(at=world.paper.now())
    assert accused(world, place(world)) == "I-35"


def test_more_than_the_cap_allows_is_named(world: World) -> None:
    """I-20: a cap of one unit of money."""
    session = session_of(world)
    session.policy = session.policy._replace(max_notional=Decimal(1))
    assert accused(world, place(world, Role.GRID, urgency=Urgency.LOOK_AHEAD)) == "I-20"


def test_a_second_order_for_a_live_meaning_is_named(world: World) -> None:
    """I-32: the take-profit that rests, once more under another revision."""
    desk = desk_of(world)
    order = next(order for order in desk.book.orders.values() if not order.key.role.is_entry)
    key = order.key._replace(revision=order.key.revision + 1)
    again = place(world, key=key, client_id=client_id(desk.book.tag, key))
    assert accused(world, again) == "I-32"


def test_an_exit_for_more_than_is_held_is_named(world: World) -> None:
    """I-13: the resting take-profit has grown beyond the position."""
    desk = desk_of(world)
    order = next(order for order in desk.book.orders.values() if not order.key.role.is_entry)
    order.quantity += desk.book.of(order.key.side).held
    key = order.key._replace(level=1)
    assert accused(world, place(world, key=key, client_id=client_id(desk.book.tag, key))) == "I-13"


def test_what_leaves_after_a_stop_is_named(world: World) -> None:
    """I-29: nothing after a freeze; after an emergency only what calls itself so."""
    stopper = session_of(world).stopper
    stopper.reason, stopper.level = "stop: test", "freeze"
    assert accused(world, place(world, why="emergency: close all")) == "I-29"
    stopper.level = "emergency"
    assert accused(world, place(world)) == "I-29"
    world.judge.sending([place(world, why="emergency: close all")])


def test_a_price_too_old_to_trade_on_is_named(world: World) -> None:
    """I-31: sixty seconds without a sight of the market."""
    world.network.pass_time(world.paper.now() + 60_000)
    assert accused(world, place(world)) == "I-31"


def test_breaking_the_venues_silence_is_named(world: World) -> None:
    """I-33: five seconds before its end."""
    world.network.quiet_until = world.paper.now() + 5000
    assert accused(world, place(world)) == "I-33"


def test_hammering_the_venue_is_named(world: World) -> None:
    """I-33: hundreds of requests in one second, while nobody asked for silence."""
    for _ in range(400):
        world.judge.reading()
    with pytest.raises(Broken, match="I-33"):
        world.judge.sending([place(world)] * 101)


def test_an_order_without_durable_intent_is_named(world: World) -> None:
    """I-27: it reaches the exchange, and no journal has it."""
    wish = place(world, Role.GRID)
    with pytest.raises(Broken, match="I-27"):
        world.exchange.place(
            wish.symbol, wish.client_id, Side.LONG, False, wish.price, desk_of(world).book.reference[0]
        )


def test_terms_that_were_never_intended_are_named(world: World) -> None:
    """I-02: the intent said another quantity."""
    wish = place(world, Role.GRID)
    world.judge.synced([OrderIntended(wish.client_id, wish.symbol, wish.key, wish.price, Decimal(1), False, 0)])
    with pytest.raises(Broken, match="I-02"):
        world.exchange.place(
            wish.symbol, wish.client_id, Side.LONG, False, wish.price, desk_of(world).book.reference[0]
        )


def test_two_live_orders_of_one_meaning_are_named(world: World) -> None:
    """I-01: two revisions, both with a durable intent, both at the exchange."""
    desk = desk_of(world)
    quantity, far = desk.book.reference[0], desk.instrument.floor_price(desk.market.last / 2)

    def send(revision: int) -> None:
        key = OrderKey(Side.LONG, Role.GRID, 0, 1, revision)
        name = client_id(desk.book.tag, key)
        world.judge.synced([OrderIntended(name, desk.symbol, key, far, quantity, False, 0)])
        world.exchange.place(desk.symbol, name, Side.LONG, False, far, quantity)

    send(8)
    with pytest.raises(Broken, match="I-01"):
        send(9)


def test_a_fact_that_counts_twice_is_named(world: World) -> None:
    """I-21: in one process, and in a journal that is read."""
    fact = next(fact for fact in world.judge.facts if isinstance(fact, Execution))
    with pytest.raises(Broken, match="I-21"):
        world.judge.told(fact)
    with pytest.raises(Broken, match="I-21"):
        world.judge.begin([fact, fact])


def test_an_id_with_two_meanings_is_named(world: World) -> None:
    """I-03: the same client id for another level."""
    wish = place(world, Role.GRID)
    intent = OrderIntended(wish.client_id, wish.symbol, wish.key, wish.price, Decimal(1), False, 0)
    world.judge.told(intent)
    with pytest.raises(Broken, match="I-03"):
        world.judge.told(intent._replace(key=wish.key._replace(level=0)))


def test_a_look_ahead_that_spends_the_reserve_is_named(world: World) -> None:
    """I-18: it rests at the exchange, and what is available is less than a reserve of everything."""
    world.heal()
    session, desk = session_of(world), desk_of(world)
    session.policy = session.policy._replace(buffer_fraction=Decimal(1))
    resting = next(order for order in desk.book.orders.values() if order.key.role.is_entry)
    ahead = place(world, Role.GRID, urgency=Urgency.LOOK_AHEAD)
    world.judge.sending([ahead])
    world.judge.sent(ahead)
    with pytest.raises(Broken, match="I-18"):
        world.judge.sent(ahead._replace(client_id=resting.client_id))


def test_a_book_that_breaks_the_contract_is_named(world: World) -> None:
    """The invariants of the domain are judged before every request, too (I-05: a price off the tick)."""
    order = next(iter(desk_of(world).book.orders.values()))
    order.price += Decimal("0.000001")
    with pytest.raises(Broken, match="I-05"):
        world.judge.step()


def test_a_bot_that_wakes_without_end_is_named(world: World) -> None:
    """I-36: hundreds of steps and not a millisecond has passed."""
    for _ in range(400):
        world.judge.step()
    world.step()  # time passes: the count begins anew
    world.judge.step()
    for _ in range(500 - world.judge._steps):
        world.judge.step()
    with pytest.raises(Broken, match="I-36: 501 steps within one millisecond"):
        world.judge.step()
