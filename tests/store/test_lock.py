"""Locks, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from gridhedge.domain.errors import AlreadyRunning
from gridhedge.store.lock import RunLock, account_lock, holder, symbol_lock

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
HOLD = (
    "import sys; from pathlib import Path; from gridhedge.store.lock import RunLock\n"
    "lock = RunLock(Path(sys.argv[1]), 'account 001', 0); print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def another_process(path):
    """A process that holds the lock until its standard input is closed, or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_refused_with_the_id_of_the_first(tmp_path):
    """AlreadyRunning names account, process and file, and what to do; its exit code is 5."""
    with another_process(tmp_path / "run.lock") as process:
        with pytest.raises(AlreadyRunning) as refusal:
            RunLock(tmp_path / "run.lock", "account 001", 0)
        assert str(refusal.value) == (
            f"account 001 is traded by process {process.pid} already ({tmp_path / 'run.lock'}); "
            f"stop it first (gridhedge stop, or kill {process.pid})"
        )
        assert refusal.value.exit_code == 5


def test_a_killed_process_frees_its_lock(tmp_path):
    """kill -9: the file with its old id stays, the lock does not."""
    with another_process(tmp_path / "run.lock") as process:
        process.kill()
        process.wait()
    assert holder(tmp_path / "run.lock") is None
    with RunLock(tmp_path / "run.lock", "account 001", 1760633994480):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()} 2025-10-16T16:59:54.480+00:00\n"


def test_the_holder_is_known_while_it_lives(tmp_path):
    """Its process id; None before, after, and where nobody ever locked."""
    path = tmp_path / "run.lock"
    assert holder(path) is None
    assert not path.exists()
    with another_process(path) as process:
        assert holder(path) == process.pid
    assert holder(path) is None


def test_asking_does_not_take_the_lock_away(tmp_path):
    """A process may start while others ask again and again who holds the lock."""
    path = tmp_path / "run.lock"
    path.touch()
    ask = (
        "import sys; from pathlib import Path; from gridhedge.store.lock import holder\n"
        "print('asking', flush=True)\n"
        "while True: holder(Path(sys.argv[1]))"
    )
    asker = subprocess.Popen([sys.executable, "-c", ask, path], stdout=subprocess.PIPE, env=ENVIRONMENT)
    try:
        assert asker.stdout.readline() == b"asking\n"
        for _ in range(50):
            RunLock(path, "account 001", 0).release()
    finally:
        asker.kill()
        asker.communicate()


def test_exactly_one_of_many_starters_wins(tmp_path):
    """Eight processes at once: one holds, seven are refused with exit code 5."""
    race = (
        "import sys; from pathlib import Path; from gridhedge.store.lock import RunLock\n"
        "from gridhedge.domain.errors import AlreadyRunning\n"
        "try: lock = RunLock(Path(sys.argv[1]), 'account 001', 0)\n"
        "except AlreadyRunning as error: print('refused', flush=True); sys.exit(error.exit_code)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", race, tmp_path / "run.lock"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        for _ in range(8)
    ]
    words = [process.stdout.readline() for process in processes]
    for process in processes:
        process.communicate("")
    assert sorted(words) == ["held\n"] + ["refused\n"] * 7
    assert sorted(process.returncode for process in processes) == [0] + [5] * 7


def test_releasing_lets_the_next_one_in(tmp_path):
    """Within one process as well, and twice is once."""
    first = RunLock(tmp_path / "run.lock", "account 001", 0)
    with pytest.raises(AlreadyRunning):
        RunLock(tmp_path / "run.lock", "account 001", 0)
    first.release()
    first.release()
    RunLock(tmp_path / "run.lock", "account 001", 0).release()


def test_a_child_that_runs_another_program_does_not_keep_the_lock(tmp_path):
    """The file descriptor is not inherited: the lock ends with us, not with a notification script."""
    lock = RunLock(tmp_path / "run.lock", "account 001", 0)
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    lock.release()
    assert holder(tmp_path / "run.lock") is None
    child.communicate()


def test_accounts_and_symbols_have_locks_of_their_own(tmp_path):
    """Two ids of one venue account may trade different symbols, never the same one."""
    locks = tmp_path / "locks"
    with (
        account_lock(tmp_path / "data", "001", 0),
        account_lock(tmp_path / "data", "002", 0),
        symbol_lock(locks, "bybit", "uid/7", "DOGEUSDT", 0),
        symbol_lock(locks, "bybit", "uid/7", "BTCUSDT", 0),
        symbol_lock(locks, "binance", "uid/7", "DOGEUSDT", 0),
    ):
        with pytest.raises(AlreadyRunning, match="DOGEUSDT of account uid/7 at bybit is traded by process"):
            symbol_lock(locks, "bybit", "uid/7", "DOGEUSDT", 0)
        with pytest.raises(AlreadyRunning, match="account 001 is traded"):
            account_lock(tmp_path / "data", "001", 0)
    assert (tmp_path / "data" / "001" / "run.lock").exists()
    assert sorted(os.listdir(locks)) == [
        "binance-uid_7-DOGEUSDT.lock",
        "bybit-uid_7-BTCUSDT.lock",
        "bybit-uid_7-DOGEUSDT.lock",
    ]
