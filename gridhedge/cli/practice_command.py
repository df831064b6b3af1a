"""``gridhedge practice``: a local exchange that speaks a venue's own protocol."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gridhedge.cli.options import moment_within
from gridhedge.cli.practice_mt5 import mt5
from gridhedge.cli.stopping import stop_signal
from gridhedge.domain.errors import UsageError
from gridhedge.venue.paper.instruments import instrument, symbols

if TYPE_CHECKING:
    from gridhedge.practice.prices import Prices
    from gridhedge.practice.server import Handle

_SYMBOL = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{2,12}USD[TC](?![A-Z0-9])")
_FIRST_PRICES = {
    "bybit": {
        "BTCUSDT": Decimal(60_000),
        "ETHUSDT": Decimal(3_000),
        "SOLUSDT": Decimal(150),
        "DOGEUSDT": Decimal("0.2"),
    },
    "bitget": {"BTCUSDT": Decimal(60_000), "ETHUSDT": Decimal(3_000), "DOGEUSDT": Decimal("0.2")},
    "binance": {"BTCUSDC": Decimal(60_000), "ETHUSDC": Decimal(3_000)},
}
_LOOK_EVERY_S = 0.5


@click.group("practice")
def command() -> None:
    """A local exchange that speaks a venue's own REST and websocket protocol.

    Point a profile at it with venue.endpoint; the key is practice, its secret practice.
    """


def _options(port: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What every practice exchange takes; ``port``: the one that it takes by itself."""
    options = (
        click.option(
            "--port", type=click.IntRange(0, 65535), default=port, show_default=True, help="0 takes a free one."
        ),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option(
            "--data",
            "files",
            type=click.Path(path_type=Path),
            multiple=True,
            help="Candle file, one per symbol (default: seeded prices).",
        ),
        click.option("--symbol", "names", multiple=True, help="Symbol of each --data file whose name does not say it."),
        click.option("--start", help="Trade from this day or time of the data on, UTC; candles before it are history."),
        click.option(
            "--speed", type=click.IntRange(1, 100_000), default=1, show_default=True, help="Seconds per second."
        ),
        click.option(
            "--time",
            "told",
            type=click.Choice(["wall", "data"]),
            default="wall",
            show_default=True,
            help="Which time clients are told. Signals need data: candles carry its times.",
        ),
        click.option(
            "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of prices without --data."
        ),
        click.option("--key", "pairs", multiple=True, help="KEY:SECRET, an account of its own; several are possible."),
        click.option("--no-rate-limits", is_flag=True, help="Answer as often as asked."),
        click.option(
            "--fault",
            "faults",
            multiple=True,
            help="Go wrong from the start: KIND[,NAME=VALUE], for example clock,seconds=30.",
        ),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="Keep accounts there (default: forget them).",
        ),
    )

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@command.command("bybit")
@_options(8701)
def bybit(**chosen: Any) -> None:
    """Bybit v5: linear perpetuals, hedge mode, unified account; 10,000 USDT per account."""
    _practise("bybit", **chosen)


@command.command("binance")
@_options(8702)
def binance(**chosen: Any) -> None:
    """Binance USDⓈ-M futures: hedge mode, single-asset mode; 10,000 of the quote currency per account."""
    _practise("binance", **chosen)


@command.command("bitget")
@_options(8703)
@click.option(
    "--generation",
    type=click.Choice(["v2", "v3"]),
    default="v2",
    show_default=True,
    help="v2: a classic account; v3: a unified one.",
)
def bitget(generation: str, **chosen: Any) -> None:
    """Bitget USDT-margined futures: hedge mode, classic or unified account; 10,000 USDT per account.

    The passphrase of every key is practice.
    """
    _practise("bitget", generation=generation, **chosen)


def _practise(
    venue: str,
    port: int,
    host: str,
    files: tuple[Path, ...],
    names: tuple[str, ...],
    start: str | None,
    speed: int,
    told: str,
    seed: int,
    pairs: tuple[str, ...],
    no_rate_limits: bool,
    faults: tuple[str, ...],
    data_dir: Path | None,
    **more: str,
) -> None:
    """Serve until told to stop. ``more``: what only this venue's exchange takes."""
    try:
        serve, bands = _exchange(venue)
        from gridhedge.practice.world import Options
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'gridhedge[practice]'") from error
    if start is not None and not files:
        raise UsageError("--start: is a time of recorded candles; give them with --data")
    options = Options(
        prices=_recorded(venue, files, names, start) if files else _seeded(venue, seed),
        rules=venue,
        keys=_keys(pairs),
        speed=speed,
        tells_exchange_time=told == "data",
        bands=bands,
        data_dir=data_dir,
        rate_limits=not no_rate_limits,
        faults=faults,
    )
    with stop_signal() as stop:
        handle = serve(options, port, host, **more)
        listed = ", ".join(handle.world.tapes)
        keys = ", ".join(options.keys)
        click.echo(f"practice {venue.title()} listens on {handle.url} ({listed}; key {keys}; {speed}x)")
        while not stop.wait(_LOOK_EVERY_S):
            if not handle.thread.is_alive():
                raise handle.failure or UsageError("the practice exchange has ended by itself; see the error above")
        handle.stop()


command.add_command(mt5)


def _exchange(venue: str) -> tuple[Callable[..., Handle], Mapping[str, Decimal]]:
    """How to start a venue's practice exchange, and its bands of limit prices."""
    if venue == "binance":
        from gridhedge.practice import binance as practice_binance

        return practice_binance.start, {}
    if venue == "bitget":
        from gridhedge.practice import bitget as practice_bitget

        return practice_bitget.start, {}
    from gridhedge.practice import bybit as practice_bybit
    from gridhedge.practice.bybit.market import BANDS

    return practice_bybit.start, BANDS


def _keys(pairs: tuple[str, ...]) -> dict[str, str]:
    keys = {}
    for pair in pairs or ("practice:practice",):
        key, colon, secret = pair.partition(":")
        if not colon:
            raise UsageError(f"--key {pair}: write KEY:SECRET")
        keys[key] = secret
    return keys


def _seeded(venue: str, seed: int) -> tuple[Prices, ...]:
    from gridhedge.practice.prices import synthetic

    first = _FIRST_PRICES[venue].items()
    return tuple(synthetic(symbol, price, seed + index, venue) for index, (symbol, price) in enumerate(first))


def _recorded(venue: str, files: tuple[Path, ...], names: tuple[str, ...], start: str | None) -> tuple[Prices, ...]:
    from gridhedge.practice.prices import RecordedCandles
    from gridhedge.replay.candles import load_candles

    found = []
    for index, file in enumerate(files):
        symbol = names[index] if index < len(names) else _symbol_of(file)
        if symbol not in symbols(venue):
            raise UsageError(f"--symbol {symbol}: the practice exchange knows {', '.join(symbols(venue))}")
        candles = load_candles(file)
        begin = None if start is None else moment_within("--start", start, candles)
        columns = candles.open, candles.high, candles.low, candles.close
        found.append(
            RecordedCandles(
                symbol, candles.source, candles.times, columns, candles.volume, candles.interval_ms, begin
            ).prices
        )
    traded = {prices.symbol for prices in found}
    if len(traded) < len(found):
        raise UsageError("two --data files are of the same symbol; give each symbol once")
    if len({instrument(venue, symbol).quote for symbol in traded}) > 1:
        raise UsageError("the --data files are of symbols with two quote currencies; an account here has one wallet")
    return tuple(found)


def _symbol_of(file: Path) -> str:
    named = _SYMBOL.findall(file.name)
    if len(named) != 1:
        raise UsageError(f"{file}: the name does not say the symbol; add --symbol")
    return str(named[0])
