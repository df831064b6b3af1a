"""A simulated broker's account on disk: the exchange and the books over it, always of the same moment."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from gridhedge.domain.values import Side
from gridhedge.practice.mt5.tickets import Books, Deal, Order, Ticket
from gridhedge.venue.paper.disk import PaperDisk
from gridhedge.venue.paper.exchange import Exchange

__all__ = ["BrokerDisk"]

_SAVE_EVERY_S = 1.0
_DECIMALS = frozenset({"units", "price", "left", "sl", "tp", "stop_limit", "swap", "commission", "profit"})


class BrokerDisk:
    """One file. ``save`` writes what has changed since the last time, before anybody is told of it.

    Raises DiskFailure where it can not be read or written.
    """

    def __init__(self, file: Path) -> None:
        self._disk = PaperDisk(file)
        file.chmod(0o600)
        self._kept: dict[str, str] = {}
        self._saved = 0.0
        self._orders = self._deals = 0
        """How many of the history have been written."""

    def restore(self, exchange: Exchange, books: Books) -> bool:
        """Fill a new exchange and new books; False if nothing has been kept."""
        if not self._disk.restore(exchange):
            return False
        kept = self._disk.beside()
        rows = {name: json.loads(text) for name, text in kept.items()}
        sums = rows.pop("books")
        books.balance, books.numbers = Decimal(sums["balance"]), sums["numbers"]
        for name in sorted(rows, key=lambda name: int(name.partition(" ")[2])):
            kind, fields = name.partition(" ")[0], _fields(rows[name])
            if kind == "ticket":
                books.tickets[fields["number"]] = Ticket(**fields)
            elif kind == "pending":
                books.pending[fields["number"]] = Order(**fields)
            elif kind == "order":
                books.orders.append(Order(**fields))
            else:
                books.deals.append(Deal(**fields))
        self._orders, self._deals = len(books.orders), len(books.deals)
        self._kept = {name: text for name, text in kept.items() if name.startswith(("ticket ", "pending "))}
        return True

    def save(self, exchange: Exchange, books: Books) -> None:
        """Everything that has changed, in one transaction; now and then also where nothing but time has."""
        now = time.monotonic()
        live = {f"ticket {number}": _text(asdict(ticket)) for number, ticket in books.tickets.items()}
        live |= {f"pending {number}": _text(asdict(order)) for number, order in books.pending.items()}
        changed: dict[str, str | None] = dict(live.items() - self._kept.items())
        changed |= dict.fromkeys(self._kept.keys() - live.keys())
        for index in range(self._orders, len(books.orders)):
            changed[f"order {index}"] = _text(asdict(books.orders[index]))
        for index in range(self._deals, len(books.deals)):
            changed[f"deal {index}"] = _text(books.deals[index]._asdict())
        if not changed and now - self._saved < _SAVE_EVERY_S:
            return
        changed["books"] = json.dumps({"balance": str(books.balance), "numbers": books.numbers})
        self._disk.save(exchange, (), changed)
        self._kept, self._saved = live, now
        self._orders, self._deals = len(books.orders), len(books.deals)

    def close(self) -> None:
        self._disk.close()


def _text(fields: dict[str, Any]) -> str:
    return json.dumps({name: _plain(value) for name, value in fields.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Side):
        return value.value
    return str(value) if isinstance(value, Decimal) else value


def _fields(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if name == "side":
        return Side(value)
    return Decimal(value) if name in _DECIMALS else value
