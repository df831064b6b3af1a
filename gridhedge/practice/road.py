"""The road on which messages travel to the clients of websockets, and what faults do to them on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World

__all__ = ["Road", "Socket"]

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


class Road:
    """All connections of a practice exchange. Lives in the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sockets: dict[Socket, None] = {}
        self._accepted = 0
        self._held: dict[Socket, str] = {}
        """Messages that wait for the one after them to go first."""

    async def serve(
        self,
        websocket: WebSocket,
        channel: str,
        received: Callable[[Socket, str], None],
        welcome: Callable[[Socket], None] = lambda socket: None,
    ) -> None:
        """Talk to one client until it goes. ``received`` takes what it says; ``welcome`` the client, once it is in."""
        if self._world.faults.active("refuse_sockets", channel):
            self._world.faults.struck["refuse_sockets"] += 1
            await websocket.close()  # before accepting: the handshake fails
            return
        await websocket.accept()
        self._accepted += 1
        self._world.connected[channel] += 1
        socket = Socket(websocket, channel, self._accepted)
        self.sockets[socket] = None
        writer = asyncio.create_task(socket.write())
        welcome(socket)
        try:
            while True:
                received(socket, await websocket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            pass  # the client has gone, or has sent bytes where text belongs
        finally:
            self._world.connected[channel] -= 1
            self.sockets.pop(socket, None)
            self._held.pop(socket, None)
            writer.cancel()
            with suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await writer
            await socket.close(_GOING_AWAY)

    def drop(self, channels: Sequence[str]) -> None:
        """Close the sockets of these channels that a fault wants closed."""
        for channel in channels:
            while (fault := self._world.faults.strike(("drop",), channel)) is not None:
                for socket in list(self.sockets):
                    if socket.channel == channel:
                        del self.sockets[socket]
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
        if socket in self.sockets:
            socket.put(text, 0)
