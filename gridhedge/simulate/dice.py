"""The only source of chance: integers from a seed and a name, the same on every machine and Python version."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

__all__ = ["Dice"]

_T = TypeVar("_T")
_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


class Dice:
    """A stream of numbers (SplitMix64: Steele, Lea and Flood 2014) that belongs to one seed and one name.

    Streams of different names do not disturb each other: what one of them draws never moves what another will draw.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str) -> None:
        self._state = int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big")

    def bits(self) -> int:
        """The next 64 bits."""
        self._state = state = self._state + _GAMMA & _MASK
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        return state ^ (state >> 31)

    def below(self, end: int) -> int:
        """A number from 0 to ``end`` - 1."""
        assert end > 0, "a dice needs a side"
        return self.bits() % end

    def between(self, low: int, high: int) -> int:
        """A number from ``low`` to ``high``, both included."""
        return low + self.below(high - low + 1)

    def chance(self, per_mille: int) -> bool:
        return self.bits() % 1000 < per_mille

    def pick(self, choices: Sequence[_T]) -> _T:
        return choices[self.below(len(choices))]
