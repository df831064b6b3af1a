"""Closed candles on their way to a strategy."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.candles import Candles, Timeframe
from gridhedge.domain.errors import NotSent, RateLimited, VenueError
from gridhedge.domain.events import CycleOpened, SignalSeen
from gridhedge.domain.values import Side
from gridhedge.engine.candles import GRACE_MS, CandleWatch
from gridhedge.strategy.signals import Signals
from gridhedge.strategy.view import CandleReader
from gridhedge.venue.paper.feed import ScriptedFeed
from tests.engine.worlds import START, World, profile

MINUTE = Timeframe.M1.ms
SIGNAL: dict[str, Any] = {
    "kind": "signal", "timeframe": "1m", "sma_period": 3, "space_percent": D(1), "space_orders": 3,
    "space_lots": D(100), "basket_profit": D(1),
}  # fmt: skip


class Candlestick:
    """A venue that tells as many candles of a minute as it is told to have."""

    def __init__(self) -> None:
        self.known = 0
        self.asked = 0
        self.error: VenueError | None = None

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        self.asked += 1
        if self.error is not None:
            raise self.error
        prices = [1.0] * self.known
        return Candles([number * MINUTE for number in range(self.known)], prices, prices, prices)


def watch(venue: Candlestick) -> CandleWatch:
    """Reads the number of candles as the close, so that it can be told what has been read."""
    return CandleWatch(
        "X",
        CandleReader(
            Timeframe.M1,
            500,
            lambda symbol, seen, now: SignalSeen(symbol, 0, D(len(seen.times)), (), (), now),
            _unused,
            lambda book, rules, alarms, now: None,
        ),
    )


def _unused(candles: Candles) -> Signals:
    raise AssertionError("these candles are not known in advance")


def read(made: CandleWatch) -> int:
    assert made.signal is not None
    return int(made.signal.close)


def test_candles_are_read_at_the_start_and_a_little_after_every_close() -> None:
    """Within the sixth minute five have closed; the next look is two seconds after the sixth has."""
    venue = Candlestick()
    venue.known = 5
    made = watch(venue)
    assert made.due == 0
    assert made.look(venue, 5 * MINUTE + 30_000)
    assert (read(made), made.due) == (5, 6 * MINUTE + GRACE_MS)


def test_a_candle_that_is_not_there_yet_is_asked_for_again_less_and_less_often() -> None:
    """After 1, 2, 4, 8 … seconds; what the old one said stands meanwhile."""
    venue = Candlestick()
    venue.known = 5
    made = watch(venue)
    made.look(venue, 5 * MINUTE + 30_000)
    at, waits = made.due, []
    for _ in range(4):
        assert not made.look(venue, at)
        waits.append(made.due - at)
        at = made.due
    assert waits == [1000, 2000, 4000, 8000]
    venue.known = 6
    assert made.look(venue, at)
    assert (read(made), made.due) == (6, 7 * MINUTE + GRACE_MS)


def test_a_candle_that_never_comes_is_given_up_for_the_next_one() -> None:
    """An outage of an hour costs a handful of questions a minute, and the next close is not missed."""
    venue = Candlestick()
    venue.known = 5
    made = watch(venue)
    at = 5 * MINUTE + 30_000
    while at < 65 * MINUTE:
        made.look(venue, at)
        assert at < made.due <= at // MINUTE * MINUTE + MINUTE + GRACE_MS
        at = made.due
    assert venue.asked < 60 * 7


@pytest.mark.parametrize(
    ("error", "due"), [(NotSent("no connection"), 9_000 + 5_000), (RateLimited("slow down", 60_000), 60_000)]
)
def test_a_read_that_fails_is_tried_again(error: VenueError, due: int) -> None:
    """After five seconds, or when the venue allows it."""
    venue = Candlestick()
    venue.error = error
    made = watch(venue)
    with pytest.raises(type(error)):
        made.look(venue, 9_000)
    assert made.due == due


def falling(minutes: int) -> ScriptedFeed:
    """DOGE, a tenth of a percent lower every minute."""
    return ScriptedFeed((START + minute * MINUTE, D("0.20000") - D("0.0002") * minute) for minute in range(minutes))


def test_a_session_opens_a_basket_at_the_close_that_gives_the_signal() -> None:
    """Three candles are needed; in a fall SAR stands above the average: BUY, two seconds after the third close."""
    world = signal_world(falling(10)).start()
    world.tick(179)
    assert world.held(Side.LONG) == 0
    world.tick(4)
    assert world.held(Side.LONG) == 100
    opened = next(event for event in world.ear.events if isinstance(event, CycleOpened))
    assert opened.at == START + 3 * MINUTE + GRACE_MS
    (seen,) = [event for event in world.ear.events if isinstance(event, SignalSeen)]
    assert (seen.candle, seen.stands) == (START + 3 * MINUTE, (Side.LONG,))


def test_a_restart_reads_the_candles_that_have_closed_meanwhile() -> None:
    """The bot was away for two minutes: it goes on with the last signal, and opens nothing twice."""
    world = signal_world(falling(10)).start()
    world.tick(190)
    events = list(world.journal.events)
    world.exchange.advance(START + 6 * MINUTE + 1)
    world.begin(events)
    world.start()
    assert world.desk.candles is not None
    assert world.desk.candles.signal is not None
    assert world.desk.candles.signal.candle == START + 5 * MINUTE
    world.tick(2)
    assert [order.key.level for order in world.book.orders.values() if order.key.role.is_entry] == [1]
    assert world.held(Side.LONG) == 100


def signal_world(feed: ScriptedFeed) -> World:
    settings = profile()
    entry = {"symbol": "DOGEUSDT", "leverage": 75, "strategy": SIGNAL}
    document = settings.model_dump() | {"symbols": [entry]}
    return World(type(settings).model_validate(document), feed=feed)
