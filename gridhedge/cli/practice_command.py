"""``gridhedge practice``: a local exchange that speaks a venue's own protocol."""

from __future__ import annotations

import re
import signal
import threading
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from gridhedge.cli.options import moment
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.venue.paper.instruments import symbols

if TYPE_CHECKING:
    from gridhedge.practice.prices import Prices

_SYMBOL = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{2,12}USDT(?![A-Z0-9])")
_FIRST_PRICES = {
    "BTCUSDT": Decimal(60_000),
    "ETHUSDT": Decimal(3_000),
    "SOLUSDT": Decimal(150),
    "DOGEUSDT": Decimal("0.2"),
}
_LOOK_EVERY_S = 0.5


@click.group("practice")
def command() -> None:
    """A local exchange that speaks a venue's own REST and websocket protocol.

    Point a profile at it with venue.endpoint; the key is practice, its secret practice.
    """


@command.command("bybit")
@click.option("--port", type=click.IntRange(0, 65535), default=8701, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--data",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Candle file, one per symbol (default: seeded prices of four symbols).",
)
@click.option("--symbol", "names", multiple=True, help="Symbol of each --data file whose name does not say it.")
@click.option("--start", help="Trade from this day or time of the data on, UTC; candles before it are history.")
@click.option("--speed", type=click.IntRange(1, 100_000), default=1, show_default=True, help="Seconds per second.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of prices without --data.")
@click.option("--key", "pairs", multiple=True, help="KEY:SECRET, an account of its own; several are possible.")
@click.option("--no-rate-limits", is_flag=True, help="Answer as often as asked.")
@click.option(
    "--fault", "faults", multiple=True, help="Go wrong from the start: KIND[,NAME=VALUE], for example clock,seconds=30."
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Keep accounts there (default: forget them)."
)
def bybit(
    port: int,
    host: str,
    files: tuple[Path, ...],
    names: tuple[str, ...],
    start: str | None,
    speed: int,
    seed: int,
    pairs: tuple[str, ...],
    no_rate_limits: bool,
    faults: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Bybit v5: linear perpetuals, hedge mode, unified account; 10,000 USDT per account."""
    try:
        from gridhedge.practice import bybit as practice
        from gridhedge.practice.bybit.market import BANDS
        from gridhedge.practice.world import Options
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'gridhedge[practice]'") from error
    begin = None if start is None else moment("--start", start)
    options = Options(
        prices=_recorded(files, names, begin) if files else _seeded(seed),
        keys=_keys(pairs),
        speed=speed,
        bands=BANDS,
        data_dir=data_dir,
        rate_limits=not no_rate_limits,
        faults=faults,
    )
    stop = _stop_signal()
    handle = practice.start(options, port, host)
    listed = ", ".join(handle.world.tapes)
    click.echo(f"practice Bybit listens on {handle.url} ({listed}; key {', '.join(options.keys)}; {speed}x)")
    while not stop.wait(_LOOK_EVERY_S):
        if not handle.thread.is_alive():
            raise handle.failure or UsageError("the practice exchange has ended by itself; see the error above")
    handle.stop()


def _stop_signal() -> threading.Event:
    """Set by the first SIGINT or SIGTERM."""
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def _keys(pairs: tuple[str, ...]) -> dict[str, str]:
    keys = {}
    for pair in pairs or ("practice:practice",):
        key, colon, secret = pair.partition(":")
        if not colon:
            raise UsageError(f"--key {pair}: write KEY:SECRET")
        keys[key] = secret
    return keys


def _seeded(seed: int) -> tuple[Prices, ...]:
    from gridhedge.practice.prices import synthetic

    return tuple(synthetic(symbol, price, seed + index) for index, (symbol, price) in enumerate(_FIRST_PRICES.items()))


def _recorded(files: tuple[Path, ...], names: tuple[str, ...], begin: Millis | None) -> tuple[Prices, ...]:
    from gridhedge.practice.prices import RecordedCandles
    from gridhedge.replay.candles import load_candles

    found = []
    for index, file in enumerate(files):
        symbol = names[index] if index < len(names) else _symbol_of(file)
        if symbol not in symbols("bybit"):
            raise UsageError(f"--symbol {symbol}: the practice exchange knows {', '.join(symbols('bybit'))}")
        candles = load_candles(file)
        columns = candles.open, candles.high, candles.low, candles.close
        found.append(
            RecordedCandles(
                symbol, candles.source, candles.times, columns, candles.volume, candles.interval_ms, begin
            ).prices
        )
    if len({prices.symbol for prices in found}) < len(found):
        raise UsageError("two --data files are of the same symbol; give each symbol once")
    return tuple(found)


def _symbol_of(file: Path) -> str:
    named = _SYMBOL.findall(file.name)
    if len(named) != 1:
        raise UsageError(f"{file}: the name does not say the symbol; add --symbol")
    return str(named[0])
