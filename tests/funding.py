"""Funding that no test meets by chance."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Millis
from gridhedge.venue.paper.funding import ConstantFunding

_HOUR_MS = 3_600_000


class FarFunding(ConstantFunding):
    """0.01 % every eight hours, for the first time four to five hours after ``begin``: whatever time of the day it is,
    an exchange that keeps the time of the wall charges nothing unless the test skips there."""

    def __init__(self, begin: Millis) -> None:
        super().__init__(480, Decimal("0.0001"))
        self._first = (begin // _HOUR_MS + 5) * _HOUR_MS

    def after(self, at: Millis) -> Millis:
        return super().after(at - self._first) + self._first
