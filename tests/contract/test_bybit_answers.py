"""Broken answers of Bybit to requests: 500 mutations of every kind, never a crash and never a wrong number."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from typing import Any, cast

import pytest

from gridhedge.domain.errors import VenueError
from gridhedge.domain.instrument import Tier
from gridhedge.domain.values import ZERO
from gridhedge.venue.bybit import parse, readiness
from gridhedge.venue.bybit.client import Client
from gridhedge.venue.fields import Row, row, rows
from tests.venue.bybit.conftest import Recorded, recorded, recorded_folder
from tests.venue.bybit.mutations import MUTATIONS, decimals_in, mutated
from tests.venue.bybit.rows import (
    ScriptedClient,
    answered,
    execution_row,
    instrument_row,
    order_row,
    position_row,
    tier_row,
    wallet_row,
)

__all__ = ["recorded", "recorded_folder"]
Read = Callable[[Row], Any]


def each(read: Callable[[Row], Any]) -> Read:
    """Every row of the list in a result."""
    return lambda result: [read(item) for item in rows(result, "list")]


def identity(result: Row) -> readiness.Identity:
    return readiness.identity(cast(Client, ScriptedClient(lambda method, query: answered(result))))


TIERS = (Tier(D(2_000_000), D("0.005"), ZERO, 100),)
READS: dict[str, Read] = {
    "order": each(parse.order),
    "execution": each(parse.execution),
    "account": each(lambda item: parse.account(item, 1)),
    "leg": each(parse.leg),
    "position": each(parse.position),
    "fees": each(parse.fees),
    "instrument": each(lambda item: parse.instrument(item, TIERS)),
    "tiers": parse.tiers,
    "identity": identity,
}
KEY = {
    "readOnly": 0, "permissions": {"ContractTrade": ["Order", "Position"], "Wallet": []}, "ips": ["*"],
    "expiredAt": "2027-01-01T00:00:00Z", "userID": 24_600_000,
}  # fmt: skip
LADDER = [tier_row("2000000", "0.005", "100.00"), tier_row("2600000", "0.0056", "90.00", "1200")]
DOCUMENTED: list[tuple[str, dict[str, Any]]] = [
    ("order", {"list": [order_row(), order_row(orderStatus="Filled", cumExecQty="0.010")]}),
    ("order", {"list": [order_row(orderStatus="Untriggered", orderType="Market", price="", triggerPrice="66000")]}),
    ("execution", {"list": [execution_row(), execution_row(execType="Funding"), execution_row(closedSize="0.010")]}),
    ("account", {"list": [wallet_row()]}),
    ("leg", {"list": [position_row(), position_row(positionIdx=2, side="", size="0", avgPrice="0")]}),
    ("position", {"list": [position_row()]}),
    ("fees", {"list": [{"symbol": "BTCUSDT", "takerFeeRate": "0.00055", "makerFeeRate": "-0.0001"}]}),
    ("instrument", {"list": [instrument_row()]}),
    ("tiers", {"list": LADDER}),
    ("identity", KEY),
]
RECORDED = [
    ("order", "http_get_orders_realtime"),
    ("order", "http_get_orders_realtime_tp_sl"),
    ("order", "http_get_orders_history"),
    ("order", "http_get_orders_history_with_duplicate"),
    ("execution", "http_get_executions"),
    ("account", "http_get_wallet_balance"),
    ("leg", "http_get_positions"),
    ("leg", "http_get_positions_with_open_time"),
    ("fees", "http_get_fee_rate"),
    ("instrument", "http_get_instruments_linear"),
    ("identity", "http_get_user_query_api"),
]


def numbers(value: Any) -> Iterator[D]:
    """All decimals in what was read."""
    if isinstance(value, D):
        yield value
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from numbers(inner)


def check(kind: str, result: Any, seed: str) -> None:
    """Every number that is read is finite and stands in the message. Two are computed: a rate in percent is compared
    as the fraction that was sent, a tier's deduction that was not sent is left out."""
    dice, read = random.Random(seed), READS[kind]
    understood = 0
    for _ in range(MUTATIONS):
        changed = mutated(result, dice)
        try:
            found = read(row(changed, "result"))
        except VenueError:
            continue
        understood += 1
        possible = decimals_in(changed)
        if kind == "account":
            found = [account._replace(mm_rate=account.mm_rate / 100) for account in found]
        elif kind == "tiers":
            found = [tier._replace(deduction=ZERO) for tier in found]
        elif kind == "instrument":
            found = [rules._replace(tiers=()) if hasattr(rules, "_replace") else rules for rules in found]
        for number in numbers(found):
            assert number.is_finite(), (changed, found)
            assert number in possible, (changed, found)
    assert understood > MUTATIONS // 10


@pytest.mark.parametrize(("kind", "result"), DOCUMENTED, ids=[kind for kind, _ in DOCUMENTED])
def test_a_mutated_documented_answer_is_no_crash_and_no_wrong_number(kind: str, result: dict[str, Any]) -> None:
    """As the documentation has them, on every machine."""
    check(kind, result, kind)


@pytest.mark.parametrize(("kind", "name"), RECORDED, ids=[name for _, name in RECORDED])
def test_a_mutated_recorded_answer_is_no_crash_and_no_wrong_number(kind: str, name: str, recorded: Recorded) -> None:
    """As the real Bybit has sent them."""
    check(kind, recorded(name)["result"], name)
