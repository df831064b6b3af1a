"""The account: its modes, wallet, fees and positions, and the log of everything that has moved the wallet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gridhedge.domain.events import Execution, ExecutionKind
from gridhedge.domain.values import ZERO, Side
from gridhedge.practice.books import Entry
from gridhedge.practice.bybit.answers import Answer, bad_parameter, plain
from gridhedge.practice.bybit.call import Call, Result
from gridhedge.practice.bybit.query import DAY, number, page, required, time_window, whole
from gridhedge.practice.bybit.rows import wire_id
from gridhedge.practice.desk import Desk
from gridhedge.practice.world import World
from gridhedge.venue.paper.market import Market

__all__ = [
    "account_info",
    "apply_for_funds",
    "coin_info",
    "fee_rates",
    "is_hedged",
    "key_info",
    "positions",
    "set_leverage",
    "set_limit_price_action",
    "set_margin_mode",
    "switch_mode",
    "transactions",
    "wallet",
]

_MOST_FUNDS = Decimal(100_000)


def is_hedged(world: World, desk: Desk, symbol: str) -> bool:
    """Position modes belong to symbols. They begin in hedge mode here."""
    return not world.faults.active("no_hedge_mode") and symbol not in desk.settings.get("one_way", [])


def account_info(call: Call) -> Result:
    """Always a unified account 2.0."""
    return {
        "marginMode": call.desk.settings.get("marginMode", "REGULAR_MARGIN"),
        "updatedTime": str(call.now),
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def wallet(call: Call) -> Result:
    """The one coin there is; an account that asks for other coins gets none."""
    if required(call.params, "accountType") != "UNIFIED":
        raise Answer(10001, "accountType only support UNIFIED.")
    row = call.rows.wallet(call.desk)
    coins = str(call.params.get("coin", "USDT")).split(",")
    row["coin"] = [coin for coin in row["coin"] if coin["coin"] in coins]
    return {"list": [row]}


def fee_rates(call: Call) -> Result:
    """Maker and taker fee by symbol."""
    rows = [
        {
            "symbol": market.symbol,
            "takerFeeRate": plain(market.fees.taker),
            "makerFeeRate": plain(market.fees.maker),
        }
        for market in (call.markets() if call.linear() else [])
    ]
    return {"list": rows}


def key_info(call: Call) -> Result:
    """Permissions of the key, as the faults set them."""
    faults, now = call.world.faults, call.now
    expiring = faults.active("expiring_key")
    lasts = -2 * DAY if faults.active("expired_key") else int(expiring.seconds * 1000) if expiring else 83 * DAY
    allowed = {"AccountTransfer": "transfer_permission", "Withdraw": "withdrawal_permission"}
    return {
        "id": "1",
        "note": "practice",
        "apiKey": call.desk.key,
        "readOnly": 1 if faults.active("read_only_key") else 0,
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": [],
            "Wallet": [name for name, fault in allowed.items() if faults.active(fault)],
            "Options": [],
            "Derivatives": ["DerivativesTrade"],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": [],
            "NFT": [],
            "Affiliate": [],
            "Earn": [],
        },
        "ips": ["*"],
        "type": 1,
        "deadlineDay": lasts // DAY,
        "expiredAt": _iso(now + lasts),
        "createdAt": _iso(now - DAY),
        "uta": 1,
        "unified": 0,
        "userID": call.desk.uid,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def coin_info(call: Call) -> Result:
    """Deposits and withdrawals do not exist here."""
    return {"rows": []}


def apply_for_funds(call: Call) -> Result:
    """Demo accounts get play money on request."""
    wished = call.params.get("utaDemoApplyMoney", [{"coin": "USDT", "amountStr": "10000"}])
    if not isinstance(wished, list):
        raise bad_parameter("utaDemoApplyMoney is not a list")
    for line in wished:
        if not isinstance(line, dict) or line.get("coin") != "USDT":
            raise bad_parameter("only USDT is given")
        amount = number(line, "amountStr")
        if not 0 < amount <= _MOST_FUNDS:
            raise bad_parameter(f"amountStr is above 0 and at most {_MOST_FUNDS}")
        call.desk.deposit(amount)
    return {}


# ---- modes -----------------------------------------------------------------------------------------------------------


def set_leverage(call: Call) -> Result:
    """One leverage for both sides, which cross margin demands."""
    market, limit = call.market(), call.market().instrument.max_leverage
    buy, sell = number(call.params, "buyLeverage"), number(call.params, "sellLeverage")
    if buy != sell:
        raise Answer(10001, "buy leverage is not equal to sell leverage in cross margin mode")
    if not 1 <= buy <= limit or buy % 1:
        raise Answer(110013, f"cannot set leverage [{buy}] gt maxLeverage [{limit}00] by risk limit")
    for holding in market.holdings:
        if holding.quantity * market.price + holding.opening > market.instrument.max_notional_at(int(buy)):
            raise Answer(110013, f"cannot set leverage [{buy}] due to risk limit of the position and orders held")
    if int(buy) == market.leverage:
        raise Answer(110043, "leverage not modified")
    call.desk.exchange.set_leverage(market.symbol, int(buy))
    return {}


def switch_mode(call: Call) -> Result:
    """Hedge mode (3) or one-way mode (0) of a symbol. By coin: of all its symbols, but silently not of those on which
    something is held or rests."""
    mode = whole(call.params, "mode", -1)
    if mode not in (0, 3):
        raise bad_parameter(f"mode {mode} is neither 0 nor 3")
    symbol, coin = call.params.get("symbol"), call.params.get("coin")
    if not symbol and not coin:
        raise bad_parameter("symbol or coin is missing")
    if mode == 3 and call.world.faults.active("no_hedge_mode"):
        raise Answer(110029, "hedge mode is not supported")
    for market in call.markets():
        if not symbol and market.instrument.quote != coin:
            continue
        obstacle = _obstacle(call, market, mode == 3)
        if obstacle is None:
            others = [name for name in call.desk.settings.get("one_way", []) if name != market.symbol]
            call.desk.set(one_way=others if mode == 3 else [*others, market.symbol])
        elif symbol:
            raise obstacle
    return {}


def _obstacle(call: Call, market: Market, hedges: bool) -> Answer | None:
    """Why a symbol's mode is not switched."""
    if is_hedged(call.world, call.desk, market.symbol) == hedges:
        return Answer(110025, "Position mode is not modified")
    if any(holding.quantity for holding in market.holdings):
        return Answer(110024, "You have an existing position, so the position mode cannot be switched.")
    if any(order.symbol == market.symbol for order in call.desk.exchange.account.open.values()):
        return Answer(110028, "You have existing open orders, so the position mode cannot be switched.")
    return None


def set_margin_mode(call: Call) -> Result:
    """Cross margin is what this exchange computes; the other modes are refused with a reason, as Bybit words it."""
    mode = required(call.params, "setMarginMode")
    if mode not in ("REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN"):
        raise bad_parameter(f"setMarginMode {mode!r} is unknown")
    if mode != "REGULAR_MARGIN":
        reason = {"reasonCode": "3400045", "reasonMsg": "The practice exchange has cross margin only"}
        raise Answer(3400045, "Set margin mode failed", {"reasons": [reason]})
    return {"reasons": []}


def set_limit_price_action(call: Call) -> Result:
    """Whether a price beyond the band is moved to its edge (the default) or refused."""
    modify = call.params.get("modifyEnable")
    if not isinstance(modify, bool):
        raise bad_parameter("modifyEnable is true or false")
    call.desk.set(modifyPrices=modify)
    return {}


# ---- positions -------------------------------------------------------------------------------------------------------


def positions(call: Call) -> Result:
    """By symbol: both legs, flat ones included. By settle coin: those that hold something."""
    params = call.params
    if not call.linear():
        return {"category": params["category"], "nextPageCursor": "", "list": []}
    if not params.get("symbol") and params.get("settleCoin") is None:
        raise Answer(10001, "params error: symbol or settleCoin is missing")
    legs = [holding for market in call.markets() for holding in market.holdings]
    if not params.get("symbol"):
        legs = [holding for holding in legs if holding.quantity and params["settleCoin"] == "USDT"]
    rows = []
    for row in (call.rows.position(call.desk, holding) for holding in legs):
        if is_hedged(call.world, call.desk, row["symbol"]):
            rows.append(row)
        elif row["positionIdx"] == 1 or row["size"] != "0":
            rows.append({**row, "positionIdx": 0})
    listed = list(enumerate(rows))
    found, cursor = page(listed, lambda line: len(rows) - line[0], params, 20, 200)
    return {"category": "linear", "nextPageCursor": cursor, "list": [row for _, row in found]}


# ---- transactions ----------------------------------------------------------------------------------------------------


def transactions(call: Call) -> Result:
    """Everything that has moved the wallet, newest first. ``change`` = ``cashFlow`` + ``funding`` - ``fee``."""
    params, desk = call.params, call.desk
    start, end = time_window(params, call.now, DAY)
    if params.get("currency", "USDT") != "USDT" or params.get("category", "linear") != "linear":
        return {"nextPageCursor": "", "list": []}
    wanted = params.get("type", "")

    def fitting() -> Iterator[Entry]:
        for entry in reversed(desk.books.entries):
            shown = call.world.clock.shown(entry.booking.at)
            if shown < start:
                return
            if shown <= end and wanted in ("", _type(entry)):
                yield entry

    found, cursor = page(fitting(), lambda entry: entry.number + 1, params, 20, 50)
    return {"nextPageCursor": cursor, "list": [_transaction(call, entry) for entry in found]}


_TYPES = {
    ExecutionKind.TRADE: "TRADE",
    ExecutionKind.LIQUIDATION: "LIQUIDATION",
    ExecutionKind.ADL: "ADL",
    ExecutionKind.SETTLEMENT: "DELIVERY",
}


def _type(entry: Entry) -> str:
    return _TYPES[entry.booking.kind] if isinstance(entry.booking, Execution) else "SETTLEMENT"


def _transaction(call: Call, entry: Entry) -> dict[str, Any]:
    booking, row = entry.booking, call.rows.entry(call.desk, entry)
    trade = isinstance(booking, Execution)
    fee = booking.fee if isinstance(booking, Execution) else ZERO
    funding = ZERO if isinstance(booking, Execution) else -booking.amount
    sign = 1 if booking.side is Side.LONG else -1
    return {
        "id": wire_id(call.desk.key, "transaction", entry.number),
        "symbol": booking.symbol,
        "category": "linear",
        "side": row["side"],
        "transactionTime": row["execTime"],
        "type": _type(entry),
        "transSubType": "",
        "qty": row["execQty"],
        "size": plain(entry.position * sign),
        "currency": "USDT",
        "tradePrice": row["execPrice"],
        "funding": "" if trade else plain(funding),
        "fee": plain(fee),
        "cashFlow": plain(entry.realised),
        "change": plain(entry.realised + funding - fee),
        "cashBalance": plain(entry.balance),
        "feeRate": row["feeRate"],
        "bonusChange": "",
        "tradeId": row["execId"],
        "orderId": row["orderId"],
        "orderLinkId": row["orderLinkId"],
        "extraFees": "",
    }
