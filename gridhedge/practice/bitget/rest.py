"""The REST side: from the raw bytes of a request to the raw bytes of its answer, with the faults in between."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis
from gridhedge.practice.bitget import classic, market, unified
from gridhedge.practice.bitget.answers import Answer, envelope
from gridhedge.practice.bitget.auth import check_request
from gridhedge.practice.bitget.call import Call, Handler, Rows
from gridhedge.practice.bitget.query import from_body, from_query
from gridhedge.practice.desk import Desk
from gridhedge.practice.faults import Fault
from gridhedge.practice.wire import Reply, Request
from gridhedge.practice.world import World

__all__ = ["Generation", "Rest"]

Generation: TypeAlias = Literal["v2", "v3"]
_TOO_MANY = Answer("429", "Too Many Requests", 429)
_OTHER_KIND = {
    "v2": Answer("40084", "You are in Classic Account mode, and the Unified Account API is not supported at this time"),
    "v3": Answer("40085", "You are in Unified Account mode, and the Classic Account API is not supported at this time"),
}
_SECOND_MS = 1000
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
    """``limit``: requests per second and account; 0: public. ``writes``: a key that may only read is refused."""

    method: str
    handler: Handler
    limit: int = 0
    writes: bool = False


def _routes() -> Mapping[str, _Route]:
    found: dict[str, _Route] = {}
    for version, public, private in (
        ("v2", market.CLASSIC, {**classic.ACCOUNT, **classic.TRADE}),
        ("v3", market.UNIFIED, {**unified.ACCOUNT, **unified.TRADE}),
    ):
        found |= {f"/api/{version}/{path}": _Route("GET", handler) for path, handler in public.items()}
        for path, (method, handler, limit) in private.items():
            found[f"/api/{version}/{path}"] = _Route(method, handler, limit, writes=method == "POST")
    return found


class Rest:
    """Answers requests of accounts of one generation. Called from the thread that owns the world."""

    def __init__(self, world: World, rows: Rows, generation: Generation) -> None:
        self._world, self._rows, self._generation = world, rows, generation
        self._spent: dict[tuple[str, str], deque[Millis]] = {}
        self._routes = _routes()

    def late(self, path: str) -> Fault | None:
        """Whether the request must lie about for a while before it is looked at."""
        return self._world.faults.strike(("late",), path)

    def answer(self, request: Request) -> Reply:
        """Carry out one request, or do to it what a fault demands."""
        fault = self._world.faults.strike(_REQUEST_FAULTS, request.path)
        if fault is None:
            return self._carried_out(request)
        executed = fault.executed or fault.kind in ("timeout_after", "slow_answer")
        reply = self._carried_out(request) if executed else self._said(None)
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
                return self._too_many(fault)
        return self._failed(Answer(str(fault.code or 40725), fault.text or "service return an error", 200))

    def _too_many(self, fault: Fault) -> Reply:
        waits = {"Retry-After": str(int(fault.seconds))} if fault.seconds > 0 else {}
        reply = self._failed(_TOO_MANY)
        return reply._replace(headers={**reply.headers, **waits})

    def _said(self, data: Any) -> Reply:
        return self._reply(200, envelope("00000", "success", data, self._world.clock.now()))

    def _failed(self, answer: Answer) -> Reply:
        return self._reply(answer.status, envelope(answer.code, answer.text, None, self._world.clock.now()))

    def _reply(self, status: int, body: dict[str, Any]) -> Reply:
        content = json.dumps(body, separators=(",", ":")).encode()
        return Reply(status, content, {"Content-Type": "application/json;charset=UTF-8"})

    def _carried_out(self, request: Request) -> Reply:
        world = self._world
        world.catch_up()
        try:
            route = self._routes.get(request.path)
            if route is None or route.method != request.method:
                raise Answer("40404", "Request URL NOT FOUND", 404)
            desk = self._let_in(request, route) if route.limit else world.first
            params = from_query(request.query) if request.method == "GET" else from_body(request.body)
            return self._said(
                route.handler(Call(world, desk, self._rows, params, world.clock.now(), self._failing(request)))
            )
        except Answer as answer:
            return self._failed(answer)
        finally:
            world.save()

    def _let_in(self, request: Request, route: _Route) -> Desk:
        """The account that has signed. That it is of the other generation is said before the signature is looked at."""
        world, faults = self._world, self._world.faults
        if not request.path.startswith(f"/api/{self._generation}/") and "/common/" not in request.path:
            raise _OTHER_KIND[self._generation]
        desk = check_request(world.desks, request, world.clock.beside(request.headers.get("access-timestamp")))
        if faults.active("expired_key"):
            raise Answer("40041", "User's ApiKey has expired")
        if route.writes and faults.active("read_only_key"):
            raise Answer("40014", "Incorrect permissions, need trade permissions")
        if world.options.rate_limits:
            self._spend(desk.key, request.path, route.limit)
        return desk

    def _spend(self, key: str, path: str, limit: int) -> None:
        now = self._world.clock.now()
        spent = self._spent.setdefault((key, path), deque())
        while spent and spent[0] <= now - _SECOND_MS:
            spent.popleft()
        if len(spent) >= limit:
            raise _TOO_MANY
        spent.append(now)

    def _failing(self, request: Request) -> dict[int, Answer]:
        failing: dict[int, Answer] = {}
        if "batch" in request.path:
            while (fault := self._world.faults.strike(("item_fails",), request.path)) is not None:
                failing[fault.item] = Answer(str(fault.code or 40808), fault.text or "made to fail")
        return failing
