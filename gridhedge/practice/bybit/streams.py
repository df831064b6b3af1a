"""The websocket side: connections, topics, and the road on which messages travel, with its faults."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gridhedge.practice.bybit.answers import Answer
from gridhedge.practice.bybit.auth import check_socket
from gridhedge.practice.bybit.public import PublicTopics
from gridhedge.practice.desk import Desk, Happening
from gridhedge.practice.world import World

__all__ = ["Socket", "Streams"]

PRIVATE_TOPICS = ("order", "execution", "position", "wallet", "execution.fast")
_GOING_AWAY = 1001
_MOST_WAITING = 50_000


class Socket:
    """One client's connection. Messages leave in the order in which they were put, each when it is due."""

    def __init__(self, socket: WebSocket, channel: str, number: int) -> None:
        self.socket, self.channel = socket, channel
        self.name = f"practice-{number}"
        self.topics: set[str] = set()
        self.desk: Desk | None = None
        self._waiting: asyncio.Queue[tuple[float, str | int]] = asyncio.Queue(_MOST_WAITING)
        """When due, and the text to send or the code to close with."""

    def put(self, text: str | int, delay_ms: float) -> None:
        """Send after everything that waits already, and not before ``delay_ms`` from now. A client that does not
        read is given up: its queue overflows and raises asyncio.QueueFull."""
        self._waiting.put_nowait((asyncio.get_running_loop().time() + delay_ms / 1000, text))

    async def write(self) -> None:
        """Send what waits, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due, text = await self._waiting.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if isinstance(text, int):
                await self.close(text)
            else:
                await self.socket.send_text(text)

    async def close(self, code: int) -> None:
        with suppress(RuntimeError):  # it is closed already
            if self.socket.application_state is WebSocketState.CONNECTED:
                await self.socket.close(code)


class Streams:
    """All connections. Lives in the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sockets: dict[Socket, None] = {}
        self._accepted = 0
        self._messages = 0
        self._held: dict[Socket, str] = {}
        """Messages that wait for the one after them to go first."""
        self.public = PublicTopics(world)

    # ---- connections -------------------------------------------------------------------------------------------------

    async def serve(self, websocket: WebSocket, channel: str) -> None:
        """Talk to one client until it goes."""
        if self._world.faults.active("refuse_sockets", channel):
            self._world.faults.struck["refuse_sockets"] += 1
            await websocket.close()  # before accepting: the handshake fails
            return
        await websocket.accept()
        self._accepted += 1
        socket = Socket(websocket, channel, self._accepted)
        self._sockets[socket] = None
        writer = asyncio.create_task(socket.write())
        try:
            while True:
                self._received(socket, await websocket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # the client has gone, or has sent bytes where text belongs
        finally:
            self._sockets.pop(socket, None)
            self._held.pop(socket, None)
            writer.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await writer
            await socket.close(_GOING_AWAY)

    def _received(self, socket: Socket, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._answer(socket, {"success": False, "ret_msg": "Invalid JSON", "op": ""}, {})
            return
        operation = message.get("op")
        if operation == "ping":
            self._answer(socket, self._pong(socket, message), {})
        elif operation == "auth" and socket.channel == "private":
            self._answer(socket, self._authenticated(socket, message), message)
        elif operation in ("subscribe", "unsubscribe"):
            self._subscribe(socket, message, operation == "subscribe")
        else:
            self._answer(socket, {"success": False, "ret_msg": f"Invalid op: {operation}", "op": operation}, message)

    def _answer(self, socket: Socket, answer: dict[str, Any], request: dict[str, Any]) -> None:
        answer["conn_id"] = socket.name
        if "req_id" in request:
            answer["req_id"] = request["req_id"]
        if self._world.faults.active("silence", socket.channel):
            self._world.faults.struck["silence"] += 1
            return
        socket.put(json.dumps(answer), self._world.options.ack_delay_ms)

    def _pong(self, socket: Socket, message: dict[str, Any]) -> dict[str, Any]:
        name = message.get("req_id", "")
        if socket.channel == "private":
            return {"req_id": name, "op": "pong", "args": [str(self._world.clock.now())]}
        return {"success": True, "ret_msg": "pong", "req_id": name, "op": "ping"}

    def _authenticated(self, socket: Socket, message: dict[str, Any]) -> dict[str, Any]:
        try:
            socket.desk = check_socket(self._world.desks, message.get("args"), self._world.clock.now())
        except Answer as answer:
            return {"success": False, "ret_msg": answer.text, "op": "auth"}
        return {"success": True, "ret_msg": "", "op": "auth"}

    def _subscribe(self, socket: Socket, message: dict[str, Any], joins: bool) -> None:
        topics = message.get("args")
        operation = "subscribe" if joins else "unsubscribe"
        wrong = self._wrong_topic(socket, topics)
        if wrong is not None:
            self._answer(socket, {"success": False, "ret_msg": wrong, "op": operation}, message)
            return
        assert isinstance(topics, list)
        self._answer(socket, {"success": True, "ret_msg": "", "op": operation}, message)
        if not joins:
            socket.topics.difference_update(topics)
            return
        socket.topics.update(topics)
        if socket.channel == "public":
            self._world.catch_up()
            for topic in topics:
                for first in self.public.first(topic):
                    self.send(socket, topic, first, 0)

    def _wrong_topic(self, socket: Socket, topics: object) -> str | None:
        if not isinstance(topics, list) or not topics or not all(isinstance(topic, str) for topic in topics):
            return "error:args is not a list of topics"
        if socket.channel == "private" and socket.desk is None:
            return "error:Request not authorized"
        for topic in topics:
            known = _is_private(topic) if socket.channel == "private" else self.public.knows(topic)
            if not known:
                return f"error:handler not found,topic:{topic}"
        return None

    # ---- messages ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send what has happened in the accounts to those who have subscribed to it."""
        for desk in self._world.desks.values():
            told = desk.take_told()
            if told:
                sockets = [socket for socket in self._sockets if socket.desk is desk]
                for topic, items in _bundled(told):
                    self._private(sockets, topic, items)

    def _private(self, sockets: list[Socket], topic: str, items: list[dict[str, Any]]) -> None:
        self._messages += 1
        head = {"id": f"practice_{topic}_{self._messages}", "creationTime": self._world.clock.now()}
        for socket in sockets:
            for name in (topic, f"{topic}.linear"):
                if name in socket.topics:
                    message = {**head, "topic": name, "data": items}
                    self.send(socket, name, message, self._world.options.push_delay_ms)
            if topic == "execution":
                self._fast(socket, head, items)

    def _fast(self, socket: Socket, head: dict[str, Any], items: list[dict[str, Any]]) -> None:
        rows = [_fast_row(item) for item in items if item["execType"] == "Trade"]
        for name in ("execution.fast", "execution.fast.linear"):
            if name in socket.topics and rows:
                message = {"topic": name, "creationTime": head["creationTime"], "data": rows}
                self.send(socket, name, message, self._world.options.push_delay_ms)

    def tick(self) -> None:
        """Tell of prices, and do what faults demand of connections."""
        faults = self._world.faults
        for topic, message in self.public.changes():
            for socket in self._sockets:
                if topic in socket.topics:
                    self.send(socket, topic, message, 0)
        for channel in ("public", "private"):
            while (fault := faults.strike(("drop",), channel)) is not None:
                for socket in list(self._sockets):
                    if socket.channel == channel:
                        del self._sockets[socket]
                        socket.put(fault.code or _GOING_AWAY, 0)

    def send(self, socket: Socket, topic: str, message: dict[str, Any], delay_ms: float) -> None:
        """Put a message on its way to one client."""
        faults = self._world.faults
        if faults.active("silence", socket.channel):
            faults.struck["silence"] += 1
            return
        text = json.dumps(message)
        fault = faults.strike(("lose", "duplicate", "delay", "reorder", "broken_frame"), topic)
        kind = fault.kind if fault is not None else ""
        if kind == "lose":
            return
        if kind == "reorder":
            self._held[socket] = text
            return
        if kind == "delay":
            assert fault is not None
            asyncio.get_running_loop().call_later(fault.seconds, self._late, socket, text)
            return
        socket.put(text[: len(text) // 2] if kind == "broken_frame" else text, delay_ms)
        if kind == "duplicate":
            socket.put(text, delay_ms)
        held = self._held.pop(socket, None)
        if held is not None:
            socket.put(held, delay_ms)

    def _late(self, socket: Socket, text: str) -> None:
        if socket in self._sockets:
            socket.put(text, 0)


def _is_private(topic: str) -> bool:
    return topic.removesuffix(".linear") in PRIVATE_TOPICS


def _bundled(told: list[Happening]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Neighbours of one topic share a message."""
    bundles: list[tuple[str, list[dict[str, Any]]]] = []
    for topic, item in told:
        if bundles and bundles[-1][0] == topic:
            bundles[-1][1].append(item)
        else:
            bundles.append((topic, [item]))
    return bundles


def _fast_row(item: dict[str, Any]) -> dict[str, Any]:
    names = (
        "category",
        "symbol",
        "execId",
        "execPrice",
        "execQty",
        "orderId",
        "isMaker",
        "orderLinkId",
        "side",
        "execTime",
        "seq",
    )
    row = {name: item[name] for name in names}
    return row | {"orderLinkId": ""} if row["isMaker"] else row
