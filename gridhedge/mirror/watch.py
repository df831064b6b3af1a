"""Watches one client account: what has been opened, changed or closed since the last look becomes a message, once.

What is known and what is still to be told are one file and one transaction, so that a kill between two instructions
loses nothing and tells nothing twice. On a hedging account a position is one part; on a netting account every deal
that enlarges the position is a part of its own, because the position's ticket stays the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from gridhedge.domain.values import ZERO, Millis, Price, Quantity
from gridhedge.mirror.courier import OUTBOX, enqueue
from gridhedge.mirror.messages import Position, Side, iso
from gridhedge.mirror.tables import open_tables, transaction
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import TradeDeal, TradePosition

__all__ = ["Told", "Watch"]

_SCHEMA = f"""
{OUTBOX}
CREATE TABLE IF NOT EXISTS parts (
    ticket INTEGER PRIMARY KEY, position INTEGER NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    volume TEXT NOT NULL, told INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_position ON parts (position);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
"""
_OPENING = (C.DEAL_ENTRY_IN, C.DEAL_ENTRY_INOUT)
_SIDES: tuple[Side, Side] = ("buy", "sell")


class Told(NamedTuple):
    """Something that was seen and enqueued."""

    what: str
    ticket: int
    text: str
    opened: bool = False


class _Part(NamedTuple):
    ticket: int
    position: int
    symbol: str
    side: Side
    volume: Quantity
    told: bool


class Watch:
    """Memory of an account's positions. ``plain`` gives the plain name of a broker's symbol, None for those that are
    not watched; ``contract`` the units per lot. Times of the server are ``offset_s`` ahead of UTC."""

    def __init__(
        self,
        file: Path,
        account: int,
        plain: Callable[[str], str | None],
        contract: Callable[[str], Decimal],
        now: Callable[[], Millis],
    ) -> None:
        self._tables: sqlite3.Connection = open_tables(file, _SCHEMA)
        self._account = account
        self._plain, self._contract = plain, contract
        self._now = now
        self.offset_s = self._note("offset_s")
        self._parts: dict[int, list[_Part]] = {}
        """Open parts by position, oldest first."""
        self._tickets: set[int] = set()
        """Of all parts ever: told, or open when the watch began."""
        for row in self._tables.execute("SELECT * FROM parts ORDER BY rowid"):
            part = _Part(row[0], row[1], row[2], row[3], Decimal(row[4]), bool(row[5]))
            self._tickets.add(part.ticket)
            if part.volume:
                self._parts.setdefault(part.position, []).append(part)

    @property
    def tables(self) -> sqlite3.Connection:
        return self._tables

    @property
    def began(self) -> bool:
        """Whether this account has been watched before."""
        return bool(self._note("began"))

    def begin(self, positions: Sequence[TradePosition], deals: Sequence[TradeDeal]) -> int:
        """The first look at an account: what is open now was there before, and is not told; how many those are."""
        with transaction(self._tables):
            for held in positions:
                symbol = self._plain(held.symbol)
                if symbol is not None:
                    self._add(_Part(held.ticket, held.identifier, symbol, _SIDES[held.type], _lots(held.volume), False))
            self._keep("began", 1)
            self._keep("deal", max((deal.ticket for deal in deals), default=0))
            self._keep("since", max((deal.time for deal in deals), default=0))
        return len(self._parts)

    def since(self) -> int:
        """From when on (server's seconds) deals must be looked at: a day before the last one that was."""
        return max(0, self._note("since") - 86_400)

    def close(self) -> None:
        self._tables.close()

    # ---- looks -------------------------------------------------------------------------------------------------------

    def look(self, positions: Sequence[TradePosition], newest: Callable[[int], Sequence[TradeDeal]]) -> list[Told]:
        """Compare what is open with what is known. ``newest`` gives a position's deals, where they are needed."""
        watched = {held.identifier: held for held in positions if self._plain(held.symbol) is not None}
        if not self._differs(watched):
            return []
        told: list[Told] = []
        with transaction(self._tables):
            for position in [known for known in self._parts if known not in watched]:
                told += self._reduce(position, ZERO)
            for held in watched.values():
                told += self._compare(held, newest)
        return told

    def look_back(self, deals: Iterable[TradeDeal]) -> list[Told]:
        """Positions that were opened and closed between two looks: they are told, too, one after the other."""
        after, since = self._note("deal"), self._note("since")
        fresh = sorted((deal for deal in deals if deal.ticket > after), key=lambda deal: deal.ticket)
        closed: dict[int, Quantity] = {}
        for deal in fresh:
            if deal.entry not in _OPENING:
                closed[deal.position_id] = closed.get(deal.position_id, ZERO) + _lots(deal.volume)
        missed = [deal for deal in fresh if self._is_missed(deal, closed)]
        if not missed and not (fresh and self._is_settled(fresh[0])):
            return []
        told: list[Told] = []
        with transaction(self._tables):
            for deal in missed:
                told += self._open(deal.position_id, deal.order, deal.symbol, deal.type, deal)
                told += self._reduce(deal.position_id, ZERO)
            settled = takewhile(self._is_settled, fresh)
            self._keep("deal", max((deal.ticket for deal in settled), default=after))
            self._keep("since", max((deal.time for deal in fresh), default=since))
        return told

    def _is_missed(self, deal: TradeDeal, closed: dict[int, Quantity]) -> bool:
        if deal.entry not in _OPENING or deal.order in self._tickets or deal.position_id in self._parts:
            return False
        return self._plain(deal.symbol) is not None and closed.get(deal.position_id, ZERO) >= _lots(deal.volume)

    def _is_settled(self, deal: TradeDeal) -> bool:
        """Whether nothing more will follow from a deal: its part is known, or it opened none that is watched."""
        return deal.entry not in _OPENING or deal.order in self._tickets or self._plain(deal.symbol) is None

    def _differs(self, watched: dict[int, TradePosition]) -> bool:
        if watched.keys() != self._parts.keys():
            return True
        return any(
            _lots(held.volume) != self._total(position) or _SIDES[held.type] != self._parts[position][0].side
            for position, held in watched.items()
        )

    def _compare(self, held: TradePosition, newest: Callable[[int], Sequence[TradeDeal]]) -> list[Told]:
        position, volume, side = held.identifier, _lots(held.volume), _SIDES[held.type]
        parts = self._parts.get(position, [])
        told: list[Told] = []
        if parts and parts[0].side != side:
            told += self._reduce(position, ZERO)  # a reversal: nothing is left of what was
            parts = []
        total = sum((part.volume for part in parts), ZERO)
        if volume < total:
            return told + self._reduce(position, volume)
        if volume == total:
            return told
        if not parts and held.ticket not in self._tickets:
            return told + self._open(position, held.ticket, held.symbol, held.type, None, held)
        deals = [deal for deal in newest(position) if deal.entry in _OPENING and deal.order not in self._tickets]
        for deal in deals[-1:]:
            told += self._open(position, deal.order, held.symbol, held.type, deal, volume=volume - total)
        return told

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _open(
        self,
        position: int,
        ticket: int,
        name: str,
        kind: int,
        deal: TradeDeal | None,
        held: TradePosition | None = None,
        volume: Quantity | None = None,
    ) -> list[Told]:
        source = deal if deal is not None else held
        assert source is not None, "a part comes from a deal or from a position"
        symbol = self._plain(name)
        assert symbol is not None, "only watched symbols are opened"
        volume = volume or _lots(source.volume)
        price = Price(repr(source.price if isinstance(source, TradeDeal) else source.price_open))
        opened = iso(source.time_msc - self.offset_s * 1000)
        told = Position(self._account, ticket, symbol, _SIDES[kind], volume, price, opened, self._contract(name))
        self._add(_Part(ticket, position, symbol, told.side, volume, True))
        enqueue(self._tables, "/new_position/", told.message(), self._now())
        return [Told("opened", ticket, f"{told.side} {volume:f} {symbol} at {price:f}", True)]

    def _reduce(self, position: int, volume: Quantity) -> list[Told]:
        """The position has this volume now: its newest parts are closed or cut."""
        told: list[Told] = []
        parts = self._parts[position]
        excess = sum((part.volume for part in parts), ZERO) - volume
        while excess > 0:
            part = parts.pop()
            cut = min(part.volume, excess)
            excess -= cut
            left = part.volume - cut
            if left:
                parts.append(part._replace(volume=left))
            self._tables.execute("UPDATE parts SET volume=? WHERE ticket=?", (f"{left:f}", part.ticket))
            key = {"account": self._account, "ticket": part.ticket}
            if part.told and left:
                enqueue(self._tables, "/changed_position/", key | {"volume": f"{left:f}"}, self._now())
            elif part.told:
                enqueue(self._tables, "/closed_position/", key, self._now())
            text = f"{part.side} {part.volume:f} {part.symbol}"
            told.append(Told("cut" if left else "closed", part.ticket, f"{text} to {left:f}" if left else text))
        if not parts:
            del self._parts[position]
        return told

    def _add(self, part: _Part) -> None:
        self._parts.setdefault(part.position, []).append(part)
        self._tickets.add(part.ticket)
        values = (part.ticket, part.position, part.symbol, part.side, f"{part.volume:f}", int(part.told))
        self._tables.execute("INSERT INTO parts VALUES (?,?,?,?,?,?)", values)

    def _total(self, position: int) -> Quantity:
        return sum((part.volume for part in self._parts[position]), ZERO)

    # ---- notes -------------------------------------------------------------------------------------------------------

    def keep_offset(self, offset_s: int) -> None:
        """The server's clock has been measured."""
        if offset_s != self.offset_s or not self._note("measured"):
            self.offset_s = offset_s
            with transaction(self._tables):
                self._keep("offset_s", offset_s)
                self._keep("measured", 1)

    def _note(self, name: str) -> int:
        row = self._tables.execute("SELECT value FROM notes WHERE name=?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def _keep(self, name: str, value: int) -> None:
        self._tables.execute(
            "INSERT INTO notes VALUES (?,?) ON CONFLICT DO UPDATE SET value=excluded.value", (name, value)
        )


def _lots(volume: float) -> Quantity:
    return Decimal(repr(float(volume)))
