"""What a simulated broker says about a symbol beyond what the embedded exchange knows of it."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.errors import UsageError
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.paper.instruments import terms

__all__ = ["FILL_FOK", "FILL_IOC", "Spec", "forex"]

FILL_FOK, FILL_IOC = 1, 2
"""Bits of ``filling_mode``. The order's own ``type_filling`` counts differently (0 FOK, 1 IOC, 2 RETURN)."""

_CONTRACTS = {"XAUUSD": Decimal(100)}
_LOT = Decimal(100_000)


class Spec(NamedTuple):
    """One symbol at this broker. ``plain`` is its name at the embedded exchange, ``name`` the broker's own.

    Levels are points. Swaps are points per lot and night, as the broker shows them; the exchange charges them.
    """

    plain: str
    name: str
    contract_size: Decimal
    digits: int
    currency_base: str
    currency_profit: str
    filling_mode: int = FILL_FOK | FILL_IOC
    execution: int = C.SYMBOL_TRADE_EXECUTION_MARKET
    stops_level: int = 0
    freeze_level: int = 0
    swap_long: Decimal = Decimal(0)
    swap_short: Decimal = Decimal(0)
    volume_limit: Decimal = Decimal(0)

    @property
    def point(self) -> Decimal:
        return Decimal(1).scaleb(-self.digits)


def forex(plain: str, name: str = "", *, execution: int = C.SYMBOL_TRADE_EXECUTION_MARKET, levels: int = 0) -> Spec:
    """A forex pair (or gold) under the rules ``mt5`` of the embedded exchange; ``levels``: stops level in points."""
    cost = terms("mt5", plain)
    if cost is None:
        raise UsageError(f"{plain} is no forex symbol")
    digits = 2 if plain.startswith("XAU") else 5
    point = Decimal(1).scaleb(-digits)
    return Spec(
        plain,
        name or plain,
        _CONTRACTS.get(plain, _LOT),
        digits,
        plain[:3],
        plain[3:],
        execution=execution,
        stops_level=levels,
        swap_long=cost.long_swap / point,
        swap_short=cost.short_swap / point,
    )
