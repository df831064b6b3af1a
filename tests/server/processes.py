"""Programs of gridhedge as processes of their own, the way a user starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server.platform import ADMIN_KEY, BOT_SECRET

ROOT = Path(__file__).parents[2]


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command line in a process, and the first line that it prints. Killed at the end, if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gridhedge", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@contextmanager
def serving(data: Path, *arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``gridhedge serve`` on a free port, with the platform's secrets."""
    known = {"BOT_SECRET": BOT_SECRET, "ADMIN_KEY": ADMIN_KEY, "XDG_STATE_HOME": str(data.parent / "state")}
    with started("serve", "--port", "0", "--data-dir", str(data), *arguments, **{**known, **environment}) as found:
        yield found


def url(line: str) -> str:
    """Where a program listens, from the line in which it says so."""
    return next(word for word in line.split() if word.startswith("http://"))
