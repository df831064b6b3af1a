"""Several accounts of one process on one Bybit, over the real client library: one public stream for all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.build import market_of
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.runner import Options, Runner
from gridhedge.domain.errors import Refused, RiskStop
from gridhedge.engine.status import AccountStatus
from gridhedge.practice import bybit as practice_bybit
from gridhedge.practice.prices import Prices
from gridhedge.practice.server import Handle
from gridhedge.practice.world import Options as Practice
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.venue.paper.feed import ScriptedFeed
from tests.patience import PATIENCE_S, until

KEYS = {"first": "secret1", "second": "secret2", "third": "secret3"}
PROFILE = """\
account: "{account}"
venue: {{name: bybit, demo_trading: true, endpoint: "{url}"}}
symbols:
  - symbol: DOGEUSDT
    leverage: 10
    strategy: {{kind: symmetric, initial_position_size_usd: 2.0, max_grid_levels_per_side: 4}}
risk: {{mm_rate_threshold: {threshold}}}
system: {{tick_interval: 0.1}}
"""


class Account:
    """An account that trades in a thread of its own until it is told to stop, or fails."""

    def __init__(self, key: str, practice: Handle, home: Path, logs: Logs, threshold: str = "90") -> None:
        profile = home / f"{key}.yaml"
        profile.write_text(PROFILE.format(account=key, url=practice.url, threshold=threshold))
        opened = open_profile(profile)
        self.key, self.practice = key, practice
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self.down: list[str] = []
        self.status: AccountStatus | None = None
        self._runner = Runner(opened, market_of(opened), Options(home / "data", None, 1), logs, self.stop)
        self._thread = threading.Thread(target=self._run, name=key)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._runner.run(self._show)
        except Exception as error:
            self.failure = error
        self._runner.close()

    def _show(self, status: AccountStatus) -> None:
        self.status = status
        self.down += [link.stream for link in status.connections if not link.up]

    def has_price(self, price: str) -> bool:
        return self.status is not None and self.status.symbols[0].last == D(price)

    def is_open(self) -> bool:
        """Both sides hold something, and the exits and the next levels rest."""
        return self.practice.do(lambda world: len(world.desks[self.key].exchange.account.open) == 4)

    def end(self) -> None:
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def practice() -> Iterator[Handle]:
    """DOGEUSDT at 0.20000, an account for each key."""
    script = Prices("DOGEUSDT", "a script", None, lambda begin: ScriptedFeed([(begin, D("0.20000"))]))
    handle = practice_bybit.start(Practice(prices=(script,), keys=KEYS, wallet=D(100)))
    yield handle
    handle.stop()


@pytest.fixture
def open_account(practice: Handle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Account]]:
    """Starts an account by its key, which is also its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for key, secret in KEYS.items():
        monkeypatch.setenv(f"{key.upper()}_BYBIT_API_KEY", key)
        monkeypatch.setenv(f"{key.upper()}_BYBIT_API_SECRET", secret)
    logs = Logs(tmp_path / "data", Masker())
    opened: list[Account] = []

    def open_it(key: str, **more: str) -> Account:
        opened.append(Account(key, practice, tmp_path, logs, **more))
        return opened[-1]

    yield open_it
    for account in opened:
        account.end()
    logs.close()


def test_one_public_socket_serves_all_accounts_of_the_process(
    practice: Handle, open_account: Callable[..., Account]
) -> None:
    """One account ends with an emergency, one comes late: the others trade on and
    hear nothing of it. When the stream itself is lost, all of them know; the last one out closes it."""
    sockets = practice.world.connected
    stayer = open_account("first")
    doomed = open_account("second", threshold="0.1")  # any position is too much for it
    until(stayer.is_open)
    until(lambda: doomed.failure)
    assert isinstance(doomed.failure, RiskStop)
    until(lambda: sockets == {"public": 1, "private": 1})
    late = open_account("third")
    until(late.is_open)
    assert sockets == {"public": 1, "private": 2}
    practice.move("DOGEUSDT", D("0.20010"))
    until(lambda: stayer.has_price("0.20010") and late.has_price("0.20010"))
    assert stayer.down == late.down == []
    practice.faults.add("refuse_sockets", on="public", seconds=1.5)
    practice.faults.add("drop", on="public")
    until(lambda: stayer.down and late.down)
    assert {*stayer.down, *late.down} == {"public stream of DOGEUSDT"}
    stayer.end()
    practice.faults.clear()
    practice.move("DOGEUSDT", D("0.20020"))
    until(lambda: late.has_price("0.20020"))
    assert sockets == {"public": 1, "private": 1}
    late.end()
    until(lambda: not sockets.total())
    assert (stayer.failure, late.failure) == (None, None)


def test_an_account_that_can_not_start_leaves_no_socket(practice: Handle, open_account: Callable[..., Account]) -> None:
    """Its own stream is refused after the prices were joined."""
    practice.faults.add("refuse_sockets", on="private", seconds=3600.0)
    failed = open_account("first")
    until(lambda: failed.failure)
    assert not isinstance(failed.failure, Refused)
    until(lambda: practice.faults.struck["refuse_sockets"] and not practice.world.connected.total())
