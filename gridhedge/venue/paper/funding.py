"""When funding is charged, and at which rate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from gridhedge.domain.values import Millis, Money, Price, Side
from gridhedge.venue.paper.hours import MINUTE_MS, rollover_after

__all__ = ["DEFAULT_RATE", "ConstantFunding", "FundingPlan", "RecordedFunding", "Swap"]

DEFAULT_RATE = Decimal("0.0001")
"""0.01 %: what a perpetual trading at its index pays per eight hours."""


class FundingPlan(Protocol):
    def after(self, at: Millis) -> Millis | None:
        """The first charge later than ``at``; None if there is none any more."""

    def rate(self, at: Millis) -> Decimal:
        """The rate of the charge at ``at``, as a fraction of the notional; positive: long pays short."""

    def charge(self, at: Millis, side: Side, price: Price) -> Money:
        """What a side pays per unit of quantity at ``at``; negative: receives."""


class ConstantFunding:
    """The same rate at every multiple of the interval since the epoch (480 minutes: 00:00, 08:00 and 16:00 UTC)."""

    def __init__(self, interval_minutes: int = 480, rate: Decimal = DEFAULT_RATE) -> None:
        assert interval_minutes > 0, "a funding interval must be positive"
        self._interval = interval_minutes * 60_000
        self._rate = rate

    def after(self, at: Millis) -> Millis:
        return (at // self._interval + 1) * self._interval

    def rate(self, at: Millis) -> Decimal:
        return self._rate

    def charge(self, at: Millis, side: Side, price: Price) -> Money:
        return price * self._rate * side.sign


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

    def charge(self, at: Millis, side: Side, price: Price) -> Money:
        return price * self.rate(at) * side.sign


class Swap:
    """A forex broker's overnight swap: so much money per unit and night, for each side its own (negative: paid).

    Charged at 17:00 New York on the five trading days, threefold at the end of Wednesday, for the weekend.
    """

    def __init__(self, long: Money, short: Money) -> None:
        self._nightly = {Side.LONG: long, Side.SHORT: short}

    def after(self, at: Millis) -> Millis | None:
        return rollover_after(at)[0]

    def rate(self, at: Millis) -> Decimal:
        """What a long pays per unit: a swap has no rate that both sides share."""
        return self.charge(at, Side.LONG, Decimal(1))

    def charge(self, at: Millis, side: Side, price: Price) -> Money:
        return -self._nightly[side] * rollover_after(at - MINUTE_MS)[1]
