"""The outbox: messages wait on disk until the center has taken them, and go out in their order."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gridhedge.domain.errors import Refused, Unclear
from gridhedge.mirror.link import Link
from gridhedge.mirror.messages import Path as Where
from gridhedge.mirror.tables import open_tables, transaction

__all__ = ["OUTBOX", "Courier", "enqueue", "waiting"]

OUTBOX = """
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS set_aside (path TEXT NOT NULL, message TEXT NOT NULL, at INTEGER NOT NULL, why TEXT) STRICT;
"""
"""Belongs into the schema of a program's file: a message is enqueued in the transaction that it tells of."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_HEARTBEAT_S = 2.0
_SAY_AGAIN_S = 60.0


def enqueue(tables: sqlite3.Connection, path: Where, message: dict[str, Any], at: int) -> None:
    """Put a message behind all others; inside of a transaction."""
    tables.execute("INSERT INTO outbox (path, message, at) VALUES (?,?,?)", (path, json.dumps(message), at))


def waiting(tables: sqlite3.Connection) -> int:
    """How many messages have not been taken yet."""
    count: int = tables.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
    return count


class Courier(threading.Thread):
    """Carries the outbox to the center, in a thread and with a connection to the file of its own.

    ``say`` is told when the center is lost and found, and what it refuses: a refused message is set aside, so that the
    ones behind it are not held up. ``delivered`` is told path, message and the ms that it waited.
    """

    def __init__(
        self,
        file: Path,
        link: Link,
        seen: Callable[[], dict[str, Any]],
        say: Callable[[str], None],
        delivered: Callable[[str, dict[str, Any], int], None],
    ) -> None:
        super().__init__(name="courier", daemon=True)
        self._file, self._link = file, link
        self._seen, self._say, self._delivered = seen, say, delivered
        self._wake = threading.Event()
        self._ends = False
        self._pause = _FIRST_PAUSE_S
        self._lost_at: float | None = None
        self._said_at = 0.0
        self._beat_at = 0.0

    def wake(self) -> None:
        """Something has been enqueued."""
        self._wake.set()

    def stop(self) -> None:
        """Let it end; what waits stays on disk."""
        self._ends = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        tables = open_tables(self._file, OUTBOX)
        try:
            while not self._ends:
                self._wake.clear()
                try:
                    while not self._ends and self._carry(tables):
                        pass
                    self._beat()
                    pause = _HEARTBEAT_S
                except Unclear as error:
                    self._lose(str(error), waiting(tables))
                    pause = self._pause
                    self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)
                    self._wake.clear()  # new messages do not make an absent center present
                self._wake.wait(pause)
        finally:
            tables.close()
            self._link.close()

    def _carry(self, tables: sqlite3.Connection) -> bool:
        """Deliver the oldest message; False if there is none. Raises Unclear."""
        row = tables.execute("SELECT * FROM outbox ORDER BY number LIMIT 1").fetchone()
        if row is None:
            return False
        message = json.loads(row["message"])
        refused = ""
        try:
            self._link.post(row["path"], message)
        except Refused as error:
            refused = str(error)
            self._say(f"set aside, because {error}")
        else:
            self._delivered(row["path"], message, time.time_ns() // 1_000_000 - row["at"])
        with transaction(tables):
            if refused:
                values = (row["path"], row["message"], row["at"], refused)
                tables.execute("INSERT INTO set_aside VALUES (?,?,?,?)", values)
            tables.execute("DELETE FROM outbox WHERE number=?", (row["number"],))
        self._find()
        return True

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at >= _HEARTBEAT_S:
            try:
                self._link.post("/seen/", self._seen())
            except Refused as error:
                self._lose(str(error), 0)
                return
            self._beat_at = now
            self._find()

    def _find(self) -> None:
        self._pause = _FIRST_PAUSE_S
        if self._lost_at is not None:
            self._say(f"the center is back after {time.monotonic() - self._lost_at:.1f} s")
            self._lost_at = None

    def _lose(self, text: str, count: int) -> None:
        now = time.monotonic()
        if self._lost_at is None or now - self._said_at >= _SAY_AGAIN_S:
            self._say(f"{text}; {count} messages wait on disk")
            self._said_at = now
        self._lost_at = now if self._lost_at is None else self._lost_at
