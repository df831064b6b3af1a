"""``gridhedge practice mt5``: a simulated MetaTrader 5 terminal with an account."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click

from gridhedge.cli.options import moment_within
from gridhedge.cli.stopping import stop_signal
from gridhedge.domain.errors import UsageError
from gridhedge.venue.mt5.terminal.names import SymbolNames

__all__ = ["mt5"]

_CALM_PPM = 40
"""Of a seeded price a second: currencies move about a percent a day, coins ten."""


@click.command("mt5")
@click.option("--port", type=click.IntRange(0, 65535), default=8704, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--login", type=click.IntRange(min=1), default=501234, show_default=True, help="Number of the account.")
@click.option("--server", default="Practice-Demo", show_default=True, help="Name of the broker's server.")
@click.option("--prefix", default="", help="How this broker writes symbols: m, .r, or #*.")
@click.option("--balance", type=Decimal, default=Decimal(10_000), show_default=True, help="In USD.")
@click.option("--leverage", type=click.IntRange(1, 500), default=100, show_default=True)
@click.option("--data", "file", type=click.Path(path_type=Path), help="EURUSD candles (default: seeded prices).")
@click.option("--start", help="Trade from this day or time of the data on, UTC; candles before it are history.")
@click.option("--speed", type=click.IntRange(1, 100_000), default=1, show_default=True, help="Seconds per second.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of prices without --data.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the account there (default: forget it).",
)
def mt5(
    port: int,
    host: str,
    login: int,
    server: str,
    prefix: str,
    balance: Decimal,
    leverage: int,
    file: Path | None,
    start: str | None,
    speed: int,
    seed: int,
    data_dir: Path | None,
) -> None:
    """A MetaTrader 5 terminal: EURUSD, GBPUSD, AUDUSD and gold on a hedging account; the password is practice.

    Seeded prices have no weekends; recorded ones have theirs.
    """
    from gridhedge.practice.mt5.server import Options, first_prices, serve
    from gridhedge.practice.mt5.sights import Login
    from gridhedge.practice.mt5.specs import forex
    from gridhedge.practice.prices import RecordedCandles, synthetic

    names = SymbolNames(prefix)
    if start is not None and file is None:
        raise UsageError("--start: is a time of recorded candles; give them with --data")
    if file is None:
        prices = tuple(
            synthetic(plain, price, seed + index, "mt5", _CALM_PPM)
            for index, (plain, price) in enumerate(first_prices().items())
        )
    else:
        from gridhedge.replay.candles import load_candles

        candles = load_candles(file)
        begin = None if start is None else moment_within("--start", start, candles)
        columns = candles.open, candles.high, candles.low, candles.close
        prices = (
            RecordedCandles(
                "EURUSD", candles.source, candles.times, columns, candles.volume, candles.interval_ms, begin
            ).prices,
        )
    if balance <= 0:
        raise UsageError("--balance: give an amount above 0")
    specs = tuple(forex(each.symbol, names.of(each.symbol)) for each in prices)
    options = Options(prices, specs, Login(login, "practice", server), balance, leverage, speed, file is None, data_dir)
    with stop_signal() as stop:
        practice = serve(options, host, port)
        listed = ", ".join(practice.broker.specs)
        click.echo(f"practice MT5 terminal listens on {practice.url} ({listed}; account {login} at {server}; {speed}x)")
        stop.wait()
        practice.stop()
