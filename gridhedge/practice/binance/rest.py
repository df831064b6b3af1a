"""The REST side: from the raw bytes of a request to the raw bytes of its answer, with the faults in between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from gridhedge.practice.binance import account, algo, history, market, trade
from gridhedge.practice.binance.answers import Answer
from gridhedge.practice.binance.auth import check_key, check_signature
from gridhedge.practice.binance.call import Call, Handler, Result
from gridhedge.practice.binance.keys import ListenKeys
from gridhedge.practice.binance.limits import Limits
from gridhedge.practice.binance.query import Params, merged
from gridhedge.practice.binance.rows import Rows
from gridhedge.practice.desk import Desk
from gridhedge.practice.faults import Fault
from gridhedge.practice.wire import Reply, Request
from gridhedge.practice.world import World

__all__ = ["ROUTES", "Rest"]

_REQUEST_FAULTS = (
    "timeout_before",
    "timeout_after",
    "slow_answer",
    "cut",
    "garbage",
    "http_error",
    "refusal",
    "rate_limited",
)


class _Route(NamedTuple):
    handler: Handler
    weight: int = 1
    signed: bool = True
    orders: int = 0
    """What it counts as on the order limits; a batch counts its greatest size."""
    writes: bool = False
    """Whether a key that may only read is refused."""


def _public(handler: Handler, weight: int = 1) -> _Route:
    return _Route(handler, weight, signed=False)


ROUTES: Mapping[tuple[str, str], _Route] = {
    ("GET", "/api/v3/ping"): _public(market.nothing),
    ("GET", "/api/v3/time"): _public(market.server_time),
    ("GET", "/fapi/v1/ping"): _public(market.nothing),
    ("GET", "/fapi/v1/time"): _public(market.server_time),
    ("GET", "/fapi/v1/exchangeInfo"): _public(market.exchange_info),
    ("GET", "/fapi/v1/klines"): _public(market.candles, 5),
    ("GET", "/fapi/v1/markPriceKlines"): _public(market.candles, 5),
    ("GET", "/fapi/v1/depth"): _public(market.order_book, 10),
    ("GET", "/fapi/v1/trades"): _public(market.recent_trades, 5),
    ("GET", "/fapi/v1/aggTrades"): _public(market.aggregate_trades, 20),
    ("GET", "/fapi/v1/premiumIndex"): _public(market.mark_prices),
    ("GET", "/fapi/v1/fundingRate"): _public(market.funding_rates),
    ("GET", "/fapi/v1/fundingInfo"): _public(market.funding_info, 0),
    ("GET", "/fapi/v1/ticker/price"): _public(market.prices),
    ("GET", "/fapi/v2/ticker/price"): _public(market.prices),
    ("GET", "/fapi/v1/ticker/bookTicker"): _public(market.touches, 2),
    ("GET", "/fapi/v1/ticker/24hr"): _public(market.tickers),
    ("GET", "/fapi/v1/leverageBracket"): _Route(market.brackets),
    ("GET", "/fapi/v2/account"): _Route(account.account_v2, 5),
    ("GET", "/fapi/v3/account"): _Route(account.account_v3, 5),
    ("GET", "/fapi/v2/balance"): _Route(account.balances, 5),
    ("GET", "/fapi/v3/balance"): _Route(account.balances, 5),
    ("GET", "/fapi/v2/positionRisk"): _Route(account.positions_v2, 5),
    ("GET", "/fapi/v3/positionRisk"): _Route(account.positions_v3, 5),
    ("GET", "/fapi/v1/accountConfig"): _Route(account.account_config, 5),
    ("GET", "/fapi/v1/symbolConfig"): _Route(account.symbol_config, 5),
    ("GET", "/fapi/v1/commissionRate"): _Route(account.commission_rate, 20),
    ("GET", "/fapi/v1/rateLimit/order"): _Route(account.rate_limits),
    ("GET", "/fapi/v1/positionSide/dual"): _Route(account.position_mode, 30),
    ("GET", "/fapi/v1/multiAssetsMargin"): _Route(account.multi_assets, 30),
    ("POST", "/fapi/v1/positionSide/dual"): _Route(account.switch_mode, writes=True),
    ("POST", "/fapi/v1/multiAssetsMargin"): _Route(account.set_multi_assets, writes=True),
    ("POST", "/fapi/v1/leverage"): _Route(account.set_leverage, writes=True),
    ("POST", "/fapi/v1/marginType"): _Route(account.set_margin_type, writes=True),
    ("POST", "/fapi/v1/countdownCancelAll"): _Route(account.count_down, 10, writes=True),
    ("GET", "/sapi/v1/account/apiRestrictions"): _Route(account.key_info),
    ("POST", "/fapi/v1/order"): _Route(trade.create, 0, orders=1, writes=True),
    ("POST", "/fapi/v1/order/test"): _Route(trade.try_out, 0, writes=True),
    ("PUT", "/fapi/v1/order"): _Route(trade.amend, 0, orders=1, writes=True),
    ("DELETE", "/fapi/v1/order"): _Route(trade.cancel, writes=True),
    ("POST", "/fapi/v1/batchOrders"): _Route(trade.create_batch, 5, orders=5, writes=True),
    ("PUT", "/fapi/v1/batchOrders"): _Route(trade.amend_batch, 5, orders=5, writes=True),
    ("DELETE", "/fapi/v1/batchOrders"): _Route(trade.cancel_batch, writes=True),
    ("DELETE", "/fapi/v1/allOpenOrders"): _Route(trade.cancel_all, writes=True),
    ("GET", "/fapi/v1/order"): _Route(history.find),
    ("GET", "/fapi/v1/openOrder"): _Route(history.find_open),
    ("GET", "/fapi/v1/openOrders"): _Route(history.open_orders),
    ("GET", "/fapi/v1/allOrders"): _Route(history.all_orders, 5),
    ("GET", "/fapi/v1/userTrades"): _Route(history.trades, 5),
    ("GET", "/fapi/v1/income"): _Route(history.income, 30),
    ("POST", "/fapi/v1/algoOrder"): _Route(algo.create, 0, orders=1, writes=True),
    ("DELETE", "/fapi/v1/algoOrder"): _Route(algo.cancel, writes=True),
    ("DELETE", "/fapi/v1/algoOpenOrders"): _Route(algo.cancel_all, writes=True),
    ("GET", "/fapi/v1/algoOrder"): _Route(algo.find),
    ("GET", "/fapi/v1/openAlgoOrders"): _Route(algo.open_orders),
    ("GET", "/fapi/v1/allAlgoOrders"): _Route(algo.history, 5),
}
_LISTEN_KEY = "/fapi/v1/listenKey"


class Rest:
    """Answers requests. Called from the thread that owns the world."""

    def __init__(self, world: World, keys: ListenKeys) -> None:
        self._world, self._keys = world, keys
        self._rows = Rows(world.clock)
        self._limits = Limits()

    def late(self, path: str) -> Fault | None:
        return self._world.faults.strike(("late",), path)

    def answer(self, request: Request) -> Reply:
        fault = self._world.faults.strike(_REQUEST_FAULTS, request.path)
        if fault is None:
            return self._carried_out(request)
        executed = fault.executed or fault.kind in ("timeout_after", "slow_answer")
        reply = self._carried_out(request) if executed else _said({}, 200, {})
        match fault.kind:
            case "timeout_before" | "timeout_after":
                return reply._replace(wait=fault.seconds, silent=True)
            case "slow_answer":
                return reply._replace(wait=fault.seconds)
            case "cut":
                return reply._replace(cut=True)
            case "garbage":
                return reply._replace(body=b"<html><body>upstream error</body></html>")
            case "http_error":
                return reply._replace(status=fault.code or 502, body=(fault.text or "Bad Gateway").encode())
            case "rate_limited":
                return self._limited(fault)
        return _failed(Answer(fault.code or -1007, fault.text or "Timeout; execution status unknown."), {})

    def _limited(self, fault: Fault) -> Reply:
        until = self._world.clock.now() + int(fault.seconds * 1000)
        text = f"Way too many requests; IP(127.0.0.1) banned until {until}."
        return _failed(Answer(-1003, text, 418, max(int(fault.seconds), 0)), {})

    def _carried_out(self, request: Request) -> Reply:
        world, headers = self._world, {}
        world.catch_up()
        now = world.clock.now()
        try:
            params = merged(request.query, request.body)
            if world.options.rate_limits:
                headers = self._limits.weigh(_weight(request, params), now)
            if request.path == _LISTEN_KEY:
                return _said(self._listen_key(request, now), 200, headers)
            route = ROUTES.get((request.method, request.path))
            if route is None:
                raise Answer(-5000, f"Path {request.path}, Method {request.method} is invalid", 404)
            desk = world.first
            if route.signed:
                desk = self._signed(request, params, route)
                if world.options.rate_limits and route.orders:
                    headers |= self._limits.order(desk.key, route.orders, now)
            return _said(route.handler(Call(world, desk, self._rows, params, now)), 200, headers)
        except Answer as answer:
            return _failed(answer, headers)
        finally:
            world.save()

    def _signed(self, request: Request, params: Params, route: _Route) -> Desk:
        desk = check_key(self._world.desks, request.headers)
        now = self._world.clock.beside(params.get("timestamp"))
        check_signature(desk, request.query, request.body, params, now)
        faults = self._world.faults
        if faults.active("expired_key") or (route.writes and faults.active("read_only_key")):
            raise Answer(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return desk

    def _listen_key(self, request: Request, now: int) -> Result:
        """The key's header is all that is asked for."""
        desk = check_key(self._world.desks, request.headers)
        match request.method:
            case "POST":
                return {"listenKey": self._keys.ask(desk, now)}
            case "PUT":
                return {"listenKey": self._keys.keep(desk, now)}
            case "DELETE":
                self._keys.close(desk)
                return {}
        raise Answer(-5000, f"Path {request.path}, Method {request.method} is invalid", 404)


def _weight(request: Request, params: Params) -> int:
    """What a request weighs; lists of all symbols weigh more than those of one."""
    route = ROUTES.get((request.method, request.path))
    if route is None:
        return 1
    of_all = "symbol" not in params and request.path.endswith(("/openOrders", "/openAlgoOrders"))
    return 40 if of_all else route.weight


def _said(body: Any, status: int, headers: dict[str, str]) -> Reply:
    encoded = json.dumps(body, separators=(",", ":")).encode()
    return Reply(status, encoded, {"Content-Type": "application/json", **headers})


def _failed(answer: Answer, headers: dict[str, str]) -> Reply:
    if answer.retry_after is not None:
        headers = headers | {"Retry-After": str(answer.retry_after)}
    return _said({"code": answer.code, "msg": answer.text}, answer.status, headers)
