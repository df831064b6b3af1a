"""The price walks by its seed, and does what it is told."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from gridhedge.simulate.dice import Dice
from gridhedge.simulate.market import WildFeed

TICK = Decimal("0.01")


def feed(seed: int = 1, volatility: int = 1000) -> WildFeed:
    return WildFeed(Dice(seed, "price"), 0, Decimal("100"), TICK, 1000, volatility)


def walked(walk: WildFeed, seconds: int) -> list[Decimal]:
    prices = []
    for second in range(1, seconds + 1):
        walk.pass_to(second * 1000)
        prices.append(walk.price)
    return prices


def test_the_same_seed_walks_the_same_way_on_the_tick() -> None:
    """A hundred seconds, twice; another seed walks elsewhere."""
    assert walked(feed(), 100) == walked(feed(), 100) != walked(feed(2), 100)
    assert all(price % TICK == 0 for price in walked(feed(), 100))


def test_it_moves_by_about_its_volatility() -> None:
    """0.1 % a second: the mean square of a thousand steps lies between 0.05 % and 0.2 %."""
    prices = walked(feed(), 1000)
    squares = [((after - before) / before) ** 2 for before, after in pairwise(prices)]
    assert Decimal("0.0005") ** 2 < sum(squares) / len(squares) < Decimal("0.002") ** 2


def test_a_gap_lifts_the_next_price() -> None:
    """By 60 thousandths, less the weak pull towards home, in a market that stands still otherwise."""
    walk = feed(volatility=0)
    walk.gap(60)
    assert walked(walk, 1) == [Decimal("105.99")]


def test_a_spike_is_over_in_the_same_millisecond() -> None:
    """Down to 97, up to 103 and back: three points at the present moment."""
    walk = feed(volatility=0)
    walk.spike(Decimal("97.00"), Decimal("103.00"))
    seen = []
    while (leg := walk.seek(99.0, 101.0, 0)) is not None:
        walk.move(leg, leg.ends, leg.target)
        seen.append(walk.price)
    walk.pass_to(0)
    assert seen == [Decimal("97.00"), Decimal("103.00")]
    assert (walk.at, walk.price) == (0, Decimal("100"))


def test_a_frozen_price_stays_and_then_goes_on() -> None:
    """Five seconds of silence; then it rests for good."""
    walk = feed()
    walk.freeze(6000)
    prices = walked(walk, 40)
    assert prices[:5] == [Decimal("100.00")] * 5
    assert len(set(prices[5:])) > 5
    walk.calm()
    walk.pass_to(100_000)
    assert walk.price == prices[-1]


def test_a_second_holds_a_bounded_number_of_spikes() -> None:
    """A hundred asked for within one second: the price is met twenty times; the next second may spike again."""
    walk = feed()
    walk.pass_to(5000)
    points = len(walk._points)
    for _ in range(100):
        walk.spike(Decimal("90"))
    assert len(walk._points) == points + 2 * 20
    walk.pass_to(6000)
    points = len(walk._points)
    walk.spike(Decimal("90"))
    assert len(walk._points) == points + 2
