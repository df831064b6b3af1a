"""Writes journals by hand: each line is one event, and its defaults are those of a small worked ladder."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from gridhedge.domain.book import Book, SymbolBook
from gridhedge.domain.events import (
    AmendIntended,
    CancelIntended,
    ChangeSettled,
    CycleOpened,
    Event,
    Execution,
    ExecutionKind,
    Funding,
    OrderAdopted,
    OrderIntended,
    OrderSettled,
    OrderUpdate,
    PositionMended,
    ReferenceFixed,
)
from gridhedge.domain.instrument import Instrument, Tier
from gridhedge.domain.order import OrderKey, OrderState, Reject, account_tag, client_id
from gridhedge.domain.values import SIDES, Role, Side

D = Decimal
L, S = Side.LONG, Side.SHORT
XYZ = "XYZUSDT"
TAG = account_tag("001", XYZ)
TABLE = (D(100), D(200), D(400), D(800))
CYCLE = 1000
RULES = Instrument(
    symbol=XYZ,
    base="XYZ",
    quote="USDT",
    tick_size=D("0.01"),
    lot_step=D(1),
    min_quantity=D(1),
    max_quantity=D(10**6),
    max_market_quantity=D(10**5),
    min_notional=D(5),
    max_leverage=50,
    tiers=(Tier(D(10_000), D("0.01"), D(0), 50), Tier(D(50_000), D("0.02"), D(100), 20)),
)


class Journal:
    """A book and every event that has been applied to it."""

    def __init__(self) -> None:
        self.book = SymbolBook("001", XYZ)
        self.events: list[Event] = []
        self.now = CYCLE * 1000
        self.count = 0

    def write(self, *events: Event) -> Journal:
        for event in events:
            self.events.append(event)
            self.book.apply(event)
        return self

    def begin(self, *sides: Side, cycle: int = CYCLE, now_levels: int = 1) -> Journal:
        """Fix the table and open the cycles of these sides (both, unless told otherwise)."""
        if not self.book.reference:
            self.write(ReferenceFixed(XYZ, TABLE, self.now))
        for side in sides or SIDES:
            self.write(CycleOpened(XYZ, side, cycle, now_levels, self.now))
        return self

    def key(self, side: Side, role: Role, level: int, revision: int = 1, cycle: int | None = None) -> OrderKey:
        return OrderKey(side, role, level, cycle or self.book.of(side).cycle or CYCLE, revision)

    def name(self, side: Side, role: Role, level: int, revision: int = 1, cycle: int | None = None) -> str:
        return client_id(TAG, self.key(side, role, level, revision, cycle))

    def intend(
        self, side: Side, role: Role, level: int, quantity: int, price: str, revision: int = 1, cycle: int | None = None
    ) -> str:
        key = self.key(side, role, level, revision, cycle)
        name = client_id(TAG, key)
        self.write(OrderIntended(name, XYZ, key, D(price), D(quantity), not role.is_entry, self.now))
        return name

    def settle(self, name: str, state: OrderState, reason: Reject | None = None) -> Journal:
        return self.write(OrderSettled(name, XYZ, state, "v" + name[-6:], self.now, reason))

    def work(self, side: Side, role: Role, level: int, quantity: int, price: str, revision: int = 1) -> str:
        """An order that was sent and accepted; returns its client id."""
        name = self.intend(side, role, level, quantity, price, revision)
        self.settle(name, OrderState.WORKING)
        return name

    def execution(
        self,
        name: str,
        side: Side,
        quantity: int,
        price: str,
        fee: str = "0",
        closing: bool = False,
        kind: ExecutionKind = ExecutionKind.TRADE,
        identity: str = "",
    ) -> Execution:
        self.count += 1
        self.now += 1
        return Execution(
            identity or f"x{self.count}",
            XYZ,
            name,
            "v" + name[-6:],
            side,
            closing,
            D(quantity),
            D(price),
            D(fee),
            True,
            self.now,
            kind,
        )

    def fill(self, name: str, quantity: int, price: str, fee: str = "0") -> Journal:
        """Execute a live order."""
        order = self.book.orders[name]
        return self.write(self.execution(name, order.key.side, quantity, price, fee, order.reduce_only))

    def update(self, name: str, state: OrderState, price: str, quantity: int, filled: int, **more: object) -> Journal:
        self.now += 1
        return self.write(self.told(name, state, price, quantity, filled, **more))

    def told(self, name: str, state: OrderState, price: str, quantity: int, filled: int, **more: object) -> OrderUpdate:
        facts: dict[str, object] = {"at": self.now, **more}
        return OrderUpdate(XYZ, name, "v" + name[-6:], state, D(price), D(quantity), D(filled), **facts)

    def amend(self, name: str, price: str, quantity: int) -> Journal:
        return self.write(AmendIntended(name, XYZ, D(price), D(quantity), self.now))

    def cancel(self, name: str) -> Journal:
        return self.write(CancelIntended(name, XYZ, self.now))

    def changed(self, name: str, accepted: bool | None) -> Journal:
        return self.write(ChangeSettled(name, XYZ, accepted, self.now))

    def adopt(self, key: OrderKey, quantity: int, price: str) -> Journal:
        name = client_id(TAG, key)
        return self.write(OrderAdopted(name, XYZ, key, D(price), D(quantity), not key.role.is_entry, "venue", self.now))

    def fund(self, side: Side, amount: str) -> Journal:
        self.count += 1
        return self.write(Funding(f"f{self.count}", XYZ, side, D(amount), D("0.0001"), self.now))

    def mend(self, side: Side, quantity: int, average: str) -> Journal:
        return self.write(PositionMended(XYZ, side, D(quantity), D(average), self.now))

    def open_level(self, side: Side, level: int, price: str, fee: str = "0") -> str:
        """Send a level of the table and execute it in full."""
        role = Role.GRID if level else Role.OPENING
        name = self.work(side, role, level, int(TABLE[level]), price)
        self.fill(name, int(TABLE[level]), price, fee)
        return name


def filled(book: SymbolBook, side: Side) -> list[Decimal]:
    return [fill.quantity for fill in book.of(side).fills]


def dump(book: SymbolBook) -> dict[str, object]:
    """Everything that a book remembers, as plain values."""
    orders = {
        name: tuple(getattr(order, field) for field in order.__slots__) for name, order in sorted(book.orders.items())
    }
    shown: dict[str, object] = {
        "reference": book.reference,
        "withdrawn": book.look_ahead_withdrawn,
        "signal": book.signal,
        "halted": book.halted,
        "orders": orders,
        "rejections": dict(book.rejections),
        "known": sorted(book.known),
        "executed": sorted(book.executed),
    }
    for side in SIDES:
        ladder = book.of(side)
        plain = {name: getattr(ladder, name) for name in ladder.__slots__}
        plain["fills"] = [tuple(getattr(fill, field) for field in fill.__slots__) for fill in ladder.fills]
        for slot in ("entries", "exits", "stale"):
            plain[slot] = {key: order.client_id for key, order in plain[slot].items()}
        plain["basket"] = ladder.basket.remembered()
        shown[side.value] = plain
    return shown


def refold(events: Iterable[Event]) -> SymbolBook:
    """The book that a journal tells."""
    book = Book("001", [XYZ])
    for event in events:
        book.apply(event)
    return book.symbols[XYZ]
