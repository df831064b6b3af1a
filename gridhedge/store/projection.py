"""From events to the ledger's tables of executions and funding. Runs inside the transaction of the event."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from gridhedge.domain.events import (
    Event,
    Execution,
    Funding,
    PositionMended,
)
from gridhedge.domain.order import parse_client_id
from gridhedge.domain.values import MONEY_STEP, ZERO, Money, Quantity, Side
from gridhedge.store.codec import plain_decimal

__all__ = ["project"]

_WIDE = Context(prec=60)


def project(db: sqlite3.Connection, seq: int, event: Event) -> bool:
    """Write the event, number ``seq`` of the journal, into its table; False when the ledger has this fact already."""
    write = _WRITERS.get(type(event))
    return write is None or write(db, seq, event)


def _clean(text: str) -> str:
    """Text from outside may hold half characters that UTF-8, hence SQLite, refuses."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


# ---- executions and funding ------------------------------------------------------------------------------------------


def _execution(db: sqlite3.Connection, seq: int, event: Execution) -> bool:
    # The mark inside the id tells the account apart; here every id of ours is welcome, so its own mark is handed in.
    key = parse_client_id(event.client_id[2:8], event.client_id)
    held, cost = _holding(db, event.symbol, event.side)
    realised = _realised(event, held, cost)
    cursor = db.execute(
        "INSERT INTO executions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT (symbol, execution_id) DO NOTHING",
        (
            _clean(event.symbol),
            _clean(event.execution_id),
            seq,
            event.at,
            event.side.value,
            *((key.role.value, key.level, key.cycle) if key else (None, None, None)),
            event.closing,
            plain_decimal(event.quantity),
            plain_decimal(event.price),
            plain_decimal(event.fee),
            event.maker,
            event.kind.value,
            _clean(event.client_id),
            _clean(event.venue_id),
            None if realised is None else plain_decimal(realised),
        ),
    )
    if cursor.rowcount == 0:
        return False
    _hold(db, event.symbol, event.side, *_after(event, held, cost))
    return True


def _realised(event: Execution, held: Quantity, cost: Money) -> Money | None:
    """Profit of a closing execution against the side's average cost, before fees; None if the entries are unknown."""
    if not event.closing or not 0 < event.quantity <= held:
        return None
    profit = event.side.sign * (event.quantity * event.price - _share(event.quantity, held, cost))
    return profit.normalize(_WIDE)


def _share(quantity: Quantity, held: Quantity, cost: Money) -> Money:
    return cost if quantity == held else _WIDE.quantize(cost * quantity / held, MONEY_STEP)


def _after(event: Execution, held: Quantity, cost: Money) -> tuple[Quantity, Money]:
    """What the side holds after the execution, and what that cost."""
    if not event.closing:
        return held + event.quantity, cost + event.quantity * event.price
    if not 0 < event.quantity < held:
        return ZERO, ZERO
    return held - event.quantity, cost - _share(event.quantity, held, cost)


def _holding(db: sqlite3.Connection, symbol: str, side: Side) -> tuple[Quantity, Money]:
    query = "SELECT quantity, cost FROM holdings WHERE symbol = ? AND side = ?"
    row = db.execute(query, (_clean(symbol), side.value)).fetchone()
    return (Decimal(row[0]), Decimal(row[1])) if row else (ZERO, ZERO)


def _hold(db: sqlite3.Connection, symbol: str, side: Side, quantity: Quantity, cost: Money) -> None:
    db.execute(
        "INSERT INTO holdings VALUES (?,?,?,?) "
        "ON CONFLICT (symbol, side) DO UPDATE SET quantity = excluded.quantity, cost = excluded.cost",
        (_clean(symbol), side.value, plain_decimal(quantity), plain_decimal(cost)),
    )


def _mended(db: sqlite3.Connection, seq: int, event: PositionMended) -> bool:
    _hold(db, event.symbol, event.side, event.quantity, event.quantity * event.average)
    return True


def _funding(db: sqlite3.Connection, seq: int, event: Funding) -> bool:
    cursor = db.execute(
        "INSERT INTO funding VALUES (?,?,?,?,?,?,?) ON CONFLICT (symbol, funding_id) DO NOTHING",
        (
            _clean(event.symbol),
            _clean(event.funding_id),
            seq,
            event.at,
            event.side.value,
            plain_decimal(event.amount),
            plain_decimal(event.rate),
        ),
    )
    return cursor.rowcount == 1


_WRITERS: dict[type[Any], Callable[[sqlite3.Connection, int, Any], bool]] = {
    Execution: _execution,
    Funding: _funding,
    PositionMended: _mended,
}
