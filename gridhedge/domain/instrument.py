"""What a venue allows on one symbol, and the rounding that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.values import ZERO, Money, Price, Quantity


class Tier(NamedTuple):
    """One step of a venue's maintenance-margin table.

    ``maintenance margin = notional x rate - deduction`` for notionals up to ``max_notional``; the deduction makes
    the line continuous from tier to tier (Bybit ``mmDeduction``, Binance ``cum``).
    """

    max_notional: Money
    rate: Decimal
    deduction: Money
    max_leverage: int


class Fees(NamedTuple):
    """Fee rates of the account on a symbol, as fractions (0.0002 = 0.02 %)."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """The rules of one linear perpetual. Rounding lives here, and each method names its direction."""

    symbol: str
    base: str
    quote: str
    tick_size: Price
    lot_step: Quantity
    min_quantity: Quantity
    max_quantity: Quantity
    max_market_quantity: Quantity
    min_notional: Money
    max_leverage: int
    tiers: tuple[Tier, ...]
    funding_interval_minutes: int = 480

    def __post_init__(self) -> None:
        assert self.tick_size > 0, f"{self.symbol}: the tick size must be positive"
        assert self.lot_step > 0, f"{self.symbol}: the lot step must be positive"
        assert self.min_quantity % self.lot_step == 0, f"{self.symbol}: minimum quantity is off the lot step"
        assert self.tiers, f"{self.symbol}: at least one margin tier is needed"

    def floor_price(self, price: Price) -> Price:
        """The nearest tick at or below ``price`` (which must not be negative)."""
        return price // self.tick_size * self.tick_size

    def ceil_price(self, price: Price) -> Price:
        """The nearest tick at or above ``price`` (which must not be negative)."""
        floored = price // self.tick_size * self.tick_size
        return floored if floored == price else floored + self.tick_size

    def floor_quantity(self, quantity: Quantity) -> Quantity:
        """The nearest lot step at or below ``quantity``."""
        return quantity // self.lot_step * self.lot_step

    def ceil_quantity(self, quantity: Quantity) -> Quantity:
        """The nearest lot step at or above ``quantity``."""
        floored = quantity // self.lot_step * self.lot_step
        return floored if floored == quantity else floored + self.lot_step

    def least_quantity(self, price: Price) -> Quantity:
        """The smallest quantity that the venue accepts for a new entry at ``price``."""
        return max(self.min_quantity, self.ceil_quantity(self.min_notional / price))

    def accepts(self, quantity: Quantity, price: Price) -> bool:
        """Whether a new entry at ``price`` is large enough: a quantity on the step, against ``least_quantity``."""
        return quantity >= self.min_quantity and quantity * price >= self.min_notional

    def maintenance_margin(self, notional: Money) -> Money:
        """Maintenance margin of a position of this notional, without closing fees."""
        for tier in self.tiers:
            if notional <= tier.max_notional:
                return notional * tier.rate - tier.deduction
        last = self.tiers[-1]
        return notional * last.rate - last.deduction

    def max_notional_at(self, leverage: int) -> Money:
        """The largest notional of a side that the venue lets one hold at this leverage (0 if none)."""
        for tier in reversed(self.tiers):  # smallest first
            if tier.max_leverage >= leverage:
                return tier.max_notional
        return ZERO
