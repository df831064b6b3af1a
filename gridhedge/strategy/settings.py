"""What a user may say about a strategy, with its ranges. One schema: the profile, ``init`` and the server read it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gridhedge.domain.candles import Timeframe
from gridhedge.domain.values import ZERO


class StrategySettings(BaseModel):
    """Common ground of all strategies: frozen, and strangers are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    longest_sync_seconds: ClassVar[int] = 3600
    """The venue's position is compared with the book at least so often."""
    entry_fields: ClassVar[frozenset[str]] = frozenset()
    """What, changed while the bot runs, counts from the next grid on (a side's next cycle, the next table); everything
    else counts at once."""
    first_start_fields: ClassVar[frozenset[str]] = frozenset()
    """What counts at the first start only, and not even after a restart."""

    def broken_rules(self) -> Iterator[tuple[str, str]]:
        """Rules between fields that do not hold: the field to correct, and what is wrong with it."""
        return iter(())


class SymmetricSettings(StrategySettings):
    """The two-sided hedge grid."""

    entry_fields: ClassVar[frozenset[str]] = frozenset(
        {"initial_position_size_usd", "grid_step_percent", "averaging_multiplier", "max_grid_levels_per_side"}
    )
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
    entry_fields: ClassVar[frozenset[str]] = frozenset({"max_entry_level", "entry_ratios", "level_distances_percent"})
    first_start_fields: ClassVar[frozenset[str]] = frozenset({"capital_fraction", "initial_capital"})
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


MOST_ORDERS = 100
"""Of one basket: a client order id has two digits for the level."""
_Distance = Annotated[Decimal, Field(ge=0, le=100)]
_Lots = Annotated[Decimal, Field(ge=0, le=Decimal("1e9"))]
_Orders = Annotated[int, Field(ge=0, le=MOST_ORDERS)]
_Profit = Annotated[Decimal, Field(ge=0, le=Decimal("1e9"))]
_TimeOfDay = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="a time of day from 00:00 to 23:59")
]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}") from error
    return name


class Band(NamedTuple):
    """Orders of a basket that stand at the same distance from the one before."""

    percent: Decimal
    orders: int
    lots: Decimal


class SignalSettings(StrategySettings):
    """Signal-opened hedging baskets. Profits are in quote currency, net of fees and funding; 0 switches one off."""

    entry_fields: ClassVar[frozenset[str]] = frozenset(
        {"min_lot", "max_lot", "multiplier", "max_martingale_multiple"}
        | {f"space{band}_{part}" for band in ("", 1, 2, 3) for part in ("percent", "orders", "lots")}
    )
    kind: Literal["signal"] = "signal"
    # ---- signals
    timeframe: Literal["1m", "5m", "15m", "30m", "1H", "4H", "1D"] = "1H"
    use_sma_sar: bool = True
    """Parabolic SAR above the weighted average of (H+L+2C)/4 opens BUY, below it SELL."""
    sma_period: Annotated[int, Field(ge=1, le=200)] = 7
    sar_af: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.1")
    sar_max: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.8")
    reverse_order: bool = False
    """Swap what SAR and average say."""
    cci_period: Annotated[int, Field(ge=0, le=200)] = 0
    """CCI crossing above ``cci_max`` opens BUY, below ``cci_min`` SELL; 0 = off."""
    cci_max: Annotated[Decimal, Field(ge=-1000, le=1000)] = Decimal(100)
    cci_min: Annotated[Decimal, Field(ge=-1000, le=1000)] = Decimal(-100)
    # ---- when baskets may be opened
    start_time: _TimeOfDay | None = None
    finish_time: _TimeOfDay | None = None
    """It may lie before ``start_time``: then it is the next day's."""
    timezone: Annotated[
        str, AfterValidator(_known_zone), Field(description="a time zone such as UTC or Europe/Berlin")
    ] = "UTC"
    """Of start and finish, and of the day that ``trades_per_day`` and the day's limits count by."""
    trades_per_day: Annotated[int, Field(ge=1, le=10000)] = 99
    """Opening orders a day."""
    suspend: bool = False
    """Manage what is open, open nothing new."""
    # ---- the grid of a basket
    space_percent: Annotated[Decimal, Field(ge=Decimal("0.01"), le=100)]
    """Distance of the first ``space_orders`` orders from each other, in percent of the price."""
    space_orders: Annotated[int, Field(ge=1, le=MOST_ORDERS)]
    space_lots: Annotated[Decimal, Field(gt=0, le=Decimal("1e9"))]
    """Quantity of the first order in base currency; of all orders of this band where ``multiplier`` is 0."""
    space1_percent: _Distance = ZERO
    space1_orders: _Orders = 0
    space1_lots: _Lots = ZERO
    space2_percent: _Distance = ZERO
    space2_orders: _Orders = 0
    space2_lots: _Lots = ZERO
    space3_percent: _Distance = ZERO
    space3_orders: _Orders = 0
    space3_lots: _Lots = ZERO
    open_on_new_candle: bool = False
    """Add at candle closes only; otherwise the next order rests in advance."""
    multiplier: Annotated[Decimal, Field(ge=0, le=10)] = ZERO
    """Quantity from order to order; 0 = the fixed lots of the bands."""
    min_lot: _Lots = ZERO
    max_lot: _Lots = ZERO
    """0 = no bound of our own."""
    max_martingale_multiple: Annotated[Decimal, Field(ge=1, le=10000)] = Decimal(10)
    """No order is larger than this multiple of the first one."""
    # ---- exits
    single_order_profit: _Profit = ZERO
    """Closes the only open order of both baskets."""
    basket_profit: _Profit = ZERO
    pair_global_profit: _Profit = ZERO
    """Closes both baskets at this sum of theirs."""
    global_profit: _Profit = ZERO
    """The day's realised and open profit that closes everything and ends trading for the day."""
    max_loss: Annotated[Decimal, Field(ge=Decimal("-1e9"), le=0)] = ZERO
    """The day's realised and open result, a negative number, that does the same."""
    # ---- orders
    entry_slippage_percent: Annotated[Decimal, Field(ge=0, le=5)] = Decimal("0.05")
    """How far an order that executes now may reach beyond the touch."""
    entry_timeout_seconds: Annotated[Decimal, Field(ge=1, le=600)] = Decimal(5)
    take_profit_fee: Literal["auto", "taker"] = "auto"

    @property
    def candle(self) -> Timeframe:
        return Timeframe(self.timeframe)

    @property
    def has_signals(self) -> bool:
        """Without one of them both sides may always be opened."""
        return self.use_sma_sar or self.cci_period > 0

    @property
    def bands(self) -> tuple[Band, ...]:
        """Those that have orders, nearest first."""
        bands = (
            Band(self.space_percent, self.space_orders, self.space_lots),
            Band(self.space1_percent, self.space1_orders, self.space1_lots),
            Band(self.space2_percent, self.space2_orders, self.space2_lots),
            Band(self.space3_percent, self.space3_orders, self.space3_lots),
        )
        return tuple(band for band in bands if band.orders)

    def broken_rules(self) -> Iterator[tuple[str, str]]:
        """Ends of a range that are swapped, bands that shrink, and a basket that nothing would close."""
        yield from self._signal_contradictions()
        yield from self._band_contradictions()
        orders = sum(band.orders for band in self.bands)
        if orders > MOST_ORDERS:
            yield "space_orders", f"the bands have {orders} orders in all; {MOST_ORDERS} are the most"
        if self.max_lot and self.min_lot > self.max_lot:
            yield "min_lot", f"{self.min_lot} is above max_lot {self.max_lot}; lower it, or raise max_lot"
        closes = self.basket_profit or self.pair_global_profit or self.global_profit
        if not closes and orders > 1:
            remedy = "give basket_profit, pair_global_profit or global_profit"
            yield "basket_profit", f"nothing would close a basket of two orders with a profit; {remedy}"
        if not closes and not self.single_order_profit and orders == 1:
            yield "single_order_profit", "nothing would close an order with a profit; give single_order_profit"

    def _signal_contradictions(self) -> Iterator[tuple[str, str]]:
        if self.cci_period == 1:
            yield "cci_period", "a period of 1 has no deviation; choose 2 or more, or 0 to do without CCI"
        if self.cci_min >= self.cci_max:
            yield "cci_min", f"{self.cci_min} is not below cci_max {self.cci_max}; lower it"
        if self.sar_af > self.sar_max:
            yield "sar_af", f"{self.sar_af} is above sar_max {self.sar_max}; lower it, or raise sar_max"
        if self.reverse_order and not self.use_sma_sar:
            yield "reverse_order", "swaps what SAR and average say, and use_sma_sar is false; remove one of them"
        if (self.start_time is None) is not (self.finish_time is None):
            given, missing = ("start_time", "finish_time") if self.start_time else ("finish_time", "start_time")
            yield given, f"says only one end of the hours; give {missing}, too"

    def _band_contradictions(self) -> Iterator[tuple[str, str]]:
        widest = self.space_percent
        for name in ("space1", "space2", "space3"):
            band = Band(*(getattr(self, f"{name}_{part}") for part in Band._fields))
            if not band.orders:
                continue
            if band.percent < widest:
                text = f"{band.percent} is less than the {widest} of the band before; distances must not shrink"
                yield f"{name}_percent", text
            if not self.multiplier and not band.lots:
                yield f"{name}_lots", "is missing: with multiplier 0 every band has lots of its own"
            widest = max(widest, band.percent)
