"""The journal in memory."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.engine.ports import Journal
from gridhedge.store.memory import MemoryJournal


def test_it_keeps_events_and_samples_in_order(history):
    """Everything appended, nothing else."""
    memory = MemoryJournal()
    journal: Journal = memory
    for event in history:
        journal.append(event)
    journal.sync()
    journal.equity(5, Decimal(1000), Decimal(990))
    assert memory.events == history
    assert memory.samples == [(5, Decimal(1000), Decimal(990))]


def test_appending_costs_one_call_of_a_list():
    """The method is the list's own: no Python code runs per event."""
    journal = MemoryJournal()
    assert journal.append == journal.events.append
