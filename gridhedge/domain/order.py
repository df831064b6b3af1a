"""Orders: what they mean, how that meaning is written into a client order id, and the life they lead."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gridhedge.domain.values import ZERO, Millis, Price, Quantity, Role, Side

if TYPE_CHECKING:
    from gridhedge.domain.events import OrderAdopted, OrderIntended

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MARK = "gh"
_PATTERN = re.compile(r"gh([0-9a-z]{6})-([LS])([OGTBSC])([0-9]{2})-([0-9a-z]{1,9})-([0-9a-z]{1,4})\Z")
MAX_CLIENT_ID = 28


@lru_cache(maxsize=4096)
def base36(number: int) -> str:
    """``number`` (not negative) in digits 0-9a-z."""
    assert number >= 0
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if number == 0:
            return text


class OrderKey(NamedTuple):
    """The meaning of an order. Two live orders never share side, role, level and cycle.

    ``cycle`` is the time of the cycle's first intent in seconds (raised by one where the side's last cycle began in
    the same second), ``revision`` counts the orders sent for this meaning.
    """

    side: Side
    role: Role
    level: int
    cycle: int
    revision: int


def account_tag(account: str, symbol: str) -> str:
    """Six characters that mark the orders of one account on one symbol."""
    digest = hashlib.blake2s(f"{account}/{symbol}".encode(), digest_size=8).digest()
    return base36(int.from_bytes(digest, "big")).rjust(6, "0")[-6:]


def client_id(tag: str, key: OrderKey) -> str:
    """The client order id of a meaning: a pure function, at most 28 characters, allowed on every venue."""
    side = "L" if key.side.is_long else "S"
    return f"{_MARK}{tag}-{side}{key.role.letter}{key.level:02d}-{base36(key.cycle)}-{base36(key.revision)}"


def parse_client_id(tag: str, text: str) -> OrderKey | None:
    """The meaning behind a client order id, or None when it does not carry this account's and symbol's mark."""
    match = _PATTERN.match(text)
    if match is None or match[1] != tag:
        return None
    side = Side.LONG if match[2] == "L" else Side.SHORT
    return OrderKey(side, Role(match[3]), int(match[4]), int(match[5], 36), int(match[6], 36))


class TimeInForce(Enum):
    GTC = "GTC"
    IOC = "IOC"
    POST_ONLY = "PostOnly"

    __hash__ = object.__hash__


class OrderState(Enum):
    """INTENDED -> WORKING | UNKNOWN | REJECTED | ABSENT; UNKNOWN -> WORKING | FILLED | CANCELLED | ABSENT;
    WORKING -> FILLED | CANCELLED. The last four are final."""

    INTENDED = "intended"
    WORKING = "working"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    ABSENT = "absent"

    __hash__ = object.__hash__

    def __init__(self, name: object) -> None:
        self.is_final = name in ("filled", "cancelled", "rejected", "absent")


_FINAL = tuple(state for state in OrderState if state.is_final)

LEGAL_MOVES: dict[OrderState, tuple[OrderState, ...]] = {
    OrderState.INTENDED: (OrderState.WORKING, OrderState.UNKNOWN, *_FINAL),
    OrderState.UNKNOWN: (OrderState.WORKING, *_FINAL),
    OrderState.WORKING: (OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED),
}


class Reject(Enum):
    """Why a venue refused, in the words the engine acts on."""

    MARGIN = "margin"
    DUPLICATE_ID = "duplicate id"
    UNKNOWN_ORDER = "unknown order"
    REDUCE_ONLY = "reduce-only"
    OUT_OF_BOUNDS = "price or quantity out of bounds"
    WOULD_TAKE = "post-only would take"
    WOULD_TRIGGER = "stop would trigger at once"
    RATE_LIMITED = "rate limited"
    MARKET_CLOSED = "market closed"
    PERMISSION = "permission"
    BUSY = "venue busy"
    OTHER = "other"

    __hash__ = object.__hash__


class Pending(Enum):
    """A change of a working order whose outcome has not been seen yet."""

    NOTHING = "nothing"
    CANCEL = "cancel"
    AMEND = "amend"

    __hash__ = object.__hash__


class Cut(NamedTuple):
    """The venue lets an exit close less than was asked for: something else closes the rest of the position."""

    asked: Quantity
    """In total, with what had executed."""
    at: Millis


_INTENDED, _NOTHING = OrderState.INTENDED, Pending.NOTHING


class Order:
    """One order of ours as the book knows it. Mutable, owned by the book."""

    __slots__ = (
        "amending",
        "changed",
        "client_id",
        "created",
        "cut",
        "filled",
        "key",
        "pending",
        "price",
        "quantity",
        "reduce_only",
        "state",
        "symbol",
        "trigger_price",
        "triggered_at",
        "venue_id",
        "venue_price",
        "venue_state",
    )

    def __init__(
        self,
        client_id: str,
        symbol: str,
        key: OrderKey,
        price: Price,
        quantity: Quantity,
        reduce_only: bool,
        created: Millis,
        trigger_price: Price | None = None,
    ) -> None:
        self.client_id = client_id
        self.symbol = symbol
        self.key = key
        self.price = price
        """The price that we asked for."""
        self.venue_price = price
        """The price at which it rests: the venue may have moved it into its band."""
        self.quantity = quantity
        self.filled = ZERO
        self.reduce_only = reduce_only
        self.trigger_price = trigger_price
        self.triggered_at: Millis = 0
        """When the price of a stop came, or the venue said so; 0 while it waits."""
        self.venue_state: OrderState | None = None
        """The final state that the venue has told; executions up to ``quantity`` may still be on their way."""
        self.state = _INTENDED
        self.pending = _NOTHING
        self.amending: tuple[Price, Quantity] | None = None
        """Price and total quantity of an amend whose outcome has not been seen."""
        self.cut: Cut | None = None
        self.created = created
        self.changed = created
        """When it was last placed or amended by us."""
        self.venue_id = ""

    @classmethod
    def of(cls, event: OrderIntended | OrderAdopted) -> Order:
        """The order that an event tells of for the first time."""
        return cls(
            event.client_id,
            event.symbol,
            event.key,
            event.price,
            event.quantity,
            event.reduce_only,
            event.at,
            event.trigger_price,
        )

    @property
    def asked(self) -> Quantity:
        """What it is to execute still, as it was asked for: the venue may have cut it."""
        return (self.quantity if self.cut is None else self.cut.asked) - self.filled

    @property
    def remaining(self) -> Quantity:
        return self.quantity - self.filled

    @property
    def exposure(self) -> Quantity:
        """The most that may still execute, whichever way an amend in flight turns out."""
        most = self.quantity if self.amending is None else max(self.quantity, self.amending[1])
        return most - self.filled

    def shows_amended(self, price: Price, quantity: Quantity) -> bool:
        """Whether these terms are those of the amend in flight. The venue may have cut an exit meanwhile: then its new
        price tells it, or a quantity that is larger than before."""
        if self.amending is None or self.amending[0] != price or self.amending[1] < quantity:
            return False
        is_new = price != self.price or quantity > self.quantity
        return quantity == self.amending[1] or (self.reduce_only and is_new)

    @property
    def is_live(self) -> bool:
        """Whether it may execute: final states are the only ones that can not."""
        return not self.state.is_final
