"""Delivers an outbox, in order, in a thread of its own.

A message is repeated until the receiver has answered 2xx: after 1 s, 2 s, 4 s … 60 s. It may arrive twice (an answer
was lost, the process was killed), never changed: receivers ignore an ``id`` that they have seen. Signature and
timestamp are made anew for each attempt, so that a late one does not look like a replay.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Millis
from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from gridhedge.notify.address import Address, Undelivered, post
from gridhedge.notify.outbox import Letter, Outbox

__all__ = ["ID_HEADER", "Courier"]

ID_HEADER = "X-Webhook-Id"
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_PATIENCE_MS = 24 * 3600 * 1000
"""A receiver that is away for longer than a day learns the rest from the status."""
_REFUSALS = 5
"""After so many clear refusals a message stands no longer before those behind it."""
_STATUS_ATTEMPTS = 3


class Courier:
    """Takes the letters of ``outbox`` to ``address``. ``secret`` signs them and is asked for each time."""

    def __init__(
        self,
        outbox: Outbox,
        address: Address,
        secret: Callable[[], str],
        log: logging.Logger,
        *,
        pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        self._outbox = outbox
        self._address = address
        self._secret = secret
        self._log = log
        self._pause_s = pause_s
        self._ending = threading.Event()
        """Asked to end: what waits is tried once more each, no longer."""
        self._ended = threading.Event()
        """Told to end: nothing more is tried."""
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Give what waits one more chance for so long; what is left stays in the outbox for the next start."""
        self._ending.set()
        self._outbox.wake()
        self._thread.join(seconds)
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        tried, attempts = 0, 0
        try:
            while not self._ended.is_set():
                letter = self._outbox.first()
                if letter is None:
                    if self._ending.is_set():
                        return
                    self._outbox.wait()
                    continue
                attempts = attempts + 1 if letter.number == tried else 0
                tried = letter.number
                if self._deliver(letter, attempts):
                    self._outbox.remove(letter)
                elif self._ending.is_set():
                    return
                else:
                    self._ending.wait(min(self._pause_s * 2 ** min(attempts, 10), _LONGEST_PAUSE_S))
        except DiskFailure as error:
            self._log.error("webhooks are not delivered any more: %s", error)

    def _deliver(self, letter: Letter, attempts: int) -> bool:
        """Try once; True when it has arrived, or never will."""
        try:
            self._post(letter)
        except Undelivered as error:
            if self._is_hopeless(letter, attempts, error.final):
                self._log.error("webhook %s %s given up: %s", letter.event, letter.id, error)
                return True
            self._log.warning("webhook %s %s, attempt %s: %s", letter.event, letter.id, attempts + 1, error)
            return False
        return True

    def _post(self, letter: Letter) -> None:
        body = letter.body.encode()
        timestamp = str(_now())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gridhedge",
            ID_HEADER: letter.id,
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: sign(self._secret(), timestamp, body),
        }
        post(self._address, body, headers)

    @staticmethod
    def _is_hopeless(letter: Letter, attempts: int, refused: bool) -> bool:
        if not letter.kept:
            return attempts + 1 >= _STATUS_ATTEMPTS
        return (refused and attempts + 1 >= _REFUSALS) or _now() - letter.at > _PATIENCE_MS


def _now() -> Millis:
    return time.time_ns() // 1_000_000
