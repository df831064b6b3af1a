"""The model behind screen, JSON and server: what it says of a session whose numbers are known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.events import ConnectionChanged
from gridhedge.engine.show import account_status, side_status, symbol_status
from gridhedge.engine.status import AccountStatus, RecentEvent
from tests.engine.worlds import DOGE, START, L, S, World, profile

D = Decimal


@pytest.fixture
def world() -> World:
    """Opened at 0.19934 and 0.19933, long at level 1 as well."""
    world = World().start()
    world.tick()
    world.run_into(L, 1)
    return world


def shown(world: World) -> AccountStatus:
    event = RecentEvent(START, "info", "started")
    return account_status(world.session, True, "USDT", START, 7, {DOGE: [D(1), D(2)]}, [event])


def test_the_account_line_tells_the_sessions_own_figures(world: World) -> None:
    """The same numbers by which the bot decides."""
    status = shown(world)
    session = world.session
    assert (status.account, status.venue, status.demo, status.dry_run, status.quote) == (
        "001",
        "paper",
        True,
        False,
        "USDT",
    )
    assert (status.started, status.ticks, status.now) == (START, 7, world.exchange.now())
    assert (status.margin_balance, status.wallet_balance) == (
        session.account.margin_balance,
        session.account.wallet_balance,
    )
    assert (status.available, status.reserve) == (session.available(), session.account.margin_balance * D("0.15"))
    assert (status.mm_rate, status.mm_threshold, status.stop) == (session.mm_rate, D("90.0"), "")
    assert [event.text for event in status.events] == ["started"]
    assert status.alarms == ()


def test_available_money_is_never_shown_below_zero(world: World) -> None:
    """The engine's own floor may be negative; a person reads 0."""
    world.session.account = world.session.account._replace(available=D(-5))
    assert shown(world).available == 0


def test_a_symbol_shows_its_prices_and_both_ladders(world: World) -> None:
    """Bid, ask, last; long two levels filled and one resting, short one filled and two resting."""
    status = shown(world).symbols[0]
    assert (status.symbol, status.strategy, status.prices) == (DOGE, "symmetric", (D(1), D(2)))
    assert (status.last, status.ask - status.bid) == (world.desk.market.last, D("0.00001"))
    assert [(row.level, row.state, row.quantity, row.filled) for row in status.long.rows] == [
        (0, "filled", D(376), D(376)),
        (1, "filled", D(752), D(752)),
        (2, "resting", D(1504), D(0)),
    ]
    assert [(row.level, row.state) for row in status.short.rows] == [(0, "filled"), (1, "resting"), (2, "resting")]


def test_a_side_shows_average_take_profit_and_the_way_to_it(world: World) -> None:
    """(376 x 0.19934 + 752 x 0.19735) / 1128, and the distance from the last price in percent of it."""
    long = side_status(world.desk, world.book.long)
    book = world.book.long
    exit_order = next(iter(book.exits.values()))
    last = world.desk.market.last
    assert (long.quantity, long.average) == (D(1128), book.cost / 1128)
    assert long.take_profit == exit_order.price > last
    assert long.take_profit_distance_percent == (exit_order.price - last) / last * 100
    assert long.unrealised == (world.desk.market.mark - book.cost / 1128) * 1128 < 0
    short = side_status(world.desk, world.book.short)
    assert short.take_profit_distance_percent is not None
    assert short.take_profit_distance_percent > 0
    assert short.unrealised > 0


def test_an_ended_cycle_is_shown_as_realised(world: World) -> None:
    """The short side takes its profit: one cycle, its net result."""
    world.take_profit(S)
    short = shown(world).symbols[0].short
    assert (short.cycles, short.won, short.realised_net) == (1, 1, world.book.short.realised)
    assert short.realised_net > 0
    assert short.traded_at == world.book.short.traded_at > START


def test_a_row_names_its_order_and_when_it_executed(world: World) -> None:
    """The venue's id of the fill, then that of the order that rests."""
    long = world.book.long
    filled, _, resting = side_status(world.desk, long).rows
    assert (filled.order_id, filled.executed) == (long.fills[0].order_id, long.fills[0].executed)
    assert filled.executed >= START
    assert (resting.order_id, resting.executed) == (long.entries[2].venue_id, 0)


def test_a_row_says_in_which_state_its_level_is(world: World) -> None:
    """Partly executed, executing now, unknown."""
    book = world.book.long
    entry = book.entries[2]
    book.enter(((2, D(100)),), entry.price, D(0), 1, "v")
    assert side_status(world.desk, book).rows[2].state == "partly"
    book.now_levels = 3
    book.fills.pop()
    assert side_status(world.desk, book).rows[2].state == "now"
    entry.state = type(entry.state).UNKNOWN
    assert side_status(world.desk, book).rows[2].state == "unknown"


def test_a_flat_side_has_no_average_and_no_take_profit() -> None:
    """Before the first order."""
    world = World(profile(dry_run=True)).start()
    long = symbol_status(world.desk, ()).long
    assert (long.quantity, long.average, long.take_profit, long.take_profit_distance_percent) == (0, None, None, None)
    assert (long.rows, long.unrealised) == ((), 0)


def test_what_is_wrong_is_said(world: World) -> None:
    """A stream that is down, unknown orders, a stop, an alarm of the symbol."""
    session = world.session
    session.disconnected["private"] = ConnectionChanged("private", False, 5, "reset by peer")
    session.unknowns.open(world.book.long.entries[2], START)
    session.stopper.reason = "freeze stop: why"
    world.desk.alarms = {"budget": "no level 3"}
    status = shown(world)
    assert status.alarms == (
        "private is down: reset by peer",
        "1 orders with unknown outcome are being asked for",
    )
    assert [link[:2] for link in status.connections] == [("private", False), ("market", True)]
    assert status.stop == "freeze stop: why"
    assert status.symbols[0].alarms == ("no level 3",)


def test_a_connection_that_is_up_shows_the_age_of_the_last_price(world: World) -> None:
    """Since the last sight of the market."""
    ((stream, up, since),) = shown(world).connections
    assert (stream, up, since) == ("market", True, world.desk.market.at)


def test_showing_changes_nothing(world: World) -> None:
    """Twice the same, and not one event."""
    events = len(world.journal.events)
    assert shown(world) == shown(world)
    assert len(world.journal.events) == events
