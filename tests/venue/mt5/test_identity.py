"""What an order means, in a number and a comment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.order import OrderKey, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.venue.mt5.identity import Identity

IDENTITY = Identity("001", "EURUSD")
keys = st.builds(
    OrderKey,
    st.sampled_from(Side),
    st.sampled_from(Role),
    st.integers(0, 50),
    st.integers(1, 2**32 - 1),
    st.integers(0, 63),
)


@given(keys)
def test_the_number_alone_tells_everything(key: OrderKey) -> None:
    """Below 2^62, whatever the broker makes of the comment."""
    magic = IDENTITY.magic(key)
    assert 0 < magic < 2**62
    for comment in ("", "#100003", "[tp 1.2]", client_id(IDENTITY.tag, key)):
        assert IDENTITY.key(magic, comment) == key
    assert IDENTITY.client_id(magic, "") == client_id(IDENTITY.tag, key)


@given(keys, st.sampled_from([31, 32]))
def test_a_number_that_was_cut_is_told_by_the_comment(key: OrderKey, bits: int) -> None:
    """If what is left of it agrees; without the comment it is nobody's."""
    left, comment = IDENTITY.magic(key) % (1 << bits), client_id(IDENTITY.tag, key)
    assert IDENTITY.key(left, comment) == key
    assert IDENTITY.key(left, "") is None
    assert IDENTITY.key(left ^ 1, comment) is None


@pytest.mark.parametrize("magic", [0, 1, 234000, 1_297_000_005, 2**31 - 1])
def test_numbers_of_other_programs_are_nobody_s(magic: int) -> None:
    """Neither small ones nor those of the mirror; nor another account's or symbol's."""
    assert IDENTITY.key(magic, "gh000000-LG01-1-0") is None
    key = OrderKey(Side.LONG, Role.GRID, 1, 5, 0)
    assert Identity("002", "EURUSD").client_id(IDENTITY.magic(key), "") == ""
    assert Identity("001", "GBPUSD").client_id(IDENTITY.magic(key), "") == ""


def test_more_revisions_than_fit_are_told_by_the_comment() -> None:
    """The sixty-fifth has the number of the sixty-fourth, and a comment of its own."""
    key = OrderKey(Side.SHORT, Role.GRID, 1, 5, 70)
    magic = IDENTITY.magic(key)
    assert IDENTITY.key(magic, client_id(IDENTITY.tag, key)) == key
    assert IDENTITY.key(magic, "") == key._replace(revision=63)
