"""The websocket side: connections, topics, and the road on which messages travel, with its faults."""

from __future__ import annotations

import json
from typing import Any

from starlette.websockets import WebSocket

from gridhedge.practice.bybit.answers import Answer
from gridhedge.practice.bybit.auth import check_socket
from gridhedge.practice.bybit.public import PublicTopics
from gridhedge.practice.desk import Happening
from gridhedge.practice.road import Road, Socket
from gridhedge.practice.world import World

__all__ = ["Streams"]

PRIVATE_TOPICS = ("order", "execution", "position", "wallet", "execution.fast")


class Streams:
    """All connections. Lives in the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._road = Road(world)
        self._messages = 0
        self.public = PublicTopics(world)

    # ---- connections -------------------------------------------------------------------------------------------------

    async def serve(self, websocket: WebSocket, channel: str) -> None:
        await self._road.serve(websocket, channel, self._received)

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
        arguments = message.get("args")
        expires = arguments[1] if isinstance(arguments, list) and len(arguments) > 1 else None
        try:
            socket.desk = check_socket(self._world.desks, arguments, self._world.clock.beside(expires))
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
                    self._road.send(socket, topic, first, 0)

    def _wrong_topic(self, socket: Socket, topics: object) -> str | None:
        if not isinstance(topics, list) or not topics or not all(isinstance(topic, str) for topic in topics):
            return "error:args is not a list of topics"
        if socket.channel == "private" and socket.desk is None:
            return "error:Request not authorized"
        if any(f"{topic}.linear" in topics for topic in topics):
            return "error:all-in-one and categorised topics in one request"
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
                sockets = [socket for socket in self._road.sockets if socket.desk is desk]
                for topic, items in _bundled(told):
                    self._private(sockets, topic, items)

    def _private(self, sockets: list[Socket], topic: str, items: list[dict[str, Any]]) -> None:
        self._messages += 1
        head = {"id": f"practice_{topic}_{self._messages}", "creationTime": self._world.clock.now()}
        for socket in sockets:
            for name in (topic, f"{topic}.linear"):
                if name in socket.topics:
                    message = {**head, "topic": name, "data": items}
                    self._road.send(socket, name, message, self._world.options.push_delay_ms)
            if topic == "execution":
                self._fast(socket, head, items)

    def _fast(self, socket: Socket, head: dict[str, Any], items: list[dict[str, Any]]) -> None:
        rows = [_fast_row(item) for item in items if item["execType"] == "Trade"]
        for name in ("execution.fast", "execution.fast.linear"):
            if name in socket.topics and rows:
                message = {"topic": name, "creationTime": head["creationTime"], "data": rows}
                self._road.send(socket, name, message, self._world.options.push_delay_ms)

    def tick(self) -> None:
        """Tell of prices, and do what faults demand of connections."""
        for topic, message in self.public.changes():
            for socket in self._road.sockets:
                if topic in socket.topics:
                    self._road.send(socket, topic, message, 0)
        self._road.drop(("public", "private"))


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
