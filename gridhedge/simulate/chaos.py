"""Which faults are at home in a world, and when they strike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gridhedge.simulate.catalogue import FAULTS, MODELLED, Place
from gridhedge.simulate.dice import Dice

__all__ = ["Chaos", "Strike"]

_AT_HOME = 350
"""Chance, in thousandths, that a fault is at home in a world."""
_STRENGTHS = (250, 1000, 1000, 3000)


class Strike(NamedTuple):
    """One fault that struck: the ``number``-th throw of its dice."""

    fault: str
    number: int

    def __str__(self) -> str:
        return f"{self.fault}#{self.number}"


class Chaos:
    """Throws one dice per fault. ``only`` lets nothing but these strikes happen: a failing schedule is shortened so.

    A strike comes with a dice of its own for its details, so that silencing one leaves the others as they are.
    """

    def __init__(self, seed: int, only: frozenset[Strike] | None = None, calm: bool = False) -> None:
        self.seed = seed
        self.only = only
        self.active = not calm
        self.struck: list[Strike] = []
        self._thrown: dict[str, int] = {}
        mix = Dice(seed, "mix")
        self._rates: dict[str, int] = {}
        self._dice: dict[str, Dice] = {}
        for fault in MODELLED:
            strength = mix.pick(_STRENGTHS)
            if mix.chance(_AT_HOME) and not calm:
                self._rates[fault] = max(1, FAULTS[fault].rate * strength // 1000)
                self._dice[fault] = Dice(seed, f"throw/{fault}")
        self._by_place: dict[Place, tuple[str, ...]] = {}
        for fault in self._rates:
            place = FAULTS[fault].place
            self._by_place[place] = (*self._by_place.get(place, ()), fault)

    def at(self, place: Place) -> Iterator[tuple[str, Dice]]:
        """Throw for every fault at home in a place; yields those that strike, each with its dice."""
        for fault in self._by_place.get(place, ()):
            dice = self.throw(fault)
            if dice is not None:
                yield fault, dice

    def throw(self, fault: str) -> Dice | None:
        """The strike's dice if the fault strikes now, else None."""
        rate = self._rates.get(fault)
        if rate is None or not self.active:
            return None
        number = self._thrown[fault] = self._thrown.get(fault, 0) + 1
        if not self._dice[fault].chance(rate):
            return None
        strike = Strike(fault, number)
        if self.only is not None and strike not in self.only:
            return None
        self.struck.append(strike)
        return Dice(self.seed, str(strike))
