"""Accounts side by side, and the time they share."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Side
from gridhedge.practice.bybit.rows import Rows
from gridhedge.practice.clock import Clock
from gridhedge.practice.prices import synthetic
from gridhedge.practice.world import Options, World
from gridhedge.venue.clock import clock_check
from tests.funding import FarFunding


class Wall:
    now = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now


def world(wall: Wall, folder: Path | None = None, seed: int = 1, speed: int = 60, keys: str = "a b") -> World:
    options = Options(
        prices=(synthetic("DOGEUSDT", D("0.2"), seed), synthetic("BTCUSDT", D(60_000), seed)),
        keys=dict.fromkeys(keys.split(), "secret"),
        speed=speed,
        data_dir=folder,
    )
    clock = Clock(speed, wall)
    return World(options, Rows(clock), clock)


def test_accounts_see_the_same_prices_and_keep_apart_what_they_do() -> None:
    """An order of one is no business of the other."""
    wall = Wall()
    made = world(wall)
    first, second = made.desks["a"].exchange, made.desks["b"].exchange
    first.place("DOGEUSDT", "x", Side.LONG, False, D(0), D(1000), market=True)
    wall.now += 10_000
    made.catch_up()
    assert first.now() == second.now() == 1_795_000_000_000 + 600_000
    assert first.mark("DOGEUSDT") == second.mark("DOGEUSDT") != D("0.2")
    assert made.tapes["DOGEUSDT"].prints[-1].price == first.mark("DOGEUSDT")
    assert first.market("DOGEUSDT").long.quantity == D(1000)
    assert second.account.wallet == D(10_000)


def test_a_killed_world_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    """Wallets, prices and time; what happened before keeps the time that clients were told."""
    wall = Wall()
    before = world(wall, tmp_path)
    wall.now += 5_000
    before.catch_up()
    before.desks["a"].exchange.place("DOGEUSDT", "x", Side.LONG, False, D(0), D(1000), market=True)
    before.save()
    at, price = before.first.exchange.now(), before.first.exchange.mark("DOGEUSDT")
    told = before.clock.shown(at)
    wall.now += 3_600_000
    after = world(wall, tmp_path)
    assert after.first.exchange.now() == at + 1
    assert after.first.exchange.mark("DOGEUSDT") == price
    assert after.clock.shown(at) == told == 1_795_000_005_000
    assert after.books("a").replace(f'"now": {at + 1}', f'"now": {at}') == before.books("a")
    wall.now += 1_000
    after.catch_up()
    assert after.first.exchange.now() == at + 1 + 60_000
    before.close()
    after.close()


def test_seeded_prices_whose_time_is_told_are_of_another_day() -> None:
    """At 60x their time is seen to be another one, and not taken for a clock that runs ahead of the client's."""
    wall = Wall()
    clock = Clock(60, wall, tells_exchange_time=True)
    options = Options(prices=(synthetic("DOGEUSDT", D("0.2"), 1),), keys={"a": "secret"}, speed=60)
    made = World(options, Rows(clock), clock)
    wall.now += 5_000
    made.catch_up()
    assert made.first.exchange.now() == clock.now() == 1_736_121_600_000 + 300_000
    seen = clock_check(clock.now, "Bybit", is_practice=True, wall=wall)
    assert (seen.passed, seen.text) == (None, "this Bybit, of this machine, keeps the time of its data")


@pytest.mark.parametrize("days", [-1.9, -1, 0, 1.9])
def test_a_time_near_the_present_is_not_told(days: float) -> None:
    """A client would take it for a clock that is wrong."""
    wall = Wall()
    clock = Clock(60, wall, tells_exchange_time=True)
    prices = synthetic("DOGEUSDT", D("0.2"), 1)._replace(begin=wall.now + int(days * 86_400_000))
    with pytest.raises(UsageError, match="--time data: the prices begin within two days of now"):
        World(Options(prices=(prices,), keys={"a": "secret"}, speed=60), Rows(clock), clock)


def test_charges_are_those_that_the_funding_plan_has_made() -> None:
    """At whatever times it charges."""
    wall = Wall()
    made = world(wall, speed=1)
    begin, hour = wall.now, 3_600_000
    made.first.exchange.market("DOGEUSDT").funding = plan = FarFunding(begin)
    first = plan.after(begin)
    assert 4 * hour < first - begin <= 5 * hour
    assert made.charges("DOGEUSDT") == []
    made.skip(first - begin)
    assert made.charges("DOGEUSDT") == [first]
    made.skip(9 * hour)
    assert made.charges("DOGEUSDT") == [first, first + 8 * hour]


def test_a_new_account_joins_at_the_time_of_the_others(tmp_path: Path) -> None:
    """A key that is added later sees the same present."""
    wall = Wall()
    before = world(wall, tmp_path, keys="a")
    wall.now += 5_000
    before.catch_up()
    before.close()
    after = world(wall, tmp_path, keys="a b")
    assert after.desks["b"].exchange.now() == after.desks["a"].exchange.now()
    assert after.desks["b"].exchange.mark("BTCUSDT") == after.desks["a"].exchange.mark("BTCUSDT")
    after.close()


def test_a_kept_world_refuses_other_prices_and_another_speed(tmp_path: Path) -> None:
    """Two sentences that say what to do."""
    wall = Wall()
    world(wall, tmp_path).close()
    with pytest.raises(UsageError, match=r"on other prices .*give it the same data and seed, or another --data-dir"):
        world(wall, tmp_path, seed=2)
    with pytest.raises(UsageError, match="has run with --speed 60: use the same, or another --data-dir"):
        world(wall, tmp_path, speed=1)


def test_a_skip_lets_everything_in_between_happen() -> None:
    """Eight hours bring one funding payment at 0.01 % of the mark, told at the time of the skip."""
    wall = Wall()
    made = world(wall, keys="a")
    exchange = made.first.exchange
    exchange.place("DOGEUSDT", "x", Side.LONG, False, D(0), D(1000), market=True)
    made.skip(8 * 3_600_000)
    funding = made.first.books.entries[-1].booking
    assert funding.at % (8 * 3_600_000) == 0
    assert made.clock.shown(funding.at) == wall.now
    assert made.first.books.balance == exchange.account.wallet


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"keys": {"../x": "s"}}, "key '../x': a practice key has 1 to 64 letters"),
        ({"keys": {"x": ""}}, "its secret is not empty"),
        ({"speed": 0}, "speed 0: time runs 1 to 100000 times"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object], text: str) -> None:
    """Before anything is built."""
    with pytest.raises(UsageError) as refused:
        Options(**wrong)
    assert text in str(refused.value)
