"""Faults are switched on by name."""

from __future__ import annotations

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.practice.mt5.faults import Faults


def test_some_faults_strike_a_number_of_times_and_others_last() -> None:
    """A requote twice; a disabled terminal until it is cleared."""
    faults = Faults()
    faults.add("requote", times=2)
    faults.add("disabled")
    assert [faults.strike("requote") is not None for _ in range(3)] == [True, True, False]
    assert all(faults.strike("disabled") for _ in range(3))
    assert faults.struck == {"requote": 2, "disabled": 3}
    faults.clear()
    assert faults.active("disabled") is None


def test_a_fault_that_there_is_not_is_named() -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="no fault is called 'flood': there are requote"):
        Faults().add("flood")
