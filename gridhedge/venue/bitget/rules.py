"""What Bitget allows on a symbol: steps, limits, margin tiers, fees."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from gridhedge.domain.errors import Refused
from gridhedge.domain.instrument import Fees, Instrument, Tier
from gridhedge.domain.values import ONE, ZERO
from gridhedge.venue.fields import Malformed, Row, amount, money, word

__all__ = ["CLASSIC_RULES", "UNIFIED_RULES", "fees", "instrument", "tiers"]


class RuleNames(NamedTuple):
    """The names in a row about a contract."""

    kind: str
    status: str
    trading: str
    least: str
    step: str
    min_notional: str
    max_leverage: str
    max_at_market: str


CLASSIC_RULES = RuleNames(
    "symbolType", "symbolStatus", "normal", "minTradeNum", "sizeMultiplier", "minTradeUSDT", "maxLever",
    "maxMarketOrderQty",
)  # fmt: skip
UNIFIED_RULES = RuleNames(
    "type", "status", "online", "minOrderQty", "quantityMultiplier", "minOrderAmount", "maxLeverage",
    "maxMarketOrderQty",
)  # fmt: skip
_NO_LIMIT = Decimal("1e12")


def unknown_symbol(symbol: str, error: Refused) -> Refused:
    """What Bitget refuses about a symbol, with the remedy."""
    text = str(error) if symbol in str(error) else f"{symbol}: {error}"
    return Refused(text if text.endswith("symbol") else f"{text}; correct the symbol")


def instrument(item: Row, names: RuleNames, margin_tiers: tuple[Tier, ...]) -> Instrument:
    """A row about a contract. Raises Refused for a symbol that is no USDT perpetual, or that does not trade."""
    symbol = word(item, "symbol")
    if word(item, names.kind) != "perpetual" or word(item, "quoteCoin") != "USDT":
        raise Refused(f"{symbol} is no USDT perpetual; choose one, such as DOGEUSDT")
    if word(item, names.status) != names.trading:
        said = item[names.status]
        raise Refused(f"{symbol} does not trade at Bitget now (its status is {said}); choose another symbol")
    step, least = amount(item, names.step, positive=True), amount(item, names.least, positive=True)
    if least % step:
        least = (least // step + 1) * step
    hours = amount(item, "fundInterval", positive=True)
    return Instrument(
        symbol=symbol,
        base=word(item, "baseCoin"),
        quote=word(item, "quoteCoin"),
        tick_size=_tick(item),
        lot_step=step,
        min_quantity=least,
        max_quantity=_most(item, "maxOrderQty"),
        max_market_quantity=_most(item, names.max_at_market),
        min_notional=amount(item, names.min_notional),
        max_leverage=max(int(amount(item, names.max_leverage, positive=True)), 1),
        tiers=margin_tiers,
        funding_interval_minutes=int(hours * 60),
    )


def _tick(item: Row) -> Decimal:
    """Unified rows have the tick as it is; in classic ones it is ``priceEndStep`` x 10^-``pricePlace``."""
    if "priceMultiplier" in item:
        return amount(item, "priceMultiplier", positive=True)
    places = amount(item, "pricePlace")
    if places % ONE or places > 20:
        raise Malformed(f"pricePlace is {places}")
    return amount(item, "priceEndStep", positive=True).scaleb(-int(places))


def _most(item: Row, name: str) -> Decimal:
    """A largest quantity; old rows do not have it, and 0 means none."""
    if item.get(name) in (None, ""):
        return _NO_LIMIT
    return amount(item, name) or _NO_LIMIT


def tiers(listed: Sequence[Row], limit: str, rate: str) -> tuple[Tier, ...]:
    """The margin tiers, smallest first. Each part of a position counts at its own tier's rate (since 2025-11-10), so
    that deductions follow from continuity: deduction k = deduction k-1 + limit k-1 x (rate k - rate k-1)."""
    found: list[Tier] = []
    for item in sorted(listed, key=lambda item: amount(item, limit, positive=True)):
        needed = amount(item, rate, positive=True)
        deduction = ZERO
        if found:
            last = found[-1]
            deduction = last.deduction + last.max_notional * (needed - last.rate)
        most = int(amount(item, "leverage", positive=True))
        found.append(Tier(amount(item, limit, positive=True), needed, deduction, most))
    if not found:
        raise Malformed("there are no margin tiers")
    return tuple(found)


def fees(item: Row) -> Fees:
    """Maker and taker rate."""
    return Fees(money(item, "makerFeeRate"), money(item, "takerFeeRate"))
