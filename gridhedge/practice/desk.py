"""One account of a practice exchange: the exchange, what it does not keep, and what its streams have to tell."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from gridhedge.domain.events import Execution, Funding
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Money
from gridhedge.practice.books import Books, Entry
from gridhedge.practice.notes import Note, Notes
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.matching import Cause
from gridhedge.venue.paper.orders import PaperOrder

__all__ = ["Desk", "Happening", "Teller"]

_RECENT = 500


class Happening(NamedTuple):
    """Something for the private streams, already in the venue's own words."""

    topic: str
    item: dict[str, Any]


class Teller(Protocol):
    """Puts what happens into a venue's words, at the moment it happens."""

    def changed(self, desk: Desk, order: PaperOrder, cause: Cause) -> list[Happening]:
        """An order changed, and not by an execution."""

    def executed(self, desk: Desk, entry: Entry, order: PaperOrder | None) -> list[Happening]:
        """An execution was booked; ``order`` is as it is now, None for those that nobody placed."""

    def funded(self, desk: Desk, entry: Entry) -> list[Happening]:
        """A funding payment was booked."""

    def settled(self, desk: Desk, symbols: Sequence[str]) -> list[Happening]:
        """What has changed about the account, and about these symbols' positions, since it was told last."""


class Desk:
    """The exchange's listener. ``key`` names the account; ``settings`` are kept: they survive a restart."""

    def __init__(self, key: str, secret: str, exchange: Exchange, teller: Teller, folder: Path | None) -> None:
        self.key, self.secret = key, secret
        self.exchange = exchange
        self._teller = teller
        self._disk: PaperDisk | None = None
        self._notes = Notes(None)
        self.order_notes: dict[int, Note] = {}
        """What an order's request said beyond what the exchange keeps, by the order's number."""
        self.settings: dict[str, Any] = {}
        self.recent: deque[PaperOrder] = deque(maxlen=_RECENT)
        """Orders that have ended since this process began."""
        self._told: list[Happening] = []
        self._touched: dict[str, None] = {}
        """Symbols whose positions the streams must tell of, in order."""
        self._wallet_due = False
        self._changed: dict[int, PaperOrder] = {}
        self._dirty = False
        if folder is not None:
            self._open(folder)
        account = exchange.account
        self.books = Books(account.totals.deposits - sum(self.deposits, Decimal(0)))
        for amount in self.deposits:
            self.books.deposit(amount)
        for booking in account.bookings:
            self.books.add(booking)
        exchange.listener = self

    def _open(self, folder: Path) -> None:
        file = folder / "exchange.sqlite3"
        self._notes = Notes(folder / "notes.jsonl")
        for note in self._notes.kept():
            if "order" in note:
                self.order_notes[note["order"]] = note
            else:
                self.settings.update(note["settings"])
        self._disk = PaperDisk(file)
        if not self._disk.restore(self.exchange):
            self._disk.save(self.exchange, ())
        file.chmod(0o600)

    @property
    def uid(self) -> int:
        """The account's number at the venue: of its key alone, so that it is the same after a restart."""
        return 10_000_000 + zlib.crc32(self.key.encode()) % 90_000_000

    @property
    def deposits(self) -> list[Money]:
        """Money that was added after the beginning."""
        return [Decimal(amount) for amount in self.settings.get("deposits", [])]

    # ---- requests tell -----------------------------------------------------------------------------------------------

    def note_order(self, **note: Any) -> None:
        """Keep what the request of the next order says; written before the exchange gets the order."""
        number = self.exchange.orders + 1
        self.order_notes[number] = {"order": number, **note}
        self._notes.write(self.order_notes[number])

    def set(self, **settings: Any) -> None:
        self.settings.update(settings)
        self._notes.write({"settings": settings})

    def deposit(self, amount: Money) -> None:
        """Add money to the wallet."""
        self.exchange.deposit(amount)
        self.books.deposit(amount)
        self.set(deposits=[*self.settings.get("deposits", []), str(amount)])

    def enter_cancelled(self, order: PaperOrder) -> None:
        """Take in an order that is accepted and cancelled in the same moment, without ever reaching the market."""
        exchange = self.exchange
        exchange.orders = order.number
        reason, order.reason = order.reason, None
        exchange.account.enter(order)
        self.order_changed(order, "placed")
        order.reason = reason
        exchange.account.end(order, OrderState.CANCELLED, exchange.now())
        self.order_changed(order, "withdrawn")

    def tell(self, happening: Happening) -> None:
        """Let the streams tell of something that the exchange itself knows nothing of."""
        self._told.append(happening)
        self._wallet_due = True

    def save(self, always: bool = False) -> None:
        """Put what has changed on disk: before anybody is told of it."""
        if self._disk is not None and (self._dirty or always):
            self._disk.save(self.exchange, tuple(self._changed.values()))
        self._changed.clear()
        self._dirty = False

    def close(self) -> None:
        """Save and let go of the files."""
        self.save(always=True)
        self._notes.close()
        if self._disk is not None:
            self._disk.close()
        self.exchange.listener = None

    # ---- the exchange tells ------------------------------------------------------------------------------------------

    def order_changed(self, order: PaperOrder, cause: Cause) -> None:
        self._changed[order.number] = order
        if order.state is not OrderState.WORKING:
            self.recent.append(order)
        if cause != "filled":  # the execution follows at once, and tells more
            self._told += self._teller.changed(self, order, cause)
        self._touch(order.symbol)

    def executed(self, execution: Execution) -> None:
        entry = self.books.add(execution)
        order = self.exchange.account.find("", execution.venue_id) if execution.venue_id else None
        self._told += self._teller.executed(self, entry, order)
        self._touch(execution.symbol)

    def funded(self, funding: Funding) -> None:
        self._told += self._teller.funded(self, self.books.add(funding))
        self._touch(funding.symbol)

    def price_met(self, symbol: str) -> None:
        """Nobody watches prices here."""

    def wallet_changed(self) -> None:
        self._dirty = self._wallet_due = True

    def _touch(self, symbol: str) -> None:
        self._dirty = self._wallet_due = True
        self._touched[symbol] = None

    def take_told(self) -> list[Happening]:
        """What has happened since the last call, for the streams: orders and executions first, in their order."""
        if not self._wallet_due:
            return []
        told = self._told + self._teller.settled(self, tuple(self._touched))
        self._told, self._touched, self._wallet_due = [], {}, False
        return told

    # ---- reading -----------------------------------------------------------------------------------------------------

    def orders(self) -> Iterator[PaperOrder]:
        """All orders that are working or kept, newest first."""
        account = self.exchange.account
        for number in range(self.exchange.orders, 0, -1):
            order = account.find("", f"P{number}")
            if order is not None:
                yield order

    def find(self, venue_id: str, client_id: str) -> PaperOrder | None:
        return self.exchange.account.find(client_id, venue_id)
