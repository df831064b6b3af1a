"""Rows as Bitget's documentation has them, of both generations."""

from __future__ import annotations

from typing import Any

from gridhedge.domain.events import Seen

AT = 1_795_000_000_000

CLASSIC_ORDER: dict[str, Any] = {
    "instId": "BTCUSDT", "orderId": "13333", "clientOid": "ghbench0-LG00-1-0", "price": "60000.1", "size": "0.0200",
    "baseVolume": "0.0100", "accBaseVolume": "0.0100", "side": "buy", "posSide": "long", "tradeSide": "open",
    "orderType": "limit", "force": "gtc", "status": "partially_filled", "reduceOnly": "no", "posMode": "hedge_mode",
    "marginMode": "crossed", "marginCoin": "USDT", "leverage": "10", "priceAvg": "60000.1", "fillPrice": "60000.1",
    "feeDetail": [{"feeCoin": "USDT", "fee": "-0.12"}], "pnl": "0", "cTime": str(AT), "uTime": str(AT + 5),
}  # fmt: skip
CLASSIC_FILL: dict[str, Any] = {
    "orderId": "13333", "tradeId": "222", "symbol": "BTCUSDT", "side": "buy", "orderType": "limit",
    "posMode": "hedge_mode", "price": "60000.1", "baseVolume": "0.0100", "quoteVolume": "600.001", "profit": "0",
    "tradeSide": "open", "tradeScope": "maker",
    "feeDetail": [{"feeCoin": "USDT", "deduction": "no", "totalDeductionFee": "", "totalFee": "-0.1200002"}],
    "cTime": str(AT), "uTime": str(AT),
}  # fmt: skip
CLASSIC_ACCOUNT: dict[str, Any] = {
    "marginCoin": "USDT", "frozen": "1", "available": "1000", "maxOpenPosAvailable": "940", "maxTransferOut": "940",
    "equity": "990.5", "usdtEquity": "990.5", "crossedRiskRate": "0.02", "unrealizedPL": "-9.5",
}  # fmt: skip
CLASSIC_POSITION: dict[str, Any] = {
    "instId": "BTCUSDT", "marginCoin": "USDT", "marginMode": "crossed", "holdSide": "long", "posMode": "hedge_mode",
    "total": "0.01", "available": "0.01", "frozen": "0", "openPriceAvg": "60000.1", "leverage": 20, "totalFee": "",
    "unrealizedPL": "0", "cTime": str(AT), "uTime": str(AT),
}  # fmt: skip
CLASSIC_TICKER: dict[str, Any] = {
    "instId": "BTCUSDT", "lastPr": "60000.2", "bidPr": "60000.1", "askPr": "60000.3", "markPrice": "60000.4",
    "bidSz": "1", "askSz": "1", "ts": str(AT),
}  # fmt: skip
UNIFIED_ORDER: dict[str, Any] = {
    "category": "usdt-futures", "symbol": "BTCUSDT", "orderId": "13333", "clientOid": "ghbench0-LG00-1-0",
    "price": "60000.1", "qty": "0.02", "holdMode": "hedge_mode", "holdSide": "long", "tradeSide": "open",
    "orderType": "limit", "timeInForce": "gtc", "side": "buy", "marginMode": "crossed", "marginCoin": "USDT",
    "reduceOnly": "no", "cumExecQty": "0.01", "cumExecValue": "600.001", "avgPrice": "60000.1", "leverage": "10",
    "orderStatus": "partially_filled", "feeDetail": [{"feeCoin": "USDT", "fee": "0.12"}], "totalProfit": "0",
    "delegateType": "normal", "createdTime": str(AT), "updatedTime": str(AT + 5),
}  # fmt: skip
UNIFIED_FILL: dict[str, Any] = {
    "execId": "222", "orderId": "13333", "clientOid": "ghbench0-LG00-1-0", "category": "usdt-futures",
    "symbol": "BTCUSDT", "orderType": "limit", "side": "buy", "holdSide": "long", "tradeSide": "open",
    "execPrice": "60000.1", "execQty": "0.01", "execValue": "600.001", "tradeScope": "maker",
    "feeDetail": [{"feeCoin": "USDT", "fee": "0.1200002"}], "execPnl": "0", "execTime": str(AT),
    "updatedTime": str(AT),
}  # fmt: skip
UNIFIED_ACCOUNT: dict[str, Any] = {
    "totalEquity": "990.5", "effEquity": "990.5", "unrealisedPnL": "-9.5", "imr": "50.5", "mmr": "5.25",
    "mgnRatio": "0.0053", "positionMgnRatio": "0",
    "coin": [{"coin": "USDT", "equity": "990.5", "usdValue": "990.5", "balance": "1000", "available": "990.5",
              "debts": "0", "borrow": "0", "locked": "0"}],
}  # fmt: skip
UNIFIED_POSITION: dict[str, Any] = {
    "category": "usdt-futures", "symbol": "BTCUSDT", "marginCoin": "USDT", "holdMode": "hedge_mode",
    "posSide": "long", "marginMode": "crossed", "size": "0.01", "available": "0.01", "leverage": "20",
    "avgPrice": "60000.1", "totalFundingFee": "0", "createdTime": str(AT), "updatedTime": str(AT),
}  # fmt: skip
UNIFIED_TICKER: dict[str, Any] = {
    "bid1Price": "60000.1", "ask1Price": "60000.3", "lastPrice": "60000.2", "markPrice": "60000.4", "bid1Size": "1",
    "ask1Size": "1",
}  # fmt: skip


def classic(channel: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """A message of a classic stream."""
    place = {"coin": "default"} if channel == "account" else {"instId": "BTCUSDT" if channel == "ticker" else "default"}
    about = {"instType": "USDT-FUTURES", "channel": channel, **place}
    return {"action": "snapshot", "arg": about, "data": [dict(row) for row in rows], "ts": AT}


def unified(topic: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """A message of a unified stream."""
    about = {"instType": "UTA", "topic": topic}
    if topic == "ticker":
        about = {"instType": "usdt-futures", "topic": topic, "symbol": "BTCUSDT"}
    return {"action": "snapshot", "arg": about, "data": [dict(row) for row in rows], "ts": AT}


class Inbox:
    """What was told, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.time = AT

    def tell(self, seen: Seen) -> None:
        self.seen.append(seen)

    def now(self) -> int:
        return self.time
