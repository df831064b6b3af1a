"""What is asked for besides trading: in a thread of its own, gathered, and never for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gridhedge.domain.errors import Refused, Unclear
from gridhedge.domain.events import AccountSeen, Funding, Seen
from gridhedge.domain.values import ZERO, Side
from gridhedge.venue.binance import errands as module
from gridhedge.venue.binance.errands import Errands
from gridhedge.venue.clock import monotonic_ms
from tests.patience import until
from tests.venue.binance.rows import AT

ACCOUNT = AccountSeen(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, AT)
PAID = Funding("x", "BTCUSDC", Side.LONG, ZERO, ZERO, AT)


class Bench:
    """Errands whose requests are counted."""

    def __init__(self, local: Callable[[], int]) -> None:
        self.asked: list[str] = []
        self.told: list[Seen] = []
        self.renewed: list[str] = []
        self.failure: Exception | None = None
        log = logging.getLogger("gridhedge.account.test")
        self.errands = Errands(
            self, self.account, self.funding, self.renewed.append, self.told.append, local, log
        )  # fmt: skip

    def account(self, client: object) -> AccountSeen:
        self.note("account")
        return ACCOUNT

    def funding(self, client: object) -> list[Funding]:
        self.note("funding")
        return [PAID]

    def keep_listen_key(self) -> None:
        self.note("key")

    def tell_time(self) -> int:
        self.note("time")
        return AT

    def note(self, what: str) -> None:
        failure = self.failure
        self.asked.append(what)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """The errands close their client."""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(local: Callable[[], int] = monotonic_ms, **paces: Any) -> Bench:
        for name, value in paces.items():
            monkeypatch.setattr(module, name, value)
        made.append(Bench(local))
        made[-1].errands.start()
        return made[-1]

    yield make
    for one in made:
        one.errands.close()


def test_a_burst_of_changes_is_one_look_at_the_account(bench: Callable[..., Bench]) -> None:
    """And what comes after it is another one."""
    clock = [0]
    one = bench(lambda: clock[0], _GATHER_S=0.1, _ACCOUNT_EVERY_S=0.0)
    for count in (1, 2):
        for _ in range(20):
            one.errands.account_changed()
        clock[0] += 100
        until(lambda count=count: len(one.told) == count)
    one.errands.close()
    assert one.asked == ["account", "account"]


def test_funding_is_looked_for_until_it_must_be_there(bench: Callable[..., Bench]) -> None:
    """The list may be late: so many looks, then no more."""
    one = bench(_FUNDING_AFTER_S=(0.0, 0.02, 0.04))
    one.errands.funding_charged()
    until(lambda: len(one.told) == 3)
    one.errands.close()
    assert (one.asked, one.told) == (["funding"] * 3, [PAID] * 3)


def test_a_listen_key_that_has_gone_opens_the_stream_anew(bench: Callable[..., Bench]) -> None:
    """It is kept alive again and again."""
    one = bench(_KEEP_EVERY_S=0.02)
    until(lambda: one.asked.count("key") >= 2)
    one.failure = Refused("This listenKey does not exist.")
    until(lambda: one.renewed)
    assert "its listen key has gone" in one.renewed[0]


def test_a_failed_errand_is_no_end(bench: Callable[..., Bench]) -> None:
    """The session reads everything itself, too."""
    one = bench(_GATHER_S=0.0, _ACCOUNT_EVERY_S=0.0)
    one.failure = Unclear("no answer")
    one.errands.account_changed()
    until(lambda: one.asked)
    one.failure = None
    one.errands.account_changed()
    until(lambda: one.told == [ACCOUNT])


def test_the_time_is_asked_for_now_and_then(bench: Callable[..., Bench]) -> None:
    """Also where no message tells it."""
    one = bench(_TIME_EVERY_S=0.02)
    until(lambda: one.asked.count("time") >= 2)
