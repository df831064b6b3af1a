"""Price streams that accounts share, on sockets that a test holds in its hand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.errors import NotSent
from gridhedge.domain.events import MarketSeen
from gridhedge.venue.keeper import Pace
from gridhedge.venue.prices import Listener, PriceSource, PriceStreams
from tests.patience import PATIENCE_S, until

PACE = Pace(attempts=2, pongs_count=False, silence=60, look_every=0.02, first=0.01, slowest=0.05, handshake=0.2)
NAME = "public stream of DOGEUSDT"


def price(symbol: str, last: int, at: int = 1) -> MarketSeen:
    return MarketSeen(symbol, D(last), D(last + 1), D(last), D(last), at)


class Wire:
    def __init__(self, hear: Callable[[object], None], trouble: Callable[[str], None]) -> None:
        self.hear, self.trouble, self.alive = hear, trouble, True

    def is_alive(self) -> bool:
        return self.alive

    def last_pong(self) -> float:
        return 0.0

    def send(self, message: Any) -> None:
        self.hear({"op": "subscribe", "success": True})

    def close(self) -> None:
        self.alive = False

    def die(self) -> None:
        self.alive = False
        self.trouble("gone")


class Exchange:
    """Opens a socket for whoever asks, unless it refuses. A message of its streams is a picture, or is nothing."""

    def __init__(self) -> None:
        self.wires: list[tuple[tuple[str, ...], Wire]] = []
        self.refuses = False
        self.hangs = threading.Event()
        self.hangs.set()
        self.streams = PriceStreams(self.source, PACE, logging.getLogger("gridhedge.test"))

    def source(self, symbols: Sequence[str]) -> PriceSource:
        def open_wire(hear: Callable[[object], None], trouble: Callable[[str], None]) -> Wire:
            assert self.hangs.wait(PATIENCE_S)
            if self.refuses:
                raise NotSent("refused")
            self.wires.append((tuple(symbols), Wire(hear, trouble)))
            return self.wires[-1][1]

        return PriceSource(tuple(symbols), open_wire, lambda said: said if isinstance(said, MarketSeen) else None)

    def open(self) -> list[tuple[str, ...]]:
        """The symbols of each open socket."""
        return [symbols for symbols, wire in self.wires if wire.alive]

    def say(self, seen: MarketSeen) -> None:
        for symbols, wire in self.wires:
            if wire.alive and seen.symbol in symbols:
                wire.hear(seen)


class Account:
    """Listens, and remembers what it was told, and with whose clock."""

    def __init__(self, exchange: Exchange, *symbols: str) -> None:
        self.exchange = exchange
        self.seen: list[MarketSeen] = []
        self.changes: list[tuple[str, bool, str]] = []
        self.ear = Listener(frozenset(symbols or ("DOGEUSDT",)), self.seen.append, self.change)

    def change(self, name: str, up: bool, why: str) -> None:
        self.changes.append((name, up, why))

    def join(self) -> Account:
        self.streams = self.exchange.streams.join(self.ear)
        return self

    def leave(self) -> None:
        self.exchange.streams.leave(self.ear)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange()
    yield exchange
    assert exchange.open() == []


def test_accounts_of_one_symbol_share_a_socket_which_the_last_closes(exchange: Exchange) -> None:
    """Both are told everything; whoever has left is told nothing more."""
    first, second = Account(exchange).join(), Account(exchange).join()
    assert exchange.open() == [("DOGEUSDT",)]
    exchange.say(price("DOGEUSDT", 1))
    first.leave()
    exchange.say(price("DOGEUSDT", 2))
    assert [first.seen, second.seen] == [[price("DOGEUSDT", 1)], [price("DOGEUSDT", 1), price("DOGEUSDT", 2)]]
    assert exchange.open() == [("DOGEUSDT",)]
    second.leave()
    assert exchange.open() == []
    assert first.changes == second.changes == []


def test_a_late_joiner_is_told_the_whole_picture_at_once(exchange: Exchange) -> None:
    """Deltas tell no picture to one who has not heard the snapshot. The others are not told again."""
    first = Account(exchange).join()
    exchange.say(price("DOGEUSDT", 1))
    exchange.say(price("DOGEUSDT", 2))
    late = Account(exchange).join()
    assert late.seen == [price("DOGEUSDT", 2)]
    assert len(first.seen) == 2
    first.leave()
    late.leave()


def test_one_who_comes_back_hears_what_is_true_now(exchange: Exchange) -> None:
    """The stream that the last has closed tells nobody its old prices."""
    account = Account(exchange).join()
    exchange.say(price("DOGEUSDT", 1))
    account.leave()
    again = Account(exchange).join()
    assert again.seen == []
    exchange.say(price("DOGEUSDT", 2))
    assert again.seen == [price("DOGEUSDT", 2)]
    again.leave()


def test_only_what_nobody_hears_yet_is_opened(exchange: Exchange) -> None:
    """An account hears its own symbols only, over as many streams as tell them; each is closed when all have left."""
    both = Account(exchange, "BTCUSDT", "DOGEUSDT").join()
    other = Account(exchange, "DOGEUSDT", "ETHUSDT").join()
    assert exchange.open() == [("BTCUSDT", "DOGEUSDT"), ("ETHUSDT",)]
    for symbol in ("BTCUSDT", "DOGEUSDT", "ETHUSDT"):
        exchange.say(price(symbol, 1))
    assert [seen.symbol for seen in both.seen] == ["BTCUSDT", "DOGEUSDT"]
    assert [seen.symbol for seen in other.seen] == ["DOGEUSDT", "ETHUSDT"]
    assert [stream.name for stream in other.streams] == [
        "public stream of BTCUSDT, DOGEUSDT",
        "public stream of ETHUSDT",
    ]
    both.leave()
    assert exchange.open() == [("BTCUSDT", "DOGEUSDT"), ("ETHUSDT",)]
    other.leave()


def test_everybody_is_told_that_it_is_down_and_up(exchange: Exchange) -> None:
    """Whoever comes while it is down learns of it, and is not told the prices of before."""
    first, second = Account(exchange).join(), Account(exchange).join()
    exchange.say(price("DOGEUSDT", 1))
    exchange.refuses = True
    exchange.wires[0][1].die()
    until(lambda: len(second.changes) == 2)  # down, and frozen
    late = Account(exchange).join()
    assert late.changes == second.changes[-1:]
    assert late.changes[0][:2] == (NAME, False)
    assert late.seen == []
    exchange.refuses = False
    until(lambda: late.changes[-1][1])
    assert first.changes == second.changes
    assert [up for _, up, _ in first.changes] == [False, False, True]
    for account in (first, second, late):
        account.leave()


def test_one_who_leaves_while_it_is_down_is_told_nothing_more(exchange: Exchange) -> None:
    """The stream is restored for the one who stays."""
    leaver, stayer = Account(exchange).join(), Account(exchange).join()
    exchange.refuses = True
    exchange.wires[0][1].die()
    until(lambda: stayer.changes)
    leaver.leave()
    told = list(leaver.changes)
    exchange.refuses = False
    until(lambda: stayer.changes[-1][1])
    exchange.say(price("DOGEUSDT", 2))
    assert stayer.seen == [price("DOGEUSDT", 2)]
    assert (leaver.changes, leaver.seen) == (told, [])
    stayer.leave()


def test_a_failed_start_leaves_nothing_behind(exchange: Exchange) -> None:
    """Neither a stream nor a listener, also where another of its streams is open; the next one may try again."""
    other = Account(exchange, "BTCUSDT").join()
    exchange.refuses = True
    failed = Account(exchange, "BTCUSDT", "DOGEUSDT")
    with pytest.raises(NotSent, match="refused"):
        failed.join()
    failed.leave()
    exchange.say(price("BTCUSDT", 1))
    assert failed.seen == []
    exchange.refuses = False
    again = Account(exchange).join()
    assert exchange.open() == [("BTCUSDT",), ("DOGEUSDT",)]
    again.leave()
    other.leave()


def test_accounts_that_come_at_once_open_one_socket(exchange: Exchange) -> None:
    """The second waits for the first's, however long that takes."""
    accounts = [Account(exchange) for _ in range(4)]
    exchange.hangs.clear()
    threads = [threading.Thread(target=account.join) for account in accounts]
    for thread in threads:
        thread.start()
    exchange.hangs.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert exchange.open() == [("DOGEUSDT",)]
    exchange.say(price("DOGEUSDT", 1))
    assert [account.seen for account in accounts] == [[price("DOGEUSDT", 1)]] * 4
    for account in accounts:
        account.leave()


def test_everybody_hears_every_price_once_and_in_order_whoever_comes_and_goes(exchange: Exchange) -> None:
    """A joiner begins with some picture and misses nothing after it."""
    stayer = Account(exchange).join()
    done = threading.Event()

    def talk() -> None:
        for number in range(1, 5_000):
            exchange.say(price("DOGEUSDT", number, number))
        done.set()

    talker = threading.Thread(target=talk)
    talker.start()
    guests: list[Account] = []
    while not done.is_set():
        guests.append(Account(exchange).join())
        guests[-1].leave()
    late = Account(exchange).join()
    talker.join()
    assert [seen.at for seen in stayer.seen] == list(range(1, 5_000))
    for guest in guests:
        heard = [seen.at for seen in guest.seen]
        assert heard == list(range(heard[0], heard[0] + len(heard))) if heard else True
    assert [seen.at for seen in late.seen] == [4_999]
    late.leave()
    stayer.leave()


def test_leaving_twice_is_leaving_once(exchange: Exchange) -> None:
    """A venue may be closed twice."""
    first, second = Account(exchange).join(), Account(exchange).join()
    first.leave()
    first.leave()
    assert exchange.open() == [("DOGEUSDT",)]
    second.leave()
