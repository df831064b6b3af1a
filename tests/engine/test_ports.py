"""The doors of the engine: what comes through them can be told apart, and the embedded exchange fits."""

from __future__ import annotations

import inspect

from gridhedge.domain.order import Reject
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.ports import Accepted, Inbox, Journal, NotSent, Rejected, Unknown, Venue
from gridhedge.store.memory import MemoryJournal
from gridhedge.venue.paper.venue import PaperVenue


def methods(door: type) -> set[str]:
    return {name for name, item in vars(door).items() if inspect.isfunction(item) and not name.startswith("_")}


def test_everything_that_is_handed_in_has_the_methods_of_its_door() -> None:
    """Venue, journal and inbox as replay and paper trading use them."""
    assert methods(Venue) <= set(dir(PaperVenue))
    assert methods(Journal) <= set(dir(MemoryJournal()))
    assert methods(Inbox) <= set(dir(DequeInbox()))


def test_outcomes_differ_by_their_class_even_where_their_words_agree() -> None:
    """NotSent may be sent again, Unknown must be asked for: the engine looks at the class."""
    outcomes = [Accepted("x"), Rejected(Reject.OTHER, "x"), NotSent("x"), Unknown("x")]
    assert len({type(outcome) for outcome in outcomes}) == 4
    assert NotSent("x") == Unknown("x"), "named tuples compare by their words: never compare outcomes with =="
