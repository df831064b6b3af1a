"""What the programs of a mirror tell each other, as JSON objects: decimals are texts, times ISO and UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from gridhedge.domain.values import Millis, Price, Quantity

__all__ = ["Path", "Position", "Side", "Status", "iso", "opposite"]

Side: TypeAlias = Literal["buy", "sell"]
Status: TypeAlias = Literal["pending", "hedged", "closing", "closed", "unhedged"]
"""``pending``: needs a hedge. ``closing``: gone at the client, its hedge is still open. ``unhedged``: somebody else
closed the hedge, while the position is open."""

Path: TypeAlias = Literal[
    "/new_position/", "/changed_position/", "/closed_position/", "/hedged_position/", "/changed_hedge/",
    "/closed_hedge/", "/refused_position/", "/seen/",
]  # fmt: skip


class Position(NamedTuple):
    """A position at a client, known by (account, ticket). ``symbol`` is plain, ``volume`` lots.

    ``contract_size``: units per lot at the client's broker, 0 where it is not known.
    """

    account: int
    ticket: int
    symbol: str
    side: Side
    volume: Quantity
    price: Price
    opened_at: str
    contract_size: Decimal = Decimal(0)

    def message(self) -> dict[str, Any]:
        """As ``POST /new_position/`` wants it."""
        told = self._asdict() | {"volume": f"{self.volume:f}", "price": f"{self.price:f}"}
        told["contract_size"] = f"{self.contract_size:f}"
        return told


def opposite(side: Side) -> Side:
    return "sell" if side == "buy" else "buy"


def iso(at: Millis) -> str:
    """A time as every message writes it, to the millisecond where it has any."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return moment.isoformat(timespec="milliseconds" if at % 1000 else "seconds").replace("+00:00", "Z")
