"""One life of the bot's process: where it may be killed, and what it may trip over."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.book import SymbolBook
from gridhedge.domain.change import Change
from gridhedge.domain.events import Decision
from gridhedge.domain.invariants import Violation
from gridhedge.domain.ladder_book import SideBook
from gridhedge.domain.values import Millis, Quantity
from gridhedge.engine.ports import Outcome
from gridhedge.simulate.chaos import Chaos
from gridhedge.simulate.judge import Judge
from gridhedge.simulate.witness import Onlooker, Witness
from gridhedge.strategy.view import Found, Plan, Strategy, View, Withheld

__all__ = ["CrashAt", "KillPoints", "Killed", "MemoryStopFile", "StrategyBug", "Tripping"]


class Killed(BaseException):
    """kill -9. Not an Exception: no handler of the bot may see it."""

    def __init__(self, place: str, cut: int | None = None) -> None:
        super().__init__(place)
        self.place = place
        self.cut = cut
        """How much of a record under way reaches the disk, in parts of ``disk.CUTS``; None: nothing of the buffer."""


class CrashAt(NamedTuple):
    """An enumerated crash: at the ``number``-th passage of a place, with the buffer lost or torn at ``cut``."""

    place: str
    number: int
    cut: int | None = None


class KillPoints:
    """Every place at which the process may die, and the witnesses of every request."""

    def __init__(self, chaos: Chaos, judge: Judge, onlooker: Onlooker, witness: Witness) -> None:
        self._chaos = chaos
        self._judge = judge
        self._onlooker = onlooker
        self._witness = witness
        self.crash: CrashAt | None = None
        self.passed: dict[str, int] = {}

    def at(self, place: str) -> None:
        """Raises ``Killed`` where the dice or the enumeration says so."""
        number = self.passed[place] = self.passed.get(place, 0) + 1
        self._witness.is_sending = place == "send"
        if place == "read":
            self._judge.reading()
        crash = self.crash
        if crash is not None and (crash.place, crash.number) == (place, number):
            self.crash = None
            raise Killed(place, crash.cut)
        if self._chaos.throw("F-67"):
            raise Killed(place)

    def sending(self, changes: Sequence[Change]) -> None:
        self._judge.sending(changes)

    def sent(self, change: Change, outcome: Outcome) -> None:
        self._judge.sent(change)
        self._onlooker.sent(change, outcome)


class StrategyBug(ArithmeticError):
    """What an unexpected error in a strategy looks like."""


class Tripping:
    """A strategy that fails when it is asked for its next plan."""

    def __init__(self, strategy: Strategy) -> None:
        self.kind = strategy.kind
        self.promised_rate: Decimal = strategy.promised_rate
        self.sides = strategy.sides
        self.owns_position = strategy.owns_position
        self.day_zone = strategy.day_zone
        self.reader = strategy.reader
        self.whole = strategy
        """The strategy that it stands in for."""

    def decide(self, view: View) -> tuple[Decision, ...]:
        return self.whole.decide(view)

    def plan(self, view: View) -> Plan:
        raise StrategyBug("division by a width of zero")

    def remarks(self, view: View) -> tuple[str, ...]:
        return self.whole.remarks(view)

    def notes(self, view: View) -> tuple[str, ...]:
        return self.whole.notes(view)

    def restore(self, found: Sequence[Found], view: View) -> tuple[Decision, ...]:
        return self.whole.restore(found, view)

    def closing(self, book: SymbolBook, side: SideBook) -> Quantity:
        return self.whole.closing(book, side)

    def settled(self, book: SymbolBook, withheld: Sequence[Withheld]) -> list[Violation]:
        return self.whole.settled(book, withheld)


class MemoryStopFile:
    """The stop file: survives the process, and only a person removes it."""

    def __init__(self) -> None:
        self.reason = ""

    def is_set(self) -> bool:
        return bool(self.reason)

    def write(self, at: Millis, symbol: str, reason: str, mm_rate: Decimal) -> None:
        self.reason = reason
