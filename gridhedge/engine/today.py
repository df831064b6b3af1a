"""Limits of the day are the account's: every symbol that has one knows what the day has brought on the others."""

from __future__ import annotations

from collections.abc import Sequence

from gridhedge.domain.values import ZERO, Millis
from gridhedge.engine.desk import Desk
from gridhedge.strategy.calendar import day_at
from gridhedge.strategy.exits import day_result
from gridhedge.strategy.view import View

__all__ = ["plan_days_together", "with_elsewhere"]


def with_elsewhere(view: View, desk: Desk, desks: Sequence[Desk], now: Millis) -> View:
    """The view of a symbol, with the day's result on the others."""
    zone = desk.strategy.day_zone
    if zone is None or len(desks) == 1:
        return view
    begins = day_at(zone, now).begins
    others = [other for other in desks if other is not desk and other.strategy.day_zone is not None]
    results = (day_result(other.book, other.market, other.fees, begins).now for other in others)
    return view._replace(elsewhere=sum(results, ZERO), others=len(others))


def plan_days_together(desks: Sequence[Desk]) -> None:
    """Where one symbol is planned anew, all that share its day are: each plan waits for its part of what is missing to
    a limit, and the parts add up only if they were cut at one moment."""
    if len(desks) == 1:
        return
    sharing = [desk for desk in desks if desk.strategy.day_zone is not None]
    if any(desk.dirty for desk in sharing):
        for desk in sharing:
            desk.dirty = True
