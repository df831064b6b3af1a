"""Is the simulation able to fail? Mistakes are planted into the engine, one at a time: each must be accused."""

from __future__ import annotations

import os

import pytest

from gridhedge.simulate.run import run_seed
from tests.simulation.planted.bugs import BUGS

SEEDS = 1000
ALWAYS = 10
"""By default every third or so; ``GRIDHEDGE_PLANTED=all`` for all of them."""

CHOSEN = list(BUGS) if os.environ.get("GRIDHEDGE_PLANTED") == "all" else list(BUGS)[:: len(BUGS) // ALWAYS][:ALWAYS]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_planted_bug_is_caught_and_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a thousand seeds, by an invariant that speaks of it."""
    bug = BUGS[name]
    bug.plant(monkeypatch)
    violations = (run_seed(seed, 400).violation for seed in range(SEEDS))
    assert any(found is not None and found.invariant in bug.accused for found in violations)


def test_there_are_many_bugs_to_plant() -> None:
    """At least thirty, and together they make most of the judged invariants speak."""
    assert len(BUGS) >= 30
    assert len({invariant for bug in BUGS.values() for invariant in bug.accused}) >= 20
