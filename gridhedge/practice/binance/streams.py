"""The websocket side: addresses, subscriptions, and what is pushed under which of them.

Each address delivers its own kind only: ``/public`` touch, depth and trades, ``/market`` everything else about prices,
``/private`` the account. A stream asked for under the wrong address is accepted, and stays silent.
"""

from __future__ import annotations

import json
from typing import Any, TypeGuard
from urllib.parse import parse_qs

from starlette.websockets import WebSocket

from gridhedge.practice.binance.keys import ListenKeys
from gridhedge.practice.binance.public import PublicStreams, category
from gridhedge.practice.road import Road, Socket
from gridhedge.practice.world import World

__all__ = ["Streams"]

_CHANNELS = ("public", "market", "private")


class _Ear:
    """How one client listens: to which streams, and whether their names stand around what they say."""

    def __init__(self, wrapped: bool) -> None:
        self.wrapped = wrapped
        self.names: dict[str, None] = {}
        self.key = ""
        """The listen key, under ``/private``."""
        self.events: frozenset[str] = frozenset()
        """The events that are wanted; all where none are named."""


class Streams:
    """Lives in the thread that owns the world."""

    def __init__(self, world: World, keys: ListenKeys) -> None:
        self._world, self._keys = world, keys
        self._road = Road(world)
        self._ears: dict[Socket, _Ear] = {}
        self._public = PublicStreams(world)

    async def serve(self, websocket: WebSocket, channel: str) -> None:
        try:
            await self._road.serve(websocket, channel, self._received, self._welcome)
        finally:
            for socket in [socket for socket in self._ears if socket.socket is websocket]:
                del self._ears[socket]

    # ---- addresses and subscriptions ---------------------------------------------------------------------------------

    def _welcome(self, socket: Socket) -> None:
        """Subscribe to what the address names."""
        parts = socket.socket.url.path.strip("/").split("/")
        query = parse_qs(socket.socket.url.query)
        if parts[0] in _CHANNELS:
            parts = parts[1:]
        ear = self._ears[socket] = _Ear(parts[0] == "stream")
        rest = "/".join(parts[1:])
        if socket.channel == "private":
            ear.key = query.get("listenKey", [rest])[0]
            ear.events = frozenset(query["events"][0].split("/")) if "events" in query else frozenset()
            socket.desk = self._keys.desk(ear.key)
            return
        for name in (query.get("streams", [""])[0] if ear.wrapped else rest).split("/"):
            self._join(socket, ear, name)

    def _join(self, socket: Socket, ear: _Ear, name: str) -> None:
        if name and self._public.knows(name):
            ear.names[name] = None
            self._public.forget(name)

    def _received(self, socket: Socket, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._answer(socket, {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"})
            return
        ear, method, names = self._ears[socket], message.get("method"), message.get("params")
        answer: Any = None
        if method == "SUBSCRIBE" and _are_names(names):
            for name in names:
                self._join(socket, ear, name)
        elif method == "UNSUBSCRIBE" and _are_names(names):
            for name in names:
                ear.names.pop(name, None)
        elif method == "LIST_SUBSCRIPTIONS":
            answer = list(ear.names)
        elif method == "SET_PROPERTY" and isinstance(names, list) and names[:1] == ["combined"]:
            ear.wrapped = names[1:] == [True]
        elif method == "GET_PROPERTY":
            answer = ear.wrapped
        else:
            self._answer(socket, {"code": 2, "msg": f"Invalid request: {method} is not understood"})
            return
        self._answer(socket, {"result": answer, "id": message.get("id")})

    def _answer(self, socket: Socket, answer: dict[str, Any]) -> None:
        if not self._world.faults.active("silence", socket.channel):
            socket.put(json.dumps(answer), self._world.options.ack_delay_ms)

    # ---- messages ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        for desk in self._world.desks.values():
            told = desk.take_told()
            for socket in [socket for socket in self._road.sockets if socket.desk is desk] if told else []:
                for topic, item in told:
                    self._private(socket, topic, item)

    def _private(self, socket: Socket, topic: str, item: dict[str, Any]) -> None:
        ear = self._ears[socket]
        if ear.events and item["e"] not in ear.events:
            return
        stamped = {**item, "E": self._world.clock.now()}
        message = {"stream": item["e"], "data": stamped} if ear.wrapped else stamped
        self._road.send(socket, topic, message, self._world.options.push_delay_ms)

    def tick(self) -> None:
        self._expire()
        for name in dict.fromkeys(name for ear in self._ears.values() for name in ear.names):
            for message in self._public.news(name):
                self._push(name, message)
        self._road.drop(_CHANNELS)

    def _push(self, name: str, message: dict[str, Any]) -> None:
        kind = category(name)
        for socket in list(self._road.sockets):
            ear = self._ears[socket]
            if name in ear.names and socket.channel == kind:
                wrapped = {"stream": name, "data": message} if ear.wrapped else message
                self._road.send(socket, f"{kind} {name}", wrapped, 0)

    def _expire(self) -> None:
        """Listen keys whose time has come: their sockets stay open and hear nothing any more."""
        faults = self._world.faults
        forced = faults.strike(("expire_listen_key",), "private") is not None
        for desk, key in self._keys.expired(self._world.clock.now(), forced):
            for socket in self._road.sockets:
                if socket.desk is desk:
                    self._private(socket, "listenKeyExpired", {"e": "listenKeyExpired", "listenKey": key})
                    socket.desk = None


def _are_names(names: object) -> TypeGuard[list[str]]:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)
