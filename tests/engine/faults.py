"""A paper venue whose line to the bot is bad: answers, requests and events get lost, late or doubled, by a dice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.change import Change, Place
from gridhedge.domain.errors import NotSent as NotSentError
from gridhedge.domain.errors import RateLimited, Unclear
from gridhedge.domain.events import ConnectionChanged, Execution, Funding, MarketSeen, Seen
from gridhedge.domain.order import Reject
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Accepted, Capabilities, Inbox, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.paper.venue import PaperVenue

WINDOW_MS = 3_000
PROCESSING_MS = 500


class Faults(NamedTuple):
    """Chances in percent."""

    lost_request: int = 0
    """Never arrives; the outcome is unknown."""
    late_request: int = 0
    """Arrives some time inside the receive window; the outcome is unknown."""
    lost_answer: int = 0
    """Carried out; the outcome is unknown."""
    not_sent: int = 0
    busy: int = 0
    margin: int = 0
    rate_limited: int = 0
    lost_event: int = 0
    doubled_event: int = 0
    swapped_events: int = 0
    failed_read: int = 0
    lost_connection: int = 0


class BadLine:
    """Between the exchange and the bot's inbox."""

    def __init__(self, inbox: Inbox, venue: FaultyVenue) -> None:
        self._inbox = inbox
        self._venue = venue
        self._held: Seen | None = None

    def put(self, seen: Seen) -> None:
        faults, chance = self._venue.faults, self._venue.chance
        if isinstance(seen, MarketSeen) or not self._venue.connected:
            if isinstance(seen, MarketSeen):
                self._inbox.put(seen)
            return
        if chance(faults.lost_event):
            return
        if chance(faults.swapped_events) and self._held is None:
            self._held = seen
            return
        self._inbox.put(seen)
        if chance(faults.doubled_event):
            self._inbox.put(seen)
        if self._held is not None:
            self._inbox.put(self._held)
            self._held = None

    def drain(self) -> list[Seen]:
        return self._inbox.drain()


class FaultyVenue:
    """The port over a paper venue, with faults. What it promises about time is what its fence rests on."""

    name = "paper"

    def __init__(self, paper: PaperVenue, dice: random.Random, faults: Faults, can_amend: bool = True) -> None:
        self.paper = paper
        self.dice = dice
        self.faults = faults
        self.connected = True
        self.fired: dict[str, int] = {}
        self.capabilities: Capabilities = paper.capabilities._replace(
            receive_window_ms=WINDOW_MS, processing_ms=PROCESSING_MS, can_amend=can_amend
        )
        self._under_way: list[tuple[Millis, Change]] = []
        self._inbox: Inbox | None = None

    def chance(self, percent: int) -> bool:
        return percent > 0 and self.dice.randrange(100) < percent

    # ---- requests ----------------------------------------------------------------------------------------------------

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        return [self._send(change) for change in changes]

    def _send(self, change: Change) -> Outcome:
        faults = self.faults
        if self._fires("not_sent"):
            return NotSent("connection refused")
        if self._fires("lost_request"):
            return Unknown("timeout, never arrived")
        if self._fires("late_request"):
            self._under_way.append((self.paper.now() + self.dice.randrange(WINDOW_MS + PROCESSING_MS), change))
            return Unknown("timeout, still under way")
        if self._fires("rate_limited"):
            return Rejected(Reject.RATE_LIMITED, "too many", self.paper.now() + 1500)
        if self._fires("busy"):
            return Rejected(Reject.BUSY, "engine overloaded")
        if isinstance(change, Place) and not change.reduce_only and self._fires("margin"):
            return Rejected(Reject.MARGIN, "not enough, says the dice")
        outcome = self.paper.send([change])[0]
        if self._fires("lost_answer"):
            return Unknown("timeout, was carried out")
        assert faults is self.faults
        if isinstance(outcome, Accepted) and self.chance(50):
            return Accepted(outcome.venue_id)
        return outcome

    def _fires(self, fault: str) -> bool:
        fires = self.chance(getattr(self.faults, fault))
        if fires:
            self.fired[fault] = self.fired.get(fault, 0) + 1
        return fires

    def deliver(self) -> None:
        """Late requests whose time has come reach the exchange."""
        due = [change for at, change in self._under_way if at <= self.paper.now()]
        self._under_way = [(at, change) for at, change in self._under_way if at > self.paper.now()]
        for change in due:
            self.paper.send([change])

    # ---- reads -------------------------------------------------------------------------------------------------------

    def _read(self, answer: Callable[[], Any]) -> Any:
        self.deliver()
        if self._fires("failed_read"):
            raise self.dice.choice(
                [Unclear("timeout"), NotSentError("no route"), RateLimited("too many", self.paper.now() + 2000)]
            )
        return answer()

    def snapshot(self, symbols: Sequence[str]) -> Snapshot:
        return self._read(lambda: self.paper.snapshot(symbols))

    def history(self, symbol: str, since: Millis) -> tuple[list[OrderRecord], list[Execution | Funding]]:
        return self._read(lambda: self.paper.history(symbol, since))

    def find_open(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._read(lambda: self.paper.find_open(symbol, client_id))

    def find_ended(self, symbol: str, client_id: str) -> OrderRecord | None:
        return self._read(lambda: self.paper.find_ended(symbol, client_id))

    def __getattr__(self, name: str) -> Any:
        """Everything else works as it should."""
        return getattr(self.paper, name)

    # ---- streams -----------------------------------------------------------------------------------------------------

    def connect(self, symbols: Sequence[str], inbox: Inbox) -> None:
        self._inbox = inbox
        self.paper.connect(symbols, BadLine(inbox, self))

    def wait(self, until: Millis) -> None:
        self._flicker()
        pending = [at for at, _ in self._under_way if at > self.paper.now()]
        self.paper.wait(min([until, *pending]))
        self.deliver()

    def _flicker(self) -> None:
        assert self._inbox is not None
        if not self.connected:
            if self.chance(30) or not self.faults.lost_connection:
                self.connected = True
                self._inbox.put(ConnectionChanged("private", True, self.paper.now()))
        elif self._fires("lost_connection"):
            self.connected = False
            self._inbox.put(ConnectionChanged("private", False, self.paper.now(), "reset by peer"))
