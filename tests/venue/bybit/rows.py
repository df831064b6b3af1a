"""Rows as Bybit documents them, small enough to be read: what is left out here is not looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from gridhedge.domain.events import Seen
from gridhedge.venue.bybit.client import Answer
from gridhedge.venue.failed import Failed

AT = 1_795_000_000_000


def order_row(**changes: Any) -> dict[str, Any]:
    """An opening long of 0.010 BTC that rests at 66900."""
    row = {
        "category": "linear", "symbol": "BTCUSDT", "orderId": "fd4300ae", "orderLinkId": "g1-000001", "side": "Buy",
        "positionIdx": 1, "orderType": "Limit", "price": "66900", "qty": "0.010", "orderStatus": "New",
        "cancelType": "UNKNOWN", "rejectReason": "EC_NoError", "cumExecQty": "0", "triggerPrice": "",
        "reduceOnly": False, "createdTime": "1795000000444", "updatedTime": "1795000000457",
    }  # fmt: skip
    return {**row, **changes}


def execution_row(**changes: Any) -> dict[str, Any]:
    """The maker's execution of all of it."""
    row = {
        "category": "linear", "symbol": "BTCUSDT", "execId": "0ab1bdf7", "execType": "Trade", "execPrice": "66900",
        "execQty": "0.010", "execFee": "0.1338", "feeRate": "0.0002", "closedSize": "0", "isMaker": True,
        "orderId": "fd4300ae", "orderLinkId": "g1-000001", "side": "Buy", "createType": "CreateByUser",
        "execTime": "1795000000353", "seq": 140612148849382,
    }  # fmt: skip
    return {**row, **changes}


def wallet_row(**changes: Any) -> dict[str, Any]:
    row = {
        "accountType": "UNIFIED", "accountMMRate": "0.0131", "totalWalletBalance": "10001.12",
        "totalMarginBalance": "10012.33456789", "totalAvailableBalance": "9881.4", "totalInitialMargin": "130.93",
        "totalMaintenanceMargin": "20.7",
    }  # fmt: skip
    return {**row, **changes}


def position_row(**changes: Any) -> dict[str, Any]:
    row = {
        "category": "linear", "symbol": "BTCUSDT", "positionIdx": 1, "side": "Buy", "size": "0.010",
        "avgPrice": "66900", "leverage": "10",
    }  # fmt: skip
    return {**row, **changes}


def instrument_row(**changes: Any) -> dict[str, Any]:
    row = {
        "symbol": "BTCUSDT", "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC",
        "quoteCoin": "USDT", "settleCoin": "USDT",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001", "maxMktOrderQty": "500.000",
            "minNotionalValue": "5",
        },
        "fundingInterval": 480,
    }  # fmt: skip
    return {**row, **changes}


def tier_row(limit: str, rate: str, leverage: str, deduction: str = "") -> dict[str, Any]:
    return {"riskLimitValue": limit, "maintenanceMargin": rate, "maxLeverage": leverage, "mmDeduction": deduction}


def ticker(kind: str, sequence: int, at: int = AT, **prices: str) -> dict[str, Any]:
    """A message of tickers.BTCUSDT; ``bid``, ``ask``, ``last``, ``mark``."""
    names = {"bid": "bid1Price", "ask": "ask1Price", "last": "lastPrice", "mark": "markPrice"}
    data = {"symbol": "BTCUSDT", **{names[name]: price for name, price in prices.items()}}
    return {"topic": "tickers.BTCUSDT", "type": kind, "data": data, "cs": sequence, "ts": at}


def push(topic: str, *items: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the private stream."""
    return {"id": "1", "topic": topic, "creationTime": AT, "data": list(items)}


class Inbox:
    """What was told, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.time = AT

    def tell(self, seen: Seen) -> None:
        self.seen.append(seen)

    def now(self) -> int:
        return self.time


class ScriptedClient:
    """Answers requests from a script: a function of method and query that returns the answer, or raises Failed."""

    is_practice = False

    def __init__(self, script: Callable[[str, dict[str, Any]], Answer | Failed]) -> None:
        self.script = script
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def read(self, method: str, **query: Any) -> Answer:
        try:
            return self.write(method, **query)
        except Failed as failed:
            raise failed.as_read() from failed

    def write(self, method: str, **body: Any) -> Answer:
        self.asked.append((method, body))
        answer = self.script(method, body)
        if isinstance(answer, Failed):
            raise answer
        return answer


def answered(result: Mapping[str, Any], extra: Mapping[str, Any] | None = None, **headers: str) -> Answer:
    return Answer(result, extra or {}, AT, {name.replace("_", "-"): value for name, value in headers.items()})


class Time:
    """Milliseconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0
        self.slept: list[float] = []

    def now(self) -> int:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += round(seconds * 1000)


def response_error(status: int, text: str = "", **headers: str) -> Any:
    """What pybit raises, by its attributes."""
    return SimpleNamespace(status_code=status, message=text, resp_headers=headers)
