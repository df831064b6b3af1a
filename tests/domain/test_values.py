"""The words of the domain."""

from __future__ import annotations

import pytest

from gridhedge.domain.values import SIDES, Role, Side


def test_each_side_is_the_other_one_of_its_other() -> None:
    """Long and short mirror each other."""
    assert Side.LONG.other is Side.SHORT
    assert [side.other.other for side in SIDES] == list(SIDES)


def test_the_sign_turns_a_price_difference_into_profit() -> None:
    """10 bought at 5 and sold at 7 earn 20 on the long side and lose 20 on the short side."""
    assert Side.LONG.sign * 10 * (7 - 5) == 20
    assert Side.SHORT.sign * 10 * (7 - 5) == -20


@pytest.mark.parametrize("role", list(Role))
def test_only_openings_and_grid_orders_are_entries(role: Role) -> None:
    """Every other role reduces a position."""
    assert role.is_entry == (role in (Role.OPENING, Role.GRID))


def test_the_letters_of_the_roles_differ() -> None:
    """They stand in the client order id, so two roles with one letter would share ids."""
    assert len({role.value for role in Role}) == len(Role) == 6
