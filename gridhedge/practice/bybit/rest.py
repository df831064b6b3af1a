"""The REST side: from the raw bytes of a request to the raw bytes of its answer, with the faults in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gridhedge.practice.bybit import account, history, market, trade
from gridhedge.practice.bybit.answers import Answer, envelope
from gridhedge.practice.bybit.auth import check_request
from gridhedge.practice.bybit.call import Call, Handler, Result
from gridhedge.practice.bybit.limits import Budget, Limits
from gridhedge.practice.bybit.query import Params, from_body, from_query
from gridhedge.practice.bybit.rows import Rows
from gridhedge.practice.desk import Desk
from gridhedge.practice.faults import Fault
from gridhedge.practice.wire import Reply, Request
from gridhedge.practice.world import World

__all__ = ["ROUTES", "Rest"]

_REQUEST_FAULTS = (
    "timeout_before",
    "timeout_after",
    "late",
    "slow_answer",
    "cut",
    "garbage",
    "http_error",
    "refusal",
    "rate_limited",
)
_TOO_MANY = Answer(10006, "Too many visits. Exceeded the API Rate Limit.")


class _Route(NamedTuple):
    method: str
    handler: Handler
    limit: int = 0
    """Requests (or orders of batches) per second; 0: public, neither signed nor limited per account."""
    batch: bool = False
    demo: bool = True
    """Whether a demo account has it."""
    writes: bool = False
    """Whether a key that may only read is refused."""


ROUTES: Mapping[str, _Route] = {
    "/v5/market/time": _Route("GET", market.server_time),
    "/v5/market/instruments-info": _Route("GET", market.instruments),
    "/v5/market/tickers": _Route("GET", market.tickers),
    "/v5/market/kline": _Route("GET", market.candles),
    "/v5/market/mark-price-kline": _Route("GET", market.mark_candles),
    "/v5/market/index-price-kline": _Route("GET", market.mark_candles),
    "/v5/market/orderbook": _Route("GET", market.order_book),
    "/v5/market/recent-trade": _Route("GET", market.recent_trades),
    "/v5/market/funding/history": _Route("GET", market.funding_history),
    "/v5/market/risk-limit": _Route("GET", market.risk_limits),
    "/v5/market/price-limit": _Route("GET", market.price_limit),
    "/v5/account/info": _Route("GET", account.account_info, 50),
    "/v5/account/wallet-balance": _Route("GET", account.wallet, 50),
    "/v5/account/fee-rate": _Route("GET", account.fee_rates, 5, demo=False),
    "/v5/account/transaction-log": _Route("GET", account.transactions, 25),
    "/v5/account/set-margin-mode": _Route("POST", account.set_margin_mode, 5, writes=True),
    "/v5/account/set-limit-px-action": _Route("POST", account.set_limit_price_action, 10, demo=False, writes=True),
    "/v5/account/demo-apply-money": _Route("POST", account.apply_for_funds, 5, writes=True),
    "/v5/asset/coin/query-info": _Route("GET", account.coin_info, 5, demo=False),
    "/v5/user/query-api": _Route("GET", account.key_info, 10),
    "/v5/position/list": _Route("GET", account.positions, 50),
    "/v5/position/closed-pnl": _Route("GET", history.closed_profits, 50),
    "/v5/position/set-leverage": _Route("POST", account.set_leverage, 10, writes=True),
    "/v5/position/switch-mode": _Route("POST", account.switch_mode, 10, writes=True),
    "/v5/order/create": _Route("POST", trade.create, 10, writes=True),
    "/v5/order/amend": _Route("POST", trade.amend, 10, writes=True),
    "/v5/order/cancel": _Route("POST", trade.cancel, 10, writes=True),
    "/v5/order/cancel-all": _Route("POST", trade.cancel_all, 10, writes=True),
    "/v5/order/create-batch": _Route("POST", trade.create, 10, batch=True, writes=True),
    "/v5/order/amend-batch": _Route("POST", trade.amend, 10, batch=True, writes=True),
    "/v5/order/cancel-batch": _Route("POST", trade.cancel, 10, batch=True, writes=True),
    "/v5/order/realtime": _Route("GET", history.open_orders, 50),
    "/v5/order/history": _Route("GET", history.order_history, 50),
    "/v5/execution/list": _Route("GET", history.executions, 50),
}


class Rest:
    """Answers requests. Called from the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self._world, self._rows = world, Rows(world.clock)
        self._limits = Limits()

    def late(self, path: str) -> Fault | None:
        """Whether the request must lie about for a while before it is looked at."""
        return self._world.faults.strike(("late",), path)

    def answer(self, request: Request) -> Reply:
        """Carry out one request, or do to it what a fault demands."""
        fault = self._world.faults.strike(tuple(kind for kind in _REQUEST_FAULTS if kind != "late"), request.path)
        if fault is None:
            return self._carried_out(request)
        executed = fault.executed or fault.kind in ("timeout_after", "slow_answer")
        reply = self._carried_out(request) if executed else self._said(0, "OK", {}, {}, {})
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
                now = self._world.clock.now()
                budget = Budget(10, 0, 0, now + int(fault.seconds * 1000))
                return self._said(_TOO_MANY.code, _TOO_MANY.text, {}, {}, budget.headers())
        return self._said(fault.code or 10016, fault.text or "Server error", {}, {}, {})

    def _said(self, code: int, text: str, result: Result, extra: Any, headers: dict[str, str]) -> Reply:
        now = self._world.clock.now()
        body = json.dumps(envelope(code, text, result, extra, now), separators=(",", ":")).encode()
        standard = {"Content-Type": "application/json; charset=utf-8", "Timenow": str(now), "Ret_code": str(code)}
        return Reply(200, body, standard | headers)

    def _carried_out(self, request: Request) -> Reply:
        world, headers = self._world, {}
        world.catch_up()
        try:
            route, params = _routed(request)
            desk = world.first
            if route.limit:
                payload = request.query if request.method == "GET" else request.body
                desk = check_request(
                    world.desks,
                    request.headers,
                    payload,
                    world.clock.beside(request.headers.get("x-bapi-timestamp")),
                )
                self._check_key(route)
            call = Call(world, desk, self._rows, params, world.clock.now())
            cost = len(trade.batch_items(call)) if route.batch else 1
            budget = self._budget(desk, request.path, route, cost)
            headers = budget.headers() if route.limit else {}
            if not budget.allowed:
                raise _TOO_MANY
            result, extra = self._handled(call, route, request.path, budget.allowed)
        except Answer as answer:
            return self._said(answer.code, answer.text, answer.result, {}, headers)
        finally:
            world.save()
        return self._said(0, "OK", result, extra, headers)

    def _handled(self, call: Call, route: _Route, path: str, spare: int) -> tuple[Result, Any]:
        if not route.batch:
            return route.handler(call), {}
        failing = {}
        while (fault := self._world.faults.strike(("item_fails",), path)) is not None:
            failing[fault.item] = Answer(fault.code or 10001, fault.text or "params error: made to fail")
        return trade.batch(route.handler, call, spare, failing)

    def _check_key(self, route: _Route) -> None:
        faults = self._world.faults
        if faults.active("expired_key"):
            raise Answer(33004, "Your api key has expired.")
        if route.writes and faults.active("read_only_key"):
            raise Answer(10005, "Permission denied, please check your API key permissions.")
        if not route.demo and faults.active("demo"):
            raise Answer(10001, "Demo trading are not supported.")

    def _budget(self, desk: Desk, path: str, route: _Route, cost: int) -> Budget:
        now = self._world.clock.now()
        if not route.limit or not self._world.options.rate_limits:
            return Budget(route.limit, route.limit, cost, now)
        return self._limits.spend(desk.key, path, route.limit, cost, now)


def _routed(request: Request) -> tuple[_Route, Params]:
    route = ROUTES.get(request.path)
    if route is None or route.method != request.method:
        raise Answer(10017, f"Route not found: {request.method} {request.path}")
    read: Callable[[bytes], Params] = from_query if request.method == "GET" else from_body
    return route, read(request.query if request.method == "GET" else request.body)
