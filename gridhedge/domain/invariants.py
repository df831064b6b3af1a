"""The contract of the engine. Production checks it every tick, the simulator at every step.

Each function returns the violations of one symbol's book; the identifiers are those of docs/INVARIANTS.md. ``always``
holds after every single step. At the end of a tick in which nothing is unknown, refused or on its way each strategy
promises something of its own: ``settled`` is the symmetric grid's promise, ``settled_grid`` that of a grid on one side.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.instrument import Instrument
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.order import MAX_CLIENT_ID, Order, OrderState, Pending, client_id
from gridhedge.domain.values import ONE, SIDES, ZERO, Millis, Quantity, Role, Side


class Violation(NamedTuple):
    invariant: str
    text: str


def always(book: SymbolBook, instrument: Instrument, since: Millis = 0) -> list[Violation]:
    """What must hold after every single step. ``since``: when the instrument came to be as it is; orders that are older
    may be off its grid."""
    found: list[Violation] = []
    for side in (book.long, book.short):
        found += _one_order_per_meaning(side)
        found += _no_over_fill(side)
        found += _worst_case_size(side)
        found += _exits_within_position(side)
    for order in book.orders.values():
        found += _order_is_sound(book, order)
        if order.created > since and is_off_grid(order, instrument):
            text = f"{order.client_id}: {order.quantity} @ {order.price} is off tick or step"
            found.append(Violation("I-05", text))
    most = len(book.long.reference) + len(book.short.reference) + 4
    live = sum(1 for order in book.orders.values() if order.client_id not in book.of(order.key.side).stale)
    if live > most:
        found.append(Violation("I-06", f"{live} live orders, at most {most}"))
    return found


def settled(book: SymbolBook, withheld: Iterable[tuple[Side, int, Quantity]] = ()) -> list[Violation]:
    """What must hold at the end of a quiet tick of the symmetric grid. ``withheld``: parts of levels that can not rest
    and have been reported."""
    blocked = {(side, level): quantity for side, level, quantity in withheld}
    found: list[Violation] = []
    totals = dict.fromkeys(SIDES, ZERO)
    for level, size in enumerate(book.reference):
        covered = {side: _covered(book.of(side), level, size) + blocked.get((side, level), ZERO) for side in SIDES}
        for side in SIDES:
            totals[side] += covered[side]
        if covered[Side.LONG] != covered[Side.SHORT] and not _joined(book):
            text = f"level {level}: long {covered[Side.LONG]}, short {covered[Side.SHORT]} of {size}"
            found.append(Violation("I-08", text))
    if totals[Side.LONG] != totals[Side.SHORT]:
        found.append(Violation("I-09", f"long {totals[Side.LONG]}, short {totals[Side.SHORT]} in all"))
    for ladder in (book.long, book.short):
        found += _ladder_is_monotone(ladder)
        found += _exits_cover(ladder, ladder.held)
    return found


def settled_grid(side: SideBook, closing: Quantity, has_stop: bool) -> list[Violation]:
    """What must hold at the end of a quiet tick of a grid on one side: its levels lie in order, its limit exits close
    ``closing``, and where ``has_stop`` says so a stop-loss is bound to everything that is held."""
    found = _ladder_is_monotone(side) + _exits_cover(side, closing)
    stop = side.exits.get(Role.STOP_LOSS)
    if has_stop and (stop is None or stop.remaining < side.held):
        covered = stop.remaining if stop is not None else ZERO
        found.append(Violation("I-14", f"{side.side.value}: stop-loss for {covered} of {side.held} held"))
    return found


def settled_basket(side: SideBook, closing: Quantity) -> list[Violation]:
    """What must hold at the end of a quiet tick of a basket: at most one entry waits, and exits close ``closing``."""
    found = _exits_cover(side, closing)
    if len(side.entries) > 1:
        text = f"{side.side.value}: {len(side.entries)} entries of a basket wait, at most one"
        found.append(Violation("I-12", text))
    return found


def closing_at_limit(side: SideBook, wanted: Quantity) -> Quantity:
    """What the exits that rest in the book close; ``wanted`` if just that was asked for, and cut by the venue. A
    stop-loss rests beside them, bound to the position."""
    exits = [order for order in side.exits.values() if order.trigger_price is None]
    asked = sum((order.asked for order in exits), ZERO)
    return wanted if asked == wanted else sum((order.remaining for order in exits), ZERO)


def _exits_cover(side: SideBook, quantity: Quantity) -> list[Violation]:
    closing = closing_at_limit(side, quantity)
    if closing == quantity:
        return []
    return [Violation("I-14", f"{side.side.value}: exits for {closing}, wanted for {quantity} of {side.held} held")]


def profit_is_kept(side: SideBook, rate: Decimal, maker_fee: Decimal) -> list[Violation]:
    """I-16: a resting take-profit for everything held earns at least ``rate`` of the cycle's cost, net."""
    order = side.exits.get(Role.TAKE_PROFIT)
    if order is None or order.remaining != side.held or order.state is not OrderState.WORKING:
        return []
    if order.pending is not Pending.NOTHING:
        return []
    value = side.held * order.price
    if side.side is Side.LONG:
        net = value * (ONE - maker_fee) + side.closed_money - side.cost
    else:
        net = side.cost - side.closed_money - value * (ONE + maker_fee)
    net -= side.fees + side.funding
    if net < rate * side.cost:
        text = f"{side.side.value}: {order.price} would earn {net}, promised {rate * side.cost}"
        return [Violation("I-16", text)]
    return []


def _covered(side: SideBook, level: int, size: Quantity) -> Quantity:
    """What is executed or rests of a level. A late fill may have brought more than the table has room for."""
    pending = _pending(side, level)
    return side.filled(level) + pending if pending else min(side.filled(level), size)


def _pending(side: SideBook, level: int) -> Quantity:
    order = side.entries.get(level)
    return order.remaining if order is not None else ZERO


def _joined(book: SymbolBook) -> bool:
    """Whether an order carries more than its own level: small levels have joined it, and only sums can agree."""
    return any(
        side.filled(level) + order.remaining > book.reference[level]
        for side in (book.long, book.short)
        for level, order in side.entries.items()
        if level < len(book.reference)
    )


def _one_order_per_meaning(side: SideBook) -> list[Violation]:
    seen: set[tuple[Role, int, int]] = set()
    found = []
    for order in (*side.entries.values(), *side.exits.values(), *side.stale.values()):
        key = order.key
        meaning = (key.role, key.level, key.cycle)
        if meaning in seen:
            found.append(Violation("I-01", f"two live orders for {key.side.value} {key.role.name} {key.level}"))
        seen.add(meaning)
    return found


def _no_over_fill(side: SideBook) -> list[Violation]:
    table = side.reference
    found = []
    # What a late fill brings beyond the table lies on its last level: a fact, which nothing that we send can change.
    for level, fill in enumerate(side.fills[: max(len(table) - 1, 0)]):
        if fill.quantity > table[level]:
            found.append(Violation("I-10", f"{side.side.value} level {level}: {fill.quantity} of {table[level]}"))
    for level, order in side.entries.items():
        room = sum((table[k] - side.filled(k) for k in range(min(level + 1, len(table)))), ZERO)
        if level >= len(table) or order.exposure > room:
            text = f"{side.side.value} level {level}: {order.exposure} may execute, room for {room}"
            found.append(Violation("I-10", text))
    return found


def _worst_case_size(side: SideBook) -> list[Violation]:
    if not side.reference:
        return []
    pending = sum((order.exposure for order in side.entries.values()), ZERO)
    worst = side.entered + pending
    most = sum(side.reference, ZERO)
    if worst > most and pending > 0:
        return [Violation("I-11", f"{side.side.value} may reach {worst}, the table ends at {most}")]
    return []


def _exits_within_position(side: SideBook) -> list[Violation]:
    closing = sum((order.exposure for order in side.exits.values() if order.trigger_price is None), ZERO)
    if closing > side.held:
        return [Violation("I-13", f"{side.side.value}: exits for {closing} of {side.held} held")]
    return []


def is_off_grid(order: Order, instrument: Instrument) -> bool:
    """Whether a venue with these filters would refuse its price or its quantity. One that closes at market has no price
    but the one that the market showed."""
    is_priced = order.key.role is not Role.CLOSE
    off_tick = is_priced and order.price % instrument.tick_size
    return order.price <= 0 or bool(off_tick or order.quantity % instrument.lot_step)


def _order_is_sound(book: SymbolBook, order: Order) -> list[Violation]:
    found = []
    if len(order.client_id) > MAX_CLIENT_ID or order.client_id != client_id(book.tag, order.key):
        found.append(Violation("I-03", f"{order.client_id} is not the id of its meaning"))
    if order.filled > order.quantity or order.state in (OrderState.REJECTED, OrderState.ABSENT):
        found.append(Violation("I-04", f"{order.client_id}: {order.filled} of {order.quantity}, {order.state.value}"))
    if not order.key.role.is_entry and not order.reduce_only:
        found.append(Violation("I-17", f"{order.client_id} closes without being reduce-only"))
    return found


def _ladder_is_monotone(side: SideBook) -> list[Violation]:
    """Resting entries lie strictly farther from the market, level by level."""
    found = []
    last: Order | None = None
    for level in sorted(side.entries):
        order = side.entries[level]
        if level < side.now_levels:
            continue
        if last is not None and (order.price - last.price) * side.side.sign >= 0:
            text = f"{side.side.value} level {level} at {order.price} is not beyond {last.price}"
            found.append(Violation("I-12", text))
        last = order
    return found
