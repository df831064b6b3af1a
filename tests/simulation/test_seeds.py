"""Hundreds of hostile worlds: nothing breaks, everything recovers, and the rare states are really visited.

500 seeds by default; ``GRIDHEDGE_SEEDS=50000 pytest tests/simulation/test_seeds.py`` for many.
"""

from __future__ import annotations

import os

import pytest

from gridhedge.simulate.catalogue import MODELLED
from gridhedge.simulate.markers import MARKERS
from gridhedge.simulate.run import Report, Totals, run_seed

SEEDS = int(os.environ.get("GRIDHEDGE_SEEDS", "500"))
STEPS = 400
PARTS = 10


def report(part: int) -> Report:
    totals = Totals()
    for seed in range(part * SEEDS // PARTS, (part + 1) * SEEDS // PARTS):
        totals.add(run_seed(seed, STEPS))
    return totals.report()


@pytest.mark.parametrize("part", range(PARTS))
def test_trim_survives_the_same_worlds(part: int) -> None:
    """A fifth as many seeds: safety at every step, and recovery, of one direction and of both."""
    share = SEEDS // PARTS // 5
    endings = [run_seed(seed, STEPS, kind="trim") for seed in range(part * share, (part + 1) * share)]
    assert [(ending.seed, ending.at_step, str(ending.violation)) for ending in endings if ending.violation] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_no_invariant_breaks_and_every_world_recovers(part: int) -> None:
    """Safety at every step, liveness after the faults; most faults and markers occur in every tenth already."""
    made = report(part)
    failed = [(ending.seed, ending.at_step, str(ending.violation)) for ending in made.violations]
    assert failed == []
    assert made.steps > SEEDS // PARTS * STEPS
    assert len(made.faults) >= 0.9 * len(MODELLED)
    assert len(made.markers) >= 0.8 * len(MARKERS)
