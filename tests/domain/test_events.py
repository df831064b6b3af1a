"""Events are plain facts: which of them the journal keeps, and what all of them tell."""

from __future__ import annotations

import typing

from gridhedge.domain import events
from gridhedge.domain.book import SymbolBook
from gridhedge.domain.events import (
    AccountSeen,
    ConnectionChanged,
    Event,
    MarketSeen,
    RiskAccepted,
    Sight,
    StopLifted,
    StopRaised,
)


def kinds(alias: object) -> set[object]:
    return set(typing.get_args(alias))


def test_the_book_handles_every_event_that_the_journal_keeps() -> None:
    """All but those that belong to the account; a new event without a handler would break a restart."""
    handled: set[object] = set(SymbolBook("001", "XYZUSDT")._handlers)
    assert handled == kinds(Event) - {StopRaised, StopLifted, RiskAccepted}


def test_sights_are_not_kept() -> None:
    """Prices, balances and connections pass by; a restart asks for them anew."""
    assert kinds(Sight) == {MarketSeen, AccountSeen, ConnectionChanged}
    assert kinds(Sight).isdisjoint(kinds(Event))


def test_every_event_tells_its_time() -> None:
    """Journal and sights alike carry ``at``."""
    both = [*kinds(Event), *kinds(Sight)]
    assert len(both) == 30
    assert [item for item in both if "at" not in item._fields] == []


def test_every_event_of_the_module_is_kept_or_seen() -> None:
    """No class is defined that neither the journal nor the inbox knows."""
    defined = {
        item for item in vars(events).values() if isinstance(item, type) and "at" in getattr(item, "_fields", ())
    }
    assert defined == kinds(Event) | kinds(Sight)
