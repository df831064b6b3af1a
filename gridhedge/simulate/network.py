"""Everything between bot and exchange that outlives the process: requests under way, outages, the clock's error."""

from __future__ import annotations

from gridhedge.domain.account import OrderRecord, Snapshot
from gridhedge.domain.change import Change, Place
from gridhedge.domain.events import ConnectionChanged, Execution, Funding, MarketSeen, OrderUpdate, Seen
from gridhedge.domain.values import Millis
from gridhedge.engine.ports import Accepted, Capabilities, Inbox, Outcome
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.dice import Dice
from gridhedge.venue.paper.venue import PaperVenue

__all__ = ["STREAM", "Network", "Stream"]

STREAM = "private"
MAX_SKEW_MS = 900
"""The clock that the engine is given is corrected by the venue's: what is left of its error stays below a second."""


class Network:
    """One line to one exchange. Times are the exchange's."""

    def __init__(self, paper: PaperVenue, capabilities: Capabilities, chaos: Chaos) -> None:
        self.paper = paper
        self.capabilities = capabilities
        self.chaos = chaos
        self.under_way: list[tuple[Millis, Change]] = []
        """Requests whose answer has been given up, and when they reach the exchange."""
        self.accepted_late: list[Change] = []
        self.trouble: dict[str, Millis] = {}
        """Faults that last, by id, and until when."""
        self.quiet_until: Millis = 0
        """The venue has asked for silence until then."""
        self.is_blind: Millis = 0
        """The price feed shows nothing until then."""
        self.skew: Millis = 0
        self._last_time: Millis = 0
        self.old_snapshots: dict[tuple[str, ...], Snapshot] = {}
        """The last ones, by the symbols that were asked for."""
        self.strangers: set[str] = set()
        """Client ids with our mark that somebody else has used."""

    # ---- time --------------------------------------------------------------------------------------------------------

    def now(self) -> Millis:
        """The local clock: the exchange's time with the clock's error, never running backwards."""
        self._last_time = max(self._last_time, self.paper.now() + self.skew)
        return self._last_time

    def turn_clock(self, by: Millis) -> None:
        self.skew = min(max(self.skew + by, -MAX_SKEW_MS), MAX_SKEW_MS)

    def pass_time(self, until: Millis) -> None:
        """Let the exchange go on without anybody taking part, but for requests that are still under way."""
        while self.paper.now() < until:
            stop = min([until, *(at for at, _ in self.under_way if at > self.paper.now())])
            while self.paper.exchange.advance(stop):
                pass
            self.deliver()

    # ---- trouble that lasts ------------------------------------------------------------------------------------------

    def begin(self, fault: str, lasts_ms: Millis) -> None:
        self.trouble[fault] = self.paper.now() + lasts_ms

    def has(self, *faults: str) -> str:
        """The first of these faults that is going on now; empty if none is."""
        for fault in faults:
            until = self.trouble.get(fault)
            if until is not None:
                if self.paper.now() < until:
                    return fault
                del self.trouble[fault]
        return ""

    def heal(self) -> None:
        """From now on everything works."""
        self.trouble.clear()
        self.quiet_until = 0
        self.is_blind = 0
        self.skew = 0
        self.old_snapshots.clear()

    # ---- late requests -----------------------------------------------------------------------------------------------

    def send_late(self, change: Change, dice: Dice) -> None:
        """A request gets lost for a while: the exchange sees it somewhere inside receive window and processing time."""
        limits = self.capabilities
        delay = dice.below(limits.receive_window_ms + limits.processing_ms + 1)
        self.under_way.append((self.paper.now() + delay, change))

    def deliver(self) -> None:
        """Late requests whose time has come reach the exchange; nobody hears the answer."""
        now = self.paper.now()
        if not any(at <= now for at, _ in self.under_way):
            return
        due = [change for at, change in self.under_way if at <= now]
        self.under_way = [(at, change) for at, change in self.under_way if at > now]
        for change in due:
            outcome: Outcome = self.paper.send([change])[0]
            if isinstance(outcome, Accepted) and isinstance(change, Place):
                self.accepted_late.append(change)

    # ---- reads -------------------------------------------------------------------------------------------------------

    def longest_lag(self) -> Millis:
        """How far reads may lag: an engine that waits for the fence can not know better than the fence."""
        return self.capabilities.receive_window_ms + self.capabilities.processing_ms

    def without_newest(self, records: tuple[OrderRecord, ...], since: Millis) -> tuple[OrderRecord, ...]:
        return tuple(record for record in records if record.created <= since)


class Stream:
    """The private and public streams of one process: in front of the session's inbox, with everything that goes wrong
    between. Sights of prices and of the account get lost only with the whole stream."""

    def __init__(self, inbox: Inbox, network: Network) -> None:
        self._inbox = inbox
        self._network = network
        self.is_up = True
        self.is_deaf_until: Millis = 0
        self._is_told_again = False
        self._held: Seen | None = None
        self._late: list[tuple[Millis, Seen]] = []
        self.told: set[str] = set()
        """Ids of executions that have reached the inbox."""
        self.is_over = False
        """Whether its process is dead."""
        self.doubled = 0

    def put(self, seen: Seen) -> None:
        network = self._network
        now = network.paper.now()
        if self.is_over or not self.is_up or now < self.is_deaf_until:
            return
        if isinstance(seen, Execution | Funding | OrderUpdate):
            self._put_fact(seen)
        elif not (isinstance(seen, MarketSeen) and now < network.is_blind):
            self._inbox.put(seen)

    def drain(self) -> list[Seen]:
        return self._inbox.drain()

    def _put_fact(self, fact: Execution | Funding | OrderUpdate) -> None:
        network = self._network
        for fault, dice in network.chaos.at("fact"):
            if fault == "F-30":
                self._deliver(fact)
                self.doubled += 1
            elif fault == "F-31" and self._held is None:
                self._held = fact
                return
            elif fault == "F-32":
                self._late.append((network.paper.now() + dice.pick((100, 1000, 5000, 60000)), fact))
                return
            elif fault == "F-33":
                return
            elif fault == "F-35":
                self.drop("unreadable frame", dice.pick((200, 2000)))
                return
        self._deliver(fact)
        if self._held is not None:
            held, self._held = self._held, None
            self._deliver(held)

    def _deliver(self, seen: Seen) -> None:
        if isinstance(seen, Execution):
            self.told.add(seen.execution_id)
        self._inbox.put(seen)

    # ---- connection --------------------------------------------------------------------------------------------------

    def drop(self, why: str, lasts_ms: Millis) -> None:
        """The connection is gone for a while; what was on its way is lost."""
        now = self._network.paper.now()
        self.is_deaf_until = max(self.is_deaf_until, now + lasts_ms)
        self._late.clear()
        self._held = None
        if self.is_up:
            self.is_up = False
            self._inbox.put(ConnectionChanged(STREAM, False, self._network.now(), why))

    def fall_silent(self, lasts_ms: Millis) -> None:
        """Connected, and nothing comes; afterwards the connection is renewed."""
        self.is_deaf_until = max(self.is_deaf_until, self._network.paper.now() + lasts_ms)
        self._is_told_again = True

    def next_due(self) -> Millis | None:
        """When something happens on the line although nothing happens at the exchange."""
        times = [at for at, _ in self._late]
        if not self.is_up or self._is_told_again:
            times.append(self.is_deaf_until)
        return min(times, default=None)

    def catch_up(self) -> bool:
        """Deliver what is due; True if the inbox got something."""
        now = self._network.paper.now()
        due = [seen for at, seen in self._late if at <= now]
        if due:
            self._late = [(at, seen) for at, seen in self._late if at > now]
            for seen in due:
                self._deliver(seen)
        if now >= self.is_deaf_until and (not self.is_up or self._is_told_again):
            if self.is_up:
                self._inbox.put(ConnectionChanged(STREAM, False, self._network.now(), "no sign of life"))
            self.is_up, self._is_told_again = True, False
            self._inbox.put(ConnectionChanged(STREAM, True, self._network.now()))
            return True
        return bool(due)

    def heal(self) -> None:
        """Everything that was held back arrives, and the connection is renewed if it was down."""
        self.is_deaf_until = min(self.is_deaf_until, self._network.paper.now())
        self._late = [(0, seen) for _, seen in self._late]
        if self._held is not None:
            self._late.append((0, self._held))
            self._held = None
        self.catch_up()
