"""Fault simulation over the wire: the whole bot, with its real adapter and the real client library, against a practice
exchange at whose doors a seed's faults are switched on; the process is killed in between.

The engine sees wall time here, so that a seed fixes the market and the faults but not every interleaving.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from gridhedge.domain.change import Change
from gridhedge.domain.errors import VenueError
from gridhedge.domain.events import Event, Execution, Funding, OrderAdopted, OrderIntended
from gridhedge.domain.invariants import Violation
from gridhedge.engine.assemble import Parts, assemble
from gridhedge.engine.inbox import DequeInbox
from gridhedge.engine.loop import Loop
from gridhedge.engine.ports import Level, Outcome
from gridhedge.practice.clock import Clock, wall_ms
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World
from gridhedge.profile.settings import Profile
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.dice import Dice
from gridhedge.simulate.disk import Disk, Journal
from gridhedge.simulate.market import WildFeed
from gridhedge.simulate.process import Killed, MemoryStopFile
from gridhedge.simulate.quiet import unmet
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.paper.funding import ConstantFunding
from tests.simulation.roads import BYBIT, Road

SPEED = 40
"""Exchange seconds per second: the market, funding included, runs faster than the wire."""
RECEIVE_WINDOW_MS = 1000
PATIENCE_S = 120.0
"""Fences, back-offs and the synchronisation together; whoever has not recovered by then never will."""
_PEACEFUL_TICKS = 4
_FEW = 5
_CHANCES = {"before a request": 40, "after a request": 40, "anywhere": 10}
"""Of being killed, in thousandths."""
_LOG = logging.getLogger("gridhedge.account.wire")

_ON_REQUESTS = (
    "timeout_before", "timeout_after", "late", "slow_answer", "cut", "garbage", "http_error", "refusal", "rate_limited"
)  # fmt: skip
_ON_MESSAGES = ("lose", "duplicate", "delay", "reorder", "broken_frame")
_ON_SOCKETS = ("drop", "silence", "refuse_sockets")


class Ending(NamedTuple):
    """What became of a world."""

    violation: Violation | None
    struck: dict[str, int]
    kills: int
    executions: int
    trace: list[str]


class Mortal:
    """A real adapter in a process that may be killed around its requests. The practice exchange carries a request
    out at once or not at all, so that nothing but the receive window is to be waited for."""

    def __init__(self, dice: Dice, chances: dict[str, int], *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.capabilities = self.capabilities._replace(processing_ms=0)
        self._dice, self._chances = dice, chances

    def _meet(self, place: str) -> None:
        if self._dice.chance(self._chances.get(place, 0)):
            raise Killed(place)

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        self._meet("before a request")
        outcomes: list[Outcome] = super().send(changes)
        self._meet("after a request")
        return outcomes


class _Onlooker:
    """Writes down what the bot says and journals."""

    def __init__(self, trace: list[str]) -> None:
        self._trace = trace

    def told(self, event: Event) -> None:
        self._trace.append(f"  {wall_ms() % 1_000_000} {event}")

    def said(self, level: Level, text: str) -> None:
        self._trace.append(f"  {wall_ms() % 1_000_000} {level}: {text}")

    def stepped(self) -> None: ...


class Wire:
    """One world. ``run`` may be called once. ``adapter`` stands in for the real one where a bug is planted in it."""

    def __init__(
        self, seed: int, road: Road = BYBIT, adapter: type[Any] | None = None, patience: float = PATIENCE_S
    ) -> None:
        self.trace: list[str] = []
        self._road = road
        self._adapter = adapter or type(f"Mortal{road.adapter.__name__}", (Mortal, road.adapter), {})
        self._patience = patience
        self._dice = Dice(seed, "wire")
        self._faults = Dice(seed, "faults")
        dice = Dice(seed, "scene")
        self._feed = WildFeed(
            Dice(seed, "price"), wall_ms(), road.price, road.rules.tick_size, 1000, dice.pick((700, 1200, 2000))
        )
        funding = ConstantFunding(dice.pick(road.funding_minutes), Decimal("0.0001"))
        exchange = road.exchange(self._feed, funding, dice.pick((None, road.liquidity)))
        self.practice = road.practise(exchange, Clock(SPEED))
        self._profile = _profile(dice, road, self.practice.url)
        self._disk = Disk()
        self._stop_file = MemoryStopFile()
        self._chances: dict[str, int] = {}
        self._venue: Any = None
        self._journal: Journal | None = None
        self._loop: Loop | None = None
        self._kills = 0

    def run(self, seconds: float) -> Ending:
        """Trade among faults for so long, and until a few have struck, then without: does every book agree at last?"""
        try:
            violation = self._trade(seconds) or self._heal()
        finally:
            self._bury()
            struck = dict(self.practice.faults.struck)
            executions = len(self.practice.exchange.account.bookings)
            self.practice.stop()
        return Ending(violation, struck, self._kills, executions, self.trace)

    # ---- living ------------------------------------------------------------------------------------------------------

    def _trade(self, seconds: float) -> Violation | None:
        begun = time.monotonic()
        for _ in range(_PEACEFUL_TICKS):
            self._live()
        self._chances.update(_CHANCES)
        while (lived := time.monotonic() - begun) < seconds or (self._struck() < _FEW and lived < 4 * seconds):
            if self._faults.chance(600):
                self._strike()
            self._live()
            violation = self.practice.do(_two_alive) or self._accused()
            if violation is not None:
                return violation
        return None

    def _heal(self) -> Violation | None:
        """Faults off, the market rests: None as soon as all is well, else what is not, when patience with a bot that
        runs has ended."""
        self._chances.clear()
        self.practice.faults.clear()
        self.practice.do(lambda world: self._feed.calm())
        self.trace.append(f"  {wall_ms() % 1_000_000} HEAL")
        end = time.monotonic() + self._patience
        last = end + PATIENCE_S
        left: Violation | None = None
        while time.monotonic() < end:
            self._live()
            left = self._accused() or self._unmet()
            if left is None:
                return None
            if self._loop is None and time.monotonic() < last:
                end = time.monotonic() + self._patience
        return left

    def _live(self) -> None:
        """One tick, or one attempt to start."""
        try:
            if self._dice.chance(self._chances.get("anywhere", 0)):
                raise Killed("anywhere")
            if self._loop is None:
                self._start()
            else:
                self._loop.tick()
        except Killed as killed:
            self._kills += 1
            self.trace.append(f"  {wall_ms() % 1_000_000} KILLED {killed.place}")
            if self._journal is not None:
                self._journal.die(self._dice, None)
            self._bury()

    def _start(self) -> None:
        clock = ServerClock()
        self._venue = venue = self._adapter(
            self._dice,
            self._chances,
            self._road.client(self.practice.url, RECEIVE_WINDOW_MS, clock, _LOG),
            clock,
            demo=True,
            receive_window_ms=RECEIVE_WINDOW_MS,
            log=_LOG,
            private_pace=self._road.private_pace,
            **self._road.prices(self.practice.url, _LOG),
        )
        events = self._disk.read()
        assert events is not None, "nobody damages this disk"
        self._journal = Journal(self._disk, Chaos(0, calm=True), lambda place: None)
        parts = Parts(venue, self._journal, venue, DequeInbox(), _Onlooker(self.trace), self._stop_file)
        try:
            loop = assemble(self._profile, parts, events)
            loop.start()
        except VenueError as error:
            self.trace.append(f"  {wall_ms() % 1_000_000} start failed: {error}")
            self._journal.sync()
            self._bury()
        else:
            self._loop = loop

    def _bury(self) -> None:
        venue, self._venue, self._loop, self._journal = self._venue, None, None, None
        if venue is not None:
            venue.close()

    # ---- faults ------------------------------------------------------------------------------------------------------

    def _struck(self) -> int:
        return self.practice.faults.struck.total()

    def _strike(self) -> None:
        fault = _one_fault(self._faults, self._road)
        self.trace.append(f"  {wall_ms() % 1_000_000} FAULT {fault}")
        if fault["kind"] == "gap":
            self.practice.do(lambda world: self._feed.gap(fault["per_mille"]))
        else:
            self.practice.do(lambda world: world.faults.add(**fault))

    # ---- judging -----------------------------------------------------------------------------------------------------

    def _accused(self) -> Violation | None:
        """The account is rich and nobody else is about: whatever stops the bot accuses the bot."""
        reason = self._loop.session.stopper.reason if self._loop is not None else ""
        return Violation("I-36", reason) if reason else None

    def _unmet(self) -> Violation | None:
        loop, journal = self._loop, self._journal
        if loop is None or journal is None:
            return Violation("I-36", "not running")
        journal.sync()
        events = self._disk.read() or []

        def look(world: World) -> Violation | None:
            desk = world.first
            facts = self._as_the_exchange_names(events, desk)
            found = next(_lies(events, facts, desk), None)
            return found or next(unmet(loop.session, desk.exchange, facts), None)

        return self.practice.do(look)

    def _as_the_exchange_names(self, events: Sequence[Event], desk: Desk) -> list[Execution | Funding]:
        """The journal's executions and payments, under the names that the exchange itself gives them."""
        names = {}
        for entry in desk.books.entries:
            booking = entry.booking
            own = booking.execution_id if isinstance(booking, Execution) else booking.funding_id
            names[self._road.name_of(desk, entry)] = own
        facts: list[Execution | Funding] = []
        for event in events:
            if isinstance(event, Execution):
                facts.append(event._replace(execution_id=names.get(event.execution_id, event.execution_id)))
            elif isinstance(event, Funding):
                facts.append(event._replace(funding_id=names.get(event.funding_id, event.funding_id)))
        return facts


def _one_fault(dice: Dice, road: Road) -> dict[str, Any]:
    """The next fault. How long they last is short beside the time that the bot has to recover."""
    kind = dice.pick((*_ON_REQUESTS, *_ON_MESSAGES, *_ON_SOCKETS, "item_fails", "history_lag", "gap"))
    if kind == "gap":
        return {"kind": kind, "per_mille": dice.pick((-12, -6, 6, 12))}
    if kind == "item_fails":
        code = dice.pick(road.item_codes)
        return {"kind": kind, "on": dice.pick(road.orders), "item": dice.below(3), "code": code}
    if kind in _ON_MESSAGES:
        return {"kind": kind, "on": dice.pick(road.topics), "times": dice.between(1, 3), "seconds": 0.7}
    if kind in _ON_SOCKETS:
        return {"kind": kind, "on": dice.pick(road.channels), "seconds": 0.8}
    if kind == "history_lag":
        return {"kind": kind, "seconds": 1.0}
    fault: dict[str, Any] = {
        "kind": kind,
        "on": dice.pick(road.orders + road.orders + road.reads),
        "times": dice.between(1, 2),
    }
    fault["seconds"] = {"slow_answer": 0.4, "late": 0.8, "rate_limited": 0.5}.get(kind, 1.0)
    if kind in ("cut", "garbage", "http_error", "refusal"):
        fault["executed"] = dice.chance(500)
    if kind == "http_error":
        fault["code"] = dice.pick((500, 502, 503, 504))
    if kind == "refusal":
        fault["code"] = dice.pick(road.refusal_codes)
    return fault


def _profile(dice: Dice, road: Road, endpoint: str) -> Profile:
    strategy = {
        "kind": "symmetric",
        "initial_position_size_usd": "1",
        "grid_step_percent": dice.pick(("0.3", "0.5")),
        "take_profit_percent": dice.pick(("0.2", "0.4")),
        "max_grid_levels_per_side": dice.between(3, 6),
        "entry_timeout_seconds": "1",
    }
    return Profile.model_validate(
        {
            "account": "wire",
            "venue": {"name": road.name, "demo_trading": True, "endpoint": endpoint},
            "symbols": [{"symbol": road.rules.symbol, "leverage": 50, "strategy": strategy}],
            "risk": {"on_start": dice.pick(("adopt", "adopt", "cancel_all"))},
            "system": {"tick_interval": "0.1", "sync_interval": "5"},
        }
    )


def _two_alive(world: World) -> Violation | None:
    """I-01: no two orders at the exchange mean the same."""
    meanings = [order.client_id.rpartition("-")[0] for order in world.first.exchange.account.open.values()]
    twice = {meaning for meaning in meanings if meanings.count(meaning) > 1}
    return Violation("I-01", f"alive twice: {sorted(twice)}") if twice else None


def _lies(events: Sequence[Event], told: Sequence[Execution | Funding], desk: Desk) -> Iterator[Violation]:
    """I-21, I-22 and I-27: nothing is counted twice, or otherwise than it happened, or was sent without an intent."""
    names = [fact.execution_id if isinstance(fact, Execution) else fact.funding_id for fact in told]
    if len(names) != len(set(names)):
        yield Violation("I-21", f"counted twice: {sorted(name for name in names if names.count(name) > 1)}")
    happened = {
        booking.execution_id: _terms(booking)
        for booking in (entry.booking for entry in desk.books.entries)
        if isinstance(booking, Execution)
    }
    for fact in told:
        if isinstance(fact, Execution) and happened.get(fact.execution_id, _terms(fact)) != _terms(fact):
            yield Violation("I-22", f"{fact.execution_id} is booked as {_terms(fact)}, it was {happened}")
    meant = {event.client_id for event in events if isinstance(event, OrderIntended | OrderAdopted)}
    sent = {order.client_id for order in desk.orders() if order.client_id}
    if not sent <= meant:
        yield Violation("I-27", f"reached the exchange without an intent: {sorted(sent - meant)}")


def _terms(execution: Execution) -> tuple[object, ...]:
    return (
        execution.client_id, execution.side, execution.price, execution.quantity, execution.fee, execution.closing
    )  # fmt: skip
