"""Levels that are too small to be sent: they join the next one, or are withheld with all that has joined."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.change import Urgency, Wanted
from gridhedge.domain.values import Role, Side
from gridhedge.strategy.draft import Draft
from gridhedge.strategy.view import Withheld
from tests.strategy.conftest import Bench

D = Decimal
L = Side.LONG


@pytest.fixture
def draft(bench: Bench) -> Draft:
    """Minimum notional 5 at prices around 0.2: 25 units are enough, 24 are not."""
    bench.open_both()
    bench.book.long.entries.clear()
    return Draft(bench.view())


def want(draft: Draft, level: int, quantity: int, price: str = "0.2") -> None:
    draft.wanted.append(Wanted(L, Role.GRID, level, D(price), D(quantity), Urgency.INSURANCE, "test"))


def left(draft: Draft) -> list[tuple[int, Decimal]]:
    return [(wanted.level, wanted.quantity) for wanted in draft.wanted]


def test_a_small_level_joins_the_next_one(draft: Draft) -> None:
    """10 and 20 make 30 at level 2, and level 3 stays as it is."""
    want(draft, 1, 10)
    want(draft, 2, 20)
    want(draft, 3, 40)
    draft.join_small_levels(draft.view.book.long)
    assert left(draft) == [(2, D(30)), (3, D(40))]
    assert draft.finish().withheld == ()


def test_what_stays_too_small_is_withheld_level_by_level(draft: Draft) -> None:
    """At a price of 0.05 level 1 joins level 2, and 30 together are still worth 1.5: both are told as withheld, each
    with its own quantity, so that the levels can be compared with those of the other side."""
    want(draft, 1, 10, "0.05")
    want(draft, 2, 20, "0.05")
    draft.join_small_levels(draft.view.book.long)
    plan = draft.finish()
    assert plan.wanted == ()
    assert plan.withheld == (Withheld(L, 1, D(10)), Withheld(L, 2, D(20)))
    assert [alarm.code for alarm in plan.alarms] == ["small long"]


def test_what_joined_a_large_level_is_not_withheld_with_a_later_small_one(draft: Draft) -> None:
    """Level 1 has joined level 2, which rests; only level 3 is withheld."""
    want(draft, 1, 10)
    want(draft, 2, 40)
    want(draft, 3, 20)
    draft.join_small_levels(draft.view.book.long)
    assert left(draft) == [(2, D(50))]
    assert draft.finish().withheld == (Withheld(L, 3, D(20)),)
