"""``gridhedge candles``: recorded candles for backtests and practice exchanges."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridhedge.cli.build import CANDLE_SOURCES, candle_source
from gridhedge.cli.options import check_folder, json_option, moment
from gridhedge.domain.errors import UsageError, VenueError
from gridhedge.domain.values import Millis

if TYPE_CHECKING:
    from gridhedge.replay.candle_file import CandleFile
    from gridhedge.replay.download import CandleSource, Downloaded, Wish

_UNITS: dict[str, Millis] = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
_SHOWN_HOLES = 5


@click.group("candles")
def command() -> None:
    """Recorded candles for backtests and practice exchanges."""


@command.command("download")
@click.option("--venue", type=click.Choice(tuple(CANDLE_SOURCES)), required=True, help="Whose candles.")
@click.option("--symbol", required=True, help="The symbol as the venue writes it, such as DOGEUSDT.")
@click.option("--from", "start", required=True, help="First day or time, UTC: 2025-05-04 or 2025-05-04T12:00.")
@click.option("--to", "end", help="Last day or time (exclusive), UTC (default: the newest complete candle).")
@click.option("--interval", type=click.Choice(_INTERVALS), default="1m", show_default=True, help="Of one candle.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The Parquet file.")
@click.option("--endpoint", help="A practice exchange, such as http://127.0.0.1:8701, in place of the venue's hosts.")
@json_option
def download_command(
    venue: str,
    symbol: str,
    start: str,
    end: str | None,
    interval: str,
    out: Path,
    endpoint: str | None,
    as_json: bool,
) -> None:
    """Fetch candles from the venue's public endpoint into a Parquet file, without keys.

    A file that exists is completed: only what it does not have is fetched, nothing comes twice, and what the venue
    does not have is told. An interrupted download goes on with the same command.
    """
    if out.suffix != ".parquet":
        raise UsageError(f"--out {out}: candles are written as Parquet; give a name that ends in .parquet")
    check_folder(out)
    first = moment("--from", start)
    last = None if end is None else moment("--to", end)
    source = candle_source(venue, endpoint)
    try:
        from gridhedge.replay.candle_file import CandleFile, Identity
        from gridhedge.replay.download import Wish

        length = int(interval[:-1]) * _UNITS[interval[-1]]
        file = CandleFile(out, Identity(source.name, symbol, length))
        done = _fetch(source, Wish(symbol, length, first, last), file)
    finally:
        source.close()
    if as_json:
        click.echo(json.dumps(_document(done), indent=1))
    else:
        _tell(done, file, first)


def _fetch(source: CandleSource, wish: Wish, file: CandleFile) -> Downloaded:
    from gridhedge.replay.download import download

    try:
        with _progress(wish) as progress:
            return download(source, wish, file, progress)
    except VenueError:
        if len(file.times):
            click.echo(f"note: {file.path} keeps {len(file.times)} candles: the same command goes on", err=True)
        raise


def _tell(done: Downloaded, file: CandleFile, wished: Millis) -> None:
    from gridhedge.replay.tables import utc

    times = file.times
    if done.candles:
        covered = f"{utc(int(times[0]))} to {utc(int(times[-1]))} UTC"
        click.echo(f"{file.path}: {done.candles} candles, {covered}; {done.fetched} are new")
    else:
        click.echo(f"{file.path}: not written, the venue has no candles there")
    if done.start > wished:
        click.echo(f"note: the symbol is listed since {utc(done.start)}", err=True)
    for first, last in done.holes[:_SHOWN_HOLES]:
        click.echo(f"note: the venue has no candles from {utc(first)} to {utc(last)}", err=True)
    if len(done.holes) > _SHOWN_HOLES:
        click.echo(f"note: and {len(done.holes) - _SHOWN_HOLES} more holes", err=True)


def _document(done: Downloaded) -> dict[str, object]:
    from gridhedge.report.words import iso

    return {
        "from": iso(done.start),
        "to": iso(done.end),
        "fetched": done.fetched,
        "candles": done.candles,
        "holes": [[iso(first), iso(last)] for first, last in done.holes],
    }


@contextmanager
def _progress(wish: Wish) -> Iterator[Callable[[Millis], None] | None]:
    """A bar on stderr, where somebody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    import time

    from rich.console import Console
    from rich.progress import Progress

    end = wish.end or time.time_ns() // 1_000_000
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{wish.symbol} candles", total=end - wish.start)
        yield lambda at: bar.update(task, completed=at - wish.start)
