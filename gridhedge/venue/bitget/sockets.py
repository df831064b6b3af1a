"""One websocket of Bitget: opened, logged in, subscribed, read by a thread of its own, kept alive by text pings.

https://www.bitget.com/api-doc/common/websocket-intro: the text ``ping`` every 30 s, else it is closed after two
minutes; at most ten messages per second; subscriptions of at most 4096 bytes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import websocket

from gridhedge.domain.errors import NotSent
from gridhedge.venue.fields import Row

__all__ = ["Socket"]

_PING_S = 20.0
_LOOK_S = 1.0
_TOPICS_AT_ONCE = 20
_FINE = ("0", "00000", "None", "")
"""The code of an acknowledgement: a number, a text, or missing."""


class Socket:
    """Open and subscribed once it has been made. Raises NotSent when that fails."""

    def __init__(
        self,
        url: str,
        login: Row | None,
        topics: Sequence[Row],
        on_message: Callable[[object], None],
        on_trouble: Callable[[str], None],
        timeout_s: float,
    ) -> None:
        self._on_message, self._on_trouble = on_message, on_trouble
        self._pong = 0.0
        self._closed = False
        self._deadline = time.monotonic() + timeout_s
        self._socket: Any
        try:
            self._socket = websocket.create_connection(url, timeout=timeout_s)  # nothing of it is typed
        except (websocket.WebSocketException, OSError) as error:
            raise NotSent(f"Bitget's stream can not be opened: {error}") from error
        try:
            if login is not None:
                self._greet("login", [login])
            for first in range(0, len(topics), _TOPICS_AT_ONCE):
                self._greet("subscribe", list(topics[first : first + _TOPICS_AT_ONCE]))
            self._socket.settimeout(_LOOK_S)
        except (websocket.WebSocketException, OSError) as error:
            self._socket.shutdown()
            raise NotSent(f"Bitget's stream does not answer: {error}") from error
        except NotSent:
            self._socket.shutdown()
            raise
        self._thread = threading.Thread(target=self._listen, name="bitget stream", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive() and not self._closed

    def last_pong(self) -> float:
        """A value that changes with every pong."""
        return self._pong

    def send(self, message: Row) -> None:
        """Raises NotSent when the socket has gone."""
        try:
            self._socket.send(json.dumps(message))
        except (websocket.WebSocketException, OSError) as error:
            raise NotSent(f"the stream was lost: {error}") from error

    def close(self) -> None:
        self._closed = True
        with suppress(websocket.WebSocketException, OSError):
            self._socket.abort()  # wakes the thread that waits for a message
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=_LOOK_S * 2)
        self._socket.shutdown()

    # ---- letting in --------------------------------------------------------------------------------------------------

    def _greet(self, operation: str, arguments: list[Row]) -> None:
        """Say it and wait for as many acknowledgements; what is pushed meanwhile is passed on."""
        self.send({"op": operation, "args": arguments})
        missing = len(arguments)
        while missing:
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise NotSent(f"Bitget's stream does not answer the {operation}")
            self._socket.settimeout(left)
            message = self._read(self._socket.recv())
            event = message.get("event") if isinstance(message, dict) else None
            if event is None:
                self._pass_on(message)
                continue
            if event == "error" or str(message.get("code")) not in _FINE:
                said = ascii(f"{message.get('code')} {message.get('msg')}")[:120]
                raise NotSent(f"Bitget's stream refuses the {operation}: {said}")
            missing -= event == operation

    # ---- the socket's thread -----------------------------------------------------------------------------------------

    def _listen(self) -> None:
        due = time.monotonic() + _PING_S
        try:
            while not self._closed:
                if time.monotonic() >= due:
                    due = time.monotonic() + _PING_S
                    self._socket.send("ping")
                try:
                    frame = self._socket.recv()
                except websocket.WebSocketTimeoutException:
                    continue
                if frame == "pong":
                    self._pong = time.monotonic()
                elif frame == "":
                    break  # a closing frame
                else:
                    self._pass_on(self._read(frame))
        except (websocket.WebSocketException, OSError) as error:
            self._end(f"{type(error).__name__}: {error}")
        else:
            self._end("closed")

    def _read(self, frame: str | bytes) -> Any:
        """The message, every number as the text that it was; None where it is no JSON."""
        if frame == "pong":
            return None
        try:
            return json.loads(frame, parse_float=str, parse_int=str)
        except (ValueError, TypeError):
            self._on_trouble(f"a message is no JSON: {ascii(frame)[:40]}")
            return None

    def _pass_on(self, message: Any) -> None:
        if message is not None:
            self._on_message(message)

    def _end(self, text: str) -> None:
        if not self._closed:
            self._closed = True
            self._on_trouble(text)
