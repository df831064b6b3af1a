"""What a plan has to say: alarms once while they stay raised, and what a dry run would have sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gridhedge.domain.change import Change
from gridhedge.engine.desk import Desk
from gridhedge.engine.execute import describe

if TYPE_CHECKING:
    from gridhedge.engine.session import Session


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


def tell_dry(session: Session, desk: Desk, changes: Sequence[Change]) -> None:
    """Say what would have been sent, once while it stays the same."""
    told = tuple(describe(change) for change in changes)
    if told != desk.last_changes:
        for line in told:
            session.say("info", f"{desk.symbol}: dry run, not sent: {line}")
    desk.last_changes = told
