"""``gridhedge optimize``: the best parameters for recorded candles, and what they are worth on others."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gridhedge.cli.backtest_command import load, remarks, rules_of, source_of, with_symbol
from gridhedge.cli.options import amount, check_folder, profile_option, replay_options, write_result
from gridhedge.cli.profiles import open_profile, require_indicators
from gridhedge.domain.errors import RiskStop, UsageError
from gridhedge.profile.settings import Profile
from gridhedge.profile.space import Space, read_space

if TYPE_CHECKING:
    from gridhedge.replay.optimize import Field, Found, Wish
    from gridhedge.replay.recorded import Source
    from gridhedge.replay.study import Part
    from gridhedge.replay.trial import Outcome
    from gridhedge.replay.workers import Workers

_STDOUT = Path("-")


@click.command("optimize")
@profile_option
@click.option("--space", "space_file", type=click.Path(path_type=Path), required=True, help="What to try (YAML).")
@replay_options
@click.option("--trials", type=click.IntRange(1, 1_000_000), default=200, show_default=True, help="At most so many.")
@click.option(
    "--objective",
    type=click.Choice(["return-over-drawdown", "net-profit"]),
    default="return-over-drawdown",
    show_default=True,
    help="What is best. A run that is stopped is always worse than one that is not.",
)
@click.option(
    "--holdout",
    type=click.IntRange(0, 90),
    default=30,
    show_default=True,
    help="Percent of the time, at its end, on which the search is not run and the best are tried; 0: off.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the search.")
@click.option("--batch", type=click.IntRange(1, 10_000), default=16, show_default=True, help="Proposed at once.")
@click.option("--jobs", type=click.IntRange(1, 512), help="Processes (default: one per core).")
@click.option("--scheduler", help="A Dask cluster in place of processes: tcp://host:8786.")
@click.option("--study", "study_file", type=click.Path(path_type=Path, dir_okay=False), help="Where results are kept.")
@click.option(
    "--write", "target", type=click.Path(path_type=Path), help="Write the profile with the best values there."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write everything there (- for stdout).")
def command(
    profile: Path,
    space_file: Path,
    files: tuple[Path, ...],
    symbol: str | None,
    funding_files: tuple[Path, ...],
    start: str | None,
    end: str | None,
    balance: str | None,
    allow_gaps: bool,
    trials: int,
    objective: str,
    holdout: int,
    seed: int,
    batch: int,
    jobs: int | None,
    scheduler: str | None,
    study_file: Path | None,
    target: Path | None,
    json_file: Path | None,
) -> None:
    """Search a profile's parameters: every trial replays the candles through the live engine, as backtest does.

    Results are kept in the study file; the same command goes on where it was interrupted. See docs/OPTIMIZE.md.
    """
    _check_targets(target, json_file, symbol)
    if jobs is not None and scheduler is not None:
        raise UsageError("--jobs is for processes of this machine, --scheduler for a cluster: give one of them")
    settings = open_profile(profile, live=True)  # places nothing
    require_indicators(settings)
    if symbol is not None:
        settings = with_symbol(settings, symbol)
    space = read_space(space_file, profile)
    from gridhedge.cli.optimize_table import document, print_found
    from gridhedge.replay.optimize import Wish

    source = source_of(files, funding_files, start, end, allow_gaps)
    field = _field(settings, space, source, symbol, holdout, balance)
    wish = Wish(objective, trials, batch, seed)
    found = _run(field, wish, settings, study_file or Path(f"{profile.stem}.study.jsonl"), jobs, scheduler)
    if not found.best:
        raise UsageError(
            f"all {len(found.trials)} combinations are refused, the first: {found.refused[0].outcome.refused}"
        )
    text = json.dumps(document(found, field, wish), indent=1)
    if json_file is not None and json_file != _STDOUT:
        write_result(json_file, text + "\n")
    if json_file == _STDOUT:
        click.echo(text)
    else:
        print_found(found, field, wish)
    if target is not None:
        _write(found, space, profile, target)


def _check_targets(target: Path | None, json_file: Path | None, symbol: str | None) -> None:
    """Before long work."""
    for file in (target, json_file):
        if file is not None:
            check_folder(file)
    if target is None:
        return
    if symbol is not None:
        raise UsageError("--write keeps the profile's own symbol: change it in the profile, and leave --symbol away")
    if target.exists():
        raise UsageError(f"--write {target}: this file exists; give another name, or remove it")


def _field(
    settings: Profile, space: Space, source: Source, symbol: str | None, holdout: int, balance: str | None
) -> Field:
    from gridhedge.replay.optimize import Field, split
    from gridhedge.replay.trial import Ground, digests

    absolute = source._replace(
        files=tuple(file.absolute() for file in source.files),
        funding_files=tuple(file.absolute() for file in source.funding_files),
    )
    money = amount("--balance", balance)
    recorded = load(settings, source)
    windows = split(recorded, holdout)
    remarks(settings, recorded.candles, recorded.funding)
    seen_as = _as_it_is if symbol is None else partial(with_symbol, symbol=symbol)
    ground = Ground(settings.traded, absolute, digests(source))
    return Field(space, seen_as, ground, windows, rules_of(settings), money)


def _as_it_is(profile: Profile) -> Profile:
    return profile


def _run(
    field: Field, wish: Wish, settings: Profile, study_file: Path, jobs: int | None, scheduler: str | None
) -> Found:
    from gridhedge.replay.optimize import Search, fingerprint
    from gridhedge.replay.study import Study

    check_folder(study_file)
    with Study(study_file, fingerprint(field, wish, settings), time.time_ns() // 1_000_000) as study:
        try:
            with _workers(jobs, scheduler) as workers, _progress(min(wish.trials, field.space.size), wish) as progress:
                return Search(field, wish, study, workers, progress).run()
        except KeyboardInterrupt:
            click.echo(f"note: {study_file} keeps {len(study.known)} trials: the same command goes on", err=True)
            raise


def _workers(jobs: int | None, scheduler: str | None) -> AbstractContextManager[Workers]:
    from gridhedge.replay.workers import cluster_workers, local_workers

    return local_workers(jobs or os.cpu_count() or 1) if scheduler is None else cluster_workers(scheduler)


def _write(found: Found, space: Space, profile: Path, target: Path) -> None:
    """The best of the search into a new file. Raises RiskStop where nothing survived, UsageError."""
    from gridhedge.profile.document import read_text
    from gridhedge.profile.places import rewritten
    from gridhedge.store.files import open_private, write_all

    best = found.best[0].trial
    if best.score is None or not best.score.is_finished:
        raise RiskStop(f"no combination survived the candles: {target} is not written")
    text = read_text(profile)
    for place, value in space.changes(best.point):
        text = rewritten(text, place, value)
    try:
        descriptor = open_private(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except OSError as error:
        raise UsageError(f"{target}: can not be written ({error.strerror}); choose another file") from error
    try:
        write_all(descriptor, text.encode())
    finally:
        os.close(descriptor)
    written = open_profile(target, live=True)
    assert written.digest == space.profile(best.point).digest, "what was written is what was replayed"
    click.echo(f"{target}: written", err=True)


@contextmanager
def _progress(trials: int, wish: Wish) -> Iterator[Callable[[Part, Outcome], None]]:
    """A bar with the best so far, on stderr, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda part, outcome: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from gridhedge.replay.objective import score

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("trials", total=trials)
        best = None

        def tell(part: Part, outcome: Outcome) -> None:
            nonlocal best
            if part == "search":
                figures = outcome.figures
                if figures is not None:
                    found = score(figures, wish.objective)
                    best = found if best is None else max(best, found)
                said = f"best {best.value:.2f}" if best is not None and best.is_finished else "none survived yet"
                bar.update(task, advance=1, description=f"trials, {said}")
            else:
                bar.update(task, description="the best on what was kept out")

        yield tell
