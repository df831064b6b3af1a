"""Rows: their shape against recorded messages of the real venue, and what each ending looks like."""

from __future__ import annotations

import json
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.values import Side
from gridhedge.practice.bybit.rows import number_of, wire_id
from tests.practice.bybit.venues import HOUR, Venue

LIQUIDITY = D(100)


def real(recorded: Path, name: str) -> dict[str, Any]:
    """The first item of a recorded message."""
    message = json.loads((recorded / "bybit" / "nautilus" / name).read_text())
    items = message["data"] if "data" in message else message["result"]["list"]
    first: dict[str, Any] = items[0]
    return first


def told(venue: Venue, topic: str) -> dict[str, Any]:
    """The last item for a topic."""
    return [happening.item for happening in venue.desk.take_told() if happening.topic == topic][-1]


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("order", "ws_account_order_filled.json"),
        ("execution", "ws_account_execution.json"),
        ("position", "ws_account_position.json"),
        ("wallet", "ws_account_wallet.json"),
    ],
)
def test_no_field_of_the_real_streams_is_missing(recorded: Path, topic: str, name: str) -> None:
    """Names as recorded; texts where the venue has texts, numbers where it has numbers."""
    venue = Venue()
    venue.order("Buy", 1, "100")
    ours, theirs = told(venue, topic), real(recorded, name)
    spelled_otherwise = {"totalPerpUpl"}  # an old sample's spelling of totalPerpUPL
    assert set(theirs) - set(ours) - spelled_otherwise == set()
    kinds = {name: type(value) for name, value in theirs.items() if name in ours and value is not None}
    assert {name: type(ours[name]) for name in kinds} == kinds


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("order/realtime", "http_get_orders_realtime.json"),
        ("order/history", "http_get_orders_history.json"),
        ("execution/list", "http_get_executions.json"),
        ("position/list", "http_get_positions.json"),
    ],
)
def test_no_field_of_the_real_answers_is_missing(recorded: Path, path: str, name: str) -> None:
    """The same for REST."""
    venue = Venue()
    venue.order("Buy", 1, "100")
    venue.order("Buy", 1, "100", "0.1")
    row = venue.rows_of(path, symbol="DOGEUSDT")[0]
    assert set(real(recorded, name)) - set(row) == set()


@given(st.integers(0, 2**40))
def test_an_order_id_leads_back_to_its_number(number: int) -> None:
    """In the shape of a UUID; ids of other accounts and kinds do not."""
    text = wire_id("practice", "order", number)
    assert len(text) == 36
    assert number_of("practice", text) == number
    assert number_of("other", text) is None
    assert number_of("practice", wire_id("practice", "execution", number)) is None


def test_the_reasons_of_an_end_are_the_venue_s() -> None:
    """By request, by hand, by reduce-only, by liquidation."""
    venue = Venue()
    venue.order("Buy", 1, "1000")
    venue.order("Sell", 1, "1000", "0.21", orderLinkId="tp")
    venue.order("Sell", 2, "100", "0.3", orderLinkId="gone")
    venue.say("order/cancel", symbol="DOGEUSDT", orderLinkId="gone")
    venue.exchange.by_hand_close("DOGEUSDT", Side.LONG, D(1000))

    def ending(link: str) -> tuple[str, str, str]:
        row = venue.rows_of("order/history", orderLinkId=link)[0]
        return row["orderStatus"], row["cancelType"], row["rejectReason"]

    assert ending("gone") == ("Cancelled", "CancelByUser", "EC_PerCancelRequest")
    assert ending("tp") == ("Cancelled", "CancelByReduceOnly", "EC_NoError")


def test_executions_by_hand_and_of_liquidations_have_no_client_id() -> None:
    """Their order ids are nobody's; the kind says who did it."""
    venue = Venue()
    venue.say("position/set-leverage", symbol="DOGEUSDT", buyLeverage="50", sellLeverage="50")
    venue.order("Buy", 1, "700000")
    venue.order("Buy", 1, "100", "0.19", orderLinkId="rest")
    venue.exchange.auto_deleverage("DOGEUSDT", Side.LONG, D(1000))
    venue.move("0.18")
    rows = venue.rows_of("execution/list", symbol="DOGEUSDT")
    assert [row["execType"] for row in rows if row["orderLinkId"] == ""] == ["BustTrade", "AdlTrade", "Trade"]
    assert rows[0]["createType"] == "CreateByTakeOver_PassThrough"
    assert venue.rows_of("order/history", orderId=rows[0]["orderId"]) == []


def test_an_order_that_is_filled_in_parts_tells_each_part() -> None:
    """Average and sums grow; the rest is what is left."""
    venue = Venue()
    venue.exchange.market("DOGEUSDT").liquidity = LIQUIDITY
    venue.order("Buy", 1, "250", "0.15", orderLinkId="a1")
    venue.move("0.14")
    row = venue.rows_of("order/realtime", orderLinkId="a1")[0]
    assert (row["cumExecQty"], row["leavesQty"], row["avgPrice"], row["cumExecValue"]) == ("100", "150", "0.15", "15")
    assert row["cumFeeDetail"] == {"USDT": "0.003"}  # 15 x 0.0002
    execution = venue.rows_of("execution/list", orderLinkId="a1")[0]
    assert (execution["leavesQty"], execution["isMaker"]) == ("150", True)


def test_a_position_knows_its_history_and_its_margin() -> None:
    """Current sums since it was opened, margin as the exchange reckons it."""
    venue = Venue()
    venue.order("Buy", 1, "1000")
    venue.later(9 * HOUR)
    row = venue.rows_of("position/list", symbol="DOGEUSDT")[0]
    figures = venue.exchange.account.figures()
    assert D(row["positionIM"]) == figures.initial
    assert D(row["positionMM"]) == figures.maintenance
    # 200.01 x 0.00055 = 0.1100055 fee, and 200 x 0.0001 = 0.02 funding
    assert (row["curRealisedPnl"], row["cumRealisedPnl"]) == ("-0.1300055", "-0.1300055")
    assert row["unrealisedPnl"] == "-0.01"
