"""A small history of one symbol, with every number spelled out."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import strategies as st

from gridhedge.domain.events import (
    AmendIntended,
    CancelIntended,
    ChangeSettled,
    CycleOpened,
    Execution,
    Funding,
    OrderAdopted,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
    ReferenceFixed,
    StopRaised,
)
from gridhedge.domain.order import OrderKey, OrderState, Reject, client_id
from gridhedge.domain.values import Role, Side

CYCLE = 1760633994
START = CYCLE * 1000
OPENING = OrderKey(Side.LONG, Role.OPENING, 0, CYCLE, 1)
GRID = OrderKey(Side.LONG, Role.GRID, 1, CYCLE, 1)
EXIT = OrderKey(Side.LONG, Role.TAKE_PROFIT, 0, CYCLE, 2)
OPENING_ID, GRID_ID, EXIT_ID = (client_id("abc123", key) for key in (OPENING, GRID, EXIT))


def execution(number, client, closing, quantity, price, fee):
    """One execution of the long side, ``number`` seconds after the start."""
    return Execution(
        f"x{number}",
        "DOGEUSDT",
        client,
        "v",
        Side.LONG,
        closing,
        Decimal(quantity),
        Decimal(price),
        Decimal(fee),
        False,
        START + number * 1000,
    )


def anything(hint):
    """Every value of a type that a named tuple of ours may hold: finite decimals, times that a calendar has."""
    if hint is Decimal:
        return st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
    if hint is int:
        return st.integers(0, 10**14)
    if get_origin(hint) is tuple:
        return st.lists(anything(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_args(hint):
        return st.one_of(*map(anything, get_args(hint)))
    if hint is NoneType:
        return st.none()
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and issubclass(hint, tuple):
        return st.builds(hint, **{name: anything(field) for name, field in get_type_hints(hint).items()})
    return {str: st.text(), bool: st.booleans()}[hint]


@pytest.fixture(scope="session")
def values_of():
    """The strategy for a type."""
    return anything


@pytest.fixture
def history():
    """Opened at two levels, funding paid, a refusal, closed by a take-profit that was amended, and a stop."""
    return [
        ReferenceFixed("DOGEUSDT", (Decimal(376), Decimal(752)), START),
        CycleOpened("DOGEUSDT", Side.LONG, CYCLE, 1, START),
        OrderIntended(OPENING_ID, "DOGEUSDT", OPENING, Decimal("0.19943"), Decimal(376), False, START),
        OrderSettled(OPENING_ID, "DOGEUSDT", OrderState.WORKING, "v1", START + 100),
        execution(1, OPENING_ID, False, "376", "0.2", "0.04"),
        OrderIntended(GRID_ID, "DOGEUSDT", GRID, Decimal("0.19"), Decimal(752), False, START + 1000),
        OrderSettled(GRID_ID, "DOGEUSDT", OrderState.REJECTED, "", START + 1100, Reject.MARGIN, "no margin"),
        execution(2, "", False, "188", "0.17", "0.01"),
        Funding("f1", "DOGEUSDT", Side.LONG, Decimal("-0.005"), Decimal("-0.0001"), START + 2500),
        OrderAdopted(EXIT_ID, "DOGEUSDT", EXIT, Decimal("0.21"), Decimal(564), True, "v3", START + 2600),
        AmendIntended(EXIT_ID, "DOGEUSDT", Decimal("0.22"), Decimal(564), START + 2700),
        ChangeSettled(EXIT_ID, "DOGEUSDT", True, START + 2800, Decimal("0.22"), Decimal(564)),
        CancelIntended(OPENING_ID, "DOGEUSDT", START + 2900),
        execution(3, EXIT_ID, True, "164", "0.22", "0.02"),
        execution(4, EXIT_ID, True, "400", "0.22", "0.05"),
        OrderUpdate(
            "DOGEUSDT", EXIT_ID, "v3", OrderState.FILLED, Decimal("0.22"), Decimal(564), Decimal(564), START + 4000
        ),
        StopRaised("freeze", "DOGEUSDT", "by hand", START + 5000),
    ]
