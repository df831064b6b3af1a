"""What a user may say about a strategy, with its ranges. One schema: the profile, ``init`` and the server read it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field


class StrategySettings(BaseModel):
    """Common ground of all strategies: frozen, and strangers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    longest_sync_seconds: ClassVar[int] = 3600
    """The venue's position is compared with the book at least so often."""

    def broken_rules(self) -> Iterator[tuple[str, str]]:
        """Rules between fields that do not hold: the field to correct, and what is wrong with it."""
        return iter(())


class SymmetricSettings(StrategySettings):
    """The two-sided hedge grid."""

    kind: Literal["symmetric"] = "symmetric"
    initial_position_size_usd: Annotated[Decimal, Field(ge=Decimal("0.1"), le=100000)]
    """First margin of each side, in quote currency; the notional is this times the leverage."""
    grid_step_percent: Annotated[Decimal, Field(ge=Decimal("0.01"), le=100)] = Decimal("1.0")
    averaging_multiplier: Annotated[Decimal, Field(gt=1, le=10)] = Decimal("2.0")
    take_profit_percent: Annotated[Decimal, Field(ge=Decimal("0.01"), le=100)] = Decimal("1.0")
    max_grid_levels_per_side: Annotated[int, Field(ge=1, le=50)] = 10
    entry_slippage_percent: Annotated[Decimal, Field(ge=0, le=5)] = Decimal("0.05")
    entry_timeout_seconds: Annotated[Decimal, Field(ge=1, le=600)] = Decimal(5)
    take_profit_fee: Literal["auto", "taker"] = "auto"


_Percent = Annotated[Decimal, Field(ge=Decimal("0.01"), lt=100)]
_Fraction = Annotated[Decimal, Field(gt=0, le=1)]


class TrimSettings(StrategySettings):
    """A grid in one direction that sheds all but its first level as soon as that breaks even."""

    longest_sync_seconds: ClassVar[int] = 30
    kind: Literal["trim"] = "trim"
    direction: Literal["long", "short"] = "long"
    capital_fraction: _Fraction = Decimal("0.33")
    """Part of the wallet balance at the first start; realised net profit is added to it from then on."""
    initial_capital: Annotated[Decimal, Field(gt=0, le=Decimal("1e9"))] | None = None
    """Capital in quote currency, in place of ``capital_fraction``."""
    max_entry_level: Annotated[int, Field(ge=1, le=20)] = 4
    entry_ratios: Annotated[tuple[_Fraction, ...], Field(min_length=1, max_length=20)] = (
        Decimal("0.05"),
        Decimal("0.20"),
        Decimal("0.25"),
        Decimal("0.50"),
    )
    """Margin of each entry, as a part of the capital."""
    level_distances_percent: Annotated[tuple[_Percent, ...], Field(min_length=1, max_length=20)] = (
        Decimal("0.5"),
        Decimal("1.0"),
        Decimal("4.0"),
        Decimal("4.5"),
    )
    """Distance of each entry from the grid's center."""
    stop_loss_percent: _Percent = Decimal("5.0")
    """Distance of the stop-loss from the grid's center; it is set once the last level has executed."""
    grid_range_percent: Annotated[Decimal, Field(ge=Decimal("0.01"), le=100)] = Decimal("4.0")
    """Whole range: half of it beyond the center, a grid that holds nothing is built anew."""
    take_profit_percent: _Percent = Decimal("0.5")
    break_even_percent: Annotated[Decimal, Field(ge=0, lt=100)] = Decimal("0.1")
    break_even_basis: Literal["percent", "net"] = "percent"
    """percent: average price and ``break_even_percent``. net: so much is left when all fees and funding are paid."""

    def broken_rules(self) -> Iterator[tuple[str, str]]:
        """Lists as long as the levels, no more than the whole capital, and distances that grow up to the stop-loss."""
        levels = self.max_entry_level
        for name in ("entry_ratios", "level_distances_percent"):
            count = len(getattr(self, name))
            if count < levels:
                yield name, f"has {count} entries for {levels} levels; add some, or lower max_entry_level"
        total = sum(self.entry_ratios[:levels])
        if total > 1:
            yield "entry_ratios", f"add up to {total}, more than the whole capital; 1 is the most"
        distances = self.level_distances_percent[:levels]
        if any(nearer >= farther for nearer, farther in pairwise(distances)):
            yield "level_distances_percent", "must grow from level to level"
        if self.stop_loss_percent <= max(distances):
            text = f"{self.stop_loss_percent} is not beyond the last level at {max(distances)}; choose more"
            yield "stop_loss_percent", text
