"""The account's rules, as the profile states them, in the engine's units."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.values import Millis, Money


class Policy(NamedTuple):
    """The account's rules, as the profile states them."""

    buffer_fraction: Decimal
    mm_rate_threshold: Decimal
    """Percent; 0 switches the stop off."""
    emergency_action: str
    on_start: str
    on_disconnect: str
    on_stop: str
    max_notional: Money
    tick_ms: Millis
    sync_ms: Millis
    max_price_age_ms: Millis
    dry_run: bool
