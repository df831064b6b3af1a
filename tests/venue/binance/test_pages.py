"""Long lists are read whole, whichever end of them an answer leaves out."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.order import Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import Rejected
from gridhedge.venue.binance import pages
from gridhedge.venue.failed import Failed
from gridhedge.venue.fields import Malformed
from tests.venue.binance.rows import AT, RATES, ScriptedClient, algo_row, order_row, trade_row

WEEK = 7 * 24 * 3600 * 1000


class Listed:
    """A list in which each row has a time, of which an answer holds the first or the last ``limit``."""

    def __init__(self, times: list[int], keeps_first: bool) -> None:
        self.times, self.keeps_first = sorted(times), keeps_first

    def __call__(self, method: str, query: dict[str, Any]) -> object:
        assert query["endTime"] - query["startTime"] < WEEK
        found = [{"time": at} for at in self.times if query["startTime"] <= at <= query["endTime"]]
        return found[: query["limit"]] if self.keeps_first else found[-query["limit"] :]


@given(st.lists(st.integers(AT - 3 * WEEK, AT), max_size=40, unique=True), st.booleans())
def test_every_row_is_read_once(times: list[int], keeps_first: bool) -> None:
    """In windows of a week, halved where they are full."""
    client: Any = ScriptedClient(Listed(times, keeps_first))
    read = [row["time"] for row in pages.windows(client, "list", AT - 3 * WEEK, AT, 3)]
    assert sorted(read) == sorted(times)


def test_what_does_not_fit_into_one_answer_is_said() -> None:
    """More rows in one millisecond than an answer holds: nothing may be concluded."""
    client: Any = ScriptedClient(Listed([AT] * 3, True))
    with pytest.raises(Malformed, match="3 rows and more in one millisecond"):
        list(pages.windows(client, "list", AT, AT, 3))


def test_trades_learn_their_orders_names() -> None:
    """Those of orders that the list lacks are asked for, once. An order that is not known after two minutes is
    forgotten, and its execution has no name; before, it is not listed yet, and the execution waits."""
    trades = [
        trade_row(id=1, orderId=1),
        trade_row(id=2, orderId=2),
        trade_row(id=3, orderId=2),
        trade_row(id=4, orderId=3),
    ]

    def script(method: str, query: dict[str, Any]) -> object:
        if method == "futures_account_trades":
            return trades
        if query["orderId"] == 2:
            return order_row(orderId=2, clientOrderId="g1-2")
        return Failed(Rejected(Reject.UNKNOWN_ORDER, "gone"), -2013)

    client = ScriptedClient(script)
    late = AT + 120_001
    made = pages.executions(client, "BTCUSDC", AT - 5, late, {"1": "g1-1"}, "USDC", RATES)
    assert [one.client_id for one in made] == ["g1-1", "g1-2", "g1-2", ""]
    assert [query["orderId"] for method, query in client.asked if method == "futures_get_order"] == [2, 3]
    made = pages.executions(client, "BTCUSDC", AT - 5, AT, {"1": "g1-1"}, "USDC", RATES)
    assert [one.client_id for one in made] == ["g1-1", "g1-2", "g1-2"]


def test_conditional_orders_name_what_they_became() -> None:
    """So that its executions can be told under their name."""
    body = [algo_row(algoStatus="FINISHED", actualOrderId="77", actualQty="0.002")]
    client: Any = ScriptedClient(lambda method, query: body)
    found, children = pages.algo_orders(client, "BTCUSDC", AT - 5, AT)
    assert (list(found), children) == (["A1000000033225453"], {"77": "g1-stop"})


def test_funding_is_read_with_its_rates() -> None:
    """Rows of other symbols are left out."""
    income = {"symbol": "BTCUSDC", "incomeType": "FUNDING_FEE", "income": "-0.012", "asset": "USDC", "time": AT}

    def script(method: str, query: dict[str, Any]) -> object:
        if method == "futures_income_history":
            return [income, {**income, "symbol": "ETHUSDC"}]
        hour = AT // 3_600_000 * 3_600_000
        return [{"symbol": "BTCUSDC", "fundingRate": "0.0001", "fundingTime": hour, "markPrice": "60000"}]

    client: Any = ScriptedClient(script)
    (paid,) = pages.funding_payments(client, "BTCUSDC", AT, AT, {Side.LONG: D("0.002")}, [])
    assert (paid.symbol, paid.side, paid.amount, paid.rate) == ("BTCUSDC", Side.LONG, D("0.012"), D("0.0001"))
