"""Snapshots of an account, as a venue tells them on request."""

from __future__ import annotations

from typing import NamedTuple

from gridhedge.domain.events import AccountSeen
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Millis, Price, Quantity, Side


class Position(NamedTuple):
    symbol: str
    side: Side
    quantity: Quantity
    average: Price


class OrderRecord(NamedTuple):
    """An order as a venue lists it, ours or not. ``side`` is the position side; ``closing``: it can only reduce."""

    symbol: str
    client_id: str
    venue_id: str
    side: Side
    closing: bool
    price: Price
    quantity: Quantity
    filled: Quantity
    state: OrderState
    created: Millis
    changed: Millis
    trigger_price: Price | None = None
    triggered: bool = False
    """Of a stop: its price has come, and it has yet to execute."""


class Snapshot(NamedTuple):
    """Account, positions and open orders, read within one short window that began at ``at``."""

    at: Millis
    account: AccountSeen
    positions: tuple[Position, ...]
    orders: tuple[OrderRecord, ...]
