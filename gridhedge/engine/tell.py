"""What a plan has to say: alarms once while they stay raised, what is not sent and why, a market that closes and opens,
and what a dry run would have sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridhedge.domain.change import Change
from gridhedge.domain.values import Millis
from gridhedge.engine.desk import Desk
from gridhedge.engine.execute import describe
from gridhedge.engine.guard import Refusal
from gridhedge.engine.ports import Rejected

if TYPE_CHECKING:
    from gridhedge.engine.session import Session

_ASLEEP = ("closed", "stale")
"""What is in the way of everything while a market is closed."""


def tell_alarms(session: Session, desk: Desk) -> None:
    """Say each alarm once while it stays raised."""
    raised = {}
    for alarm in desk.plan.alarms:
        if alarm.level == "pending":
            continue
        raised[alarm.code] = alarm.text
        if alarm.code not in desk.alarms:
            session.say(alarm.level, f"{desk.symbol}: {alarm.text}")
    desk.alarms = raised


def tell_refusals(session: Session, desk: Desk, refused: Sequence[Refusal]) -> None:
    """Say what is not sent, and why: once while the same thing stays in the way of everything. Of a market that is
    closed that has been said, and no price is fresh there."""
    before, desk.blocked = desk.blocked, refused[0].code if refused else ""
    if desk.blocked and (desk.blocked == before or (desk.hours.is_closed and desk.blocked in _ASLEEP)):
        return
    for refusal in refused:
        session.say("warning", f"{desk.symbol}: not sent: {describe(refusal.change)}: {refusal.reason}")


def tell_closed(session: Session, desk: Desk, refusal: Rejected, now: Millis) -> None:
    """Say once that the market is closed, and keep silent on it until it opens, or may be asked again."""
    if desk.hours.close(now, refusal.until):
        session.say("warning", f"{desk.symbol}: the market is closed ({refusal.text}): orders wait until it is open")


def tell_open(session: Session, desk: Desk, at: Millis) -> None:
    """The market has taken an order, or executed one, at this time."""
    if desk.hours.is_closed and desk.hours.open(at):
        session.say("info", f"{desk.symbol}: the market is open again")


def tell_dry(session: Session, desk: Desk, changes: Sequence[Change]) -> None:
    """Say what would have been sent, once while it stays the same."""
    told = tuple(describe(change) for change in changes)
    if told != desk.last_changes:
        for line in told:
            session.say("info", f"{desk.symbol}: dry run, not sent: {line}")
    desk.last_changes = told
