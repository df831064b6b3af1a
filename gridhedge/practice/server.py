"""The exchange as a server: one thread with one event loop owns accounts, time, requests and streams."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gridhedge.domain.errors import GridhedgeError, UsageError
from gridhedge.domain.values import Millis, Price
from gridhedge.practice.clock import Clock
from gridhedge.practice.desk import Teller
from gridhedge.practice.faults import Fault, Faults
from gridhedge.practice.wire import Reply, Request
from gridhedge.practice.world import Options, World
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["Dialect", "Handle", "RequestSide", "StreamSide", "start"]

_PUMP_S = 0.025
_TICKER_S = 0.1
_START_S = 60.0
_STOP_S = 10.0

Value = TypeVar("Value")


class RequestSide(Protocol):
    """A venue's REST protocol."""

    def late(self, path: str) -> Fault | None:
        """Whether the request must lie about for a while before it is looked at."""

    def answer(self, request: Request) -> Reply:
        """Carry out one request, or do to it what a fault demands."""


class StreamSide(Protocol):
    """A venue's websocket protocol."""

    async def serve(self, websocket: WebSocket, channel: str) -> None:
        """Talk to one client until it goes."""

    def flush(self) -> None:
        """Send what has happened in the accounts."""

    def tick(self) -> None:
        """Tell of prices, and do what faults demand of connections."""


class Dialect(NamedTuple):
    """How a venue speaks. Its teller makes the words, its two sides carry them."""

    name: str
    teller: Callable[[Clock], Teller]
    sides: Callable[[World], tuple[RequestSide, StreamSide]]
    sockets: Mapping[str, str]
    """Channel of the websockets by the pattern of their path."""


class Handle:
    """A running practice exchange. What it owns belongs to its thread: use ``do`` for anything beyond a glance."""

    def __init__(self, host: str, port: int) -> None:
        self.url = f"http://{host}:{port}"
        self.ws_url = f"ws://{host}:{port}"
        self.loop: asyncio.AbstractEventLoop
        self.world: World
        self.server: uvicorn.Server
        self.thread: threading.Thread
        self.failure: GridhedgeError | None = None
        """What has ended the thread, if it was not ``stop``."""

    @property
    def exchange(self) -> Exchange:
        """The first account's exchange."""
        return self.world.first.exchange

    @property
    def faults(self) -> Faults:
        return self.world.faults

    def do(self, action: Callable[[World], Value]) -> Value:
        """Carry out something in the exchange's thread, after what the clock says has happened; then save."""

        async def act() -> Value:
            self.world.catch_up()
            value = action(self.world)
            self.world.save()
            return value

        return asyncio.run_coroutine_threadsafe(act(), self.loop).result(_STOP_S)

    def move(self, symbol: str, price: Price) -> None:
        """Let a scripted price jump now."""
        self.do(lambda world: world.move(symbol, price))

    def skip(self, milliseconds: Millis) -> None:
        """Jump ahead by this much exchange time."""
        self.do(lambda world: world.skip(milliseconds))

    def stop(self) -> None:
        """Close all connections, save, and end the thread."""
        self.server.should_exit = True
        self.thread.join(_STOP_S)
        if self.thread.is_alive():
            raise UsageError("the practice exchange does not stop")


def start(
    dialect: Dialect,
    source: Exchange | Options,
    port: int = 0,
    host: str = "127.0.0.1",
    clock: Clock | None = None,
    options: Options | None = None,
) -> Handle:
    """Start a practice exchange in a thread and return when it listens. Port 0 takes a free one.

    ``source``: how to build it, or an exchange that exists (then ``options`` says the rest). Raises UsageError for a
    port that is taken and for options that do not fit together, DiskFailure for a data folder that can not be used.
    """
    exchange = source if isinstance(source, Exchange) else None
    chosen = source if isinstance(source, Options) else options or Options()
    listener = _listen(host, port)
    handle = Handle(host, listener.getsockname()[1])
    ready = threading.Event()
    clock = clock or Clock(chosen.speed, tells_exchange_time=chosen.tells_exchange_time)
    run = partial(_run, dialect, handle, chosen, clock, exchange, listener, ready)
    handle.thread = threading.Thread(target=run, name=f"practice {dialect.name}", daemon=True)
    handle.thread.start()
    ready.wait(_START_S)
    if handle.failure is not None:
        raise handle.failure
    assert handle.thread.is_alive(), "the thread of the practice exchange has failed"
    return handle


def _listen(host: str, port: int) -> socket.socket:
    # The protocol is said in full: only then does asyncio switch Nagle's algorithm off, which costs 40 ms per answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"{host}:{port} can not be listened on ({error}); choose another --port") from error
    return listener


def _run(
    dialect: Dialect,
    handle: Handle,
    options: Options,
    clock: Clock,
    exchange: Exchange | None,
    listener: socket.socket,
    ready: threading.Event,
) -> None:
    try:
        asyncio.run(_serve(dialect, handle, options, clock, exchange, listener, ready))
    except GridhedgeError as error:
        handle.failure = error
    finally:
        listener.close()
        ready.set()


async def _serve(
    dialect: Dialect,
    handle: Handle,
    options: Options,
    clock: Clock,
    exchange: Exchange | None,
    listener: socket.socket,
    ready: threading.Event,
) -> None:
    handle.loop = asyncio.get_running_loop()
    handle.world = world = World(options, dialect.teller(clock), clock, exchange)
    requests, streams = dialect.sides(world)
    doors = _Doors(world, requests, streams)
    config = uvicorn.Config(
        Starlette(
            routes=[
                *(WebSocketRoute(path, doors.socket(channel)) for path, channel in dialect.sockets.items()),
                Route("/practice/faults", doors.admin_faults, methods=["GET", "POST"]),
                Route("/practice/books", doors.admin_books),
                Route("/{path:path}", doors.http, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        ),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        log_level="critical",  # an answer that is cut on purpose is no news
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    handle.server = server = uvicorn.Server(config)
    pump = asyncio.create_task(_pump(world, streams, server))
    ready.set()
    try:
        await server.serve(sockets=[listener])
    finally:
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump
        world.close()


async def _pump(world: World, streams: StreamSide, server: uvicorn.Server) -> None:
    """Let time pass and tell of what happens in it. A failure ends the server: it must not go on half dead."""
    loop = asyncio.get_running_loop()
    told = 0.0
    try:
        while True:
            world.catch_up()
            world.save()
            streams.flush()
            if loop.time() - told >= _TICKER_S:
                told = loop.time()
                streams.tick()
            await asyncio.sleep(_PUMP_S)
    finally:
        server.should_exit = True


class _Doors:
    """Where connections come in."""

    def __init__(self, world: World, rest: RequestSide, streams: StreamSide) -> None:
        self._world, self._rest, self._streams = world, rest, streams

    def socket(self, channel: str) -> Callable[[WebSocket], Awaitable[None]]:
        async def door(websocket: WebSocket) -> None:
            await self._streams.serve(websocket, channel)

        return door

    async def http(self, request: HttpRequest) -> Response:
        """A request of the venue's own API."""
        late = self._rest.late(request.url.path)
        raw = Request(
            request.method,
            request.url.path,
            request.scope["query_string"],
            request.headers,
            await request.body(),
        )
        if late is not None:
            await asyncio.sleep(late.seconds)
        reply = self._rest.answer(raw)
        asyncio.get_running_loop().call_soon(self._streams.flush)
        return _Travelling(reply)

    async def admin_faults(self, request: HttpRequest) -> Response:
        """GET shows the faults. POST ``{"clear": true | "kind", "add": [{"kind": …}, …]}`` changes them first."""
        if not _is_local(request):
            return JSONResponse({"error": "the admin door is open to this machine only"}, 403)
        faults = self._world.faults
        if request.method == "POST":
            try:
                _change_faults(faults, await request.body())
            except GridhedgeError as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(faults.described())

    async def admin_books(self, request: HttpRequest) -> Response:
        """The exchange's own books of ``?key=``, every digit."""
        if not _is_local(request):
            return JSONResponse({"error": "the admin door is open to this machine only"}, 403)
        key = request.query_params.get("key", self._world.first.key)
        if key not in self._world.desks:
            return JSONResponse({"error": f"no account has the key {key!r}"}, 404)
        return Response(self._world.books(key), media_type="application/json")


def _is_local(request: HttpRequest) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback


def _change_faults(faults: Faults, body: bytes) -> None:
    try:
        wish = json.loads(body)
    except ValueError as error:
        raise UsageError("the body is not JSON") from error
    if not isinstance(wish, dict) or not set(wish) <= {"clear", "add"}:
        raise UsageError('write {"clear": true, "add": [{"kind": "timeout_after", "on": "/v5/order/create"}]}')
    if wish.get("clear"):
        faults.clear("" if wish["clear"] is True else str(wish["clear"]))
    for line in wish.get("add", []):
        if not isinstance(line, dict) or "kind" not in line:
            raise UsageError(f"a fault is an object with a kind, not {line!r}")
        faults.add(**line)


class _Travelling(Response):
    """Sends a reply the way it should travel."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body, reply.status, reply.headers)
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = self._reply
        if reply.wait:
            gone = await _client_gone(receive, reply.wait)
            if gone:
                return
        if not reply.silent and not reply.cut:
            await super().__call__(scope, receive, send)
            return
        # A body that is shorter than announced makes the server close the connection.
        start: Message = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": False})


async def _client_gone(receive: Receive, seconds: float) -> bool:
    """Wait; True as soon as the client has closed the connection."""
    with suppress(asyncio.TimeoutError):
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
    return False
