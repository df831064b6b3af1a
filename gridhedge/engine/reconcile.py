"""Wanted orders against live ones: the fewest changes that get there.

Orders are matched by meaning (side, role, level, cycle). One that is already right is never touched: its place in the
queue is money. One whose outcome is unknown, or that has a change in flight, is left alone until that is settled.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Amend, Cancel, Change, Place, Wanted
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import Order, OrderKey, OrderState, Pending, client_id

_WORKING, _NOTHING = OrderState.WORKING, Pending.NOTHING


def reconcile(book: SymbolBook, wanted: Iterable[Wanted], can_amend: bool) -> list[Change]:
    """Cancels first, then exits, re-openings, insurance and look-ahead; within each, in the plan's order."""
    places: list[Place | Amend] = []
    cancels: list[Change] = []
    kept: set[str] = set()
    for want in wanted:
        side = book.long if want.side.is_long else book.short
        order = side.entries.get(want.level) if want.role.is_entry else side.exits.get(want.role)
        if order is None:
            places.append(_place(book, side, want))
            continue
        kept.add(order.client_id)
        if is_right(order, want) or want.market or not _may_change(order):
            continue
        if can_amend and order.trigger_price is want.trigger_price is None:
            quantity = order.filled + want.quantity
            places.append(
                Amend(book.symbol, order.client_id, order.venue_id, want.price, quantity, want.urgency, want.why)
            )
        else:
            cancels.append(Cancel(book.symbol, order.client_id, order.venue_id, "to be replaced", True))
    cancels += [
        Cancel(book.symbol, order.client_id, order.venue_id, "no longer wanted")
        for order in book.orders.values()
        if order.client_id not in kept and _may_change(order)
    ]
    places.sort(key=attrgetter("urgency"))
    return [*cancels, *places]


def is_right(order: Order, want: Wanted) -> bool:
    """Price as asked for (a price that the venue moved into its band counts as right) and open quantity agree. A stop
    may be larger than the position: it is bound to it, and the venue closes no more than there is."""
    if order.trigger_price is not None:
        return order.trigger_price == want.trigger_price and order.remaining >= want.quantity
    return order.price == want.price and order.quantity - order.filled == want.quantity and want.trigger_price is None


def _may_change(order: Order) -> bool:
    return order.state is _WORKING and order.pending is _NOTHING and order.venue_state is None


def _place(book: SymbolBook, side: SideBook, want: Wanted) -> Place:
    assert side.cycle > 0, f"{book.symbol} {want.side.value}: nothing may be placed without a cycle"
    key = OrderKey(want.side, want.role, want.level, side.cycle, side.next_revision(want.role, want.level))
    return Place(
        book.symbol,
        client_id(book.tag, key),
        key,
        want.price,
        want.quantity,
        not want.role.is_entry,
        want.urgency,
        want.why,
        want.trigger_price,
        want.market,
    )
