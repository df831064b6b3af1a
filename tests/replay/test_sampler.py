"""What is proposed: everything where that is little, else what Optuna draws, never twice, always the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.profile.space import Point, Space
from gridhedge.replay.sampler import Enumeration, TreeSampler
from tests.replay.searching import field

BIG = """\
symbols.strategy.grid_step_percent: {from: 0.4, to: 2.0, step: 0.1}
symbols.strategy.take_profit_percent: {from: 0.1, to: 2.0, step: 0.1}
symbols.strategy.take_profit_fee: {choices: [auto, taker]}
"""
"""680 combinations."""


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return field(tmp_path, space=BIG).space


def worth(point: Point) -> float:
    """One summit, at (5, 12, 1)."""
    return -((point[0] - 5) ** 2) - (point[1] - 12) ** 2 + point[2]


def proposed(sampler: TreeSampler, *counts: int) -> list[Point]:
    found: list[Point] = []
    for count in counts:
        points = sampler.ask(count)
        sampler.tell(points, [worth(point) for point in points])
        found += points
    return found


def test_an_enumeration_is_complete(space: Space) -> None:
    """Every combination once, whatever the portions."""
    everything = Enumeration(space)
    points = [*everything.ask(100), *everything.ask(1000)]
    assert len(points) == len(set(points)) == 680
    assert points[:3] == [(0, 0, 0), (0, 0, 1), (0, 1, 0)]
    assert everything.ask(1) == []


def test_the_same_seed_proposes_the_same(space: Space) -> None:
    """And another seed something else."""
    first = proposed(TreeSampler(space, 3), 16, 16, 16)
    assert first == proposed(TreeSampler(space, 3), 16, 16, 16)
    assert first != proposed(TreeSampler(space, 4), 16, 16, 16)


def test_more_trials_begin_with_those_of_fewer(space: Space) -> None:
    """A search that was ended early by --trials can be made longer."""
    assert proposed(TreeSampler(space, 3), 16, 16, 16)[:37] == proposed(TreeSampler(space, 3), 16, 16, 5)


def test_no_combination_comes_twice_down_to_the_last(space: Space) -> None:
    """Where the sampler only repeats itself, what is left is drawn."""
    few = space._replace(axes=(space.axes[0], space.axes[2]))
    sampler = TreeSampler(few, 1)
    points: list[Point] = []
    for _ in range(17):
        new = sampler.ask(2)
        sampler.tell(new, [float(point[0]) for point in new])
        points += new
    assert len(points) == len(set(points)) == 34


def test_a_field_with_one_value_is_no_obstacle(space: Space) -> None:
    """It is proposed with every combination of the others."""
    fixed = space.axes[2]._replace(values=("auto",))
    points = proposed(TreeSampler(space._replace(axes=(*space.axes[:2], fixed)), 1), 16, 16)
    assert {point[2] for point in points} == {0}
    assert len(set(points)) == 32


def test_it_learns(space: Space) -> None:
    """The later half lies nearer to the summit than the first draws, and one of a hundred is at most a step away."""
    points = proposed(TreeSampler(space, 7), *[16] * 6)
    early, late = [sum(map(worth, part)) / len(part) for part in (points[:16], points[48:])]
    assert late > early / 2
    assert max(map(worth, points)) >= -1
