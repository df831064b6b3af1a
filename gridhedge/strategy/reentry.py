"""How deep a side starts again: two levels behind the other one."""

from __future__ import annotations

from gridhedge.domain.ladder_book import SideBook


def now_levels(other: SideBook) -> int:
    """Levels that execute at once when a side re-opens while ``other`` stands at its depth."""
    return max(1, other.started - 2)


def next_cycle(side: SideBook, now_ms: int) -> int:
    """Identity of the side's next cycle: the second it begins in, or one more than any before it."""
    return max(now_ms // 1000, side.last_cycle + 1, side.cycle + 1)
