"""The account's rules in the engine's units."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.engine.assemble import policy_of
from gridhedge.engine.policy import Policy
from tests.engine.worlds import profile


def test_percent_and_seconds_become_fractions_and_milliseconds() -> None:
    """15 % is 0.15, a second 1000 ms; the other rules are passed on by name."""
    policy = policy_of(profile())
    assert isinstance(policy, Policy)
    assert policy.buffer_fraction == Decimal("0.15")
    assert (policy.tick_ms, policy.on_disconnect, policy.emergency_action) == (1000, "keep", "freeze")
