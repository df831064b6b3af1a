"""Keeps one websocket open: opens it, watches its heartbeat, and opens a new one when it has died."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gridhedge.domain.errors import NotSent
from gridhedge.domain.values import Millis
from gridhedge.venue.fields import Row

__all__ = ["Changed", "Handshake", "Keeper", "Open", "Pace", "Wire"]


class Handshake:
    """Whether a stream has been let in, and what it was told if not."""

    def __init__(self) -> None:
        self.subscribed = False
        self.refused = ""

    def answer(self, message: Row) -> bool:
        """Take an acknowledgement; False if the message is something else."""
        if message.get("op") not in ("auth", "subscribe"):
            return False
        if message.get("success") is not True:
            said = message.get("ret_msg") or message.get("retMsg") or "no reason given"
            self.refused = f"{message['op']} refused: {ascii(said)[:120]}"
        elif message["op"] == "subscribe":
            self.subscribed = True
        return True


class Wire(Protocol):
    """An open websocket."""

    def is_alive(self) -> bool: ...

    def last_pong(self) -> float: ...

    def send(self, message: Row) -> None:
        """Raises NotSent when the socket has gone."""

    def close(self) -> None: ...


Open = Callable[[Callable[[object], None], Callable[[str], None]], Wire]
"""Opens a websocket; what arrives goes to the first function, what goes wrong to the second. Raises NotSent."""

Changed = Callable[[str, bool, str], None]
"""Takes a stream's name, whether it is up now, and why it is not."""


class Pace(NamedTuple):
    """How patiently a stream is kept. Times in seconds."""

    attempts: int
    """Attempts after growing pauses (1, 2, 4 … 60 s); when they have failed it is frozen: one every ``slowest``."""
    pongs_count: bool
    """Whether an answered ping is a sign of life: prices never stop, an account may be silent for hours."""
    silence: float = 30.0
    look_every: float = 5.0
    first: float = 1.0
    slowest: float = 60.0
    handshake: float = 10.0
    settled: float = 60.0
    """A stream that dies sooner was not restored: its attempts go on counting, or it would be opened in a whirl."""

    def pause(self, attempt: int) -> float:
        """Seconds to wait before an attempt; the first is number 1."""
        return self.slowest if attempt > self.attempts else min(self.first * 2 ** (attempt - 1), self.slowest)


class Keeper:
    """One stream and the thread that keeps it.

    A stream that dies is told at once as ``changed`` to down, so that nothing is sent on stale facts; once more when
    its first attempts have failed, so that a person learns of it; and as up when it is back, so that the gap is filled
    before anything is sent. Without ``topics`` the address says what is wanted.
    """

    def __init__(
        self,
        name: str,
        topics: Sequence[str],
        open_wire: Open,
        take: Callable[[object], None],
        gap: Callable[[str], None],
        changed: Changed,
        local: Callable[[], Millis],
        pace: Pace,
        log: logging.Logger,
    ) -> None:
        self.name = name
        self._topics = tuple(topics)
        self._open = open_wire
        self._take = take
        self._gap = gap
        self._changed = changed
        self._local = local
        self._pace = pace
        self._log = log
        self._wire: Wire | None = None
        self._handshake = Handshake()
        self._heard: Millis = 0
        self._opened: Millis = 0
        self._attempts = 0
        """Since the stream was last settled."""
        self._pong = 0.0
        self._look = threading.Event()
        self._wish = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)
        self.down_since: Millis | None = None
        """When it was lost (``local`` time), None while it is up."""

    def start(self) -> None:
        """Open the stream, and keep it from now on. Raises NotSent when it can not be opened."""
        self._connect()
        self._thread.start()

    def renew(self, why: str) -> None:
        """Open the stream anew, though nothing seems to be wrong with the connection. Returns at once."""
        self._wish = why
        self._look.set()

    def silence(self) -> Millis:
        """How long the other end has given no sign of life."""
        return self._local() - self._heard

    def close(self) -> None:
        self._stop.set()
        self._look.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._pace.handshake)
        self._hang_up()

    # ---- called by the client's thread -------------------------------------------------------------------------------

    def _hear(self, message: object) -> None:
        self._heard = self._local()
        if isinstance(message, dict) and self._handshake.answer(message):
            self._look.set()
        else:
            self._take(message)

    def _trouble(self, text: str) -> None:
        """The socket has died, or a message was no JSON; the keeper finds out which."""
        self._log.debug("%s: %s", self.name, text)
        wire = self._wire
        if wire is not None and wire.is_alive():
            self._gap(text)
        self._look.set()

    # ---- the keeper's thread -----------------------------------------------------------------------------------------

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._look.wait(self._pace.look_every)
            self._look.clear()
            why = self._what_is_wrong()
            if why and not self._stop.is_set():
                self._restore(why)

    def _what_is_wrong(self) -> str:
        wire = self._wire
        wish, self._wish = self._wish, ""
        if wish:
            return wish
        if wire is None or not wire.is_alive():
            return "the connection was lost"
        pong = wire.last_pong()
        if self._pace.pongs_count and pong != self._pong:
            self._heard = self._local()
        self._pong = pong
        silent = self.silence() / 1000
        return f"nothing came for {silent:.0f} s" if silent > self._pace.silence else ""

    def _restore(self, why: str) -> None:
        self.down_since = self._local()
        self._changed(self.name, False, why)
        self._hang_up()
        if self.down_since - self._opened >= self._pace.settled * 1000:
            self._attempts = 0
        is_frozen = False
        while not self._stop.wait(self._pace.pause(self._attempts + 1)):
            self._attempts += 1
            try:
                self._connect()
            except NotSent as error:
                self._log.warning("%s: attempt %d failed: %s", self.name, self._attempts, error)
                if self._attempts >= self._pace.attempts and not is_frozen:
                    is_frozen = True
                    self._changed(self.name, False, self._frozen(error))
            else:
                self.down_since = None
                self._changed(self.name, True, "")
                return

    def _frozen(self, error: NotSent) -> str:
        every = f"one more every {self._pace.slowest:.0f} s"
        return f"frozen, nothing is sent: {self._attempts} attempts to open it have failed, {every}: {error}"

    def _connect(self) -> None:
        self._handshake = Handshake()
        self._heard = self._local()
        self._wire = self._open(self._hear, self._trouble)
        try:
            if self._topics:
                self._subscribe(self._wire)
        except NotSent:
            self._hang_up()
            raise
        self._opened = self._local()

    def _subscribe(self, wire: Wire) -> None:
        wire.send({"op": "subscribe", "req_id": self.name, "args": list(self._topics)})
        deadline = self._local() + int(self._pace.handshake * 1000)
        while not self._handshake.subscribed:
            self._look.wait(0.05)
            self._look.clear()
            if self._handshake.refused:
                raise NotSent(f"the {self.name} is refused: {self._handshake.refused}")
            if self._stop.is_set() or not wire.is_alive() or self._local() > deadline:
                raise NotSent(f"the {self.name} does not answer")

    def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
