"""Enumerated crashes: each dies where it should."""

from __future__ import annotations

from gridhedge.simulate.crashes import crash_points, crashed
from gridhedge.simulate.process import CrashAt

SEED = 1


def test_every_place_is_counted_and_every_write_is_torn_at_eight_cuts() -> None:
    """A quiet reference has some twenty writes; syncs are torn as well."""
    points = crash_points(SEED)
    writes = [point for point in points if point.place == "append"]
    whole = sum(point.cut is None for point in writes)
    assert len(writes) == 9 * whole > 100
    assert len(set(points)) == len(points)


def test_a_crash_between_intent_and_request_recovers() -> None:
    """Synced and not sent: the intent is proved absent, and the order is sent under its next revision."""
    crash = crashed(SEED, CrashAt("send", 1))
    assert crash.violation is None
    assert crash.recovery_ms <= 3000


def test_a_crash_between_request_and_answer_recovers() -> None:
    """Sent and not answered: the order is found."""
    assert crashed(SEED, CrashAt("sent", 1)).violation is None
