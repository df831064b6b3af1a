"""Errors name what the caller must do, and the shell sees which."""

from __future__ import annotations

import pytest

from gridhedge.domain import errors

CODES = [
    (errors.UsageError, 2),
    (errors.Refused, 3),
    (errors.NotSent, 3),
    (errors.Unclear, 3),
    (errors.EmergencyStop, 4),
    (errors.AlreadyRunning, 5),
    (errors.RiskStop, 6),
    (errors.DiskFailure, 6),
]


@pytest.mark.parametrize(("error", "code"), CODES)
def test_each_error_has_the_exit_code_of_the_manual(error: type[errors.GridhedgeError], code: int) -> None:
    """2 usage, 3 venue, 4 emergency stop, 5 already running, 6 stopped by a limit."""
    assert error("said").exit_code == code
    assert str(error("said")) == "said"


def test_a_rate_limit_says_until_when() -> None:
    """It is a venue's error, and carries the end of the silence."""
    error = errors.RateLimited("slow down", 1234)
    assert isinstance(error, errors.VenueError)
    assert (error.until, error.exit_code, str(error)) == (1234, 3, "slow down")
