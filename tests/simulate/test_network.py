"""What lies between bot and exchange: clock, late requests, and a stream that doubles, delays and drops."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.events import ConnectionChanged, Funding, MarketSeen
from gridhedge.domain.values import Side
from gridhedge.engine.inbox import DequeInbox
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.network import MAX_SKEW_MS, Network, Stream
from gridhedge.simulate.run import run_seed
from tests.simulate.calm_worlds import calm_world


def network() -> Network:
    return calm_world(1).network


def fact(number: int) -> Funding:
    return Funding(f"F{number}", "DOGEUSDT", Side.LONG, Decimal(1), Decimal(1), number)


def test_the_clock_is_bounded_and_never_runs_back() -> None:
    """However it is turned, it stays within its correction, and a turn back makes it stand."""
    line = network()
    line.turn_clock(10_000)
    ahead = line.now()
    assert ahead == line.paper.now() + MAX_SKEW_MS
    line.turn_clock(-10_000)
    assert line.now() == ahead
    assert line.skew == -MAX_SKEW_MS


def test_trouble_lasts_as_long_as_it_should() -> None:
    """Two seconds of it, by the exchange's time."""
    line = network()
    line.begin("F-21", 2000)
    assert line.has("F-22", "F-21") == "F-21"
    line.pass_time(line.paper.now() + 2000)
    assert line.has("F-21") == ""


def test_a_dropped_stream_loses_what_happens_meanwhile() -> None:
    """Down, nothing, up: and then facts come again."""
    line, inbox = network(), DequeInbox()
    stream = Stream(inbox, line)
    stream.drop("reset", 1000)
    stream.put(fact(1))
    assert not stream.catch_up()
    line.pass_time(line.paper.now() + 1000)
    assert stream.catch_up()
    stream.put(fact(2))
    down, up, told = inbox.drain()
    assert isinstance(down, ConnectionChanged)
    assert isinstance(up, ConnectionChanged)
    assert (down.up, up.up, told) == (False, True, fact(2))


def test_a_silent_stream_says_nothing_and_is_renewed() -> None:
    """No word of it while it lasts; a bounce afterwards, so that the gap is filled."""
    line, inbox = network(), DequeInbox()
    stream = Stream(inbox, line)
    stream.fall_silent(1000)
    stream.put(fact(1))
    assert inbox.drain() == []
    line.pass_time(line.paper.now() + 1000)
    assert stream.catch_up()
    assert [type(seen) for seen in inbox.drain()] == [ConnectionChanged, ConnectionChanged]


def test_a_blind_feed_loses_prices_only() -> None:
    """F-66: facts still come."""
    line, inbox = network(), DequeInbox()
    stream = Stream(inbox, line)
    line.is_blind = line.paper.now() + 1
    price = Decimal(1)
    stream.put(MarketSeen("DOGEUSDT", price, price, price, price, 0))
    stream.put(fact(1))
    assert inbox.drain() == [fact(1)]


def test_doubled_and_overtaking_messages_end_in_the_same_books() -> None:
    """I-28: worlds in which messages come twice and out of order, and nothing else happens: they recover, and every
    execution has counted once."""
    tried = 0
    for seed in range(60):
        unruly = frozenset(strike for strike in run_seed(seed, 60).struck if strike.fault in ("F-30", "F-31"))
        if unruly:
            tried += 1
            assert run_seed(seed, 60, unruly).violation is None
    assert tried >= 10


def test_a_healed_stream_delivers_what_it_held_back() -> None:
    """Nothing that was only late is lost for good."""
    line, inbox = network(), DequeInbox()
    line.chaos = Chaos(next(seed for seed in range(999) if _holds_back(seed)))
    stream = Stream(inbox, line)
    for number in range(300):
        stream.put(fact(number))
    line.chaos.active = False
    stream.heal()
    assert {seen.funding_id for seen in inbox.drain() if isinstance(seen, Funding)} == {f"F{n}" for n in range(300)}


def _holds_back(seed: int) -> bool:
    """Whether messages are late or overtaken in this world, and none is lost."""
    at_home = Chaos(seed)._rates
    return {"F-31", "F-32"} <= set(at_home) and not {"F-33", "F-35"} & set(at_home)
