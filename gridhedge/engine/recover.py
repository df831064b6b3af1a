"""Recovery: the events that bring the book to the venue's truth.

Not a second trading path: it changes the book, and then the ordinary plan is made. The venue's position is the truth;
our client ids say what each order and execution meant; where ids are missing, the order history tells the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, TypeAlias

from gridhedge.domain.account import OrderRecord, Position
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    CycleOpened,
    Decision,
    Event,
    Execution,
    Funding,
    OrderAdopted,
    PositionMended,
)
from gridhedge.domain.order import OrderKey, client_id, parse_client_id
from gridhedge.domain.values import SIDES, ZERO, Millis, Quantity, Role, Side
from gridhedge.engine.unknown import seen_as
from gridhedge.strategy.view import Found, FoundEntry

_Orders: TypeAlias = list[tuple[OrderKey, OrderRecord]]
_Cycles: TypeAlias = dict[int, _Orders]
"""Our orders of one side by the cycle in which they were sent."""


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
    revived: list[OrderRecord]
    """Open orders of ours whose end has been seen before: the list may be a stale one."""


def differences(book: SymbolBook, truth: Truth) -> Differences:
    """Orders that appeared, executions that have not counted, orders that ended: in the order in which they count."""
    adopted: list[Event] = []
    # A venue's pages shift while they are read: the same fact may stand on two of them.
    events: list[Event] = [fact for fact in dict.fromkeys(truth.facts) if book.is_new(fact)]
    missing: list[str] = []
    foreign: list[OrderRecord] = []
    revived: list[OrderRecord] = []
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
        elif record.client_id in book.known:
            revived.append(record)
        else:
            listed.add(record.client_id)
            adopted.append(adoption(record, key))  # first, so that its executions count for it
    for order in book.orders.values():
        if order.venue_state is not None:
            continue  # its end is known, and only its executions are still on their way
        if order.client_id in ended:
            events.append(seen_as(ended[order.client_id], truth.at))
        elif order.client_id not in listed:
            missing.append(order.client_id)
    return Differences(adopted + events, missing, foreign, revived)


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


def position_differences(
    book: SymbolBook, truth: Truth, owners: Collection[Side] = ()
) -> tuple[list[PositionMended], list[str]]:
    """What the venue holds less of than the book must be mended, the user's own part first; what it holds more of is
    the user's own, but on sides of ``owners``, where the whole position is the strategy's."""
    mended: list[PositionMended] = []
    remarks: list[str] = []
    if any(fact.at >= truth.at for fact in truth.facts if isinstance(fact, Execution)):
        return mended, remarks
    for side in SIDES:
        held = book.of(side).held
        position = next((item for item in truth.positions if item.side is side), None)
        quantity = position.quantity if position else ZERO
        average = position.average if position else ZERO
        surplus = book.of(side).surplus
        known = surplus if side in owners else ZERO
        least = held if side in owners else held + surplus
        if quantity < least or (side in owners and quantity > held + known):
            others = f" and {surplus} that are not the bot's" if surplus else ""
            text = f"{side.value}: the venue holds {quantity}, the book {held}{others}"
            mended.append(PositionMended(book.symbol, side, quantity, average, truth.at, text))
        elif quantity > held + known:
            remarks.append(f"{side.value}: {quantity - held} of {quantity} are not the bot's and are left alone")
    return mended, remarks


# ---- rebuilding from nothing -----------------------------------------------------------------------------------------


def rebuild(book: SymbolBook, truth: Truth, restore: Callable[[Sequence[Found]], Sequence[Decision]]) -> list[Event]:
    """The story of both sides, told again from the venue's history. The book must be empty.

    Every fact counts, in the order in which it happened, so that an ended cycle ends again and no later look at the
    history counts it twice. ``restore`` is the strategy's way from the orders that the history tells to what it must
    remember.
    """
    stories = [_story(book, side, truth) for side in SIDES]
    found = [_found(story, side, truth) for story, side in zip(stories, SIDES, strict=True)]
    events: list[Event] = list(restore(found))
    for story in stories:
        events += story.events
    return events


class _Story(NamedTuple):
    cycle: int
    """Of the last cycle; 0 if there has been none."""
    events: list[Event]
    entries: dict[int, FoundEntry]
    moved: dict[int, FoundEntry]


def _found(story: _Story, side: Side, truth: Truth) -> Found:
    position = next((item for item in truth.positions if item.side is side), None)
    held, average = (position.quantity, position.average) if position else (ZERO, ZERO)
    return Found(side, story.cycle, story.entries, held, average, story.moved)


class _Chapter(NamedTuple):
    """One cycle: its orders, and its first fact's place among the facts of the side."""

    cycle: int
    begins: int
    orders: _Orders


def _story(book: SymbolBook, side: Side, truth: Truth) -> _Story:
    facts = [fact for fact in truth.facts if fact.side is side]
    cycles = _cycles(book, side, truth)
    chapters = _chapters(cycles, facts)
    if not chapters:
        return _story_without_ids(book, side, truth, facts)
    executed: dict[str, Quantity] = {}
    for fact in facts:
        if isinstance(fact, Execution):
            executed[fact.client_id] = executed.get(fact.client_id, ZERO) + fact.quantity
    events: list[Event] = list(facts[: chapters[0].begins])
    for chapter, following in zip(chapters, [*chapters[1:], None], strict=True):
        own = facts[chapter.begins : following.begins if following else len(facts)]
        named = [(key, record) for key, record in chapter.orders if key.cycle == chapter.cycle]
        now_levels = max((key.level + 1 for key, _ in named if key.role is Role.OPENING), default=0)
        began = min(record.created for _, record in named)
        events.append(CycleOpened(book.symbol, side, chapter.cycle, now_levels, began))
        told = [record for _, record in chapter.orders if not record.state.is_final or _is_whole(record, executed)]
        # Live orders first: a slot is theirs, not an ended revision's.
        told.sort(key=lambda record: (record.state.is_final, record.created))
        events += [adoption(record, key) for record in told if (key := parse_client_id(book.tag, record.client_id))]
        events += own
        events += [seen_as(record, truth.at) for record in told if record.state.is_final]
    last = chapters[-1]
    return _Story(last.cycle, events, _entries(cycles[last.cycle]), _entries(_moved(last, cycles, facts)))


def _moved(last: _Chapter, cycles: _Cycles, facts: Sequence[Execution | Funding]) -> _Orders:
    """Orders of former cycles that the last one may have taken over: live, and executed since it began, if at all."""
    first: dict[str, int] = {}
    for place, fact in enumerate(facts):
        if isinstance(fact, Execution):
            first.setdefault(fact.client_id, place)

    def serves(record: OrderRecord) -> bool:
        executed = first.get(record.client_id)
        if executed is None:
            return not record.state.is_final
        return executed >= last.begins

    return [pair for cycle in sorted(cycles) if cycle < last.cycle for pair in cycles[cycle] if serves(pair[1])]


def _entries(orders: _Orders) -> dict[int, FoundEntry]:
    entries: dict[int, FoundEntry] = {}
    for key, record in sorted(orders, key=lambda told: told[0].revision):
        if key.role.is_entry:
            entry = FoundEntry(record.price, record.quantity, record.filled)
            entries[key.level] = entry.with_earlier(entries.get(key.level))
    return entries


def _cycles(book: SymbolBook, side: Side, truth: Truth) -> _Cycles:
    """Our orders of a side, by the cycle in which they were sent."""
    cycles: _Cycles = {}
    still_open = {record.client_id for record in truth.open_orders}
    ended = [record for record in truth.ended_orders if record.client_id not in still_open]
    for record in (*ended, *truth.open_orders):
        key = parse_client_id(book.tag, record.client_id)
        if key is not None and key.side is side:
            cycles.setdefault(key.cycle, []).append((key, record))
    return cycles


def _chapters(cycles: _Cycles, facts: Sequence[Execution | Funding]) -> list[_Chapter]:
    """The cycles that our client ids tell of, oldest first. One that never executed counts only if it is the last."""
    chapters: list[_Chapter] = []
    for cycle, orders in sorted(cycles.items()):
        ids = {record.client_id for _, record in orders}
        own = [place for place, fact in enumerate(facts) if isinstance(fact, Execution) and fact.client_id in ids]
        if own or cycle == max(cycles):
            begins = own[0] if own else len(facts)
            told = list(orders)
            chapters = [*_before(chapters, begins, told), _Chapter(cycle, begins, told)]
    return chapters


def _before(chapters: list[_Chapter], begins: int, orders: _Orders) -> list[_Chapter]:
    """The chapters that began before this place. One that did not has late fills only, and is told with the next."""
    while chapters and chapters[-1].begins > begins:
        orders += chapters[-1].orders
        chapters = chapters[:-1]
    return chapters


def _is_whole(record: OrderRecord, executed: dict[str, Quantity]) -> bool:
    """Whether the history reaches back to the first execution of an ended order."""
    return executed.get(record.client_id, ZERO) == record.filled


def _story_without_ids(book: SymbolBook, side: Side, truth: Truth, facts: Sequence[Execution | Funding]) -> _Story:
    """Everything since the side was last flat is its cycle; each order that opened is a level of its own."""
    held, begins = ZERO, len(facts)
    for place, fact in enumerate(facts):
        if isinstance(fact, Execution):
            if held <= 0:
                held, begins = ZERO, place
            held += -fact.quantity if fact.closing else fact.quantity
    position = next((item.quantity for item in truth.positions if item.side is side), ZERO)
    if held <= 0 or held != position:
        return _Story(0, list(facts), {}, {})
    cycle = facts[begins].at // 1000
    levels: dict[str, int] = {}
    entries: dict[int, FoundEntry] = {}
    events: list[Event] = [*facts[:begins], CycleOpened(book.symbol, side, cycle, 1, facts[begins].at)]
    for fact in facts[begins:]:
        if isinstance(fact, Funding):
            events.append(fact)
            continue
        if fact.closing:
            key = OrderKey(side, Role.TAKE_PROFIT, 0, cycle, 0)
        else:
            level = levels.setdefault(fact.venue_id, len(levels))
            so_far = entries[level].quantity if level in entries else ZERO
            entries[level] = FoundEntry(fact.price, so_far + fact.quantity, so_far + fact.quantity)
            key = OrderKey(side, Role.GRID if level else Role.OPENING, level, cycle, 0)
        events.append(fact._replace(client_id=client_id(book.tag, key)))
    return _Story(cycle, events, entries, {})
