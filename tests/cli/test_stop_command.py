"""``gridhedge stop``: ask, and wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gridhedge.cli.stop_command import stop_accounts
from gridhedge.domain.errors import VenueError
from tests.cli.shell import DEMO, gridhedge, run, started, write_profile
from tests.patience import PATIENCE_S


def test_a_running_bot_is_stopped_and_ends_well(data: Path) -> None:
    """The command returns when the account is free again."""
    with started("run", "--profile", DEMO, "--data-dir", data, "--speed", "1") as bot:
        assert bot.stdout is not None
        bot.stdout.readline()
        done = gridhedge("stop", "--data-dir", data)
        assert done == (0, "demo: stopped\n", "")
        assert bot.wait(timeout=PATIENCE_S) == 0
    assert gridhedge("stop", "--data-dir", data) == (0, "demo: not running\n", "")


def test_accounts_of_one_process_stop_together(tmp_path: Path, data: Path) -> None:
    """One signal for both, a line for each."""
    profiles = ("--profile", DEMO, "--profile", write_profile(tmp_path / "p.yaml"))
    with started("run", *profiles, "--data-dir", data, "--speed", "1") as bot:
        assert bot.stdout is not None
        seen: set[str] = set()
        while not {"demo", "001"} <= seen:
            seen.add(bot.stdout.readline().split()[1])
        assert gridhedge("stop", "--data-dir", data) == (0, "001: stopped\ndemo: stopped\n", "")
        assert bot.wait(timeout=PATIENCE_S) == 0


def test_a_bot_that_does_not_stop_is_told_with_3(data: Path) -> None:
    """It ignores SIGTERM; nothing is killed."""
    code = (
        "import signal, sys, pathlib; from gridhedge.store.lock import account_lock; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"lock = account_lock(pathlib.Path({str(data)!r}), 'demo', 0); print('held', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], text=True, **pipes) as deaf:
        assert deaf.stdout.readline() == "held\n"
        with pytest.raises(VenueError, match=f"demo: process {deaf.pid} has not stopped within 0.2 s"):
            stop_accounts(data, ["demo"], 0.2)
        done = gridhedge("stop", "--data-dir", data, "--timeout", "0")
        assert done.code == 3
        assert deaf.poll() is None
        deaf.stdin.close()


def test_nobody_is_signalled_for_an_account_that_does_not_run(data: Path) -> None:
    """Not even a process that has the number of a bot of old."""
    run(DEMO, data, 1)
    (data / "demo" / "run.lock").write_text(f"{os.getpid()} 2026-01-01T00:00:00+00:00\n")
    before = signal.signal(signal.SIGTERM, lambda number, frame: pytest.fail("signalled"))
    try:
        assert gridhedge("stop", "--data-dir", data) == (0, "demo: not running\n", "")
    finally:
        signal.signal(signal.SIGTERM, before)
