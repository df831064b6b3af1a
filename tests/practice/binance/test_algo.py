"""Conditional orders: a service of their own, triggered into ordinary orders."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.values import Side
from tests.practice.binance.venues import Venue


@pytest.fixture
def venue() -> Venue:
    """0.010 BTC long at 60000.1."""
    made = Venue()
    made.order("BUY", "LONG", "0.010")
    made.told()
    return made


def test_a_stop_has_lists_and_numbers_of_its_own(venue: Venue) -> None:
    """It is no ordinary order until it is triggered."""
    row = venue.stop("SELL", "LONG", "55000", closePosition="true", clientAlgoId="s-1", workingType="MARK_PRICE")
    assert (row["algoStatus"], row["clientAlgoId"], row["closePosition"]) == ("NEW", "s-1", True)
    assert row["algoId"] > 10**15
    assert venue.ask("v1/openOrders", symbol="BTCUSDC") == []
    assert venue.ask("v1/order", symbol="BTCUSDC", origClientOrderId="s-1")["code"] == -2013
    assert [stop["algoId"] for stop in venue.ask("v1/openAlgoOrders")] == [row["algoId"]]
    assert venue.told() == ["ALGO_UPDATE NEW"]
    assert venue.ask("v1/allOpenOrders", "DELETE", symbol="BTCUSDC")["code"] == 200
    assert len(venue.ask("v1/openAlgoOrders")) == 1


def test_a_triggered_stop_closes_what_is_held_then(venue: Venue) -> None:
    """Also what was bought after it was placed; the order that it became bears its name."""
    row = venue.stop("SELL", "LONG", "55000", closePosition="true", clientAlgoId="s-1")
    venue.order("BUY", "LONG", "0.005")
    venue.told()
    venue.move("54000")
    assert venue.exchange.market("BTCUSDC").holding(Side.LONG).quantity == 0
    assert venue.told() == [
        "ALGO_UPDATE TRIGGERING", "ALGO_UPDATE TRIGGERED", "ORDER_TRADE_UPDATE NEW", "ORDER_TRADE_UPDATE TRADE",
        "ALGO_UPDATE FINISHED", "ACCOUNT_UPDATE ORDER",
    ]  # fmt: skip
    stop = venue.ask("v1/algoOrder", algoId=row["algoId"])
    child = venue.ask("v1/order", symbol="BTCUSDC", orderId=stop["actualOrderId"])
    assert (stop["algoStatus"], stop["actualQty"]) == ("FINISHED", "0.015")
    assert (child["clientOrderId"], child["status"], child["type"]) == ("s-1", "FILLED", "MARKET")
    assert D(child["executedQty"]) == D("0.015")


def test_a_stop_without_a_position_is_rejected_when_its_price_comes(venue: Venue) -> None:
    """It can not turn the position around."""
    venue.stop("SELL", "LONG", "55000", closePosition="true", clientAlgoId="s-1")
    venue.order("SELL", "LONG", "0.010")
    venue.told()
    venue.move("54000")
    assert venue.told()[-1] == "ALGO_UPDATE REJECTED"
    assert venue.ask("v1/algoOrder", clientAlgoId="s-1")["algoStatus"] == "REJECTED"


def test_a_stuck_stop_stays_in_triggering(venue: Venue) -> None:
    """Its price has come, and nothing comes of it: it is listed, it can not be cancelled, and the next one works."""
    row = venue.stop("SELL", "LONG", "55000", closePosition="true", clientAlgoId="s-1")
    venue.told()
    venue.world.faults.add("stuck_stop")
    venue.move("54000")
    assert venue.told() == ["ALGO_UPDATE TRIGGERING"]
    assert [stop["algoStatus"] for stop in venue.ask("v1/openAlgoOrders")] == ["TRIGGERING"]
    assert venue.ask("v1/algoOrder", algoId=row["algoId"])["actualOrderId"] == ""
    assert venue.ask("v1/openOrders", symbol="BTCUSDC") == []
    assert venue.ask("v1/algoOrder", "DELETE", clientAlgoId="s-1")["code"] == -2011
    assert venue.ask("v1/algoOpenOrders", "DELETE", symbol="BTCUSDC")["code"] == 200
    assert len(venue.ask("v1/openAlgoOrders")) == 1
    venue.stop("SELL", "LONG", "53000", closePosition="true", clientAlgoId="s-2")
    venue.move("52000")
    assert venue.exchange.market("BTCUSDC").holding(Side.LONG).quantity == 0


@pytest.mark.parametrize(
    ("side", "leg", "trigger", "more", "code"),
    [
        ("SELL", "LONG", "61000", {"closePosition": "true"}, -2021),
        ("BUY", "SHORT", "59000", {"closePosition": "true"}, -2021),
        ("SELL", "LONG", "55000", {"closePosition": "true", "quantity": "0.001"}, -4137),
        ("BUY", "LONG", "65000", {"closePosition": "true"}, -4129), ("SELL", "LONG", "55000", {}, -1102),
        ("SELL", "BOTH", "55000", {"closePosition": "true"}, -4061),
        ("SELL", "LONG", "55000", {"closePosition": "true", "reduceOnly": "true"}, -1106),
        ("SELL", "LONG", "55000.15", {"closePosition": "true"}, -4014),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(
    venue: Venue, side: str, leg: str, trigger: str, more: dict[str, str], code: int
) -> None:
    """Nothing waits."""
    assert venue.stop(side, leg, trigger, **more)["code"] == code
    assert venue.ask("v1/openAlgoOrders") == []


def test_a_cancelled_stop_never_triggers(venue: Venue) -> None:
    """By number or by name; the code of its success is a text."""
    row = venue.stop("SELL", "LONG", "55000", closePosition="true", clientAlgoId="s-1")
    assert venue.ask("v1/algoOrder", "DELETE", clientAlgoId="s-1")["code"] == "200"
    assert venue.ask("v1/algoOrder", "DELETE", algoId=row["algoId"])["code"] == -2011
    venue.move("54000")
    assert venue.exchange.market("BTCUSDC").holding(Side.LONG).quantity == D("0.010")
    assert [one["algoStatus"] for one in venue.ask("v1/allAlgoOrders", symbol="BTCUSDC")] == ["CANCELED"]
