"""What a user may say about a strategy, with its ranges. One schema: the profile, ``init`` and the server read it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class StrategySettings(BaseModel):
    """Common ground of all strategies: frozen, and strangers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
