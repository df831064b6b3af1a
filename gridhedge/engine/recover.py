"""Recovery: the events that bring the book to the venue's truth.

Not a second trading path: it changes the book, and then the ordinary plan is made. The venue's position is the truth;
our client ids say what each order and execution meant; where ids are missing, the order history tells the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    CycleOpened,
    Event,
    Execution,
    Funding,
    OrderAdopted,
    PositionMended,
    ReferenceFixed,
)
from gridhedge.domain.order import OrderKey, OrderState, client_id, parse_client_id
from gridhedge.domain.values import SIDES, ZERO, Millis, Quantity, Role, Side
from gridhedge.engine.unknown import seen_as

Table: TypeAlias = tuple[Quantity, ...]


class Truth(NamedTuple):
    """What the venue said about one symbol, read within one window."""

    at: Millis
    open_orders: tuple[OrderRecord, ...]
    ended_orders: tuple[OrderRecord, ...]
    facts: tuple[Execution | Funding, ...]
    """Executions and funding payments, oldest first."""
    positions: tuple[Position, ...]


class Differences(NamedTuple):
    events: list[Event]
    missing: list[str]
    """Client ids that the book holds live and the venue does not list: to be asked for one by one."""
    foreign: list[OrderRecord]
    """Open orders that are not ours: never touched."""


def differences(book: SymbolBook, truth: Truth) -> Differences:
    """Executions that have not counted, orders that ended or appeared, in the order in which they happened."""
    events: list[Event] = [fact for fact in truth.facts if book.is_new(fact)]
    missing: list[str] = []
    foreign: list[OrderRecord] = []
    ended = {record.client_id: record for record in truth.ended_orders if record.client_id in book.orders}
    listed = set()
    for record in truth.open_orders:
        key = parse_client_id(book.tag, record.client_id)
        if key is None:
            foreign.append(record)
        elif record.client_id in book.orders:
            listed.add(record.client_id)
            update = seen_as(record, truth.at)
            if book.is_new(update):
                events.append(update)
        else:
            listed.add(record.client_id)
            events.append(adoption(record, key))
    for order in book.orders.values():
        if order.client_id in ended:
            events.append(seen_as(ended[order.client_id], truth.at))
        elif order.client_id not in listed:
            missing.append(order.client_id)
    return Differences(events, missing, foreign)


def adoption(record: OrderRecord, key: OrderKey) -> OrderAdopted:
    """The event that takes a listed order of ours into the book."""
    return OrderAdopted(
        record.client_id,
        record.symbol,
        key,
        record.price,
        record.quantity,
        record.closing,
        record.venue_id,
        record.created,
        record.trigger_price,
    )


def position_differences(book: SymbolBook, truth: Truth) -> tuple[list[PositionMended], list[str]]:
    """What the venue holds less of than the book must be mended; what it holds more of is the user's own."""
    mended: list[PositionMended] = []
    remarks: list[str] = []
    if any(fact.at > truth.at for fact in truth.facts if isinstance(fact, Execution)):
        return mended, remarks
    for side in SIDES:
        held = book.of(side).held
        position = next((item for item in truth.positions if item.side is side), None)
        quantity = position.quantity if position else ZERO
        average = position.average if position else ZERO
        if quantity < held:
            text = f"{side.value}: the venue holds {quantity}, the book {held}"
            mended.append(PositionMended(book.symbol, side, quantity, average, truth.at, text))
        elif quantity > held:
            remarks.append(f"{side.value}: {quantity - held} of {quantity} are not the bot's and are left alone")
    return mended, remarks


# ---- rebuilding from nothing -----------------------------------------------------------------------------------------


def rebuild(book: SymbolBook, truth: Truth, complete: Callable[[dict[int, Quantity]], Table]) -> list[Event]:
    """The events of the current cycles, read from the venue's history. The book must be empty.

    ``complete`` is the strategy's way to a whole table of quantities from the levels that the history tells.
    """
    cycles = [_cycle_of(book, side, truth) for side in SIDES]
    sizes: dict[int, Quantity] = {}
    for cycle in cycles:
        sizes.update(cycle.sizes)
    events: list[Event] = []
    if any(cycle.events for cycle in cycles):
        events.append(ReferenceFixed(book.symbol, complete(sizes), truth.at))
    for cycle in cycles:
        events += cycle.events
    return events


class _Cycle(NamedTuple):
    events: list[Event]
    sizes: dict[int, Quantity]


def _cycle_of(book: SymbolBook, side: Side, truth: Truth) -> _Cycle:
    records = [*truth.ended_orders, *truth.open_orders]
    keyed = [(key, record) for record in records if (key := parse_client_id(book.tag, record.client_id)) is not None]
    ours = [(key, record) for key, record in keyed if key.side is side]
    if not ours:
        return _cycle_without_ids(book, side, truth)
    cycle = max(key.cycle for key, _ in ours)
    current = [(key, record) for key, record in ours if key.cycle == cycle]
    if any(key.role is Role.TAKE_PROFIT and record.state is OrderState.FILLED for key, record in current):
        return _Cycle([], {})
    now_levels = max((key.level + 1 for key, _ in current if key.role is Role.OPENING), default=0)
    sizes = {key.level: record.quantity for key, record in current if key.role.is_entry}
    began = min(record.created for _, record in current)
    events: list[Event] = [CycleOpened(book.symbol, side, cycle, now_levels, began)]
    ids = {record.client_id for _, record in current}
    facts = [fact for fact in truth.facts if isinstance(fact, Execution) and fact.client_id in ids]
    for key, record in sorted(current, key=lambda item: item[1].created):
        events.append(adoption(record, key))
    events += facts
    events += [seen_as(record, truth.at) for _, record in current if record.state.is_final]
    return _Cycle(events, sizes)


def _cycle_without_ids(book: SymbolBook, side: Side, truth: Truth) -> _Cycle:
    """Everything after the newest execution after which the side was flat; each order is a level of its own."""
    position = next((item for item in truth.positions if item.side is side), None)
    if position is None or position.quantity == 0:
        return _Cycle([], {})
    entries = _since_flat([fact for fact in truth.facts if isinstance(fact, Execution) and fact.side is side])
    if not entries or sum((fact.quantity for fact in entries), ZERO) != position.quantity:
        return _Cycle([], {})
    cycle = entries[0].at // 1000
    levels: dict[str, int] = {}
    sizes: dict[int, Quantity] = {}
    events: list[Event] = []
    for fact in entries:
        level = levels.setdefault(fact.venue_id, len(levels))
        sizes[level] = sizes.get(level, ZERO) + fact.quantity
        key = OrderKey(side, Role.OPENING if level == 0 else Role.GRID, level, cycle, 0)
        events.append(fact._replace(client_id=client_id(book.tag, key)))
    return _Cycle([CycleOpened(book.symbol, side, cycle, 1, entries[0].at), *events], sizes)


def _since_flat(facts: Iterable[Execution]) -> list[Execution]:
    entries: list[Execution] = []
    for fact in facts:
        if fact.closing:
            entries.clear()
        else:
            entries.append(fact)
    return entries
