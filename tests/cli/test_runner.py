"""One account from lock to close: what it finds damaged, what ends it, and what it leaves."""

from __future__ import annotations

import threading
import time
from decimal import Decimal as D
from itertools import count
from pathlib import Path

import pytest

from gridhedge.cli.build import paper_exchange, paper_file, restored
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.runner import Options, Pacer, Runner
from gridhedge.domain.errors import AlreadyRunning, DiskFailure, EmergencyStop
from gridhedge.domain.events import Execution, OrderIntended
from gridhedge.store.emergency import Emergency
from gridhedge.store.ledger import Ledger
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.rows import open_reader
from tests.cli.shell import DEMO, run


def runner(data: Path, logs: Logs, ticks: int = 1, stop: threading.Event | None = None) -> Runner:
    profile = open_profile(DEMO)
    return Runner(profile, paper_exchange(profile), Options(data, ticks, 0), logs, stop or threading.Event())


def executions(data: Path) -> list[str]:
    """The ids that the ledger has."""
    with open_reader(data / "demo" / "ledger.sqlite3") as ledger:
        return sorted(row.execution_id for row in ledger.executions())


def executions_at_the_exchange(data: Path) -> list[str]:
    """The ids that the exchange itself remembers: at least the seven of the first 30 ticks."""
    profile = open_profile(DEMO)
    exchange = paper_exchange(profile)
    restored(exchange, paper_file(data, "demo")).close()
    ids = sorted(booking.execution_id for booking in exchange.account.bookings if isinstance(booking, Execution))
    assert len(ids) >= 7
    return ids


def test_the_lock_is_held_from_the_beginning_to_close(data: Path) -> None:
    """Also before ``run``, so that nobody slips in between."""
    logs = Logs(data, Masker())
    first = runner(data, logs)
    with pytest.raises(AlreadyRunning):
        runner(data, logs)
    first.close()
    runner(data, logs).close()
    logs.close()


def test_an_emergency_stop_opens_nothing(data: Path) -> None:
    """Not even the lock."""
    (data / "demo").mkdir(parents=True)
    (data / "demo" / ".emergency_stop").touch()
    with pytest.raises(EmergencyStop):
        runner(data, Logs(data, Masker()))
    assert [path.name for path in (data / "demo").iterdir()] == [".emergency_stop"]


def fail_from(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """From this sync of the ledger on the disk takes nothing."""
    calls, sync = count(1), Ledger.sync

    def failing(ledger: Ledger) -> None:
        if next(calls) >= call:
            raise DiskFailure("ledger.sqlite3: no space left on device")
        sync(ledger)

    monkeypatch.setattr(Ledger, "sync", failing)


def fail_while_trading(data: Path, logs: Logs, monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    """Trade until the disk fails, which ``told`` matches."""
    fail_from(monkeypatch, 4)
    stopped = runner(data, logs, ticks=200)
    with pytest.raises(DiskFailure, match=told):
        stopped.run(lambda status: None)
    monkeypatch.undo()
    stopped.close()


def test_a_disk_that_fails_while_it_trades_is_an_emergency_stop(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What starts it again (a watchdog, Docker) is refused until a person has looked."""
    logs = Logs(data, Masker())
    told = r"account demo has an emergency stop: .*no space left.* gridhedge resume"
    fail_while_trading(data, logs, monkeypatch, told)
    with pytest.raises(EmergencyStop, match="no space left"):
        runner(data, logs)
    logs.close()


def test_a_disk_that_does_not_even_take_the_stop_says_what_is_wrong(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure of the trading, not that of the stop file."""

    def refuse(folder: Path, emergency: Emergency) -> None:
        raise DiskFailure("read-only file system")

    monkeypatch.setattr("gridhedge.cli.runner.raise_emergency", refuse)
    logs = Logs(data, Masker())
    fail_while_trading(data, logs, monkeypatch, r"^ledger\.sqlite3: no space left on device$")
    logs.close()


def test_a_stop_that_comes_while_opening_sends_nothing(data: Path) -> None:
    """The exchange has no order afterwards, and there is no outcome to tell."""
    stop = threading.Event()
    stop.set()
    logs = Logs(data, Masker())
    stopped = runner(data, logs, stop=stop)
    stopped.run(lambda status: pytest.fail("nothing to show"))
    stopped.close()
    logs.close()
    assert stopped.outcome is None
    with open_reader(data / "demo" / "ledger.sqlite3") as ledger:
        assert not any(isinstance(event, OrderIntended) for event in ledger.events())


def test_the_outcome_counts_what_happened(data: Path) -> None:
    """13 ticks: 5 executions; two take-profits and four entries rest."""
    logs = Logs(data, Masker())
    once = runner(data, logs, 13)
    once.run(lambda status: None)
    once.close()
    logs.close()
    assert once.outcome is not None
    assert once.outcome.status.ticks == 13
    assert once.outcome.earned == once.outcome.status.margin_balance - 1000
    assert once.outcome.orders == 5
    assert not once.outcome.data_ended


@pytest.mark.parametrize(
    ("name", "content", "sentence", "aside"),
    [
        ("bot_state.json", b'{"DOGEUSDT": {', "damaged", "bot_state.damaged-1.json"),
        ("bot_state.json", b"\x00" * 100, "damaged", "bot_state.damaged-1.json"),
        ("ledger.sqlite3", b"garbage" * 1000, "ledger.sqlite3", "ledger.damaged-1.sqlite3"),
        ("ledger.sqlite3", b"", "ledger.sqlite3", "ledger.damaged-1.sqlite3"),
    ],
    ids=["torn state", "empty state", "ledger of garbage", "empty ledger"],
)
def test_a_damaged_file_is_kept_aside_and_said(
    data: Path, name: str, content: bytes, sentence: str, aside: str
) -> None:
    """The bot goes on from the exchange, which knows orders and executions."""
    run(DEMO, data, 30)
    (data / "demo" / name).write_bytes(content)
    done = run(DEMO, data, 3)
    assert done.code == 0
    critical = next(line for line in done.out.splitlines() if "CRITICAL" in line)
    assert sentence in critical
    assert aside in critical
    assert (data / "demo" / aside).read_bytes() == content
    assert executions(data) == executions_at_the_exchange(data)


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_truncated_ledger_is_kept_aside(data: Path, percent: int) -> None:
    """Whatever is missing; every execution of the exchange is in the new one."""
    run(DEMO, data, 30)
    ledger = data / "demo" / "ledger.sqlite3"
    with ledger.open("r+b") as file:
        file.truncate(ledger.stat().st_size * percent // 100)
    done = run(DEMO, data, 3)
    assert done.code == 0
    assert "a new ledger was begun from the venue" in done.out
    assert executions(data) == executions_at_the_exchange(data)


def test_a_deleted_ledger_is_said(data: Path) -> None:
    """A first start says nothing of the kind."""
    assert "CRITICAL" not in run(DEMO, data, 30).out
    (data / "demo" / "ledger.sqlite3").unlink()
    done = run(DEMO, data, 3)
    assert done.code == 0
    assert "is gone, though this account has run before; a new one was begun from the venue" in done.out
    assert executions(data) == executions_at_the_exchange(data)


def test_the_pacer_sleeps_only_until_a_stop(data: Path) -> None:
    """A thousand seconds are due; the stop is there already. Without a speed it never sleeps."""
    stop = threading.Event()
    stop.set()
    pacer = Pacer(1.0, stop)
    began = time.monotonic()
    pacer(1_000_000)
    Pacer(0, threading.Event())(10**9)
    assert time.monotonic() - began < 500


def test_equity_that_was_earned_before_is_not_counted_again(data: Path) -> None:
    """The second run starts from what the first one left."""
    run(DEMO, data, 30)
    logs = Logs(data, Masker())
    second = runner(data, logs, 1)
    second.run(lambda status: None)
    second.close()
    logs.close()
    assert second.outcome is not None
    assert abs(second.outcome.earned) < D(1)
