"""Ordinary orders: what is taken, what is refused with which code, and that ids may return."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gridhedge.domain.values import Side
from tests.practice.binance.venues import Venue


@pytest.fixture
def venue() -> Venue:
    return Venue()


def test_an_order_comes_back_as_it_was_sent(venue: Venue) -> None:
    """Numbers as text, ids and times as integers."""
    row = venue.order("BUY", "LONG", "0.002", "59000.1", newClientOrderId="a-1")
    assert (row["clientOrderId"], row["status"], row["price"], row["origQty"]) == ("a-1", "NEW", "59000.1", "0.002")
    assert row["side"], row["positionSide"] == ("BUY", "LONG")
    assert (type(row["orderId"]), type(row["updateTime"]), row["executedQty"]) == (int, int, "0")
    assert venue.ask("v1/openOrders", symbol="BTCUSDC")[0]["orderId"] == row["orderId"]


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"positionSide": "BOTH"}, -4061), ({"reduceOnly": "false"}, -1106), ({"quantity": "0.0021"}, -1111),
    ({"quantity": "0"}, -4003), ({"quantity": "1001"}, -4005), ({"price": "59000.15"}, -4014),
    ({"price": "63000.1"}, -4016), ({"quantity": "0.0"}, -4003), ({"quantity": "abc"}, -1100),
    ({"price": "40000", "quantity": "0.001"}, -4164), ({"symbol": "NOPE"}, -1121), ({"side": "UP"}, -1130),
    ({"timeInForce": "GTX", "price": "60100"}, -5022), ({"type": "STOP_MARKET"}, -4120), ({"quantity": "900"}, -2019),
    ({"newClientOrderId": "a b"}, -4015), ({"priceMatch": "QUEUE"}, -1130),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), REFUSED, ids=[str(case) for case in REFUSED])
def test_what_is_refused_says_why(venue: Venue, changes: dict[str, Any], code: int) -> None:
    """HTTP 400 with the venue's own code; nothing rests."""
    params = {
        "symbol": "BTCUSDC", "side": "BUY", "positionSide": "LONG", "type": "LIMIT", "timeInForce": "GTC",
        "quantity": "0.002", "price": "59000.1", **changes,
    }  # fmt: skip
    reply = venue.signed("POST", "/fapi/v1/order", params)
    assert (reply.status, json.loads(reply.body)["code"]) == (400, code)
    assert venue.exchange.account.open == {}


def test_closing_more_than_is_free_is_refused_not_cut(venue: Venue) -> None:
    """What other closing orders speak for counts as well."""
    venue.order("BUY", "LONG", "0.010")
    assert venue.order("SELL", "LONG", "0.011", "61000")["code"] == -2022
    assert venue.order("SELL", "LONG", "0.006", "61000")["status"] == "NEW"
    assert venue.order("SELL", "LONG", "0.005", "61000")["code"] == -2022
    assert venue.order("SELL", "LONG", "0.004", "61000")["status"] == "NEW"


def test_a_client_id_may_return_once_its_order_has_ended(venue: Venue) -> None:
    """So a blind resend after a fill is a second order."""
    venue.order("BUY", "LONG", "0.002", "59000", newClientOrderId="a")
    assert venue.order("BUY", "LONG", "0.002", "59000", newClientOrderId="a")["code"] == -4116
    venue.move("58000")
    assert venue.order("BUY", "LONG", "0.002", "57000", newClientOrderId="a")["status"] == "NEW"
    assert venue.exchange.market("BTCUSDC").holding(Side.LONG).quantity * 1000 == 2


def test_an_amend_keeps_the_number_and_needs_a_difference(venue: Venue) -> None:
    """-5027 where there is none; -2013 for what has ended; below what has executed it is cancelled."""
    row = venue.order("BUY", "LONG", "0.002", "59000")
    wish = {"symbol": "BTCUSDC", "orderId": row["orderId"], "side": "BUY", "quantity": "0.003", "price": "59001"}
    changed = venue.ask("v1/order", "PUT", **wish)
    assert (changed["orderId"], changed["price"], changed["origQty"]) == (row["orderId"], "59001", "0.003")
    assert venue.ask("v1/order", "PUT", **wish)["code"] == -5027
    venue.ask("v1/order", "DELETE", symbol="BTCUSDC", orderId=row["orderId"])
    assert venue.ask("v1/order", "PUT", **wish)["code"] == -2013
    assert venue.ask("v1/order", "DELETE", symbol="BTCUSDC", orderId=row["orderId"])["code"] == -2011


def test_items_of_a_batch_succeed_and_fail_alone(venue: Venue) -> None:
    """HTTP 200 whatever becomes of them; six are too many."""
    good = {"symbol": "BTCUSDC", "side": "BUY", "positionSide": "LONG", "type": "LIMIT", "timeInForce": "GTC",
            "quantity": "0.002", "price": "59000"}  # fmt: skip
    rows = venue.ask("v1/batchOrders", "POST", batchOrders=json.dumps([good, {**good, "price": "1.05"}, good]))
    assert [row.get("code", row.get("status")) for row in rows] == ["NEW", -4014, "NEW"]
    assert venue.ask("v1/batchOrders", "POST", batchOrders=json.dumps([good] * 6))["code"] == -4082
    numbers = [rows[0]["orderId"], 4711]
    for name in ("orderIdList", "orderidlist"):
        gone = venue.ask("v1/batchOrders", "DELETE", **{"symbol": "BTCUSDC", name: json.dumps(numbers)})
        assert gone[1]["code"] == -2011
    assert len(venue.exchange.account.open) == 1


def test_the_stream_tells_fills_with_their_orders_and_the_account_once(venue: Venue) -> None:
    """An order that only rests changes nothing about the account."""
    venue.told()
    venue.order("BUY", "LONG", "0.002", "59000")
    assert venue.told() == ["ORDER_TRADE_UPDATE NEW"]
    venue.order("BUY", "LONG", "0.002")
    assert venue.told() == ["ORDER_TRADE_UPDATE NEW", "ORDER_TRADE_UPDATE TRADE", "ACCOUNT_UPDATE ORDER"]
