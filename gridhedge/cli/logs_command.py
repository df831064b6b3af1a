"""``gridhedge logs``: an account's log, and following it."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from gridhedge.cli.accounts import one_account
from gridhedge.cli.options import account_option, data_option
from gridhedge.domain.errors import UsageError

_PAUSE_SECONDS = 0.3
_KINDS = ("all", "bot", "errors", "trades", "positions")
_ALL = ("bot", "errors")
"""Between them these hold every line once."""
_TRACE = "  | "
"""How a line begins that belongs to the one before."""


@click.command("logs")
@account_option
@click.option("--kind", type=click.Choice(_KINDS), default="all", show_default=True, help="Which of the logs.")
@click.option("-n", "lines", type=click.IntRange(min=0), default=40, show_default=True, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Wait for more, also past midnight.")
@click.option("--debug", is_flag=True, help="Also every event, request and answer.")
@data_option
def command(account: str | None, kind: str, lines: int, follow: bool, debug: bool, data_dir: Path) -> None:
    """Show the newest lines of an account's log."""
    folder = data_dir / one_account(data_dir, account)
    kinds = _ALL if kind == "all" else (kind,)
    files = {one: _files(folder, one) for one in kinds}
    if not follow and not any(files.values()):
        raise UsageError(f"{folder}: there is no {'log' if kind == 'all' else f'{kind} log'} yet")
    tails = {one: _tail(days, lines, debug) for one, days in files.items()}
    for line in _merged([tail for tail, _ in tails.values()], lines):
        click.echo(line, nl=False)
    ends = {one: (max(files[one], default=None), position) for one, (_, position) in tails.items()}
    while follow:
        for one, (path, position) in ends.items():
            ends[one] = more(folder, one, path, position, debug)
        time.sleep(_PAUSE_SECONDS)


def more(folder: Path, kind: str, path: Path | None, position: int, debug: bool = False) -> tuple[Path | None, int]:
    """Print what has come since ``position`` of ``path``, then what stands in newer files; where it ends now."""
    for newer in _files(folder, kind):
        if path is None or newer > path:
            path, position = newer, 0
        if newer == path:
            position = _print_from(path, position, debug)
    return path, position


def _files(folder: Path, kind: str) -> list[Path]:
    """The day files of a kind, oldest first."""
    return sorted(folder.glob(f"{kind}_*.log"))


def _wanted(lines: Iterable[str], debug: bool) -> Iterator[str]:
    """Without what is there for programmers only, unless that is asked for."""
    return (line for line in lines if debug or line.startswith(_TRACE) or line.split(" ", 2)[1:2] != ["DEBUG"])


def _tail(days: list[Path], most: int, debug: bool) -> tuple[list[str], int]:
    """The newest lines, of as many days as it takes, and where the newest file ends."""
    lines: list[str] = []
    position = 0
    for path in reversed(days):
        with path.open(encoding="utf-8", errors="replace") as log:
            lines = [*deque(_wanted(log, debug), maxlen=most - len(lines)), *lines]
            position = position if path != days[-1] else log.tell()
        if len(lines) == most:
            break
    return lines, position


def _merged(tails: Iterable[list[str]], most: int) -> list[str]:
    """The newest lines of several files in the order of their times, with which they begin."""
    ordered = heapq.merge(*(_timed(lines) for lines in tails), key=lambda item: item[0])
    return [line for _, line in deque(ordered, maxlen=most)]


def _timed(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    moment = ""
    for line in lines:
        if not line.startswith(_TRACE):
            moment = line.partition(" ")[0]
        yield moment, line


def _print_from(path: Path, position: int, debug: bool) -> int:
    if path.stat().st_size < position:
        position = 0  # it grew too large, was set aside, and began anew
    with path.open(encoding="utf-8", errors="replace") as log:
        log.seek(position)
        for line in _wanted(iter(log.readline, ""), debug):
            click.echo(line, nl=False)
        return log.tell()
