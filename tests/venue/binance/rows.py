"""Rows as Binance documents them, small enough to be read: what is left out here is not looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from gridhedge.domain.events import Seen
from gridhedge.domain.instrument import Fees
from gridhedge.venue.binance.client import Answer
from gridhedge.venue.failed import Failed

AT = 1_795_236_150_003
Script = Callable[[str, dict[str, Any]], object]
RATES = Fees(Decimal("0.0002"), Decimal("0.0005"))


def order_row(**changes: Any) -> dict[str, Any]:
    """An opening long of 0.002 BTC that rests at 60000.1."""
    row = {
        "orderId": 8389765739, "symbol": "BTCUSDC", "status": "NEW", "clientOrderId": "g1-000001", "price": "60000.1",
        "avgPrice": "0.00", "origQty": "0.002", "executedQty": "0.000", "timeInForce": "GTC", "type": "LIMIT",
        "reduceOnly": False, "side": "BUY", "positionSide": "LONG", "time": AT - 9, "updateTime": AT,
    }  # fmt: skip
    return {**row, **changes}


def algo_row(**changes: Any) -> dict[str, Any]:
    """A stop at 55000 that closes the long, whatever it holds then."""
    row = {
        "algoId": 1000000033225453, "clientAlgoId": "g1-stop", "algoType": "CONDITIONAL", "orderType": "STOP_MARKET",
        "symbol": "BTCUSDC", "side": "SELL", "positionSide": "LONG", "quantity": "0", "algoStatus": "NEW",
        "actualOrderId": "", "actualQty": "0", "triggerPrice": "55000.0", "price": "0.00", "closePosition": True,
        "reduceOnly": False, "createTime": AT - 9, "updateTime": AT,
    }  # fmt: skip
    return {**row, **changes}


def trade_row(**changes: Any) -> dict[str, Any]:
    row = {
        "symbol": "BTCUSDC", "id": 698759, "orderId": 8389765739, "side": "BUY", "price": "60000.1", "qty": "0.001",
        "commission": "0.01200002", "commissionAsset": "USDC", "time": AT, "positionSide": "LONG", "maker": True,
        "buyer": True,
    }  # fmt: skip
    return {**row, **changes}


def traded(**changes: Any) -> dict[str, Any]:
    """An ORDER_TRADE_UPDATE: the maker's execution of a half."""
    item = {
        "s": "BTCUSDC", "c": "g1-000001", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.002", "p": "60000.1",
        "ap": "60000.1", "sp": "0", "x": "TRADE", "X": "PARTIALLY_FILLED", "i": 8389765739, "l": "0.001", "z": "0.001",
        "L": "60000.1", "n": "0.01200002", "N": "USDC", "T": AT, "t": 698759, "m": True, "R": False, "ps": "LONG",
        "er": "0",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": AT, "E": AT, "o": {**item, **changes}}


def algo(**changes: Any) -> dict[str, Any]:
    """An ALGO_UPDATE of the stop of ``algo_row``."""
    item = {
        "caid": "g1-stop", "aid": 1000000033225453, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BTCUSDC",
        "S": "SELL", "ps": "LONG", "f": "GTC", "q": "0", "X": "NEW", "ai": "", "tp": "55000.0", "p": "0", "cp": True,
        "R": True,
    }  # fmt: skip
    return {"e": "ALGO_UPDATE", "T": AT, "E": AT, "o": {**item, **changes}}


def touch(bid: str, ask: str, at: int = AT) -> dict[str, Any]:
    data = {"e": "bookTicker", "u": 1, "E": at, "T": at, "s": "BTCUSDC", "b": bid, "B": "1", "a": ask, "A": "1"}
    return {"stream": "btcusdc@bookTicker", "data": data}


def mark(price: str, at: int = AT) -> dict[str, Any]:
    data = {"e": "markPriceUpdate", "E": at, "s": "BTCUSDC", "p": price, "i": price, "P": price, "r": "0.0001", "T": at}
    return {"stream": "btcusdc@markPrice@1s", "data": data}


class Inbox:
    """What was told, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.time = AT
        self.wishes: list[str] = []

    def tell(self, seen: Seen) -> None:
        self.seen.append(seen)

    def now(self) -> int:
        return self.time


class ScriptedClient:
    """Answers requests from a script: a function of method and query that returns a body, or raises Failed."""

    def __init__(
        self, script: Callable[[str, dict[str, Any]], object], headers: Mapping[str, str] | None = None
    ) -> None:
        self.script = script
        self.headers = headers or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def read(self, method: str, /, **query: Any) -> Answer:
        try:
            return self.write(method, **query)
        except Failed as failed:
            raise failed.as_read() from failed

    def write(self, method: str, /, **body: Any) -> Answer:
        self.asked.append((method, body))
        found = self.script(method, body)
        if isinstance(found, Failed):
            raise found
        return Answer(found, self.headers)


class Time:
    """Milliseconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.at = 0

    def now(self) -> int:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += round(seconds * 1000)
