"""A failing schedule becomes short, and keeps failing."""

from __future__ import annotations

import pytest

from gridhedge.domain.invariants import Violation
from gridhedge.simulate.chaos import Strike
from gridhedge.simulate.run import run_seed
from gridhedge.simulate.shrink import parse_strikes, replay_options, shrink, written
from gridhedge.simulate.world import Ending
from tests.simulation.planted.bugs import BUGS

A, B, C = Strike("F-01", 1), Strike("F-02", 7), Strike("F-67", 3)


def ending(struck: tuple[Strike, ...], invariant: str | None, at: int = 40) -> Ending:
    violation = None if invariant is None else Violation(invariant, "text")
    return Ending(9, at, violation, at, struck, {}, "", 0)


def test_only_what_breaks_it_is_left() -> None:
    """Of twenty strikes the two that are needed together; of 400 steps those up to the violation."""
    noise = tuple(Strike("F-30", number) for number in range(18))

    def run(only: frozenset[Strike], steps: int) -> Ending:
        struck = tuple(strike for strike in (A, *noise, B) if strike in only)
        return ending(struck, "I-01" if {A, B} <= only else None, 33)

    struck, steps, best = shrink(ending((A, *noise, B), "I-01"), 400, run)
    assert (set(struck), steps) == ({A, B}, 33)
    assert best.violation is not None


def test_another_invariant_is_another_bug() -> None:
    """A shorter schedule that breaks something else does not count."""
    struck, _, _ = shrink(ending((A, B), "I-01"), 400, lambda only, steps: ending(tuple(only), "I-22"))
    assert struck == (A, B)


def test_a_schedule_is_written_as_the_command_line_reads_it() -> None:
    """Fault and throw, separated by commas; nothing at all has a word of its own."""
    assert written((A, C)) == "F-01#1,F-67#3"
    assert parse_strikes("F-01#1,F-67#3") == {A, C}
    assert (written(()), parse_strikes("none")) == ("none", frozenset())
    assert replay_options(ending((A,), None), 33, (A,)) == "--seeds 9 --steps 33 --only F-01#1 --trace"
    assert (
        replay_options(ending((), None)._replace(kind="trim"), 33, None)
        == "--seeds 9 --steps 33 --strategy trim --trace"
    )


def test_a_real_failure_is_replayed_by_its_short_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout that counts as a failure: a few of its strikes suffice, and the replay breaks the same."""
    BUGS["a timeout counts as a failure"].plant(monkeypatch)
    found = next(made for made in (run_seed(seed, 200) for seed in range(50)) if made.violation is not None)
    struck, steps, _ = shrink(found, 200)
    again = run_seed(found.seed, steps, frozenset(struck))
    assert 0 < len(struck) < len(found.struck) / 2
    assert again.violation is not None
    assert again.violation.invariant == found.violation.invariant
