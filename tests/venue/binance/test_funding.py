"""Funding rows name no side: the side is found out, and no digit is lost."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.events import Execution
from gridhedge.domain.values import Side
from gridhedge.venue.binance.funding import Charge, Rate, by_side, charge, hour, rate
from tests.venue.binance.rows import AT

LONG, SHORT = Side.LONG, Side.SHORT
T = hour(AT)
RATE = Rate(D("0.0001"), D("60000"))


def paid(charges: list[Charge], held: dict[Side, str], rates: Rate = RATE) -> dict[Side, D]:
    amounts = {side: D(text) for side, text in held.items()}
    return {one.side: one.amount for one in by_side(charges, {T: rates}, amounts, [])}


@pytest.mark.parametrize(
    ("incomes", "held", "expected"),
    [
        (["-0.012"], {LONG: "0.002"}, {LONG: D("0.012")}),
        (["0.012"], {SHORT: "0.002"}, {SHORT: D("-0.012")}),
        (["-0.012", "0.018"], {LONG: "0.002", SHORT: "0.003"}, {LONG: D("0.012"), SHORT: D("-0.018")}),
        (["0.006"], {LONG: "0.002", SHORT: "0.003"}, {LONG: D("0.012"), SHORT: D("-0.018")}),
        (["-0.00600001"], {LONG: "0.003", SHORT: "0.002"}, {LONG: D("0.01800001"), SHORT: D("-0.012")}),
        (["-0.012"], {LONG: "0.002", SHORT: "0.002"}, {LONG: D("0.012")}),
    ],
    ids=["long", "short", "a row each", "one row for both", "odd digits to the larger", "the other row is late"],
)
def test_a_charge_is_told_by_side(incomes: list[str], held: dict[Side, str], expected: dict[Side, D]) -> None:
    """Rate 0.01 % at 60000: 0.002 pay 0.012 when long, and get it when short."""
    assert paid([Charge("BTCUSDC", -D(income), T + 40) for income in incomes], held) == expected


def test_a_negative_rate_turns_it_around() -> None:
    """Shorts pay."""
    charges = [Charge("BTCUSDC", D("0.012"), T)]
    assert paid(charges, {SHORT: "0.002", LONG: "0.001"}, RATE._replace(rate=D("-0.0001"))) == {SHORT: D("0.012")}


def test_what_was_held_then_is_counted_back_from_now() -> None:
    """Flat now: the long of 0.002 was closed after the charge."""
    closed = Execution("x", "BTCUSDC", "", "1", LONG, True, D("0.002"), D("60000"), D(0), True, T + 5)
    (one,) = by_side([Charge("BTCUSDC", D("0.006"), T)], {T: RATE}, {SHORT: D("0.001")}, [closed])[:1]
    assert (one.side, one.amount) == (LONG, D("0.012"))


def test_the_same_charge_has_the_same_id_whenever_it_is_read() -> None:
    """It is listed a little later than it was made."""
    ids = {
        by_side([Charge("BTCUSDC", D("0.012"), T + late)], {T: RATE}, {LONG: D("0.002")}, [])[0].funding_id
        for late in (0, 41, 59_000)
    }
    assert ids == {f"BTCUSDC-{T}-long"}


def test_a_charge_without_its_rate_is_left_for_later() -> None:
    """It is read again; nothing is guessed."""
    assert by_side([Charge("BTCUSDC", D("0.012"), T)], {}, {LONG: D("0.002")}, []) == []


@given(
    st.decimals("-1000", "1000", places=8), st.decimals("0", "10", places=3), st.decimals("0", "10", places=3),
    st.decimals("-0.003", "0.003", places=6),
)  # fmt: skip
def test_no_digit_of_a_charge_is_lost(amount: D, long: D, short: D, funding: D) -> None:
    """Whatever was held: the sides' parts are the row's amount."""
    found = by_side([Charge("BTCUSDC", amount, T)], {T: Rate(funding, D(60000))}, {LONG: long, SHORT: short}, [])
    assert sum((one.amount for one in found), D(0)) == amount


def test_rows_are_read_as_they_are_written() -> None:
    """Income is positive when received, a payment positive when paid."""
    row = {"symbol": "BTCUSDC", "incomeType": "FUNDING_FEE", "income": "-0.01200000", "asset": "USDC", "time": AT}
    assert charge(row) == Charge("BTCUSDC", D("0.012"), AT)
    told = {"symbol": "BTCUSDC", "fundingRate": "0.00010000", "fundingTime": T + 3, "markPrice": ""}
    assert rate(told) == (T, Rate(D("0.0001"), D(0)))
