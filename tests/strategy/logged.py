"""The log that the seed shows (2025-12-08), played again on the embedded exchange from a scripted price path.

python -m tests.strategy.logged      prints it line by line, ours beside theirs
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.values import Role
from tests.strategy.grids import BTC, D, GridWorld, L, trim_profile

TP, BE = Role.TAKE_PROFIT, Role.BREAK_EVEN
CENT = D("0.01")


class Line(NamedTuple):
    """One number of the log, and what the bot has in its place."""

    at: str
    what: str
    theirs: Decimal
    ours: Decimal

    @property
    def agrees(self) -> bool:
        """Quantities exactly, prices within a cent: the log prints its inputs rounded, and cuts where we round."""
        return abs(self.theirs - self.ours) <= (CENT if self.theirs > 1 else 0)


def sequence() -> Iterator[Line]:
    """Level 1, the position found larger than the book, take-profit; level 2, break-even for all but level 1; the new
    grid around what is left. The user's own purchases bring the position to what the log found at the exchange."""
    world = GridWorld(trim_profile(initial_capital=D("213.1")), "91407.60").built()

    def line(at: str, what: str, theirs: str, ours: Decimal) -> Line:
        return Line(at, what, D(theirs), ours)

    def average() -> Decimal:
        return world.side().carried / world.side().held

    def exit_of(role: Role) -> tuple[Decimal, Decimal]:
        assert set(world.exits()) == {role}, f"nothing but {role.name} rests: {world.exits()}"
        return world.exits()[role]

    yield line("06:24:22", "level 1 executes at", "90950.56", world.resting()[1][1])
    assert world.resting()[1][0] == D("0.002"), "0.002343 floored to the step"
    world.run_into(L, 1)
    assert exit_of(TP) == (D("0.002"), D("91405.32"))
    world.by_hand(L, "0.002", "91040.84")
    yield line("06:24:22", "position found, quantity", "0.004", world.side().held)
    yield line("06:24:22", "position found, average", "90995.70", average())
    yield line("06:24:22", "take-profit, quantity", "0.004", exit_of(TP)[0])
    yield line("06:24:22", "take-profit at", "91450.68", exit_of(TP)[1])

    assert world.resting()[2][0] == D("0.009")
    yield line("06:42:19", "level 2 executes at", "90493.52", world.resting()[2][1])
    world.run_into(L, 2)
    world.by_hand(L, "0.008", "90589.11")
    yield line("06:42:19", "position, quantity", "0.021", world.side().held)
    yield line("06:42:19", "position, average", "90625.59", average())
    yield line("06:42:19", "level 1 is kept", "0.004", world.side().filled(1))
    yield line("06:42:19", "break-even, quantity", "0.017", exit_of(BE)[0])
    yield line("06:42:19", "break-even at", "90716.21", exit_of(BE)[1])

    world.go(exit_of(BE)[1] + CENT)
    assert world.held(L, BTC) == world.side().held, "the book holds what the exchange holds"
    yield line("07:15:33", "what is left, quantity", "0.004", world.side().held)
    yield line("07:15:33", "what is left, average", "90625.59", average())
    yield line("07:15:33", "it is level 1 now", "0.004", world.side().filled(1))
    yield line("07:15:33", "new center", "91080.99", world.side().center or D(0))
    resting = world.resting()
    assert sorted(resting) == [2, 3, 4], f"levels 2 to 4 rest, and nothing else: {resting}"
    yield line("07:15:33", "level 2 rests at", "90170.18", resting[2][1])
    yield line("07:15:33", "level 3 rests at", "87437.75", resting[3][1])
    yield line("07:15:33", "level 4 rests at", "86982.34", resting[4][1])
    yield line("07:15:33", "take-profit, quantity", "0.004", exit_of(TP)[0])
    yield line("07:15:33", "take-profit at", "91078.72", exit_of(TP)[1])


if __name__ == "__main__":
    print(f"{'time':10}{'what':28}{'the log':>12}{'the bot':>12}")
    for told in sequence():
        ours = told.ours.quantize(told.theirs)
        print(f"{told.at:10}{told.what:28}{told.theirs:>12}{ours:>12}  {'' if told.agrees else 'DIFFERS'}".rstrip())
