"""A world from one seed: the real engine, an exchange, a network, a disk and a process that dies, step by step."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from gridhedge.domain.book import fold
from gridhedge.domain.errors import DiskFailure, VenueError
from gridhedge.domain.invariants import Violation
from gridhedge.domain.order import OrderState, account_tag
from gridhedge.domain.values import Millis
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.loop import Loop
from gridhedge.profile.settings import Profile
from gridhedge.simulate.chaos import Chaos, Strike
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.disk import CUTS, Disk, Journal
from gridhedge.simulate.hands import Hands
from gridhedge.simulate.judge import Broken, Judge
from gridhedge.simulate.line import FaultyVenue
from gridhedge.simulate.network import Network, Stream
from gridhedge.simulate.process import CrashAt, Killed, KillPoints, MemoryStopFile, StrategyBug, Tripping
from gridhedge.simulate.quiet import differing, unmet
from gridhedge.simulate.scene import Kind, Scene, draw, edited
from gridhedge.simulate.witness import Marks, Onlooker, Witness
from gridhedge.venue.paper.venue import PaperVenue

__all__ = ["Ending", "World"]

_BUGS = (AssertionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a mistake in the engine looks like."""
_DOWNTIMES = (0, 0, 1000, 10000, 60000, 600000)
_RETRY_START_MS = 5000
_INVARIANT = re.compile(r"I-\d\d")
QUIET_TICKS = 300
"""Longer than fence, back-off and synchronisation interval together: whoever has not recovered by then never will."""


class Ending(NamedTuple):
    """What became of a world."""

    seed: int
    steps: int
    """Steps taken, quiet ones included."""
    violation: Violation | None
    at_step: int
    struck: tuple[Strike, ...]
    markers: dict[str, int]
    digest: str
    """Of every event that was ever made durable."""
    recovery_ms: Millis
    """From the end of the faults to the first moment in which everything agreed."""
    kind: Kind = "symmetric"


class World:
    """``only`` limits the faults to these strikes; ``crash`` kills the process once at an enumerated place.

    ``trace`` collects readable lines.
    """

    def __init__(
        self,
        seed: int,
        only: frozenset[Strike] | None = None,
        trace: list[str] | None = None,
        scene: Scene | None = None,
        calm: bool = False,
        kind: Kind = "symmetric",
    ) -> None:
        self.seed = seed
        self.kind = kind
        self.scene = scene or draw(seed, kind)
        self.exchange = self.scene.exchange
        self.profile: Profile = self.scene.profile
        self.trace = trace
        self.number = 0
        self.marks = Marks()
        self.chaos = Chaos(seed, only, calm)
        self.paper = PaperVenue(self.exchange)
        self.network = Network(self.paper, self.scene.capabilities, self.chaos)
        self.judge = Judge(self.network)
        self.witness = Witness(self.paper, self.judge, self.marks, self.scene.is_chatty)
        self.exchange.listener = self.witness
        tags = {symbol: account_tag(self.profile.account, symbol) for symbol in self.profile.traded}
        self.hands = Hands(self.exchange, self.scene.feeds, self.network, tags)
        self.disk = Disk()
        self.stop_file = MemoryStopFile()
        self.onlooker = Onlooker(self.judge, self.marks, trace)
        self.points = KillPoints(self.chaos, self.judge, self.onlooker, self.witness)
        self.loop: Loop | None = None
        self.journal: Journal | None = None
        self.downtimes: tuple[Millis, ...] = _DOWNTIMES
        """For how long (ms) a dead process may stay dead."""
        self._dice = Dice(seed, "process")
        self._quiet_ticks = QUIET_TICKS
        self._down_until: Millis = 0
        self._doubled = 0

    # ---- running -----------------------------------------------------------------------------------------------------

    def run(self, steps: int, crash: CrashAt | None = None, quiet_ticks: int = QUIET_TICKS) -> Ending:
        """Take steps with faults, then let the world heal; what it came to. A crash ends the steps."""
        self.points.crash = crash
        self._quiet_ticks = quiet_ticks
        violation: Violation | None = None
        healed_after: Millis = 0
        try:
            for _ in range(steps):
                self.step()
                if crash is not None and self.points.crash is None:
                    break
            healed_after = self.heal()
        except Broken as broken:
            violation = broken.violation
            self._write(f"VIOLATION {violation.invariant}: {violation.text}")
        return Ending(
            self.seed, self.number, violation, self.number, tuple(self.chaos.struck), self.marks.hits,
            self.disk.digest, healed_after, self.kind,
        )  # fmt: skip

    def step(self) -> None:
        """One tick of the bot, or one attempt to start it, among everything else that happens meanwhile."""
        self.number += 1
        before = len(self.chaos.struck)
        try:
            self.hands.act()
            if self.loop is None:
                self._start()
            else:
                self._live(self.loop)
        except _BUGS as error:
            raise Broken(Violation(_invariant_of(str(error)), f"{type(error).__name__}: {error}")) from error
        except Killed as killed:
            self._die(killed)
        if self.trace is not None:
            strikes = " ".join(str(strike) for strike in self.chaos.struck[before:])
            prices = " ".join(str(feed.price) for feed in self.scene.feeds.values())
            self._write(f"step {self.number}, {_told_time(self.paper.now())}, price {prices} {strikes}".rstrip())

    def heal(self) -> Millis:
        """The faults stop: how long it takes until every book agrees. Raises Broken if it never does."""
        self.chaos.active = False
        self.network.heal()
        self.hands.heal()
        if self.witness.stream is not None:
            self.witness.stream.heal()
        for desk in self.loop.session.desks if self.loop is not None else ():
            if isinstance(desk.strategy, Tripping):
                desk.strategy = desk.strategy.whole
        self._down_until = 0
        began = self.paper.now()
        left: Violation | None = None
        if self.loop is None:
            self.step()
        for _ in range(self._quiet_ticks):
            self.step()
            if self.stop_file.is_set():
                return self.paper.now() - began
            left = self._unmet()
            if left is None:
                return self.paper.now() - began
        raise Broken(left or Violation("I-36", "the process does not start"))

    def _unmet(self) -> Violation | None:
        if self.loop is None or self.network.under_way:
            return Violation("I-36", "not running, or requests are still under way")
        session = self.loop.session
        for violation in unmet(session, self.exchange, self.judge.facts):
            return violation
        self._check_memory()
        return None

    # ---- one life ----------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """What the command line does at a start, or at least tries to."""
        if self.stop_file.is_set():
            self.stop_file.reason = ""
            self.marks.hit("stop lifted")
        if self.paper.now() < self._down_until:
            self.network.pass_time(self._down_until)
        self._meet_start_faults()
        if self.chaos.throw("F-77"):
            self._stay_down()
            return
        events = self.disk.read()
        if events is None:
            self.marks.hit("journal damaged")
            events = []
        venue = FaultyVenue(self.network, self.scene.feeds, self.points)
        self.journal = journal = Journal(self.disk, self.chaos, self.points.at)
        journal.synced = self.judge.synced
        self.judge.begin(events)
        parts = Parts(venue, journal, self.network, DequeInbox(), self.onlooker, self.stop_file)
        try:
            loop = assemble(self.profile, parts, events)
            self._connect(loop, venue.stream)
            loop.start()
        except VenueError as error:
            self._write(f"  start failed: {error}")
            self._end_orderly(None)
            self._stay_down()
            return
        except DiskFailure:
            self._lose_disk()
            return
        self._watch_out(loop)

    def _meet_start_faults(self) -> None:
        if dice := self.chaos.throw("F-24"):
            self.network.turn_clock(dice.between(-900, 900))
        if dice := self.chaos.throw("F-79"):
            self.profile = edited(self.profile, dice)
            self.marks.hit("profile edited")

    def _connect(self, loop: Loop, stream: Stream | None) -> None:
        self.judge.session = self.onlooker.session = loop.session
        self.onlooker.stream = self.witness.stream = self.hands.stream = stream
        orders = [order for desk in loop.session.desks for order in desk.book.orders.values()]
        self.marks.hit("started with unknown", any(order.state is not OrderState.WORKING for order in orders))
        self.loop = loop

    def _live(self, loop: Loop) -> None:
        if self.chaos.throw("F-71"):
            raise Killed("anywhere")
        if self.chaos.throw("F-69"):
            desk = loop.session.desks[0]
            if not isinstance(desk.strategy, Tripping):
                desk.strategy = Tripping(desk.strategy)
        if self.chaos.throw("F-68"):
            self._stop_gracefully(loop)
            return
        try:
            loop.tick()
        except DiskFailure:
            self._lose_disk()
            return
        except StrategyBug:
            self._end_orderly(loop)
            return
        self._watch_out(loop)
        self._note_late()

    def _stop_gracefully(self, loop: Loop) -> None:
        self.marks.hit("graceful stop")
        try:
            loop.stop()
        except DiskFailure:
            self._lose_disk()
            return
        self._end_orderly(loop)

    def _watch_out(self, loop: Loop) -> None:
        """A stop ends the process. One that accuses the engine itself is a violation."""
        reason = loop.session.stopper.reason
        if not reason:
            return
        found = _INVARIANT.search(reason)
        if found is not None:
            raise Broken(Violation(found[0], reason))
        # Without its journal the bot can not tell its own order under way from a stranger's.
        may_be = ("F-75", "F-76", "F-78")
        if "second bot" in reason and not any(strike.fault in may_be for strike in self.chaos.struck):
            raise Broken(Violation("I-36", f"there is no second bot: {reason}"))
        self._write(f"  {reason}")
        if loop.session.stopper.is_done:
            self._end_orderly(loop)

    # ---- how a life ends ---------------------------------------------------------------------------------------------

    def _die(self, killed: Killed) -> None:
        """kill -9: what was not synced is gone, or torn."""
        self._write(f"  KILLED at {killed.place}")
        if killed.place == "send":
            self.marks.hit("killed between intent and request")
        elif killed.place == "sent":
            self.marks.hit("killed between request and answer")
        if self.loop is not None:
            sides = [side for desk in self.loop.session.desks for side in (desk.book.long, desk.book.short)]
            self.marks.hit("interrupted re-entry", any(side.now_levels >= 2 and side.ended_at for side in sides))
        if self.journal is not None:
            cut = killed.cut
            if dice := self.chaos.throw("F-74"):
                cut = dice.between(1, CUTS - 1)
            lost = self.journal.die(Dice(self.seed, f"torn/{self.number}"), cut)
            self.marks.hit("unsynced lost", lost and cut is None)
            self.marks.hit("torn tail", self.disk.is_torn)
        if dice := self.chaos.throw("F-75"):
            self.disk.flip(dice)
        if (dice := self.chaos.throw("F-76")) and self.disk.records:
            self.disk.cut_back(dice.pick((0, dice.below(len(self.disk.records)))))
            self.marks.hit("journal older", bool(self.disk.records))
        self._bury(self._dice.pick(self.downtimes))

    def _end_orderly(self, loop: Loop | None) -> None:
        """The program ends by itself: the journal is synced and closed."""
        try:
            if self.journal is not None:
                self.journal.sync()
            if loop is not None:
                self._check_memory()
        except DiskFailure:
            self._lose_disk()
            return
        self._bury(self._dice.pick(self.downtimes))

    def _lose_disk(self) -> None:
        self.marks.hit("disk failure")
        self._bury(_RETRY_START_MS)

    def _stay_down(self) -> None:
        self.marks.hit("start refused")
        self._bury(_RETRY_START_MS)

    def _bury(self, downtime: Millis) -> None:
        if self.witness.stream is not None:
            self.witness.stream.is_over = True
            self.marks.hit("doubled execution", self.witness.stream.doubled)
        self.judge.session = self.onlooker.session = None
        self.onlooker.stream = self.witness.stream = self.hands.stream = None
        self.loop = self.journal = None
        self._down_until = self.paper.now() + (downtime if self.chaos.active else 0)

    # ---- looking closer ----------------------------------------------------------------------------------------------

    def _check_memory(self) -> None:
        """I-25: the journal, read from its beginning, is the book in memory."""
        assert self.loop is not None
        assert self.journal is not None
        self.journal.sync()
        events = self.disk.read()
        assert events is not None, "nobody has damaged the journal of a living process"
        book = self.loop.session.book
        text = differing(fold(book.account, book.symbols, events), book)
        if text:
            raise Broken(Violation("I-25", text))

    def _note_late(self) -> None:
        for change in self.network.accepted_late:
            known = self.loop is not None and change.client_id in self.loop.session.unknowns
            self.marks.hit("late acceptance" if known else "late acceptance after death")
        self.network.accepted_late.clear()

    def _write(self, text: str) -> None:
        if self.trace is not None:
            self.trace.append(text)


def _told_time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]


def _invariant_of(text: str) -> str:
    """Which promise an assertion of the engine speaks of."""
    if "counted twice" in text:
        return "I-21"
    if "is not newer" in text or "intended twice" in text:
        return "I-03"
    return "I-04" if " -> " in text else "I-36"
