"""A journal for replay and simulation: nothing is written, and keeping an event costs one ``list.append``."""

from __future__ import annotations

from gridhedge.domain.events import Event
from gridhedge.domain.values import Millis, Money

__all__ = ["MemoryJournal"]


class MemoryJournal:
    """Events and equity samples in lists."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.samples: list[tuple[Millis, Money, Money]] = []
        """(at, margin balance, wallet balance), oldest first."""
        # The list's own method stands in for ours: a replay appends millions of times.
        self.append = self.events.append  # type: ignore[assignment,method-assign]  # it does the same

    def append(self, event: Event) -> None:
        self.events.append(event)

    def write(self) -> None:
        """Nothing to do."""

    def sync(self) -> None:
        """Nothing to do: memory is as durable as it gets."""

    def equity(self, at: Millis, margin_balance: Money, wallet_balance: Money) -> None:
        self.samples.append((at, margin_balance, wallet_balance))
