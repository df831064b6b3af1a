"""Shortens a failing schedule: as few strikes and as few steps as still break the same invariant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gridhedge.simulate.chaos import Strike
from gridhedge.simulate.world import Ending, World

__all__ = ["parse_strikes", "replay_options", "shrink", "written"]

_ATTEMPTS = 300
"""Worlds that a search may run; it returns the best found so far."""

Attempt = Callable[[frozenset[Strike], int], Ending]


def shrink(ending: Ending, steps: int, attempt: Attempt | None = None) -> tuple[tuple[Strike, ...], int, Ending]:
    """Strikes and steps of a shortest schedule found, and how it ends. ``ending`` must be one with a violation.

    Halves the list of strikes, then quarters, and so on (delta debugging, Zeller and Hildebrandt 2002).
    """
    assert ending.violation is not None, "only a failing schedule can be shortened"
    wanted = ending.violation.invariant
    run = attempt or (lambda only, most: World(ending.seed, only, kind=ending.kind).run(most))
    kept, best, steps = ending.struck, ending, min(steps, ending.at_step)
    budget, size = _ATTEMPTS, max(1, len(kept) // 2)
    while kept and budget:
        removed = False
        for start in range(0, len(kept), size):
            trial = kept[:start] + kept[start + size :]
            found = run(frozenset(trial), steps)
            budget -= 1
            if found.violation is not None and found.violation.invariant == wanted:
                kept, best, removed = _still_struck(trial, found), found, True
                break
            if not budget:
                break
        if not removed and size == 1:
            break
        if not removed:
            size = max(1, size // 2)
        size = min(size, max(1, len(kept)))
    return kept, min(steps, best.at_step), best


def _still_struck(trial: Sequence[Strike], found: Ending) -> tuple[Strike, ...]:
    """Strikes that the shorter schedule no longer came to are not needed either."""
    struck = set(found.struck)
    return tuple(strike for strike in trial if strike in struck)


def written(strikes: Sequence[Strike]) -> str:
    """Strikes as the command line takes them: ``F-02#3,F-67#14``; ``none`` where there are none."""
    return ",".join(str(strike) for strike in strikes) or "none"


def parse_strikes(text: str) -> frozenset[Strike]:
    """What ``written`` wrote. Raises ValueError."""
    if text == "none":
        return frozenset()
    strikes = []
    for word in text.split(","):
        fault, _, number = word.partition("#")
        strikes.append(Strike(fault, int(number)))
    return frozenset(strikes)


def replay_options(ending: Ending, steps: int, strikes: Sequence[Strike] | None) -> str:
    """What shows a schedule again, with a readable trace; None: with all its faults."""
    only = "" if strikes is None else f" --only {written(strikes)}"
    strategy = "" if ending.kind == "symmetric" else f" --strategy {ending.kind}"
    return f"--seeds {ending.seed} --steps {steps}{strategy}{only} --trace"
