"""One stream and its keeper, on a socket that a test holds in its hand."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from gridhedge.domain.errors import NotSent
from gridhedge.venue.bybit.tickers import PUBLIC_PACE
from gridhedge.venue.bybit.venue import PRIVATE_PACE
from gridhedge.venue.clock import monotonic_ms
from gridhedge.venue.fields import Row
from gridhedge.venue.keeper import Keeper, Pace
from tests.patience import until

QUICK = Pace(attempts=3, pongs_count=True, silence=0.3, look_every=0.02, first=0.01, slowest=0.05, handshake=0.2)


class HandWire:
    """A socket that answers subscriptions as it is told."""

    def __init__(self, hear: Callable[[object], None], trouble: Callable[[str], None], answer: object) -> None:
        self.hear, self.trouble, self.answer = hear, trouble, answer
        self.alive, self.pong, self.closed = True, 0.0, False
        self.looks = 0
        """How often the keeper has looked for pongs."""
        self.sent: list[Row] = []

    def is_alive(self) -> bool:
        return self.alive

    def last_pong(self) -> float:
        self.looks += 1
        return self.pong

    def send(self, message: Row) -> None:
        self.sent.append(message)
        if self.answer is not None:
            self.hear(self.answer)

    def close(self) -> None:
        self.closed = True
        self.alive = False

    def die(self) -> None:
        self.alive = False
        self.trouble("gone")


class Change(NamedTuple):
    """What was told of the stream."""

    up: bool
    text: str


class Bench:
    """A keeper, its sockets, and everything that was told."""

    def __init__(self, pace: Pace, local: Callable[[], int] = monotonic_ms) -> None:
        self.wires: list[HandWire] = []
        self.answer: object = {"op": "subscribe", "success": True}
        self.refuse = 0
        """How many of the next attempts to open fail."""
        self.taken: list[object] = []
        self.gaps: list[str] = []
        self.told: list[Change] = []
        self.keeper = Keeper(
            "private stream", ["order"], self.open, self.taken.append, self.gaps.append, self.changed,
            local, pace, logging.getLogger("gridhedge.account.test"),
        )  # fmt: skip

    def open(self, hear: Callable[[object], None], trouble: Callable[[str], None]) -> HandWire:
        if self.refuse:
            self.refuse -= 1
            raise NotSent("refused")
        self.wires.append(HandWire(hear, trouble, self.answer))
        return self.wires[-1]

    def changed(self, name: str, up: bool, why: str) -> None:
        assert name == self.keeper.name
        self.told.append(Change(up, why))

    def wait_for(self, count: int) -> list[Change]:
        until(lambda: len(self.told) >= count, lambda: self.told)
        return self.told


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(QUICK._replace(silence=60))
    yield bench
    bench.keeper.close()


def test_the_first_opening_subscribes_and_tells_nothing(bench: Bench) -> None:
    """The session synchronises after it anyway."""
    bench.keeper.start()
    (wire,) = bench.wires
    assert wire.sent == [{"op": "subscribe", "req_id": "private stream", "args": ["order"]}]
    wire.hear({"topic": "order"})
    assert bench.taken == [{"topic": "order"}]
    assert bench.told == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"op": "auth", "success": False, "retMsg": "Invalid apikey"}, "Invalid apikey"),
        ({"op": "subscribe", "success": False, "ret_msg": "handler not found"}, "handler not found"),
        (None, "does not answer"),
    ],
)
def test_a_stream_that_is_not_let_in_is_an_error_at_the_start(bench: Bench, answer: object, sentence: str) -> None:
    """And its socket is closed."""
    bench.answer = answer
    with pytest.raises(NotSent, match=sentence):
        bench.keeper.start()
    assert bench.wires[0].closed


def test_a_dead_socket_is_told_closed_and_replaced(bench: Bench) -> None:
    """Down, then up; subscriptions are restored."""
    bench.keeper.start()
    bench.wires[0].die()
    down, up = bench.wait_for(2)
    assert (down.up, down.text, up.up) == (False, "the connection was lost", True)
    assert bench.wires[0].closed
    assert [message["args"] for message in bench.wires[1].sent] == [["order"]]
    assert bench.keeper.down_since is None


def test_after_three_failed_attempts_it_is_frozen_and_goes_on_trying(bench: Bench) -> None:
    """The seed's bot ended here; a sleeper's must not. It is told once."""
    bench.keeper.start()
    bench.refuse = 5
    bench.wires[0].die()
    down, frozen, up = bench.wait_for(3)
    assert (down.up, frozen.up, up.up) == (False, False, True)
    assert frozen.text == "frozen, nothing is sent: 3 attempts to open it have failed, one more every 0 s: refused"
    assert bench.refuse == 0


def test_a_stream_that_dies_young_was_not_restored() -> None:
    """It is opened, subscribed and lost again and again: the pauses grow all the same, until it has settled."""
    bench = Bench(QUICK._replace(silence=60, first=0.04, slowest=60))
    bench.keeper.start()
    for round in range(3):
        before = time.monotonic()
        bench.wires[-1].die()
        assert bench.wait_for(2 * round + 2)[-1].up
        assert time.monotonic() - before >= 0.04 * 2**round
    bench.wires[-1].die()
    assert not bench.wait_for(7)[-1].up
    assert len(bench.wires) == 4
    bench.keeper.close()


def test_a_stream_that_has_settled_begins_with_the_shortest_pause() -> None:
    """Its former attempts are forgotten: without that the fourth would take a minute."""
    bench = Bench(QUICK._replace(silence=60, slowest=60, settled=0))
    bench.keeper.start()
    for round in range(6):
        bench.wires[-1].die()
        assert bench.wait_for(2 * round + 2)[-1].up
    bench.keeper.close()


@pytest.mark.parametrize("answer", [{"op": "auth", "success": False, "ret_msg": "Invalid apikey"}, None], ids=str)
def test_a_stream_that_is_not_let_in_any_more_is_frozen(bench: Bench, answer: object) -> None:
    """The key was revoked, or nothing answers: an attempt counts only when the subscription is confirmed."""
    bench.keeper.start()
    bench.answer = answer
    bench.wires[0].die()
    assert bench.wait_for(2)[1].text.startswith("frozen")
    assert all(wire.closed for wire in bench.wires[:3])
    bench.answer = {"op": "subscribe", "success": True}
    assert bench.wait_for(3)[2].up


def test_how_long_it_has_been_down_can_be_asked(bench: Bench) -> None:
    """The emergency after ten minutes rests on it."""
    bench.keeper.start()
    assert bench.keeper.down_since is None
    bench.refuse = 10**6
    before = monotonic_ms()
    bench.wires[0].die()
    bench.wait_for(2)
    since = bench.keeper.down_since
    assert since is not None
    assert before <= since <= monotonic_ms()


def test_a_message_that_was_no_json_is_a_gap_of_a_living_stream(bench: Bench) -> None:
    """It stays open."""
    bench.keeper.start()
    bench.wires[0].trouble("JSONDecodeError: cut")
    assert bench.gaps == ["JSONDecodeError: cut"]
    assert bench.told == []


def test_silence_is_death_and_pongs_are_life_where_silence_is_usual() -> None:
    """The same silent socket: its pongs keep an account's stream, and do not keep a stream of prices."""
    silent = Bench(QUICK._replace(pongs_count=False))
    silent.keeper.start()
    down, up = silent.wait_for(2)[:2]
    assert "nothing came for" in down.text
    assert up.up
    silent.keeper.close()
    clock = [0]
    patient = Bench(QUICK, lambda: clock[0])
    patient.keeper.start()
    (wire,) = patient.wires
    for beat in range(20):
        wire.pong = beat + 1.0
        seen = wire.looks + 2
        until(lambda seen=seen: wire.looks >= seen)  # a look that began after the pong has ended
        clock[0] += 250
    assert patient.told == []
    patient.keeper.close()


def test_pauses_double_up_to_a_minute() -> None:
    """1, 2, 4 … 60 before the attempts for prices; for the account three attempts, then one a minute."""
    public, private = PUBLIC_PACE, PRIVATE_PACE
    assert [public.pause(attempt) for attempt in range(1, 12)] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert [private.pause(attempt) for attempt in range(1, 6)] == [1, 2, 4, 60, 60]
    for pace in (public, private):
        assert (pace.silence, pace.look_every) == (30, 5)
    assert (public.attempts, private.attempts) == (10, 3)
