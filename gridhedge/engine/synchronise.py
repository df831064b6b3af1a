"""Bring the book to the venue's truth: at the start, after a reconnect, and every ``sync_interval``."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import Event, MarketSeen, PositionMended
from gridhedge.domain.order import Order, OrderState, Pending, parse_client_id
from gridhedge.domain.values import Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.recover import Truth, adoption, differences, position_differences, rebuild
from gridhedge.engine.session import Session
from gridhedge.engine.wording import told

_OVERLAP_MS = 60_000
_LOOK_BACK_MS = 7 * 24 * 3600 * 1000
"""How far back a history is read when nothing is remembered (Bybit's window; older cycles come from the position)."""


def synchronise(session: Session, last_fact_at: Millis) -> Millis:
    """Read the venue once, mend the book, and let the next step plan. Returns the time up to which facts are known.

    Raises VenueError when the venue can not be read: the book is then as it was, and nothing may be sent.
    """
    snapshot, prices, truths = _read(session, last_fact_at)
    if any(_tells_of_lost_orders(desk.book, truths[desk.symbol]) for desk in session.desks):
        session.say("warning", "the journal is not whole: waiting until the venue lists all of our orders")
        _pass(session, session.unknowns.fence_ms)
        snapshot, prices, truths = _read(session, last_fact_at)
    for desk, market in zip(session.desks, prices, strict=True):
        desk.see(market)
    session.see_account(snapshot.account)  # its figures are already those of these prices
    for desk in session.desks:
        desk.see(session.venue.market(desk.symbol))  # reading may have taken a while
        _mend(session, desk, truths[desk.symbol])
        desk.dirty = True
    session.wants_sync = False
    return snapshot.at


def _read(session: Session, last_fact_at: Millis) -> tuple[Snapshot, list[MarketSeen], dict[str, Truth]]:
    snapshot = session.venue.snapshot([desk.symbol for desk in session.desks])
    prices = [session.venue.market(desk.symbol) for desk in session.desks]
    overlap = max(_OVERLAP_MS, session.policy.sync_ms)  # a message lost since the last synchronisation is in it
    known, longest = last_fact_at - overlap, snapshot.at - _LOOK_BACK_MS
    truths = {
        # A symbol of which nothing is remembered is told from its beginning, whatever the others remember.
        desk.symbol: _truth(session, desk, snapshot, known if last_fact_at and not _is_blank(desk) else longest)
        for desk in session.desks
    }
    return snapshot, prices, truths


def _tells_of_lost_orders(book: SymbolBook, truth: Truth) -> bool:
    """Whether the venue knows an order of ours that the book does not. Each was in the journal before it was sent: the
    journal has lost its end, and the last orders of all may not be listed yet."""
    records = (*truth.open_orders, *truth.ended_orders)
    return any(
        record.client_id not in book.known and parse_client_id(book.tag, record.client_id) is not None
        for record in records
    )


def _pass(session: Session, lasts: Millis) -> None:
    """Let time pass. What arrives meanwhile waits in the inbox: the book does not know yet what it belongs to."""
    until = session.clock.now() + lasts
    while session.clock.now() < until:
        session.venue.wait(until)


def _truth(session: Session, desk: Desk, snapshot: Snapshot, since: Millis) -> Truth:
    oldest = min((order.created for order in desk.book.orders.values()), default=since)
    # An order that has rested for longer is asked for by its id when it is not listed any more: reading the whole time
    # since then would cost more with each week that it rests.
    oldest = max(oldest, snapshot.at - _LOOK_BACK_MS)
    ended, facts = session.venue.history(desk.symbol, min(since, oldest))
    return Truth(
        snapshot.at,
        tuple(order for order in snapshot.orders if order.symbol == desk.symbol),
        tuple(dict.fromkeys(ended)),  # pages shift while they are read: the same entry may stand on two of them
        tuple(dict.fromkeys(facts)),
        tuple(position for position in snapshot.positions if position.symbol == desk.symbol),
    )


def _mend(session: Session, desk: Desk, truth: Truth) -> None:
    if _is_blank(desk):
        view = session.view(desk, truth.at)
        _apply(session, rebuild(desk.book, truth, lambda found: desk.strategy.restore(found, view)), "rebuilt")
    desk.position_is_read, desk.reads_failed = True, 0
    found = differences(desk.book, truth)
    _apply(session, found.events, "mended")
    for order in desk.book.orders.values():
        if order.venue_state is None and (order.client_id in found.missing or order.pending is not Pending.NOTHING):
            session.unknowns.open(order, truth.at)
    for record in found.revived:
        _revive(session, desk, record)
    for record in found.foreign:
        session.say("warning", f"{desk.symbol}: order {record.venue_id} is not the bot's and is left alone")
    if found.missing or any(_is_behind(order, truth) for order in desk.book.orders.values()):
        return
    owners = desk.strategy.sides if desk.strategy.owns_position else ()
    mended, remarks = position_differences(desk.book, truth, owners)
    mended = _beyond_doubt(session, desk, mended, truth.at)
    mended = [event._replace(price=desk.market.last) for event in mended]
    _apply(session, mended, "position")
    for event in mended:
        session.say("critical", f"{desk.symbol}: {event.text}; the book follows the venue")
    for remark in remarks:
        session.say("warning", f"{desk.symbol}: {remark}")


def _beyond_doubt(session: Session, desk: Desk, mended: list[PositionMended], at: Millis) -> list[PositionMended]:
    """The differences that have stayed the same for as long as a venue's lists may lag behind what happened."""
    doubts, desk.doubts = desk.doubts, {}
    for event in mended:
        side = desk.book.of(event.side)
        seen = side.held + side.surplus, event.quantity
        before = doubts.get(event.side)
        desk.doubts[event.side] = (*seen, before[2] if before is not None and before[:2] == seen else at)
    return [event for event in mended if at - desk.doubts[event.side][2] >= session.unknowns.fence_ms]


def _revive(session: Session, desk: Desk, record: OrderRecord) -> None:
    """An order is listed as open whose end was seen before. The list may be older than that: ask for the order."""
    key = parse_client_id(desk.book.tag, record.client_id)
    listed = session.venue.find_open(desk.symbol, record.client_id)
    if key is not None and listed is not None:
        _apply(session, [adoption(listed, key)], "revived")


def _is_behind(order: Order, truth: Truth) -> bool:
    """Whether an order's executions, or its fate, are still on their way: the position can not be judged by it yet."""
    if order.state is not OrderState.WORKING or order.venue_state is not None:
        return True
    listed = next((record for record in truth.open_orders if record.client_id == order.client_id), None)
    return listed is not None and listed.filled > order.filled


def _is_blank(desk: Desk) -> bool:
    book = desk.book
    return not (book.orders or book.known or book.executed or book.long.reference or book.short.reference)


def _apply(session: Session, events: Sequence[Event], what: str) -> None:
    for event in events:
        session.say("info", f"{what} by synchronisation: {told(event)}")
        session.record(event)
    if events:
        session.journal.sync()
