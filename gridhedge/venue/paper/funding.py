"""When funding is charged, and at which rate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from gridhedge.domain.values import Millis

__all__ = ["DEFAULT_RATE", "ConstantFunding", "FundingPlan", "RecordedFunding"]

DEFAULT_RATE = Decimal("0.0001")
"""0.01 %: what a perpetual trading at its index pays per eight hours."""


class FundingPlan(Protocol):
    def after(self, at: Millis) -> Millis | None:
        """The first charge later than ``at``; None if there is none any more."""

    def rate(self, at: Millis) -> Decimal:
        """The rate of the charge at ``at``, as a fraction of the notional; positive: long pays short."""


class ConstantFunding:
    """The same rate at every multiple of the interval since the epoch (480 minutes: 00:00, 08:00 and 16:00 UTC)."""

    def __init__(self, interval_minutes: int = 480, rate: Decimal = DEFAULT_RATE) -> None:
        assert interval_minutes > 0, "a funding interval must be positive"
        self._interval = interval_minutes * 60_000
        self._rate = rate

    def after(self, at: Millis) -> Millis | None:
        return (at // self._interval + 1) * self._interval

    def rate(self, at: Millis) -> Decimal:
        return self._rate


class RecordedFunding:
    """Recorded charges: times in ms, strictly rising, and the rate of each."""

    def __init__(self, times: Sequence[Millis], rates: Sequence[Decimal]) -> None:
        assert len(times) == len(rates), "recorded funding needs one rate per time"
        self._times = times
        self._rates = rates

    def after(self, at: Millis) -> Millis | None:
        index = bisect_right(self._times, at)
        return int(self._times[index]) if index < len(self._times) else None

    def rate(self, at: Millis) -> Decimal:
        """The rate of the last charge at or before ``at``."""
        return self._rates[bisect_right(self._times, at) - 1]
