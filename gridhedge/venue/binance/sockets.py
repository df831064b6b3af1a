"""One open websocket in a thread of its own. It never reconnects: it dies, and says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import WebSocketException

from gridhedge.domain.errors import NotSent
from gridhedge.venue.fields import Row

__all__ = ["Socket"]

_CLOSE_S = 5.0


class Socket:
    """Opens what ``make`` gives (an object with ``connect``, ``ws`` and ``close``, as python-binance's sockets are).

    Every message goes to ``take``, the end of the connection to ``on_trouble``, both in this socket's thread. The
    client library answers pings and sends its own: a connection whose other end has gone ends by itself.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        take: Callable[[str | bytes], None],
        on_trouble: Callable[[str], None],
        timeout_s: float,
    ) -> None:
        self._make, self._take, self._on_trouble = make, take, on_trouble
        self._opened = threading.Event()
        self._failure = "it does not answer"
        self._alive = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="binance socket", daemon=True)
        self._thread.start()
        if not self._opened.wait(timeout_s + _CLOSE_S) or not self._alive:
            self.close()
            raise NotSent(f"the stream can not be opened: {self._failure}")

    def is_alive(self) -> bool:
        return self._alive

    def last_pong(self) -> float:
        """Pings are the client library's own affair."""
        return 0.0

    def send(self, message: Row) -> None:
        """Nothing needs to be sent: the address says what is wanted."""

    def close(self) -> None:
        """End the connection and its thread."""
        loop, reading = self._loop, self._reading
        if loop is not None and reading is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(reading.cancel)
        if self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._live())
        finally:
            self._opened.set()

    async def _live(self) -> None:
        self._loop, self._reading = asyncio.get_running_loop(), asyncio.current_task()
        stream = self._make()
        try:
            await stream.connect()
        except (WebSocketException, OSError, ValueError) as error:
            self._failure = f"{type(error).__name__}: {error}"
            return
        self._alive = True
        self._opened.set()
        why = "closed"
        try:
            async for text in stream.ws:
                self._take(text)
        except (WebSocketException, OSError) as error:
            why = f"{type(error).__name__}: {error}"
        finally:
            self._alive = False
            self._on_trouble(why)
            with suppress(WebSocketException, OSError, asyncio.CancelledError):
                await stream.ws.close()
