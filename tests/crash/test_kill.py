"""kill -9 at a random moment of a paper run with the exchange on disk; restart; nothing is lost, nothing happens twice.

A few kills by default; ``GRIDHEDGE_KILLS=100 pytest tests/crash`` for many.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from gridhedge.domain.events import Execution
from gridhedge.store.rows import open_reader
from tests.crash.books import ROOT, check_books, check_settled, command, run_again, write_profile

KILLS = int(os.environ.get("GRIDHEDGE_KILLS", "6"))


def kill_at_random(profile: Path, data: Path, dice: random.Random) -> None:
    """Start the bot and end it without warning: while it starts, or after so many lines and a moment more."""
    lines, moment = dice.choice([(0, 0.6), (1, 0.05), (dice.randrange(2, 150), 0.02)])
    silent = subprocess.DEVNULL
    with subprocess.Popen(command(profile, data, 10**6), stdout=subprocess.PIPE, stderr=silent, cwd=ROOT) as bot:
        assert bot.stdout is not None
        for _ in range(lines):
            bot.stdout.readline()
        time.sleep(dice.uniform(0, moment))
        assert bot.poll() is None, f"the bot ended by itself with {bot.returncode}"
        bot.send_signal(signal.SIGKILL)


def check_reader(data: Path) -> None:
    """Whoever looks before the next start finds every execution of the journal, once, however far its table was."""
    ledger = data / "crash" / "ledger.sqlite3"
    if not ledger.exists():  # it was killed too early
        return
    with open_reader(ledger) as reader:
        journaled = [event.execution_id for event in reader.events() if isinstance(event, Execution)]
        assert [row.execution_id for row in sorted(reader.executions())] == journaled


def test_a_killed_bot_comes_back_to_the_same_ladders(tmp_path: Path) -> None:
    """After every kill: same executions, each once; equal quantities; one take-profit per side; orders as at the
    exchange."""
    profile = write_profile(tmp_path / "crash.yaml", seed=KILLS)
    data = tmp_path / "data"
    dice = random.Random(KILLS)
    executions = 0
    for _ in range(KILLS):
        kill_at_random(profile, data, dice)
        check_reader(data)
        run_again(profile, data)
        book, executions = check_books(profile, data)
        check_settled(book)
    assert executions > 20
