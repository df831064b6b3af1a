"""Intent, request, outcome: written in this order, the intent durably before the request leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gridhedge.domain.change import Amend, Cancel, Change, Place
from gridhedge.domain.events import (
    AmendIntended,
    CancelIntended,
    ChangeSettled,
    Event,
    OrderIntended,
    OrderSettled,
)
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Accepted, Journal, NotSent, Outcome, Rejected, Unknown, Venue

_WORKING = OrderState.WORKING
Record = Callable[[Event], None]
"""Journals an event and applies it to the book."""


def execute(changes: Sequence[Change], venue: Venue, journal: Journal, record: Record, now: Millis) -> list[Outcome]:
    """Carry out changes. Raises DiskFailure before anything is sent if an intent can not be made durable."""
    for change in changes:
        record(_intent(change, now))
    journal.sync()
    outcomes = venue.send(changes)
    assert len(outcomes) == len(changes), "a venue must answer every change"
    for change, outcome in zip(changes, outcomes, strict=True):
        update = outcome.update if type(outcome) is Accepted else None
        if update is None or not update.state.is_final:
            record(settlement(change, outcome, now))
        if update is not None:
            record(update)
    return outcomes


def _intent(change: Change, now: Millis) -> Event:
    if type(change) is Place:
        return OrderIntended(
            change.client_id,
            change.symbol,
            change.key,
            change.price,
            change.quantity,
            change.reduce_only,
            now,
            change.trigger_price,
        )
    if type(change) is Amend:
        return AmendIntended(change.client_id, change.symbol, change.price, change.quantity, now)
    return CancelIntended(change.client_id, change.symbol, now)


def settlement(change: Change, outcome: Outcome, now: Millis) -> Event:
    """What an outcome means for the book."""
    if type(change) is Place:
        return _place_settled(change, outcome, now)
    return _change_settled(change, outcome, now)


def _place_settled(place: Place, outcome: Outcome, now: Millis) -> Event:
    if type(outcome) is Accepted:
        return OrderSettled(place.client_id, place.symbol, _WORKING, outcome.venue_id, now)
    if type(outcome) is Unknown or (type(outcome) is Rejected and outcome.reason is Reject.DUPLICATE_ID):
        # A duplicate id proves that an earlier request arrived: only asking tells what became of it.
        return OrderSettled(place.client_id, place.symbol, OrderState.UNKNOWN, "", now, None, outcome.text)
    if type(outcome) is Rejected:
        return OrderSettled(place.client_id, place.symbol, OrderState.REJECTED, "", now, outcome.reason, outcome.text)
    assert type(outcome) is NotSent
    return OrderSettled(place.client_id, place.symbol, OrderState.ABSENT, "", now, None, outcome.text)


def _change_settled(change: Change, outcome: Outcome, now: Millis) -> Event:
    assert not isinstance(change, Place)
    if type(outcome) is Accepted:
        return ChangeSettled(change.client_id, change.symbol, True, now)
    if type(outcome) is Unknown:
        return ChangeSettled(change.client_id, change.symbol, None, now, text=outcome.text)
    if type(outcome) is Rejected:
        return ChangeSettled(change.client_id, change.symbol, False, now, reason=outcome.reason, text=outcome.text)
    assert type(outcome) is NotSent
    return ChangeSettled(change.client_id, change.symbol, False, now, text=outcome.text)


def describe(change: Change) -> str:
    """One line for the log: what is sent, and why."""
    if type(change) is Cancel:
        return f"cancel {change.client_id}: {change.why}"
    if type(change) is Amend:
        return f"amend {change.client_id} to {change.quantity} @ {change.price}: {change.why}"
    assert type(change) is Place
    verb = "close" if change.reduce_only else "open"
    key = change.key
    return (
        f"{verb} {key.side.value} {key.role.name.lower()} level {key.level}: "
        f"{change.quantity} @ {change.price} ({change.client_id}): {change.why}"
    )
