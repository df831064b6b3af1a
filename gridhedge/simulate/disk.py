"""A simulated disk under the journal: what was synced survives a death, what was buffered is lost or torn.

Events are written as the real ledger writes them: encoded, numbered, and sealed together with the record before. At a
start everything is read back, decoded and checked, as after a real crash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import Event
from gridhedge.domain.values import Millis, Money
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.dice import Dice
from gridhedge.store.chain import GENESIS, seal
from gridhedge.store.codec import decode, encode

__all__ = ["CUTS", "Disk", "Journal", "Record"]

CUTS = 8
"""Positions at which a record may be torn, evenly spaced."""


class Record(NamedTuple):
    """One event as it lies on the disk."""

    seq: int
    at: Millis
    kind: str
    text: str
    hash: bytes
    commits: bool
    """Whether it is the last one of its sync: what lies behind the last such record was never promised."""


class Disk:
    """What outlives the process: the records that were synced."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.is_torn = False
        """Whether the last record was cut in the middle by a death."""
        self._events: list[Event] = []
        """What was decoded from the first records."""
        self._history = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The hash of everything that was ever synced, journals set aside included."""
        return self._history.hexdigest()

    def keep(self, records: list[Record]) -> None:
        """The sync: these survive from now on, all of them or none."""
        self.records += records[:-1]
        self.records += [record._replace(commits=True) for record in records[-1:]]
        for record in records:
            self._history.update(record.hash)

    def tear(self, records: list[Record], cut: int) -> None:
        """A sync was under way: of its last record here, only the first ``cut`` of ``CUTS`` parts have been written."""
        *whole, last = records
        size = len(last.text) * cut // CUTS
        self.records += [*whole, last._replace(text=last.text[:size])]
        self.is_torn = True

    def flip(self, dice: Dice) -> None:
        """Change one character of one whole record."""
        self._drop_tail()
        whole = len(self.records)
        if whole:
            place = dice.below(whole)
            text = self.records[place].text
            at = dice.below(len(text))
            self.records[place] = self.records[place]._replace(text=f"{text[:at]}#{text[at + 1 :]}")
            del self._events[place:]

    def cut_back(self, records: int) -> None:
        """A backup is restored that knows only the first ``records``; 0: the file is gone."""
        del self.records[records:], self._events[records:]
        self._drop_tail()
        self.is_torn = False

    def _drop_tail(self) -> None:
        """What was never committed is no part of the journal."""
        while self.records and not self.records[-1].commits:
            self.records.pop()
        del self._events[len(self.records) :]

    def read(self) -> list[Event] | None:
        """The events, a torn tail left out. None: damaged; the journal is set aside and the disk is empty.

        What has been checked and decoded by an earlier start, and has not been touched since, is not decoded again.
        """
        self._drop_tail()
        self.is_torn = False
        events = self._events
        previous = self.records[len(events) - 1].hash if events else GENESIS
        for number in range(len(events) + 1, len(self.records) + 1):
            record = self.records[number - 1]
            if seal(previous, record.seq, record.at, record.kind, record.text) != record.hash or record.seq != number:
                self.cut_back(0)
                return None
            previous = record.hash
            events.append(decode(record.text))
        return list(events)


class Journal:
    """``engine.ports.Journal`` of one process over the disk. The first failure is final, as in the real ledger.

    ``watch`` is called before every write with its name: a place to be killed.
    """

    def __init__(self, disk: Disk, chaos: Chaos, watch: Callable[[str], None]) -> None:
        self._disk = disk
        self._chaos = chaos
        self._watch = watch
        self._failure = ""
        self._hash = disk.records[-1].hash if disk.records else GENESIS
        self.buffer: list[Record] = []
        self.pending: list[Event] = []
        """The events of the buffer."""
        self.synced: Callable[[list[Event]], None] = lambda events: None
        """Told what has become durable."""

    def append(self, event: Event) -> None:
        self._watch("append")
        self._refuse_after_failure()
        text, kind = encode(event), type(event).__name__
        seq = len(self._disk.records) + len(self.buffer) + 1
        self._hash = seal(self._hash, seq, event.at, kind, text)
        self.buffer.append(Record(seq, event.at, kind, text, self._hash, False))
        self.pending.append(event)

    def write(self) -> None:
        self._refuse_after_failure()

    def sync(self) -> None:
        self._refuse_after_failure()
        if not self.buffer:
            return
        self._watch("sync")
        for fault, dice in self._chaos.at("write"):
            self._failure = "no space left on device" if fault == "F-72" else "input/output error"
            if fault == "F-73":
                self._disk.tear(self.buffer, dice.between(1, CUTS - 1))
            raise DiskFailure(f"journal: {self._failure}")
        self._disk.keep(self.buffer)
        durable = self.pending
        self.buffer, self.pending = [], []
        self.synced(durable)

    def equity(self, at: Millis, margin_balance: Money, wallet_balance: Money) -> None:
        self._refuse_after_failure()

    def die(self, dice: Dice, cut: int | None) -> bool:
        """The process dies: the buffer is lost, or torn at ``cut`` parts of a record; True if anything was lost."""
        lost = bool(self.buffer)
        if lost and cut is not None:
            self._disk.tear(self.buffer[: dice.between(1, len(self.buffer))], cut)
        self.buffer, self.pending = [], []
        return lost

    def _refuse_after_failure(self) -> None:
        if self._failure:
            raise DiskFailure(f"journal: nothing is written any more after this: {self._failure}")
