"""The decision center's book: every position of every client, and what became of its hedge."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from gridhedge.domain.errors import GridhedgeError
from gridhedge.domain.values import Millis
from gridhedge.mirror.messages import Position, Status, iso
from gridhedge.mirror.tables import open_tables, transaction

__all__ = ["Book", "Conflict", "NotKnown", "Row"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS positions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL, ticket INTEGER NOT NULL,
    symbol TEXT NOT NULL, side TEXT NOT NULL, volume TEXT NOT NULL, price TEXT NOT NULL, opened_at TEXT NOT NULL,
    contract_size TEXT NOT NULL, recorded_at INTEGER NOT NULL,
    open_volume TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    hedge_account INTEGER NOT NULL DEFAULT 0, hedge_ticket INTEGER NOT NULL DEFAULT 0,
    hedge_volume TEXT NOT NULL DEFAULT '0', hedge_price TEXT NOT NULL DEFAULT '0', hedged_at INTEGER,
    UNIQUE (account, ticket)
) STRICT;
CREATE INDEX IF NOT EXISTS by_status ON positions (status, id);
CREATE TABLE IF NOT EXISTS programs (
    kind TEXT NOT NULL, account INTEGER NOT NULL, seen_at INTEGER NOT NULL, told TEXT NOT NULL,
    PRIMARY KEY (kind, account)
) STRICT;
CREATE TABLE IF NOT EXISTS history (at INTEGER NOT NULL, id INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
"""
_LIVE: tuple[Status, ...] = ("pending", "hedged", "closing")


class NotKnown(GridhedgeError):
    """No such position."""


class Conflict(GridhedgeError):
    """The same position with other facts, or a second hedge of it."""


class Row(NamedTuple):
    """A position with its state. ``recorded_at`` and ``hedged_at`` are ms UTC."""

    id: int
    account: int
    ticket: int
    symbol: str
    side: str
    volume: str
    price: str
    opened_at: str
    contract_size: str
    recorded_at: Millis
    open_volume: str
    status: Status
    reason: str
    hedge_account: int
    hedge_ticket: int
    hedge_volume: str
    hedge_price: str
    hedged_at: Millis | None

    def listed(self) -> dict[str, Any]:
        """As ``GET /all_positions/`` tells it: the volume is what is still open."""
        return {
            "account": self.account, "ticket": self.ticket, "symbol": self.symbol, "side": self.side,
            "volume": self.volume if self.status == "closed" else self.open_volume, "price": self.price,
            "opened_at": self.opened_at, "id": self.id, "status": self.status,
        }  # fmt: skip

    def whole(self) -> dict[str, Any]:
        """Everything, with times as texts."""
        hedged = None if self.hedged_at is None else iso(self.hedged_at)
        return self._asdict() | {"recorded_at": iso(self.recorded_at), "hedged_at": hedged}


class Book:
    """All methods say whether they changed anything; asking again for the same changes nothing.

    Used by one thread. ``now`` gives ms UTC.
    """

    def __init__(self, file: Path, now: Callable[[], Millis]) -> None:
        self._tables: sqlite3.Connection = open_tables(file, _SCHEMA)
        self._now = now

    def close(self) -> None:
        self._tables.close()

    # ---- the client's side -------------------------------------------------------------------------------------------

    def add(self, position: Position) -> bool:
        """A new position. Raises Conflict when it is known with other facts."""
        with transaction(self._tables):
            known = self._find(position.account, position.ticket)
            if known is not None:
                self._compare(known, position)
                return False
            told = position.message()
            values = (*told.values(), self._now(), told["volume"], "pending")
            names = (*told, "recorded_at", "open_volume", "status")
            marks = ",".join("?" * len(values))
            cursor = self._tables.execute(f"INSERT INTO positions ({','.join(names)}) VALUES ({marks})", values)
            assert cursor.lastrowid is not None
            self._note(cursor.lastrowid, f"opened: {position.side} {told['volume']} {position.symbol}")
        return True

    def change(self, account: int, ticket: int, volume: Decimal) -> bool:
        """A position has another volume now. Raises NotKnown."""
        with transaction(self._tables):
            row = self._get(account, ticket)
            if row.status == "closed" or Decimal(row.open_volume) == volume:
                return False
            self._set(row, f"volume {row.open_volume} -> {volume:f}", open_volume=f"{volume:f}")
        return True

    def close_position(self, account: int, ticket: int) -> bool:
        """A position is gone at the client: its hedge must go, too, if there is one. Raises NotKnown."""
        with transaction(self._tables):
            row = self._get(account, ticket)
            if row.status in ("closed", "closing"):
                return False
            self._set(row, "closed at the client", status="closing" if row.status == "hedged" else "closed")
        return True

    # ---- the hedge broker's side -------------------------------------------------------------------------------------

    def hedge(self, id_: int, account: int, ticket: int, volume: Decimal, price: Decimal) -> bool:
        """A hedge has been opened. Raises NotKnown, and Conflict where another one is there already."""
        with transaction(self._tables):
            row = self._by_id(id_)
            if row.hedge_ticket:
                if (row.hedge_account, row.hedge_ticket) == (account, ticket):
                    return False
                raise Conflict(
                    f"position {id_} is hedged by ticket {row.hedge_ticket} of account {row.hedge_account} already, "
                    f"not by {ticket} of {account}"
                )
            self._set(
                row, f"hedged by ticket {ticket}", status="closing" if row.status == "closed" else "hedged",
                reason="", hedge_account=account, hedge_ticket=ticket, hedge_volume=f"{volume:f}",
                hedge_price=f"{price:f}", hedged_at=self._now(),
            )  # fmt: skip
        return True

    def change_hedge(self, id_: int, volume: Decimal) -> bool:
        """A hedge has another volume now. Raises NotKnown."""
        with transaction(self._tables):
            row = self._by_id(id_)
            if Decimal(row.hedge_volume) == volume:
                return False
            self._set(row, f"hedge volume {row.hedge_volume} -> {volume:f}", hedge_volume=f"{volume:f}")
        return True

    def close_hedge(self, id_: int, reason: str) -> bool:
        """A hedge is gone, by our hand or another. Raises NotKnown."""
        with transaction(self._tables):
            row = self._by_id(id_)
            if row.status in ("closed", "unhedged"):
                return False
            status = "closed" if row.status == "closing" else "unhedged"
            self._set(row, f"hedge gone: {reason}", status=status, reason=reason, hedge_volume="0")
        return True

    def refuse(self, id_: int, reason: str) -> bool:
        """Why a hedge could not be opened yet; it goes on needing one. Raises NotKnown."""
        with transaction(self._tables):
            row = self._by_id(id_)
            if row.status != "pending" or row.reason == reason:
                return False
            self._set(row, f"not hedged: {reason}", reason=reason)
        return True

    # ---- programs ----------------------------------------------------------------------------------------------------

    def see(self, kind: str, account: int, told: str) -> None:
        """A program is alive; ``told`` is what it says about itself, as JSON."""
        with transaction(self._tables):
            self._tables.execute(
                "INSERT INTO programs VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET seen_at=excluded.seen_at, "
                "told=excluded.told",
                (kind, account, self._now(), told),
            )

    def programs(self) -> list[tuple[str, int, Millis, str]]:
        """Kind, account, when it was seen last, and what it told then."""
        return [tuple(row) for row in self._tables.execute("SELECT * FROM programs ORDER BY kind, account")]

    # ---- reading -----------------------------------------------------------------------------------------------------

    def rows(self, status: str = "pending", account: int | None = None) -> list[Row]:
        """Oldest first. ``status``: one of them, ``all``, or ``live`` for what the hedge broker must look after."""
        chosen = _LIVE if status == "live" else (status,)
        wanted = "1" if status == "all" else f"status IN ({','.join('?' * len(chosen))})"
        values: list[Any] = [] if status == "all" else list(chosen)
        if account is not None:
            wanted += " AND account=?"
            values.append(account)
        found = self._tables.execute(f"SELECT * FROM positions WHERE {wanted} ORDER BY id", values)
        return [Row(*row) for row in found]

    def counts(self) -> list[Mapping[str, Any]]:
        """Positions by account and status."""
        sql = "SELECT account, status, COUNT(*) AS positions FROM positions GROUP BY account, status ORDER BY account"
        return [dict(row) for row in self._tables.execute(sql)]

    def history(self, limit: int) -> list[dict[str, Any]]:
        """What has happened last, newest first."""
        found = self._tables.execute("SELECT at, id, text FROM history ORDER BY rowid DESC LIMIT ?", (limit,))
        return [{"at": iso(row["at"]), "id": row["id"], "text": row["text"]} for row in found]

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _find(self, account: int, ticket: int) -> Row | None:
        sql = "SELECT * FROM positions WHERE account=? AND ticket=?"
        row = self._tables.execute(sql, (account, ticket)).fetchone()
        return None if row is None else Row(*row)

    def _get(self, account: int, ticket: int) -> Row:
        row = self._find(account, ticket)
        if row is None:
            raise NotKnown(f"no position {ticket} of account {account} is known")
        return row

    def _by_id(self, id_: int) -> Row:
        row = self._tables.execute("SELECT * FROM positions WHERE id=?", (id_,)).fetchone()
        if row is None:
            raise NotKnown(f"no position {id_} is known")
        return Row(*row)

    def _compare(self, known: Row, told: Position) -> None:
        differing = [
            f"{name} {getattr(known, name)}, not {value}"
            for name, value in told.message().items()
            if name != "contract_size" and not _same(getattr(known, name), value)
        ]
        if differing:
            raise Conflict(
                f"position {told.ticket} of account {told.account} is known with other facts: {'; '.join(differing)}"
            )

    def _set(self, row: Row, text: str, **values: Any) -> None:
        names = ", ".join(f"{name}=?" for name in values)
        self._tables.execute(f"UPDATE positions SET {names} WHERE id=?", (*values.values(), row.id))
        self._note(row.id, text)

    def _note(self, id_: int, text: str) -> None:
        self._tables.execute("INSERT INTO history VALUES (?,?,?)", (self._now(), id_, text))


def _same(known: Any, told: Any) -> bool:
    """0.1 and 0.10 are the same volume."""
    if known == told:
        return True
    try:
        return Decimal(known) == Decimal(told)
    except (ArithmeticError, TypeError):
        return False
