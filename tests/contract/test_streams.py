"""Cards 80 to 89: streams that break while the bot trades. The engine runs on the adapter, in the test's own thread."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace

import pytest

from gridhedge.domain.events import ConnectionChanged, Execution, OrderIntended, Seen
from gridhedge.domain.values import SIDES
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.show import account_status
from gridhedge.profile.settings import Profile
from gridhedge.store.memory import MemoryJournal
from tests.contract.bench import SYMBOL, Bench, BybitBench
from tests.engine.worlds import Ear
from tests.patience import PATIENCE_S, until

OPEN = ("LG01", "LT00", "SG01", "ST00")
"""What rests when both sides have opened."""


class Bot:
    """A session on the bench's venue, driven by the test until ``rests`` rests. ``settings`` of its strategy replace
    those of a symmetric one, or are another one's as a whole."""

    def __init__(self, bench: Bench, rests: Sequence[str] = OPEN, **settings: object) -> None:
        self.bench = bench
        self.rises: Counter[str] = Counter()
        """How often each stream has come back."""
        self._listen(bench.inbox)
        self.ear = Ear()
        self.journal = MemoryJournal()
        symmetric = {
            "kind": "symmetric",
            "initial_position_size_usd": D(2),
            "max_grid_levels_per_side": 4,
            "entry_timeout_seconds": 1,
        }
        strategy = settings if "kind" in settings else symmetric | settings
        profile = Profile.model_validate(
            {
                "account": bench.account,
                "venue": {"name": "bybit", "demo_trading": True},
                "symbols": [{"symbol": SYMBOL, "leverage": 10, "strategy": strategy}],
                "system": {"tick_interval": D("0.1")},
            }
        )
        venue = bench.venue
        self.loop = assemble(profile, Parts(venue, self.journal, venue, bench.inbox, self.ear))
        self.loop.start()
        self.until(lambda: self.roles() == list(rests))

    def _listen(self, inbox: DequeInbox) -> None:
        put = inbox.put

        def noted(event: Seen) -> None:
            put(event)
            if isinstance(event, ConnectionChanged) and event.up:
                self.rises[event.stream.split(" of ")[0]] += 1

        inbox.put = noted

    def until(self, condition: Callable[[], object]) -> None:
        def came() -> object:
            if met := condition():
                return met
            self.loop.tick()
            assert not self.loop.session.stopper.reason
            return None

        until(came, lambda: (self.ear.lines[-20:], self.roles()))

    def ticks(self, count: int) -> None:
        for _ in range(count):
            self.loop.tick()

    def roles(self) -> list[str]:
        """Side, role and level of what rests at the exchange."""
        return sorted(client_id.split("-")[1] for client_id in self.bench.resting())

    def is_down(self, stream: str) -> bool:
        return any(name.startswith(stream) for name in self.loop.session.disconnected)

    def intended(self) -> int:
        return sum(isinstance(event, OrderIntended) for event in self.journal.events)

    def assert_books_agree(self) -> None:
        """Each execution of the exchange counted once, positions equal."""
        counted = Counter(event.execution_id for event in self.journal.events if isinstance(event, Execution))
        assert set(counted.values()) == {1}
        assert len(counted) == self.bench.booked()
        book = self.loop.session.desks[0].book
        assert [book.of(side).held for side in SIDES] == [
            self.bench.exchange.market(SYMBOL).holding(side).quantity for side in SIDES
        ]


@pytest.fixture
def bot(bench: Bench) -> Bot:
    """Open on both sides, everything resting."""
    return Bot(bench)


def test_card_80_what_executed_in_the_gap_is_counted_once(bot: Bot, bench: Bench) -> None:
    """The long averages and the short takes profit while nobody listens; afterwards the books agree and the short is
    open again, though the last message before the gap came twice."""
    bench.fault("duplicate", on="execution", times=4)
    bench.fault("refuse_sockets", on="private", seconds=3600.0)
    bench.fault("drop", on="private")
    bot.until(lambda: bot.is_down(bench.account_stream))
    bench.move(D("0.19700"))
    assert "LG01" not in bot.roles()
    bench.clear("refuse_sockets")
    bot.until(lambda: not bot.is_down(bench.account_stream))
    bot.until(lambda: {"LG02", "LT00", "ST00"} <= set(bot.roles()) and bot.loop.session.step() is False)
    bot.assert_books_agree()
    assert len(bot.loop.session.desks[0].book.executed) > 4


def test_card_81_frozen_after_three_attempts_until_the_stream_is_back(bot: Bot, bench: Bench) -> None:
    """It is said once, loudly; nothing is sent though prices go on; the restored stream lifts it by itself."""
    bench.fault("refuse_sockets", on="private", seconds=3600.0)
    bench.fault("drop", on="private")
    bot.until(lambda: bot.ear.heard("private stream is down: frozen, nothing is sent: 3 attempts", "critical"))
    sent = bot.intended()
    bench.move(D("0.19700"))
    bench.move(D("0.20600"))
    bot.ticks(10)
    assert bot.intended() == sent
    assert bot.is_down("private stream")
    bench.clear()
    bot.until(lambda: {"LT00", "ST00"} <= set(bot.roles()) and not bot.is_down("private stream"))
    assert bot.intended() > sent
    bot.until(lambda: bot.loop.session.step() is False)
    bot.assert_books_agree()
    assert bot.ear.heard("private stream is down: frozen", "critical") == 1


def handles() -> tuple[int, int]:
    """Open files and threads of this process: the exchange's ends of all sockets are in it, too."""
    return len(os.listdir("/dev/fd")), threading.active_count()


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system does not list a process's open files")
def test_card_82_old_sockets_are_closed(bot: Bot, bench: Bench) -> None:
    """However often they break, and however: neither sockets nor threads pile up."""
    before = handles()
    for number in (1, 2, 3):
        for channel in ("public", "private"):
            bench.fault("drop", on=channel)
        bot.until(lambda number=number: min(bot.rises["private stream"], bot.rises["public stream"]) >= number)
        bot.until(lambda: not bot.loop.session.disconnected)
    bench.fault("silence", on="public", seconds=3600.0)
    bot.until(lambda: bot.is_down("public stream") or bot.rises["public stream"] > 3)
    bench.clear("silence")
    bot.until(lambda: not bot.loop.session.disconnected)
    bot.until(lambda: all(now <= then for now, then in zip(handles(), before, strict=True)))


@pytest.mark.parametrize("answers", [True, False], ids=["answered pings", "nothing"])
def test_card_83_an_account_may_be_silent_for_hours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """Not one message comes, and a minute after the other passes: answered pings keep the stream as it is, and without
    them it is opened anew."""
    if not isinstance(bench, BybitBench):
        pytest.skip(f"{bench.title}'s client library ends a connection whose pings are not answered")
    monkeypatch.setattr("gridhedge.venue.bybit.client._PING_S", 0.1 if answers else 3600)
    monkeypatch.setattr("gridhedge.venue.bybit.client._PONG_S", None)
    ahead = [0]
    clock = SimpleNamespace(monotonic_ns=lambda: time.monotonic_ns() + ahead[0] * 10**9, time_ns=time.time_ns)
    monkeypatch.setattr("gridhedge.venue.clock.time", clock)
    venue = bench.open("practice", account_silence=100.0)
    venue.connect([SYMBOL], DequeInbox())
    keeper = venue._private
    assert keeper is not None
    bench.fault("silence", on="private", seconds=3600.0)
    for _ in range(5):
        ahead[0] += 60
        if answers:
            before = keeper._pong
            until(lambda before=before: keeper._pong > before)
    until(lambda: (keeper.down_since is None) is answers)
    assert (venue.private_down_ms() == 0) is answers


def test_card_84_messages_that_a_half_dead_stream_lost_are_found(bot: Bot, bench: Bench) -> None:
    """The stream lives, but an execution and its order's end never come: the next look at the venue finds them."""
    bench.fault("lose", on="execution", times=1)
    bench.fault("lose", on="order", times=4)
    bench.move(D("0.19700"))
    bot.ticks(2)
    bot.loop.session.wants_sync = True
    bot.until(lambda: {"LG02", "LT00", "ST00"} <= set(bot.roles()))
    bot.assert_books_agree()


def test_card_85_each_stream_tells_when_it_was_last_heard_of(bot: Bot, bench: Bench) -> None:
    """In the venue's time, and what is up is told beside what is down."""
    heard = bot.loop.session.venue.heard()
    now = bot.loop.session.clock.now()
    assert {"public stream", "private stream"} <= {name.split(" of ")[0] for name in heard}
    assert all(0 <= now - at < PATIENCE_S * 1000 for at in heard.values())
    bench.fault("refuse_sockets", on="private", seconds=3600.0)
    bench.fault("drop", on="private")

    def told() -> dict[str, bool]:
        links = account_status(bot.loop.session, True, "USDT", 0, 1, {}, ()).connections
        return {link.stream: link.up for link in links}

    bot.until(lambda: told() == {name: name != "private stream" for name in heard})
