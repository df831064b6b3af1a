"""Client order ids and the life of an order."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.order import (
    LEGAL_MOVES,
    MAX_CLIENT_ID,
    Order,
    OrderKey,
    OrderState,
    account_tag,
    base36,
    client_id,
    parse_client_id,
)
from gridhedge.domain.values import SIDES, Role, Side

D = Decimal
TAG = account_tag("001", "DOGEUSDT")
LAST_CYCLE = 36**6 - 1
"""Seconds; the year 2038."""
keys = st.builds(
    OrderKey,
    st.sampled_from(SIDES),
    st.sampled_from(list(Role)),
    st.integers(0, 99),
    st.integers(1, LAST_CYCLE),
    st.integers(0, 36**4 - 1),
)


@given(key=keys)
def test_an_id_leads_back_to_its_meaning(key: OrderKey) -> None:
    """Round trip for every key."""
    assert parse_client_id(TAG, client_id(TAG, key)) == key


@given(one=keys, other=keys)
def test_two_meanings_never_share_an_id(one: OrderKey, other: OrderKey) -> None:
    """The id is injective."""
    assert (client_id(TAG, one) == client_id(TAG, other)) == (one == other)


@given(key=keys)
def test_an_id_is_allowed_on_every_venue(key: OrderKey) -> None:
    """At most 28 characters out of letters, digits and the hyphen (Binance: 36 of [.A-Z:/a-z0-9_-]; Bybit: 36)."""
    name = client_id(TAG, key)
    assert len(name) <= MAX_CLIENT_ID == 28
    assert re.fullmatch(r"[A-Za-z0-9-]+", name)


def test_the_longest_id_of_this_century_fits() -> None:
    """Level 99, revision zzzz, in the year 2099."""
    key = OrderKey(Side.SHORT, Role.TAKE_PROFIT, 99, 4_102_444_799, 36**4 - 1)
    name = client_id(TAG, key)
    assert len(name) == 26
    assert parse_client_id(TAG, name) == key


def test_a_worked_id() -> None:
    """gh + mark, long opening level 0 of the cycle that began 2026-01-01, first revision."""
    name = client_id("abc123", OrderKey(Side.LONG, Role.OPENING, 0, 1_767_225_600, 1))
    assert name == "ghabc123-LO00-t85s00-1"


STRANGERS = ["", "web-123", "gh", "ghabc123-LO00-t85s00", "xxabc123-LO00-t85s00-1", "ghabc123-LO00-t85s00-1 "]


@pytest.mark.parametrize(
    "text", [*STRANGERS, "ghabc123-XO00-t85s00-1", "ghABC123-LO00-t85s00-1", "ghabc123-LO0-t85s00-1"]
)
def test_what_is_not_ours_has_no_meaning(text: str) -> None:
    """Other people's ids, cut ids and ids with something behind them."""
    assert parse_client_id("abc123", text) is None


@given(key=keys, account=st.sampled_from(["002", "1", "demo"]), symbol=st.sampled_from(["DOGEUSDT", "BTCUSDT"]))
def test_another_account_or_symbol_has_another_mark(key: OrderKey, account: str, symbol: str) -> None:
    """Orders of a second bot on the same venue account are not taken for ours."""
    assert parse_client_id(TAG, client_id(account_tag(account, symbol), key)) is None


def test_marks_are_six_characters_and_spread() -> None:
    """1000 accounts on two symbols: 2000 different marks of six letters and digits."""
    marks = {account_tag(f"{number:03d}", symbol) for number in range(1000) for symbol in ("AUSDT", "BUSDT")}
    assert len(marks) == 2000
    assert all(re.fullmatch(r"[0-9a-z]{6}", mark) for mark in marks)


@given(number=st.integers(0, 10**18))
def test_base36_reads_back(number: int) -> None:
    """What is written is read back by int(text, 36), without leading zeros."""
    assert int(base36(number), 36) == number
    assert number == 0 or not base36(number).startswith("0")


def test_final_states_have_no_way_on_and_all_others_do() -> None:
    """FILLED, CANCELLED, REJECTED and ABSENT are the ends of the graph."""
    ends = {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.ABSENT}
    assert {state for state in OrderState if state.is_final} == ends
    assert set(LEGAL_MOVES) == set(OrderState) - ends
    assert OrderState.INTENDED not in {state for moves in LEGAL_MOVES.values() for state in moves}
    assert OrderState.UNKNOWN not in LEGAL_MOVES[OrderState.WORKING]


def make(quantity: int = 100) -> Order:
    key = OrderKey(Side.LONG, Role.GRID, 1, 1000, 1)
    return Order(client_id(TAG, key), "DOGEUSDT", key, D("0.2"), D(quantity), False, 5)


def test_what_may_still_execute_counts_an_amend_in_flight_at_its_larger_end() -> None:
    """100, of which 30 are done: 70; while an amend to 150 is out 120, while one to 50 is out still 70."""
    order = make()
    order.filled = D(30)
    assert order.remaining == order.exposure == D(70)
    order.amending = (D("0.2"), D(150))
    assert order.exposure == D(120)
    order.amending = (D("0.2"), D(50))
    assert order.exposure == D(70)


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_is_live_until_it_has_ended(state: OrderState) -> None:
    """An unknown order counts as live."""
    order = make()
    order.state = state
    assert order.is_live == (not state.is_final)


def test_other_digits_are_not_ours() -> None:
    """Only 0-9: a venue that lists foreign ids must not find a meaning in Arabic-Indic ones."""
    assert parse_client_id("abc123", "ghabc123-LO\u0660\u0660-t85s00-1") is None
