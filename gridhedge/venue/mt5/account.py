"""One symbol and the account as the terminal tells them, in the bot's words: base units, Decimals, UTC."""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import NamedTuple

from gridhedge.domain.errors import Refused
from gridhedge.domain.events import AccountSeen, MarketSeen
from gridhedge.domain.instrument import Instrument, Tier
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import HUNDRED, ZERO, Millis, Money, Side
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import AccountInfo, SymbolInfo, Tick, TradeDeal, TradePosition

__all__ = [
    "STATES", "Rules", "account_seen", "deal_side", "decimal", "market_seen", "observed_fee", "position_side",
    "rules_of",
]  # fmt: skip

_UNLIMITED = Decimal("1e12")
_FEE_STEP = Decimal("1e-7")
_MOST_RATE = Decimal(9999)
STATES = {
    C.ORDER_STATE_STARTED: OrderState.WORKING,
    C.ORDER_STATE_PLACED: OrderState.WORKING,
    C.ORDER_STATE_PARTIAL: OrderState.WORKING,
    C.ORDER_STATE_REQUEST_ADD: OrderState.WORKING,
    C.ORDER_STATE_REQUEST_MODIFY: OrderState.WORKING,
    C.ORDER_STATE_REQUEST_CANCEL: OrderState.WORKING,
    C.ORDER_STATE_CANCELED: OrderState.CANCELLED,
    C.ORDER_STATE_EXPIRED: OrderState.CANCELLED,
    C.ORDER_STATE_REJECTED: OrderState.CANCELLED,
    C.ORDER_STATE_FILLED: OrderState.FILLED,
}


def decimal(number: float) -> Decimal:
    """A float of the terminal as the shortest decimal that means it."""
    return Decimal(repr(float(number)))


class Rules(NamedTuple):
    """A symbol's rules. Quantities are base units: lots times ``contract``."""

    name: str
    instrument: Instrument
    contract: Decimal
    point: Decimal
    stops_level: Decimal
    freeze_level: Decimal

    def units(self, lots: float) -> Decimal:
        return (decimal(lots) * self.contract).normalize() + ZERO

    def lots(self, units: Decimal) -> float:
        return float(units / self.contract)


def rules_of(plain: str, info: SymbolInfo, account: AccountInfo) -> Rules:
    """Raises Refused for a symbol whose profit is in another currency than the account's: sums would be wrong."""
    if info.currency_profit != account.currency:
        raise Refused(
            f"{plain}: profits are in {info.currency_profit} and account {account.login} is in {account.currency}; "
            f"trade a symbol that is quoted in {account.currency}"
        )
    if info.trade_mode != C.SYMBOL_TRADE_MODE_FULL:
        raise Refused(f"{plain} can not be traded both ways at this broker now (trade mode {info.trade_mode})")
    contract = decimal(info.trade_contract_size).normalize()
    step = (decimal(info.volume_step) * contract).normalize() + ZERO
    least = decimal(info.volume_min) * contract / step  # in steps: some brokers' minimum is off them
    most = decimal(info.volume_max) * contract
    limit = decimal(info.volume_limit) * contract if info.volume_limit else _UNLIMITED
    stop_out = decimal(account.margin_so_so) / HUNDRED if account.margin_so_mode == 0 else Decimal("0.5")
    largest = limit if limit == _UNLIMITED else limit * decimal(info.ask)
    tier = Tier(largest, stop_out / account.leverage, ZERO, account.leverage)
    instrument = Instrument(
        symbol=plain,
        base=info.currency_base,
        quote=info.currency_profit,
        tick_size=decimal(info.trade_tick_size or info.point),
        lot_step=step,
        min_quantity=least.to_integral_value(ROUND_UP) * step,
        max_quantity=most.normalize() + ZERO,
        max_market_quantity=most.normalize() + ZERO,
        min_notional=ZERO,
        max_leverage=account.leverage,
        tiers=(tier,),
        funding_interval_minutes=24 * 60,
    )
    point = decimal(info.point)
    return Rules(
        info.name, instrument, contract, point, info.trade_stops_level * point, info.trade_freeze_level * point
    )


def account_seen(info: AccountInfo, swap: Money, at: Millis) -> AccountSeen:
    """The account's figures. The wallet has the swap that open positions have gathered, as if paid day by day.

    The margin rate is the stop-out level in percent of the margin level: 100 is the stop-out; no margin is no risk.
    """
    equity, margin = decimal(info.equity), decimal(info.margin)
    if info.margin_so_mode == C.ACCOUNT_STOPOUT_MODE_PERCENT:
        needed = margin * decimal(info.margin_so_so) / HUNDRED
    else:
        needed = decimal(info.margin_so_so) if margin else ZERO
    rate = ZERO if not needed else _MOST_RATE if equity <= 0 else min(_MOST_RATE, HUNDRED * needed / equity)
    wallet = decimal(info.balance) + decimal(info.credit) + swap
    return AccountSeen(wallet, equity, max(ZERO, decimal(info.margin_free)), margin, needed, rate, at)


def market_seen(plain: str, tick: Tick, at: Millis) -> MarketSeen:
    """Forex has no last trade: the bid stands for it, as in every chart of the terminal."""
    bid, ask = decimal(tick.bid), decimal(tick.ask)
    return MarketSeen(plain, bid, ask, bid, bid, at)


def position_side(position: TradePosition) -> Side:
    return Side.LONG if position.type == C.POSITION_TYPE_BUY else Side.SHORT


def deal_side(deal: TradeDeal) -> tuple[Side, bool]:
    """The position side of a deal, and whether it closed."""
    buys = deal.type == C.DEAL_TYPE_BUY
    closing = deal.entry in (C.DEAL_ENTRY_OUT, C.DEAL_ENTRY_OUT_BY)
    return (Side.LONG if buys is not closing else Side.SHORT), closing


def observed_fee(deals: tuple[TradeDeal, ...], contract: Decimal) -> Decimal:
    """The largest commission of some deals, as a fraction of the turnover, rounded up; 0 without deals."""
    rates = [
        -(decimal(deal.commission) + decimal(deal.fee)) / (decimal(deal.volume) * contract * decimal(deal.price))
        for deal in deals
        if deal.volume and deal.price
    ]
    return max(rates, default=ZERO).quantize(_FEE_STEP, ROUND_UP) if rates else ZERO
