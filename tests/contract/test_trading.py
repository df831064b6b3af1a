"""Cards 60 to 69: the whole bot on a venue, from the command line, and whether the books agree."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.build import market_of
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.runner import Options, Runner
from gridhedge.domain.errors import AlreadyRunning, RiskStop
from gridhedge.engine.status import AccountStatus
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.rows import open_reader
from tests.cli.shell import gridhedge
from tests.contract.markets import MARKETS, Market, Meaning
from tests.patience import PATIENCE_S
from tests.patience import until as wait

PROFILE = """\
account: "001"
venue: {venue}
symbols:
  - symbol: DOGEUSDT
    leverage: 10
    strategy: {{kind: symmetric, initial_position_size_usd: 2.0, max_grid_levels_per_side: 4, entry_timeout_seconds: 1}}
system: {{tick_interval: 0.1}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for keys, locks and data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    keys = tmp_path / ".env"
    keys.touch(mode=0o600)
    parts = ("KEY", "SECRET", "PASSPHRASE")
    lines = [f"001_{venue}_API_{part}=practice\n" for venue in ("BYBIT", "BINANCE", "BITGET") for part in parts]
    keys.write_text("".join([*lines, "001_MT5_PASSWORD=practice\n"]))
    return tmp_path


def write_profile(home: Path, venue: str) -> None:
    settings = venue.removesuffix("}") + ", private_stream_timeout_seconds: 10}"
    (home / "p.yaml").write_text(PROFILE.format(venue=settings))


@pytest.fixture(params=list(MARKETS))
def market(home: Path, request: pytest.FixtureRequest) -> Iterator[Market]:
    """A venue of its own, and a profile that trades there."""
    market = MARKETS[request.param]()
    write_profile(home, market.settings)
    yield market
    market.close()


class Jumped:
    """The module ``time`` so many seconds later."""

    def __init__(self, seconds: int) -> None:
        self._ahead = seconds * 10**9
        self.monotonic, self.sleep = time.monotonic, time.sleep

    def time_ns(self) -> int:
        return time.time_ns() + self._ahead

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self._ahead


class Bot:
    """``gridhedge run`` in a thread of its own."""

    def __init__(self, home: Path, data: str = "data", ticks: int | None = None) -> None:
        self.data = home / data
        self._stop = threading.Event()
        self._logs = Logs(self.data, Masker())
        profile = open_profile(home / "p.yaml")
        self.runner = Runner(profile, market_of(profile), Options(self.data, ticks, 1), self._logs, self._stop)
        self.failure: BaseException | None = None
        self.status: AccountStatus | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.runner.run(self._show)
        except Exception as error:
            self.failure = error

    def _show(self, status: AccountStatus) -> None:
        self.status = status

    def has_lost(self, stream: str) -> bool:
        """Whether the bot's status tells that a stream is down."""
        return self.status is not None and stream in [one.stream for one in self.status.connections if not one.up]

    def wait(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self.wait()
        self.close()

    def close(self) -> None:
        self.runner.close()
        self._logs.close()


def until(market: Market, bot: Bot | None, condition: Callable[[], bool]) -> None:
    def came() -> bool:
        assert bot is None or bot.failure is None, bot and bot.failure
        return condition()

    wait(came, market.resting)


def in_the_ledger(market: Market, bot: Bot) -> list[Meaning]:
    with open_reader(bot.data / "001" / "ledger.sqlite3") as reader:
        return market.told(reader.events())


def roles(market: Market) -> list[str]:
    """Side, role and level of what rests, from our ids."""
    return sorted(client_id.split("-")[1] for client_id in market.resting())


def test_card_60_the_bot_opens_averages_takes_profit_and_opens_anew(home: Path, market: Market) -> None:
    """Both sides; down a level; up through the long's take-profit. The ledger has what the exchange has booked."""
    bot = Bot(home)
    until(market, bot, lambda: roles(market) == ["LG01", "LT00", "SG01", "ST00"])
    market.move(D("0.19700"))
    until(market, bot, lambda: roles(market) == ["LG02", "LT00", "SO00"] or "LG02" in roles(market))
    until(market, bot, lambda: {"LG02", "LT00", "ST00"} <= set(roles(market)))
    market.move(D("0.20600"))
    until(market, bot, lambda: market.closes() >= 2)
    until(market, bot, lambda: {"LT00", "ST00"} <= set(roles(market)))
    bot.stop()
    assert bot.failure is None
    assert in_the_ledger(market, bot) == market.booked()
    report = json.loads(gridhedge("report", "--data-dir", bot.data, "--account", "001", "--json").out)
    assert D(report["total"]["net_profit"]) == market.wallet() - 1000


@pytest.mark.usefixtures("lists_are_whole")
def test_card_61_a_restart_owns_the_same_orders(home: Path, market: Market) -> None:
    """Also without its memory: nothing is sent, because everything is as it should be."""
    first = Bot(home)
    until(market, first, lambda: roles(market) == ["LG01", "LT00", "SG01", "ST00"])
    first.stop()
    before = market.numbers()
    for data in ("data", "other"):
        again = Bot(home, data, ticks=10)
        again.wait()
        again.close()
        assert again.failure is None
        assert market.numbers() == before
    assert in_the_ledger(market, again) == market.booked()


def test_card_62_two_bots_never_trade_one_symbol_of_an_account(home: Path, market: Market) -> None:
    """Whatever data folders they have."""
    first = Bot(home)
    until(market, first, lambda: market.resting() != [])
    second = Bot(home, "other")
    second.wait()
    assert isinstance(second.failure, AlreadyRunning)
    assert f"DOGEUSDT of account {market.uid}" in str(second.failure)
    second.close()
    first.stop()


def test_card_63_without_the_account_s_stream_for_too_long_it_stops(
    home: Path, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds, which the machine's clock jumps over; the stop is set until a person lifts it."""
    bot = Bot(home)
    until(market, bot, lambda: roles(market) == ["LG01", "LT00", "SG01", "ST00"])
    market.lose_the_stream()
    until(market, bot, lambda: bot.has_lost(market.stream))
    monkeypatch.setattr(market.clock, Jumped(10))
    bot.wait()
    assert isinstance(bot.failure, RiskStop)
    assert f"no {market.stream} for 10 s" in str(bot.failure)
    assert (bot.data / "001" / ".emergency_stop").exists()
    assert roles(market) == ["LG01", "LT00", "SG01", "ST00"]
    bot.close()


def test_card_65_check_tells_the_whole_table(home: Path, market: Market) -> None:
    """And what would be opened; what must not be traded, as with a key that may withdraw, ``run`` refuses as well."""
    done = gridhedge("check", "--profile", home / "p.yaml", "--data-dir", home / "data")
    assert done.code == 0, done.err
    assert "ok   clock" in done.out
    assert "ladder: DOGEUSDT: 4 of 4 levels" in done.out
    market.forbid()
    for command in ("check", "run"):
        done = gridhedge(command, "--profile", home / "p.yaml", "--data-dir", home / "data")
        assert done.code == 3
        assert market.forbids in done.out + done.err
    assert market.resting() == []
