"""The whole engine on a terminal whose market closes: a weekend without prices, and a break with them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from gridhedge.domain.values import Millis
from tests.contract.bench import SYMBOL
from tests.contract.mt5_bench import Mt5Bench
from tests.contract.test_streams import Bot

MINUTE = 60_000
DAY = 1440 * MINUTE


class Closed:
    """A market's hours with one break."""

    def __init__(self, begin: Millis, end: Millis) -> None:
        self.begin, self.end = begin, end

    def opens(self, at: Millis) -> Millis:
        return self.end if self.begin <= at < self.end else at


@pytest.fixture
def bench() -> Iterator[Mt5Bench]:
    bench = Mt5Bench()
    yield bench
    bench.close()


def hurried(bot: Bot) -> Bot:
    """Its ticks last a millisecond: what passes here is passed by the clock being put forward between them."""
    session = bot.loop.session
    session.policy = session.policy._replace(tick_ms=1)
    return bot


def warnings(bot: Bot) -> list[str]:
    return [text for level, text in bot.ear.lines if level == "warning"]


def settled(bot: Bot) -> bool:
    return {"LT00", "ST00"} <= set(bot.roles()) and not bot.loop.session.step()


def test_a_weekend_does_not_fill_the_log(bench: Mt5Bench) -> None:
    """The long's take-profit is met at the last price of the week: two days without prices are one warning; with the
    first price of the next week the side opens anew."""
    bot = hurried(Bot(bench))
    bench.move(D("0.20600"))
    now = bench.broker.clock.due()
    bench.exchange.market(SYMBOL).hours = Closed(now, now + 2 * DAY)
    before = len(warnings(bot))
    bot.until(lambda: bot.ear.heard("the market is closed"))
    for _ in range(2 * 96 - 1):
        bench.ahead += 15 * MINUTE
        bot.ticks(1)
    closed = f"{SYMBOL}: the market is closed (10018 Market closed): orders wait until it is open"
    assert warnings(bot)[before:] == [closed]
    assert bot.ear.heard("the market is open again") == 0
    bench.ahead += 15 * MINUTE
    bot.until(lambda: settled(bot))
    assert bot.ear.heard("the market is open again", "info") == 1
    bot.assert_books_agree()


def test_a_start_on_a_weekend_says_once_what_it_waits_for(bench: Mt5Bench) -> None:
    """The last price is a day old, so that nothing is asked: four orders wait, each told once."""
    now = bench.broker.clock.due()
    bench.exchange.market(SYMBOL).hours = Closed(now - DAY, now + DAY)
    bot = hurried(Bot(bench, ()))
    for _ in range(95):
        bench.ahead += 15 * MINUTE
        bot.ticks(1)
    assert [("not sent: open" in text, " s old, at most 15.0 s" in text) for text in warnings(bot)] == [
        (True, True)
    ] * 4
    bench.ahead += 15 * MINUTE
    bot.until(lambda: settled(bot))
    bot.assert_books_agree()


def test_a_break_with_prices_is_asked_less_and_less_often(bench: Mt5Bench) -> None:
    """Half an hour in which prices go on and nothing is taken: five questions, and one warning."""
    bot = hurried(Bot(bench))
    before = len(warnings(bot))
    bench.broker.faults.add("closed")
    bench.move(D("0.19700"))
    bot.until(lambda: bot.ear.heard("the market is closed"))
    for _ in range(60):
        bench.ahead += MINUTE // 2
        bot.ticks(1)
    assert bench.broker.faults.struck["closed"] == 5
    assert len(warnings(bot)) - before == 1
    bench.clear()
    bench.ahead += 16 * MINUTE
    bot.until(lambda: "LG02" in bot.roles() and settled(bot))
    assert bot.ear.heard("the market is open again", "info") == 1
    bot.assert_books_agree()
