"""Every seed that once broke an invariant stays here, with one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.simulate.run import run_seed

SEEDS = [
    (int(line.split(" ", 1)[0]), line.split(" ", 1)[1])
    for line in (Path(__file__).parent / "regressions" / "seeds.txt").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("seed", [seed for seed, _ in SEEDS])
def test_a_mended_bug_stays_mended(seed: int) -> None:
    """400 steps with all their faults, and full recovery afterwards."""
    assert run_seed(seed, 400).violation is None


TRIM = {
    24: "an exit that executed after its cycle's end was still counted as held when the next grid was fixed",
    27: "a level without budget, and an alarm at a skewed clock, made the bot spin without sending anything",
    349: "the levels of a grid were off the tick that the venue had made coarser, and could not be placed any more",
    360: "a stop-loss was judged as if it closed beside the limit exit that it outranks",
    493: "a level that moved into a larger grid grew by an amend, and nobody looked at the reserve",
    687: "a close at market that a thin market did not take looked like a missing exit, and froze the account",
    1731: "a grid rebuilt from the venue mixed the prices of two centers, and its levels were out of order",
    381: "an amend seen before its answer, and a position over the largest order, looked like missing exits",
    755: "a journal that had lost a cancel kept a slot for an order that had gone, and the level was sent twice",
    2632: "a grid rebuilt from the venue took a level that was about to be moved for one that stood where it should",
    2652: "the same on the short side, after the journal had come back older than it was",
    3787: "an account message that came late undid what had been read since, and the reserve was touched",
    5237: "an old snapshot of one symbol answered a question about two, and what a person held was gone",
}


@pytest.mark.parametrize("seed", TRIM)
def test_a_mended_bug_of_trim_stays_mended(seed: int) -> None:
    """The same venues and faults, with the grid that sheds its load."""
    assert run_seed(seed, 400, kind="trim").violation is None


SIGNAL = {
    20128: "of a basket rebuilt from the venue only the second order had executed, and its first had no price to go by",
}


@pytest.mark.parametrize("seed", SIGNAL)
def test_a_mended_bug_of_signal_stays_mended(seed: int) -> None:
    """The same with baskets."""
    assert run_seed(seed, 400, kind="signal").violation is None


def test_every_seed_has_its_sentence() -> None:
    """What was wrong is said, and no seed stands twice."""
    assert len(SEEDS) >= 15
    assert len({seed for seed, _ in SEEDS}) == len(SEEDS)
    assert all(len(text.split()) >= 8 for _, text in SEEDS)
