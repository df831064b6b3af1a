"""The seeded market."""

from __future__ import annotations

from decimal import Decimal as D
from math import inf

from gridhedge.venue.paper.synthetic import SyntheticFeed

START = 1_767_225_600_000


def feed(seed: int = 7) -> SyntheticFeed:
    return SyntheticFeed(seed, START, D("0.19933"), D("0.00001"))


def prices(made: SyntheticFeed, count: int) -> list[str]:
    """One price per second from the present on."""
    seen = []
    for _ in range(count):
        made.pass_to(made.at + 1000)
        seen.append(str(made.price))
    return seen


def test_a_seed_gives_these_prices_on_every_machine() -> None:
    """Integer arithmetic only: the numbers themselves are the contract."""
    assert prices(feed(7), 6) == ["0.19936", "0.19919", "0.19937", "0.19936", "0.19947", "0.19952"]
    assert prices(feed(8), 3) == ["0.19928", "0.19948", "0.19950"]


def test_prices_are_on_the_tick_and_stay_in_reach_of_the_first() -> None:
    """A day of seconds: multiples of 0.00001, never far from home, never quiet."""
    seen = [D(price) for price in prices(feed(), 86_400)]
    assert all(price % D("0.00001") == 0 for price in seen)
    assert min(seen) > D("0.10")
    assert max(seen) < D("0.40")
    hours = [seen[hour * 3600 : (hour + 1) * 3600] for hour in range(24)]
    assert all(max(hour) / min(hour) > D("1.01") for hour in hours)


def test_looking_ahead_changes_nothing() -> None:
    """A search far ahead makes points, but neither position nor cursor."""
    looked, other = feed(), feed()
    before = looked.cursor()
    assert looked.seek(-inf, 0.2, START + 3_600_000) is not None
    assert looked.cursor() == before == other.cursor()
    assert prices(looked, 50) == prices(other, 50)


def test_a_restored_feed_goes_on_with_the_same_prices() -> None:
    """The cursor holds index, level and regime, at any moment, also between two steps and after many."""
    for passed in (0, 999, 1000, 61_500, 2_000_000):
        made, other = feed(), feed()
        made.pass_to(START + passed)
        made.seek(-inf, inf, START + passed + 30_000)
        other.restore(made.cursor())
        assert (other.at, other.price, other.number) == (made.at, made.price, made.number)
        assert prices(other, 100) == prices(made, 100)


def test_a_price_never_falls_below_one_tick() -> None:
    """Started at one tick with huge moves it stays positive."""
    made = SyntheticFeed(1, 0, D("0.5"), D("0.5"), volatility_ppm=200_000)
    assert all(D(price) >= D("0.5") for price in prices(made, 2000))
