"""Entries of a cycle follow the settings with which it began."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.values import Side
from gridhedge.strategy.begun import PerCycle
from tests.engine.worlds import World


def test_a_cycle_under_way_keeps_its_value_and_the_next_one_has_the_newest() -> None:
    """Each side by itself; however often the value changes meanwhile."""
    world = World().start()
    world.tick()
    book = world.book
    steps = PerCycle(D(1)).after(D(2), book).after(D(3), book)
    assert (steps.of(book.long), steps.of(book.short), steps.newest) == (D(1), D(1), D(3))
    world.take_profit(Side.LONG)
    world.tick()
    assert (steps.of(book.long), steps.of(book.short)) == (D(3), D(1))
    assert steps.after(D(4), book).of(book.long) == D(3)


def test_before_anything_began_the_newest_counts() -> None:
    """A change before the first cycle leaves nothing of the old value."""
    book = World().book
    assert PerCycle(D(1)).after(D(2), book).of(book.long) == D(2)
