"""``gridhedge backtest``: recorded candles through the live engine."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridhedge.cli.options import amount, check_folder, moment, profile_option, replay_options, write_result
from gridhedge.cli.profiles import open_profile, require_indicators
from gridhedge.domain.errors import UsageError
from gridhedge.domain.values import Millis
from gridhedge.profile.settings import Profile
from gridhedge.profile.venues import PaperSettings

if TYPE_CHECKING:
    from gridhedge.replay.candles import Candles
    from gridhedge.replay.funding import FundingSeries
    from gridhedge.replay.recorded import Recorded, Source
    from gridhedge.replay.run import Rules

_STDOUT = Path("-")
_SYMBOL = re.compile(r"(?<![A-Z0-9])[A-Z0-9]{2,12}USD[TC](?![A-Z0-9])")


@click.command("backtest")
@profile_option
@replay_options
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures there (- for stdout).")
@click.option("--html", "html_file", type=click.Path(path_type=Path), help="Write a report with charts there.")
def command(
    profile: Path,
    files: tuple[Path, ...],
    symbol: str | None,
    funding_files: tuple[Path, ...],
    start: str | None,
    end: str | None,
    balance: str | None,
    allow_gaps: bool,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Replay recorded candles with the same strategy, engine and accounting as live.

    One --data file per symbol of the profile, in the profile's order; --funding likewise.
    """
    for target in (json_file, html_file):
        if target is not None:
            check_folder(target)
    settings = open_profile(profile, live=True)  # places nothing
    require_indicators(settings)
    money = amount("--balance", balance)
    if symbol is not None:
        settings = with_symbol(settings, symbol)
    began = time.perf_counter()
    source = source_of(files, funding_files, start, end, allow_gaps)
    candles, funding, _ = load(settings, source)
    load_seconds = time.perf_counter() - began
    from gridhedge.cli.backtest_page import backtest_page, print_summary
    from gridhedge.replay.recorded import measured
    from gridhedge.replay.run import replay

    rules = rules_of(settings)
    with _progress(candles) as progress:
        result = replay(settings, candles, funding, progress, rules, money)
    metrics = measured(result, candles, load_seconds)
    remarks(settings, candles, funding)
    for desk in result.session.desks:
        for alarm in desk.alarms.values():
            click.echo(f"note: {desk.symbol}: at the end: {alarm}", err=True)
    if html_file is not None:
        write_result(html_file, backtest_page(result, metrics, candles))
    text = json.dumps(metrics.to_json(), indent=1)
    if json_file == _STDOUT:
        click.echo(text)
        return
    if json_file is not None:
        write_result(json_file, text + "\n")
    print_summary(result, metrics)


def with_symbol(profile: Profile, symbol: str) -> Profile:
    """The one-symbol profile, trading another symbol with the same settings."""
    if len(profile.traded) != 1:
        raise UsageError(f"--symbol replaces the symbol of a one-symbol profile; this one has {len(profile.traded)}")
    entries = tuple(entry.model_copy(update={"symbol": symbol}) for entry in profile.symbols)
    return profile.model_copy(update={"symbols": entries})


def source_of(
    files: tuple[Path, ...], funding_files: tuple[Path, ...], start: str | None, end: str | None, allow_gaps: bool
) -> Source:
    """What the options say about the data. Raises UsageError."""
    from gridhedge.replay.recorded import Source

    first = None if start is None else moment("--from", start)
    last = None if end is None else moment("--to", end)
    return Source(files, funding_files, first, last, allow_gaps)


def load(profile: Profile, source: Source) -> Recorded:
    """The candles and the funding of the command line's files. Raises UsageError."""
    from gridhedge.replay.recorded import load_recorded

    recorded = load_recorded(profile.traded, source)
    if recorded.is_shortened:
        click.echo("note: only the time that all --data files share is replayed", err=True)
    return recorded


def rules_of(profile: Profile) -> dict[str, Rules]:
    """What real venues ask and charge; empty on paper, where the profile says it. Says where it comes from."""
    if isinstance(profile.venue, PaperSettings):
        return {}
    from gridhedge.cli.facts import facts_of

    facts = facts_of(profile)
    for source in dict.fromkeys(fact.source for fact in facts.values()):
        click.echo(f"note: {source}", err=True)
    return {symbol: (fact.instrument, fact.fees) for symbol, fact in facts.items()}


def remarks(profile: Profile, candles: Mapping[str, Candles], funding: Mapping[str, FundingSeries]) -> None:
    """Says on stderr what a user should know about the data."""
    for symbol, series in candles.items():
        named = set(_SYMBOL.findall(series.source.upper()))
        if named and symbol not in named:
            click.echo(f"note: {symbol}: {series.source} seems to hold prices of {', '.join(named)}", err=True)
        for note in (*series.notes, *(funding[symbol].notes if symbol in funding else ())):
            click.echo(f"note: {symbol}: {note}", err=True)
    if not funding:
        charged = "the profile's constant rate is charged every 8 hours"
        if str(getattr(profile.venue, "rules", getattr(profile.venue, "name", ""))) == "mt5":
            charged = "an ordinary broker's swap is charged at 17:00 New York, and its spread is paid"
        click.echo(f"note: no --funding file: {charged}", err=True)


@contextmanager
def _progress(candles: Mapping[str, Candles]) -> Iterator[Callable[[Millis], None] | None]:
    """A bar on long work, on stderr, where somebody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    start = max(series.start for series in candles.values())
    end = min(series.end for series in candles.values())
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replay", total=end - start)
        yield lambda at: bar.update(task, completed=at - start)
