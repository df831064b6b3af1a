"""The gate between deciding and doing. Every refusal says which number broke which limit.

It knows nothing of strategies: each check holds whatever the plan was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Amend, Change, Place, Urgency
from gridhedge.domain.instrument import Fees, Instrument
from gridhedge.domain.values import ZERO, Millis, Money
from gridhedge.strategy.budget import entry_margin

_MAX_BACKOFF_MS = 60_000
_CHANGES_PER_LEVEL = 4
_BUDGETED = (Urgency.LOOK_AHEAD, Urgency.ENTRY)
"""What must find its margin above the reserve; everything else restores equality, or closes."""
_LOOK_AGAIN_MS = 1_000
"""What only time can change is looked at again, even if nothing happens meanwhile."""


class Limits(NamedTuple):
    """The numbers that nothing may pass."""

    max_open_orders: int
    max_levels: int
    max_notional: Money
    """Per side; 0: off."""
    max_price_age_ms: Millis


class Facts(NamedTuple):
    """What the guard looks at besides the changes themselves."""

    book: SymbolBook
    instrument: Instrument
    fees: Fees
    leverage: int
    price_at: Millis
    spendable: Money
    """Available balance above the reserve."""
    now: Millis
    quiet_until: Millis
    """The venue wants silence until then."""
    closed_until: Millis
    """The symbol's market is closed until then, or until then it is not asked again whether it is."""
    stopped: str
    """Why nothing may be sent; empty while trading."""


class Refusal(NamedTuple):
    change: Change
    reason: str
    retry_at: Millis
    """When to look again; 0: not before something else happens."""
    code: str = ""
    """Of what is in the way of everything."""


def guard(changes: Sequence[Change], facts: Facts, limits: Limits) -> tuple[list[Change], list[Refusal]]:
    """Split changes into what may be sent and what may not."""
    if not changes:
        return [], []
    blocked = _blocked_at_all(changes, facts, limits)
    if blocked is not None:
        return [], [Refusal(change, *blocked) for change in changes]
    allowed: list[Change] = []
    refused: list[Refusal] = []
    spendable = facts.spendable
    for change in changes:
        refusal = _check_back_off(change, facts) if facts.book.rejections else None
        if refusal is None and type(change) is Place:
            need = ZERO
            if not change.reduce_only:
                need = entry_margin(change.quantity, change.price, facts.leverage, facts.fees.taker)
            refusal = _check_place(change, facts, limits, allowed, need, spendable)
            if refusal is None:
                spendable -= need
        elif refusal is None and type(change) is Amend:
            refusal = _check_terms(change, facts)
            if refusal is None:
                spendable -= _growth(change, facts)
        if refusal is None:
            allowed.append(change)
        else:
            refused.append(Refusal(change, *refusal))
    return _without_lonely_look_ahead(allowed, refused) if refused else allowed, refused


def _blocked_at_all(changes: Sequence[Change], facts: Facts, limits: Limits) -> tuple[str, Millis, str] | None:
    if facts.stopped:
        return facts.stopped, 0, "stopped"
    if facts.now < facts.quiet_until:
        return f"rate limited for another {facts.quiet_until - facts.now} ms", facts.quiet_until, "quiet"
    if facts.now < facts.closed_until:
        return "the market is closed", facts.closed_until, "closed"
    age = facts.now - facts.price_at
    if age > limits.max_price_age_ms:
        text = f"the last price is {age / 1000:.1f} s old, at most {limits.max_price_age_ms / 1000:.1f} s"
        return text, facts.now + _LOOK_AGAIN_MS, "stale"
    most = _CHANGES_PER_LEVEL * (limits.max_levels + 2)
    if len(changes) > most:
        return f"{len(changes)} changes at once, at most {most}: not sent, please look at the log", 0, "many"
    return None


def _growth(amend: Amend, facts: Facts) -> Money:
    """The margin that an amended entry ties up beyond what it does now."""
    order = facts.book.orders.get(amend.client_id)
    if order is None or order.reduce_only:
        return ZERO
    taker = facts.fees.taker
    now = entry_margin(order.remaining, order.price, facts.leverage, taker)
    return max(entry_margin(amend.quantity - order.filled, amend.price, facts.leverage, taker) - now, ZERO)


def _check_back_off(change: Change, facts: Facts) -> tuple[str, Millis] | None:
    """What the venue has refused is tried again later, and less and less often."""
    order = facts.book.orders.get(change.client_id)
    key = change.key if type(change) is Place else order.key if order is not None else None
    rejected = facts.book.rejections.get((key.side, key.role, key.level)) if key is not None else None
    if rejected is not None:
        retry_at = rejected[0] + min(1000 * 2 ** min(rejected[1] - 1, 10), _MAX_BACKOFF_MS)
        if facts.now < retry_at:
            return f"refused by the venue {rejected[1]} times, waiting", retry_at
    return None


def _check_place(
    place: Place, facts: Facts, limits: Limits, allowed: Sequence[Change], need: Money, spendable: Money
) -> tuple[str, Millis] | None:
    key = place.key
    open_orders = len(facts.book.orders) + len(allowed)  # at most
    if open_orders >= limits.max_open_orders:
        open_orders -= sum(type(change) is not Place for change in allowed)
    if open_orders >= limits.max_open_orders:
        return f"{open_orders} orders are open, at most {limits.max_open_orders}", facts.now + _LOOK_AGAIN_MS
    if place.reduce_only:
        side = facts.book.of(key.side)
        others = ZERO
        for order in side.exits.values():
            others += order.exposure if order.trigger_price is None else ZERO
        if place.quantity > side.held:
            return f"would close {place.quantity} of {side.held} held", 0
        if place.trigger_price is None and not place.market and place.quantity + others > side.held:
            text = f"would close {place.quantity} beside {others} in other orders, {side.held} held"
            return text, facts.now + _LOOK_AGAIN_MS
    elif place.urgency in _BUDGETED and need > spendable:
        return f"needs {need:.2f} of {spendable:.2f} spendable", 0
    if limits.max_notional > ZERO and place.urgency in _BUDGETED:
        notional = _reached(place, facts, allowed)
        if notional > limits.max_notional:
            return f"{key.side.value} would reach {notional:.2f}, at most {limits.max_notional}", 0
    return _check_terms(place, facts)


def _reached(place: Place, facts: Facts, allowed: Sequence[Change]) -> Money:
    """The side's notional once this entry has executed, after all that are nearer than it."""
    key, side = place.key, facts.book.of(place.key.side)
    total = side.held + place.quantity
    total += sum((order.exposure for level, order in side.entries.items() if level < key.level), ZERO)
    for change in allowed:
        if type(change) is Place and not change.reduce_only and change.key.side is key.side:
            total += change.quantity if change.key.level < key.level else ZERO
    return total * place.price


def _check_terms(change: Place | Amend, facts: Facts) -> tuple[str, Millis] | None:
    rules = facts.instrument
    is_at_market = type(change) is Place and change.market  # its price is only what the market showed
    if change.price <= ZERO or (change.price % rules.tick_size and not is_at_market):
        return f"price {change.price} is off the tick {rules.tick_size}", 0
    if change.quantity <= ZERO or change.quantity % rules.lot_step:
        return f"quantity {change.quantity} is off the step {rules.lot_step}", 0
    if change.quantity > rules.max_quantity:
        return f"quantity {change.quantity} is over the venue's {rules.max_quantity}", 0
    return None


def _without_lonely_look_ahead(allowed: list[Change], refused: list[Refusal]) -> list[Change]:
    """Both legs of a look-ahead pair, or neither."""
    if not any(type(item.change) is Place and item.change.urgency is Urgency.LOOK_AHEAD for item in refused):
        return allowed
    kept: list[Change] = []
    for change in allowed:
        if type(change) is Place and change.urgency is Urgency.LOOK_AHEAD:
            refused.append(Refusal(change, "its other leg was refused", 0))
        else:
            kept.append(change)
    return kept
