"""Requests: recorded ones of unmodified clients, limits, and faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gridhedge.practice.bybit.rest import ROUTES
from gridhedge.practice.wire import Reply
from gridhedge.practice.world import Options
from tests.practice.bybit.venues import NOW, Venue

BTC = {"symbol": "BTCUSDT"}


def parsed(reply: Reply) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(reply.body)
    return envelope


def prepared() -> Venue:
    """A long and a short of 0.01 BTC at 60000, and two resting orders with the ids that the recordings name."""
    venue = Venue()
    for side, index in (("Buy", 1), ("Sell", 2)):
        order = {"side": side, "positionIdx": index, "orderType": "Market", "qty": "0.01"}
        assert venue.say("order/create", **BTC, **order)["retCode"] == 0
    for link in ("g1-000001", "g1-1"):
        order = {"side": "Buy", "positionIdx": 1, "orderType": "Limit", "qty": "0.001", "price": "55000"}
        assert venue.say("order/create", **BTC, **order, orderLinkId=link)["retCode"] == 0
    return venue


EXPECTED = {
    "place": 110072,  # its client id is taken by the preparation
    "batch": 0,
    "mode": 110025,
    "hedge mode symbol": 110025,
    "lev": 110043,
    "set leverage": 110043,
    "postOnly + clientOrderId": 110072,
    "edit": 110001,  # "oid-1" is nobody's order
    "cancel": 110001,
    "cancel by clientOrderId": 10001,  # ccxt sends no id at all
    "ledger": 0,
}


@pytest.mark.parametrize("client", ["pybit_5.17.0", "ccxt_4.5.90"])
def test_every_recorded_request_is_understood(recorded: Path, client: str) -> None:
    """Signed over the recorded bytes, each gets the answer that it deserves on a fresh exchange."""
    cases = json.loads((recorded / "bybit" / "clients" / f"request_captured_{client}.json").read_text())["cases"]
    assert len(cases) >= 25
    for case in cases:
        venue = prepared()
        answer = parsed(venue.raw(case["method"], case["pathAndQuery"], case["body"]))
        name = case["description"]
        expected = 0 if client.startswith("pybit") and name == "cancel" else EXPECTED.get(name, 0)
        assert answer["retCode"] == expected, (name, answer)
        assert list(answer) == ["retCode", "retMsg", "result", "retExtInfo", "time"]


def test_every_answer_has_the_headers_of_its_limit() -> None:
    """Ten orders a second: the eleventh is told when to come again, and is not carried out."""
    venue = Venue(Options())
    body = json.dumps({"category": "linear", "symbol": "DOGEUSDT", "settleCoin": "USDT"})
    replies = [venue.raw("POST", "/v5/order/cancel-all", body) for _ in range(11)]
    assert [parsed(reply)["retCode"] for reply in replies] == [0] * 10 + [10006]
    assert replies[0].headers["X-Bapi-Limit"] == "10"
    assert replies[0].headers["X-Bapi-Limit-Status"] == "9"
    assert replies[10].headers["X-Bapi-Limit-Reset-Timestamp"] == str(NOW + 1000)
    venue.wall.now += 1000
    assert parsed(venue.raw("POST", "/v5/order/cancel-all", body))["retCode"] == 0


def test_items_of_a_batch_beyond_the_limit_fail_alone() -> None:
    """Twelve orders: ten are placed, two hear 10006; the answer itself is a success."""
    venue = Venue(Options())
    item = {"symbol": "DOGEUSDT", "side": "Buy", "positionIdx": 1, "orderType": "Limit", "qty": "100", "price": "0.1"}
    answer = venue.say("order/create-batch", request=[item] * 12)
    assert answer["retCode"] == 0
    assert [line["code"] for line in answer["retExtInfo"]["list"]] == [0] * 10 + [10006] * 2
    assert [bool(row["orderId"]) for row in answer["result"]["list"]] == [True] * 10 + [False] * 2
    assert len(venue.exchange.account.open) == 10


@pytest.mark.parametrize(
    ("kind", "executed", "expected"),
    [
        ("timeout_before", False, {"silent": True, "wait": 9.0}),
        ("timeout_after", True, {"silent": True, "wait": 9.0}),
        ("slow_answer", True, {"silent": False, "wait": 9.0}),
        ("cut", False, {"cut": True}),
        ("garbage", False, {"body": b"<html><body>upstream error</body></html>"}),
        ("http_error", False, {"status": 502, "body": b"Bad Gateway"}),
    ],
)
def test_a_fault_says_whether_the_request_was_carried_out(kind: str, executed: bool, expected: dict[str, Any]) -> None:
    """Once; the next request is answered as if nothing had been."""
    venue = Venue()
    venue.world.faults.add(kind, on="/v5/order/create", seconds=9.0)
    body = {"category": "linear", "symbol": "DOGEUSDT", "side": "Buy", "positionIdx": 1, "orderType": "Limit"}
    body |= {"qty": "100", "price": "0.1"}
    reply = venue.raw("POST", "/v5/order/create", json.dumps(body))
    assert {name: getattr(reply, name) for name in expected} == expected
    assert len(venue.exchange.account.open) == int(executed)
    assert parsed(venue.raw("POST", "/v5/order/create", json.dumps(body)))["retCode"] == 0


@pytest.mark.parametrize("executed", [False, True])
def test_errors_may_be_carried_out_or_not(executed: bool) -> None:
    """Server errors leave open what has happened: both are possible."""
    venue = Venue()
    venue.world.faults.add("refusal", executed=executed)
    assert venue.order("Buy", 1, "100", "0.1")["retCode"] == 10016
    venue.world.faults.add("http_error", code=503, executed=executed)
    assert venue.raw("POST", "/v5/order/cancel-all", '{"category":"linear","symbol":"DOGEUSDT"}').status == 503
    venue.world.faults.add("refusal", code=110007, text="ab not enough for new order")
    assert venue.order("Buy", 1, "100", "0.1")["retMsg"] == "ab not enough for new order"
    assert venue.exchange.orders == int(executed)
    assert len(venue.exchange.account.open) == 0


def test_too_many_visits_may_name_a_time_that_has_passed() -> None:
    """As the real venue does, whose header made a client sleep a negative time."""
    venue = Venue()
    venue.world.faults.add("rate_limited", seconds=-2)
    reply = venue.raw("GET", "/v5/account/info")
    assert parsed(reply)["retCode"] == 10006
    assert reply.headers["X-Bapi-Limit-Reset-Timestamp"] == str(NOW - 2000)


def test_one_item_of_a_batch_may_fail() -> None:
    """The others are carried out."""
    venue = Venue()
    venue.world.faults.add("item_fails", item=1, code=110007, text="ab not enough for new order")
    item = {"symbol": "DOGEUSDT", "side": "Buy", "positionIdx": 1, "orderType": "Limit", "qty": "100", "price": "0.1"}
    answer = venue.say("order/create-batch", request=[item] * 3)
    assert [line["code"] for line in answer["retExtInfo"]["list"]] == [0, 110007, 0]
    assert venue.exchange.orders == 2


@pytest.mark.parametrize(
    ("fault", "path", "code"),
    [
        ("expired_key", "account/info", 33004),
        ("demo", "account/fee-rate", 10001),
        ("demo", "account/info", 0),
        ("read_only_key", "account/info", 0),
    ],
)
def test_keys_may_be_less_than_one_hopes(fault: str, path: str, code: int) -> None:
    """Expired keys may nothing, demo accounts lack some endpoints, read-only keys may still look."""
    venue = Venue()
    venue.world.faults.add(fault)
    assert venue.ask(path)["retCode"] == code


def test_a_key_that_may_only_read_places_nothing() -> None:
    """10005."""
    venue = Venue()
    venue.world.faults.add("read_only_key")
    assert venue.order("Buy", 1, "100", "0.1")["retCode"] == 10005
    assert venue.exchange.orders == 0


def test_a_clock_that_is_wrong_refuses_right_requests() -> None:
    """Thirty seconds off, either way."""
    for seconds in (30, -30):
        venue = Venue()
        venue.world.faults.add("clock", seconds=seconds)
        answer = venue.ask("account/info")
        assert (answer["retCode"], answer["time"]) == (10002, NOW + seconds * 1000)


def test_what_there_is_not_is_said() -> None:
    """Unknown paths and wrong methods: 10017; unreadable bodies: 10001."""
    venue = Venue()
    assert venue.ask("order/nothing")["retCode"] == 10017
    assert venue.ask("order/create")["retCode"] == 10017
    assert parsed(venue.raw("POST", "/v5/order/create", "{"))["retCode"] == 10001


@pytest.mark.parametrize("path", ROUTES)
def test_no_endpoint_breaks_without_parameters(path: str) -> None:
    """A business answer, whatever is missing."""
    answer = parsed(Venue().raw(ROUTES[path].method, path, "{}"))
    assert answer["retCode"] in (0, 10001), answer
