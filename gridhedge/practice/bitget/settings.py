"""How an account is set: position mode, margin mode, leverage, and what its key may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gridhedge.practice.bitget.answers import Answer
from gridhedge.practice.bitget.call import Call, is_hedged
from gridhedge.venue.paper.market import Market

__all__ = ["classic_key", "fee_rates", "set_crossed", "set_hedged", "set_leverage", "unified_key"]


def set_hedged(call: Call, mode: str) -> None:
    """For all symbols at once; refused while anything is held or waits."""
    if mode not in ("hedge_mode", "one_way_mode"):
        raise Answer("40017", f"Parameter verification failed posMode {mode!r}")
    hedged = mode == "hedge_mode"
    if hedged and call.world.faults.active("no_hedge_mode"):
        raise Answer("40920", "Position mode cannot be changed now")
    if hedged == is_hedged(call):
        return
    exchange = call.desk.exchange
    if exchange.account.open or any(held.quantity for each in exchange.markets.values() for held in each.holdings):
        raise Answer("40920", "There is an open position or order: the position mode cannot be changed")
    call.desk.set(hedged=hedged)


def set_crossed(call: Call, mode: str) -> None:
    """Crossed margin is what this exchange computes."""
    if mode != "crossed":
        raise Answer("45117", "The practice exchange has crossed margin only")


def set_leverage(call: Call, market: Market, leverage: Decimal) -> None:
    """One leverage for both legs, which crossed margin demands."""
    limit = market.instrument.max_leverage
    if not 1 <= leverage <= limit or leverage % 1:
        raise Answer("40797", f"Exceeded the maximum settable leverage {limit}")
    for holding in market.holdings:
        if holding.quantity * market.price + holding.opening > market.instrument.max_notional_at(int(leverage)):
            raise Answer("40730", "Leverage cannot be changed: the position or the orders held are too large for it")
    if int(leverage) != market.leverage:
        call.desk.exchange.set_leverage(market.symbol, int(leverage))


def fee_rates(call: Call) -> dict[str, str]:
    if call.world.faults.active("demo"):
        raise Answer("40110", "Demo trading does not support this")
    market = call.market()
    return {"makerFeeRate": f"{market.fees.maker:f}", "takerFeeRate": f"{market.fees.taker:f}"}


def classic_key(call: Call) -> dict[str, Any]:
    """Whose key this is and what it may do."""
    faults = call.world.faults
    may = ["coor", "cpor", "stor"]
    for fault, more in (("transfer_permission", "wtow"), ("withdrawal_permission", "wwow")):
        may += [more] if faults.active(fault) else []
    if not faults.active("read_only_key"):
        may += ["coow", "cpow"]
    return {
        "userId": str(call.desk.uid),
        "inviterId": "",
        "ips": "",
        "authorities": may,
        "parentId": 0,
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": "1585526400000",
    }


def unified_key(call: Call) -> dict[str, Any]:
    """Whose key this is and what it may do."""
    faults = call.world.faults
    may = ["uta_mgt", "uta_trade"]
    for fault, more in (("transfer_permission", "transfer"), ("withdrawal_permission", "withdraw")):
        may += [more] if faults.active(fault) else []
    return {
        "userId": str(call.desk.uid),
        "inviterId": "",
        "parentId": "",
        "channelCode": "",
        "channel": "",
        "ips": "",
        "permType": "read-only" if faults.active("read_only_key") else "read-and-write",
        "permissions": may,
        "regisTime": "1585526400000",
    }
