"""What a side remembers of its baskets."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.basket import BasketMemory, RunningTotal

HOUR = 3_600_000


def test_a_total_before_a_moment_leaves_out_what_happened_at_it() -> None:
    """3 at noon, 5 at one: before noon nothing, before one 3, after it 5."""
    total = RunningTotal()
    total.note(12 * HOUR, D(3))
    total.note(13 * HOUR, D(5))
    assert [total.before(hour * HOUR) for hour in (12, 13, 14)] == [D(0), D(3), D(5)]


@given(st.lists(st.tuples(st.integers(0, 30 * HOUR), st.integers(-9, 9)), max_size=40))
def test_totals_of_the_last_two_days_are_exact_however_much_happened(steps: list[tuple[int, int]]) -> None:
    """Whatever was forgotten before."""
    total, at, reached = RunningTotal(), 0, 0
    history: list[tuple[int, int]] = []
    for wait, change in steps:
        at, reached = at + wait, reached + change
        total.note(at, D(reached))
        history.append((at, reached))
    for moment in range(max(at - 48 * HOUR, 0), at + HOUR, HOUR):
        expected = [reached for noted, reached in history if noted < moment]
        assert total.before(moment) == (expected[-1] if expected else 0)


def test_openings_are_counted_from_a_moment_on() -> None:
    """Three, of which two since one o'clock; after a week none of them."""
    memory = BasketMemory()
    for hour in (0, 1, 2):
        memory.note_opening(hour * HOUR)
    assert (memory.openings_since(HOUR), memory.opened_at) == (2, 2 * HOUR)
    memory.note_opening(7 * 24 * HOUR)
    assert memory.openings_since(0) == 1
