"""The only source of chance is the same everywhere."""

from __future__ import annotations

from gridhedge.simulate.dice import Dice


def test_a_stream_is_written_down_by_its_seed_and_name() -> None:
    """The first numbers of two streams; other numbers would make every recorded seed another world."""
    assert [Dice(17, "mix").below(1000) for _ in range(2)] == [Dice(17, "mix").below(1000)] * 2
    assert [Dice(17, "mix").bits() & 65535, Dice(18, "mix").bits() & 65535] == [61746, 18330]


def test_streams_of_other_names_are_other_streams() -> None:
    """Neither seed nor name alone decides."""
    assert len({Dice(seed, name).bits() for seed in range(50) for name in ("a", "b")}) == 100


def test_numbers_stay_in_their_bounds() -> None:
    """Both ends of a range occur, nothing beyond."""
    dice = Dice(1, "range")
    assert {dice.between(3, 5) for _ in range(100)} == {3, 4, 5}
    assert {dice.pick("xy") for _ in range(100)} == {"x", "y"}
    assert not any(dice.chance(0) for _ in range(100))
    assert all(dice.chance(1000) for _ in range(100))
