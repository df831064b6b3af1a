"""``gridhedge simulate``: the real engine in hostile worlds, many seeds at a time."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gridhedge.cli.options import json_option
from gridhedge.domain.errors import RiskStop, UsageError

if TYPE_CHECKING:
    from gridhedge.simulate.chaos import Strike
    from gridhedge.simulate.run import Report
    from gridhedge.simulate.scene import Kind
    from gridhedge.simulate.world import Ending

_RANGE = re.compile(r"(\d+)(?:-(\d+))?\Z")
_SHRINK_AT_MOST = 3
"""Failing seeds that are shortened; the others are named."""


@click.command("simulate")
@click.option("--seeds", required=True, help="A range of seeds: 0-499, or one: 17.")
@click.option("--steps", type=click.IntRange(1, 1_000_000), default=400, show_default=True, help="Steps per seed.")
@click.option(
    "--strategy",
    "kind",
    type=click.Choice(["symmetric", "trim", "signal"]),
    default="symmetric",
    show_default=True,
    help="What trades in these worlds.",
)
@click.option("--jobs", type=click.IntRange(1, 512), help="Processes (default: one per core).")
@click.option("--only", help="Let only these faults strike, as a failing seed names them; none: none at all.")
@click.option("--trace", is_flag=True, help="Show what happens; for one seed.")
@json_option
def command(seeds: str, steps: int, kind: Kind, jobs: int | None, only: str | None, trace: bool, as_json: bool) -> None:
    """Run the engine against a faulty network, exchange, disk and process, and judge every step.

    The same seed is the same execution on every machine. A failing seed is shortened and printed with the command
    that shows it again. Ends with 6 if an invariant was broken.
    """
    chosen = _seeds(seeds)
    strikes = None if only is None else _strikes(only)
    if trace:
        if as_json or len(chosen) != 1:
            raise UsageError("--trace shows one seed, as text: give one seed, and no --json")
        _show_trace(chosen[0], steps, strikes, kind)
        return
    began = time.perf_counter()
    report = _run(chosen, steps, jobs or os.cpu_count() or 1, strikes, kind)
    seconds = time.perf_counter() - began
    found = [_violation(ending, steps, place < _SHRINK_AT_MOST) for place, ending in enumerate(report.violations)]
    if as_json:
        click.echo(json.dumps(_json(chosen, report, seconds, found), indent=1))
    else:
        _print(report, seconds, found)
    if found:
        raise RiskStop(f"{len(found)} of {report.seeds} seeds broke an invariant")


def _seeds(text: str) -> range:
    match = _RANGE.match(text)
    if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
        raise UsageError(f"--seeds {text}: not a range of seeds; write 0-499, or 17")
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _strikes(text: str) -> frozenset[Strike]:
    from gridhedge.simulate.shrink import parse_strikes

    try:
        return parse_strikes(text)
    except ValueError as error:
        raise UsageError(f"--only {text}: not a list of strikes; write F-02#3,F-67#14") from error


def _run(seeds: range, steps: int, jobs: int, only: frozenset[Strike] | None, kind: Kind) -> Report:
    from gridhedge.simulate.run import Totals, endings, run_seed

    totals = Totals()
    with _progress(len(seeds)) as advance:
        if only is not None:
            for seed in seeds:
                totals.add(run_seed(seed, steps, only, kind))
                advance()
        else:
            for ending in endings(seeds, steps, min(jobs, len(seeds)), kind):
                totals.add(ending)
                advance()
    return totals.report()


def _show_trace(seed: int, steps: int, only: frozenset[Strike] | None, kind: Kind) -> None:
    from gridhedge.simulate.world import World

    lines: list[str] = []
    ending = World(seed, only, lines, kind=kind).run(steps)
    click.echo("\n".join(lines))
    if ending.violation is not None:
        raise RiskStop(f"seed {seed}, step {ending.at_step}: {ending.violation.invariant}: {ending.violation.text}")
    click.echo(f"seed {seed}: {ending.steps} steps, nothing broken, journal {ending.digest[:16]}")


def _violation(ending: Ending, steps: int, is_shortened: bool) -> dict[str, Any]:
    """One failing seed, with the shortest schedule found that still breaks the same invariant."""
    from gridhedge.simulate.shrink import replay_options, shrink

    struck, shortest = ending.struck, ending
    if is_shortened:
        struck, steps, shortest = shrink(ending, steps)
    assert shortest.violation is not None
    program = click.get_current_context().command_path
    return {
        "seed": ending.seed,
        "step": shortest.at_step,
        "invariant": shortest.violation.invariant,
        "text": shortest.violation.text,
        "replay": f"{program} {replay_options(ending, steps, struck if is_shortened else None)}",
    }


def _json(seeds: range, report: Report, seconds: float, violations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "seeds": f"{seeds[0]}-{seeds[-1]}",
        "steps": report.steps,
        "steps_per_second": round(report.steps / seconds),
        "violations": violations,
        "faults": report.faults,
        "markers": report.markers,
        "hash": report.digest,
    }


def _print(report: Report, seconds: float, violations: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from gridhedge.cli.terminal import Terminal
    from gridhedge.simulate.catalogue import FAULTS, MODELLED
    from gridhedge.simulate.markers import MARKERS

    out = Terminal()
    faults = Table("fault", "what", "fired", box=None)
    for name in MODELLED:
        faults.add_row(name, FAULTS[name].title, str(report.faults.get(name, 0)))
    markers = Table("rare state", "times", box=None)
    for name in MARKERS:
        markers.add_row(MARKERS[name], str(report.markers.get(name, 0)))
    out.print(faults, markers)
    fired, rate = sum(report.faults.values()), report.seeds / seconds
    out.print(
        f"{report.seeds} seeds, {len(violations)} violations; {report.steps} steps; {rate:.1f} seeds/s, "
        f"{report.steps / seconds:.0f} steps/s; {fired} faults of {len(report.faults)}/{len(MODELLED)} kinds; "
        f"{len(report.markers)}/{len(MARKERS)} rare states; "
        f"slowest recovery {report.slowest_recovery_ms / 1000:.0f} s"
    )
    out.print(f"journals {report.digest}")
    for violation in violations:
        out.print(
            f"seed {violation['seed']}, step {violation['step']}: {violation['invariant']}: {violation['text']}\n"
            f"  {violation['replay']}",
            markup=False,
            soft_wrap=True,
        )


@contextmanager
def _progress(seeds: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("seeds", total=seeds)
        yield lambda: bar.advance(task)
