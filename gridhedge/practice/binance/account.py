"""The account: its modes, balances, fees and positions, its listen keys, and what its key may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gridhedge.domain.values import ZERO
from gridhedge.practice.binance.answers import Answer, missing, plain
from gridhedge.practice.binance.call import Call, Result
from gridhedge.practice.binance.events import event
from gridhedge.practice.binance.query import choice, is_true, required, whole
from gridhedge.practice.binance.rows import is_hedged
from gridhedge.venue.paper.market import Holding, Market

__all__ = [
    "account_config",
    "account_v2",
    "account_v3",
    "balances",
    "commission_rate",
    "count_down",
    "key_info",
    "multi_assets",
    "position_mode",
    "positions_v2",
    "positions_v3",
    "rate_limits",
    "set_leverage",
    "set_margin_type",
    "set_multi_assets",
    "switch_mode",
    "symbol_config",
]

_DONE = {"code": 200, "msg": "success"}
_DAY_MS = 86_400_000


def _may_trade(call: Call) -> bool:
    return call.world.faults.active("read_only_key") is None


def _is_hedged(call: Call) -> bool:
    return call.world.faults.active("no_hedge_mode") is None and is_hedged(call.desk)


def account_config(call: Call) -> Result:
    """Flags of the account."""
    return {
        "feeTier": 0,
        "canTrade": _may_trade(call),
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": _is_hedged(call),
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def account_v3(call: Call) -> Result:
    """Balances and the positions that are there. In single-asset mode the totals are those of USDT."""
    balance = call.rows.balance(call.desk)
    totals = balance if balance["asset"] == "USDT" else dict.fromkeys(balance, "0.00000000")
    positions = [_account_row(row) for row in _listed(call, call.desk.exchange.markets.values(), False)]
    return {
        "totalInitialMargin": totals["initialMargin"],
        "totalMaintMargin": totals["maintMargin"],
        "totalWalletBalance": totals["walletBalance"],
        "totalUnrealizedProfit": totals["unrealizedProfit"],
        "totalMarginBalance": totals["marginBalance"],
        "totalPositionInitialMargin": totals["positionInitialMargin"],
        "totalOpenOrderInitialMargin": totals["openOrderInitialMargin"],
        "totalCrossWalletBalance": totals["crossWalletBalance"],
        "totalCrossUnPnl": totals["crossUnPnl"],
        "availableBalance": totals["availableBalance"],
        "maxWithdrawAmount": totals["maxWithdrawAmount"],
        "assets": [balance],
        "positions": positions,
    }


def account_v2(call: Call) -> Result:
    """As version 3, with the flags, and with every position there could be."""
    whole_account, config = account_v3(call), account_config(call)
    assert isinstance(whole_account, dict)
    assert isinstance(config, dict)
    rows = _listed(call, call.desk.exchange.markets.values(), True)
    positions = [
        _account_row(row)
        | {
            "leverage": row["leverage"],
            "isolated": False,
            "entryPrice": row["entryPrice"],
            "breakEvenPrice": row["breakEvenPrice"],
            "maxNotional": row["maxNotionalValue"],
            "positionInitialMargin": row["positionInitialMargin"],
            "openOrderInitialMargin": row["openOrderInitialMargin"],
            "bidNotional": row["bidNotional"],
            "askNotional": row["askNotional"],
        }
        for row in rows
    ]
    return {**config, "feeBurn": False, **whole_account, "positions": positions}


def _account_row(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("symbol", "positionSide", "positionAmt", "isolatedMargin", "notional", "isolatedWallet", "initialMargin")
    return {
        **{name: row[name] for name in kept},
        "unrealizedProfit": row["unRealizedProfit"],
        "maintMargin": row["maintMargin"],
        "updateTime": row["updateTime"],
    }


def balances(call: Call) -> Result:
    """The wallet; ``accountAlias`` names the account."""
    row = call.rows.balance(call.desk)
    return [
        {
            "accountAlias": "".join(letter for letter in call.desk.key if letter.isalnum())[:12] or "account",
            "asset": row["asset"],
            "balance": row["walletBalance"],
            "crossWalletBalance": row["crossWalletBalance"],
            "crossUnPnl": row["crossUnPnl"],
            "availableBalance": row["availableBalance"],
            "maxWithdrawAmount": row["maxWithdrawAmount"],
            "marginAvailable": True,
            "updateTime": row["updateTime"],
        }
    ]


# ---- positions -------------------------------------------------------------------------------------------------------


def positions_v3(call: Call) -> Result:
    """Sides that hold something or have orders."""
    hidden = ("leverage", "maxNotionalValue", "marginType", "isAutoAddMargin")
    rows = _listed(call, call.markets(), False)
    return [{name: value for name, value in row.items() if name not in hidden} for row in rows]


def positions_v2(call: Call) -> Result:
    """All sides of all symbols."""
    return list(_listed(call, call.markets(), True))


def _listed(call: Call, markets: Iterable[Market], flat_ones: bool) -> list[dict[str, Any]]:
    found = []
    for market in markets:
        holdings = market.holdings if is_hedged(call.desk) else market.holdings[:1]
        found += [call.rows.position(call.desk, holding) for holding in holdings if flat_ones or _is_busy(holding)]
    return found


def _is_busy(holding: Holding) -> bool:
    return bool(holding.quantity or holding.opening or holding.reserved)


# ---- settings --------------------------------------------------------------------------------------------------------


def symbol_config(call: Call) -> Result:
    """Leverage and margin type by symbol."""
    return [
        {
            "symbol": market.symbol,
            "marginType": "CROSSED",
            "isAutoAddMargin": False,
            "leverage": market.leverage,
            "maxNotionalValue": plain(market.instrument.max_notional_at(market.leverage)),
        }
        for market in call.markets()
    ]


def set_leverage(call: Call) -> Result:
    """One leverage for both sides; the stream tells it."""
    market = call.market()
    leverage = whole(call.params, "leverage", 0)
    if "leverage" not in call.params:
        raise missing("leverage")
    if not 1 <= leverage <= market.instrument.max_leverage:
        raise Answer(-4028, f"Leverage {leverage} is not valid")
    limit = market.instrument.max_notional_at(leverage)
    if any(holding.quantity * market.price + holding.opening > limit for holding in market.holdings):
        raise Answer(-2027, "Exceeded the maximum allowable position at current leverage.")
    if leverage != market.leverage:
        call.desk.exchange.set_leverage(market.symbol, leverage)
        call.desk.tell(event("ACCOUNT_CONFIG_UPDATE", call.now, ac={"s": market.symbol, "l": leverage}))
    return {"leverage": leverage, "maxNotionalValue": plain(limit), "symbol": market.symbol}


def set_margin_type(call: Call) -> Result:
    """Cross margin is what this exchange computes."""
    call.market()
    if choice(call.params, "marginType", ("ISOLATED", "CROSSED")) == "CROSSED":
        raise Answer(-4046, "No need to change margin type.")
    raise Answer(-4168, "Unable to adjust to isolated-margin mode: the practice exchange has cross margin only.")


def position_mode(call: Call) -> Result:
    return {"dualSidePosition": _is_hedged(call)}


def switch_mode(call: Call) -> Result:
    """Hedge mode or one-way mode, for the whole account."""
    required(call.params, "dualSidePosition")
    hedged, exchange = is_true(call.params, "dualSidePosition"), call.desk.exchange
    if hedged and call.world.faults.active("no_hedge_mode"):
        raise Answer(-4531, "Position mode can not be changed while it is synchronised with COIN-M.")
    if hedged == is_hedged(call.desk):
        raise Answer(-4059, "No need to change position side.")
    if exchange.account.open:
        raise Answer(-4067, "Position side cannot be changed if there exists open orders.")
    if any(holding.quantity for market in exchange.markets.values() for holding in market.holdings):
        raise Answer(-4068, "Position side cannot be changed if there exists position.")
    call.desk.set(hedged=hedged)
    return dict(_DONE)


def multi_assets(call: Call) -> Result:
    return {"multiAssetsMargin": False}


def set_multi_assets(call: Call) -> Result:
    """There is one asset only."""
    required(call.params, "multiAssetsMargin")
    if is_true(call.params, "multiAssetsMargin"):
        raise Answer(-4171, "The practice exchange has single-asset mode only.")
    raise Answer(-4171, "No need to change multi-assets mode.")


def commission_rate(call: Call) -> Result:
    """The account's fees on a symbol."""
    market = call.market()
    return {
        "symbol": market.symbol,
        "makerCommissionRate": plain(market.fees.maker),
        "takerCommissionRate": plain(market.fees.taker),
        "rpiCommissionRate": plain(ZERO),
    }


def rate_limits(call: Call) -> Result:
    return [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    ]


def count_down(call: Call) -> Result:
    """The dead-man's switch is accepted, and off: what is here does not lose its clients."""
    market, wished = call.market(), whole(call.params, "countdownTime", -1)
    if wished < 0:
        raise missing("countdownTime")
    if wished:
        raise Answer(-1130, "The practice exchange has no count-down; use countdownTime=0.")
    return {"symbol": market.symbol, "countdownTime": "0"}


def key_info(call: Call) -> Result:
    """``apiRestrictions``: permissions of the key, as the faults set them."""
    faults = call.world.faults
    may_transfer = faults.active("transfer_permission") is not None
    expiring = faults.active("expiring_key")
    row: dict[str, Any] = {
        "ipRestrict": False,
        "createTime": call.now - _DAY_MS,
        "enableReading": True,
        "enableWithdrawals": faults.active("withdrawal_permission") is not None,
        "enableInternalTransfer": may_transfer,
        "permitsUniversalTransfer": may_transfer,
        "enableMargin": False,
        "enableVanillaOptions": False,
        "enableFutures": _may_trade(call),
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }
    if expiring is not None:
        row["tradingAuthorityExpirationTime"] = call.now + int(expiring.seconds * 1000)
    return row
