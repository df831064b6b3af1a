"""What the bot wants, and the changes that get there. Change is data: it can be printed before it is applied."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, TypeAlias

from gridhedge.domain.order import OrderKey
from gridhedge.domain.values import Price, Quantity, Role, Side


class Urgency(IntEnum):
    """The order in which changes leave: exits, what restores equality (re-openings, insurance), what may wait."""

    EXIT = 0
    OPENING = 1
    INSURANCE = 2
    LOOK_AHEAD = 3
    ENTRY = 4
    """An entry that stands alone: it must find its margin above the reserve, and no pair is kept together."""


class Wanted(NamedTuple):
    """One order that should rest right now. ``quantity`` is what should still be open of it. One with a
    ``trigger_price`` waits for the mark price and then goes to market; its ``price`` is the trigger."""

    side: Side
    role: Role
    level: int
    price: Price
    quantity: Quantity
    urgency: Urgency
    why: str
    trigger_price: Price | None = None
    market: bool = False
    """Executes now at whatever price the market has; ``price`` is the touch, for the log."""


class Place(NamedTuple):
    """Send a new order. ``market`` is for closes that can not wait; everything else is a limit order, or a stop that
    waits at the venue for the mark price to reach ``trigger_price``."""

    symbol: str
    client_id: str
    key: OrderKey
    price: Price
    quantity: Quantity
    reduce_only: bool
    urgency: Urgency
    why: str
    trigger_price: Price | None = None
    market: bool = False


class Amend(NamedTuple):
    """Change price and total quantity (executed part included) of a working order."""

    symbol: str
    client_id: str
    venue_id: str
    price: Price
    quantity: Quantity
    urgency: Urgency
    why: str


class Cancel(NamedTuple):
    """Withdraw a working order. ``replaced``: the plan wants another one in its place as soon as it is gone."""

    symbol: str
    client_id: str
    venue_id: str
    why: str
    replaced: bool = False


Change: TypeAlias = Place | Amend | Cancel
