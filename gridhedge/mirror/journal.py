"""The hedge broker's memory: which positions must be hedged, what was sent for them, and what came of it.

An intent is on disk before its order leaves. What changes here and the message that tells the center of it are one
transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from gridhedge.domain.values import ZERO, Millis, Quantity
from gridhedge.mirror.courier import OUTBOX, enqueue
from gridhedge.mirror.messages import Path as Where
from gridhedge.mirror.tables import open_tables, transaction

__all__ = ["Entry", "Journal", "Key", "State"]

State: TypeAlias = Literal["wanted", "sent", "open", "over"]
"""``wanted``: must be hedged as soon as it can be. ``sent``: an order has left, or may have. ``over``: nothing more to
do; kept for ever, so that no position is hedged twice."""
Key: TypeAlias = tuple[int, int]
"""Account and ticket at the client."""

_SCHEMA = f"""
{OUTBOX}
CREATE TABLE IF NOT EXISTS hedges (
    account INTEGER NOT NULL, ticket INTEGER NOT NULL, id INTEGER NOT NULL, state TEXT NOT NULL,
    sent_at INTEGER NOT NULL DEFAULT 0, hedge_ticket INTEGER NOT NULL DEFAULT 0, volume TEXT NOT NULL DEFAULT '0',
    PRIMARY KEY (account, ticket)
) STRICT;
CREATE TABLE IF NOT EXISTS known (ticket INTEGER PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""


class Entry(NamedTuple):
    """One position's hedge. ``id`` is the center's number of the position."""

    account: int
    ticket: int
    id: int
    state: State
    sent_at: Millis = 0
    hedge_ticket: int = 0
    volume: Quantity = ZERO

    @property
    def key(self) -> Key:
        return self.account, self.ticket


class Journal:
    """``entries`` holds all that are not over; ``over`` the keys and hedge tickets of the others."""

    def __init__(self, file: Path, now: Millis) -> None:
        self._tables: sqlite3.Connection = open_tables(file, _SCHEMA)
        self.told = 0
        """How many messages for the center this process has enqueued."""
        self.entries: dict[Key, Entry] = {}
        self.over: set[Key] = set()
        self.tickets: dict[int, Key] = {}
        """Whose hedge a ticket is or was."""
        for row in self._tables.execute("SELECT * FROM hedges"):
            self._remember(Entry(row[0], row[1], row[2], row[3], row[4], row[5], Decimal(row[6])))
        self.known: set[int] = {row[0] for row in self._tables.execute("SELECT ticket FROM known")}
        """Tickets that were open at the last look."""
        self.is_new = not self.note("created")
        if self.is_new:
            with transaction(self._tables):
                self._keep("created", now)
        self.created: Millis = self.note("created")

    @property
    def tables(self) -> sqlite3.Connection:
        return self._tables

    def close(self) -> None:
        self._tables.close()

    def note(self, name: str) -> int:
        row = self._tables.execute("SELECT value FROM notes WHERE name=?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def keep(self, **notes: int) -> None:
        """Remember numbers by name."""
        with transaction(self._tables):
            for name, value in notes.items():
                self._keep(name, value)

    def see(self, tickets: Collection[int], trigger: bool) -> None:
        """These tickets are open now; ``trigger``: one has closed, so that what needs a hedge must get one."""
        gone, fresh = self.known - set(tickets), set(tickets) - self.known
        if not gone and not fresh and not trigger:
            return
        with transaction(self._tables):
            self._tables.executemany("DELETE FROM known WHERE ticket=?", [(ticket,) for ticket in gone])
            self._tables.executemany("INSERT INTO known VALUES (?)", [(ticket,) for ticket in fresh])
            if trigger:
                self._keep("trigger", self.note("trigger") + 1)
        self.known = set(tickets)

    def want(self, positions: Collection[tuple[Key, int]], trigger: int) -> None:
        """These positions (with the center's number) must be hedged; triggers up to this one are answered."""
        with transaction(self._tables):
            for key, id_ in positions:
                self._write(Entry(*key, id_, "wanted"))
            self._keep("answered", trigger)

    def put(
        self, entry: Entry, where: Where | None = None, message: dict[str, Any] | None = None, at: Millis = 0
    ) -> None:
        """Write an entry, and what the center must be told of it."""
        with transaction(self._tables):
            self._write(entry)
            if where is not None and message is not None:
                enqueue(self._tables, where, message, at)
                self.told += 1

    def drop(self, entry: Entry) -> None:
        """A position that needs no hedge any more, and for which nothing was sent."""
        assert entry.state == "wanted", "what may have been sent is never forgotten"
        with transaction(self._tables):
            self._tables.execute("DELETE FROM hedges WHERE account=? AND ticket=?", entry.key)
        del self.entries[entry.key]

    def tell(self, where: Where, message: dict[str, Any], at: Millis) -> None:
        """A message that changes nothing here."""
        with transaction(self._tables):
            enqueue(self._tables, where, message, at)
        self.told += 1

    def _write(self, entry: Entry) -> None:
        values = (*entry[:6], f"{entry.volume:f}")
        self._tables.execute("INSERT OR REPLACE INTO hedges VALUES (?,?,?,?,?,?,?)", values)
        self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        if entry.hedge_ticket:
            self.tickets[entry.hedge_ticket] = entry.key
        if entry.state == "over":
            self.entries.pop(entry.key, None)
            self.over.add(entry.key)
        else:
            self.entries[entry.key] = entry

    def _keep(self, name: str, value: int) -> None:
        sql = "INSERT INTO notes VALUES (?,?) ON CONFLICT DO UPDATE SET value=excluded.value"
        self._tables.execute(sql, (name, value))
