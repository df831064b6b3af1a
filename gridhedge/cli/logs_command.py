"""``gridhedge logs``: an account's log, and following it."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import click

from gridhedge.cli.accounts import one_account
from gridhedge.cli.options import account_option, data_option
from gridhedge.domain.errors import UsageError

_PAUSE_SECONDS = 0.3
_KINDS = ("bot", "errors", "trades", "positions")


@click.command("logs")
@account_option
@click.option("--kind", type=click.Choice(_KINDS), default="bot", show_default=True, help="Which of the logs.")
@click.option("-n", "lines", type=click.IntRange(min=0), default=40, show_default=True, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Wait for more, also past midnight.")
@data_option
def command(account: str | None, kind: str, lines: int, follow: bool, data_dir: Path) -> None:
    """Show the newest lines of an account's log."""
    folder = data_dir / one_account(data_dir, account)
    path = _newest(folder, kind)
    if path is None and not follow:
        raise UsageError(f"{folder}: there is no {kind} log yet")
    position = 0 if path is None else _tail(path, lines)
    while follow:
        path, position = more(folder, kind, path, position)
        time.sleep(_PAUSE_SECONDS)


def more(folder: Path, kind: str, path: Path | None, position: int) -> tuple[Path | None, int]:
    """Print what has come since ``position`` of ``path``, then what stands in newer files; where it ends now."""
    for newer in _files(folder, kind):
        if path is None or newer > path:
            path, position = newer, 0
        if newer == path:
            position = _print_from(path, position)
    return path, position


def _files(folder: Path, kind: str) -> list[Path]:
    """The day files of a kind, oldest first."""
    return sorted(folder.glob(f"{kind}_*.log"))


def _newest(folder: Path, kind: str) -> Path | None:
    return max(_files(folder, kind), default=None)


def _tail(path: Path, lines: int) -> int:
    with path.open(encoding="utf-8", errors="replace") as log:
        for line in deque(log, maxlen=lines):
            click.echo(line, nl=False)
        return log.tell()


def _print_from(path: Path, position: int) -> int:
    if path.stat().st_size < position:
        position = 0  # it grew too large, was set aside, and began anew
    with path.open(encoding="utf-8", errors="replace") as log:
        log.seek(position)
        for line in log:
            click.echo(line, nl=False)
        return log.tell()
