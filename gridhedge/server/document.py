"""What is told of a session: the status document of the platform, and the administrator's rows and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gridhedge.domain.events import SignalSeen
from gridhedge.domain.values import HUNDRED, ZERO, Money, Side
from gridhedge.domain.wire import Json, iso_time
from gridhedge.engine.status import AccountStatus, LadderRow, SideStatus, SymbolStatus
from gridhedge.profile.settings import SymbolSettings
from gridhedge.server.session import Sample

__all__ = ["identity", "picture", "row", "status_document"]

_CENT = Decimal("0.01")


def status_document(who: Mapping[str, Json], entry: SymbolSettings, status: AccountStatus | None) -> dict[str, Json]:
    """The status of one strategy of a session; without a status (it has never traded) its figures are null."""
    shown = status.symbols if status is not None else ()
    symbol = next((candidate for candidate in shown if candidate.symbol == entry.symbol), None)
    settings = entry.strategy.model_dump()
    return {
        **who,
        "symbol": entry.symbol,
        "currentPrice": symbol.last if symbol else None,
        "indicators": _indicators(symbol.signal if symbol else None),
        "balance": status.margin_balance if status else None,
        "positions": _positions(symbol),
        "grid": _grid(settings),
        "profit": _profit(settings),
        "performance": _performance(symbol),
        "settings": _settings(entry.leverage, settings),
        "runtime": _runtime(status, symbol),
        "tick": status.ticks if status else 0,
    }


def identity(wishes: Mapping[str, Any]) -> dict[str, Json]:
    """Whose document it is."""
    return {"userId": wishes["userId"], "userBotId": wishes["userBotId"]}


def row(
    wishes: Mapping[str, Any],
    state: str,
    error: str,
    registered: int,
    status: AccountStatus | None,
    seconds_since_tick: int | None = None,
) -> dict[str, Json]:
    """A line of the administrator's list. ``lastSeenAt`` is the venue's time, the seconds are this machine's."""
    symbol = status.symbols[0] if status is not None and status.symbols else None
    performance = _performance(symbol)
    return {
        **identity(wishes),
        "state": state,
        "error": error or None,
        "exchange": wishes["exchange"]["name"],
        "isDemo": wishes["exchange"]["isDemo"],
        "symbol": wishes["settings"]["tradingPair"],
        "strategy": symbol.strategy if symbol else wishes["settings"]["customSettings"].get("strategy", "signal"),
        "currentPrice": symbol.last if symbol else None,
        "tickSize": symbol.tick_size if symbol else None,
        "equity": status.margin_balance if status else None,
        "available": status.available if status else None,
        "marginRatePercent": _rounded(status.mm_rate) if status else None,
        "totalPnL": performance["totalPnL"],
        "unrealizedPnL": performance["unrealizedPnL"],
        "alarms": [*status.alarms, *(symbol.alarms if symbol else ())] if status else [],
        "stop": (status.stop or None) if status else None,
        "registeredAt": iso_time(registered),
        "lastSeenAt": iso_time(status.now) if status else None,
        "secondsSinceTick": seconds_since_tick,
    }


def picture(status: AccountStatus | None, equity: Iterable[Sample]) -> dict[str, Json]:
    """What the page shows of one session: both ladders, the equity, the last events."""
    symbol = status.symbols[0] if status is not None and status.symbols else None
    return {
        "quote": status.quote if status else None,
        "reserve": status.reserve if status else None,
        "marginThresholdPercent": status.mm_threshold if status else None,
        "equity": [[iso_time(sample.at), sample.equity] for sample in equity],
        "price": symbol.last if symbol else None,
        "tickSize": symbol.tick_size if symbol else None,
        "ladders": {"long": _ladder(symbol.long), "short": _ladder(symbol.short)} if symbol else None,
        "events": [
            {"at": iso_time(event.at), "level": event.level, "text": event.text}
            for event in reversed(status.events if status else ())
        ],
    }


def _ladder(side: SideStatus) -> dict[str, Json]:
    return {
        "quantity": side.quantity,
        "average": side.average,
        "exit": side.exit,
        "takeProfit": side.take_profit,
        "takeProfitDistancePercent": _rounded(side.take_profit_distance_percent)
        if side.take_profit_distance_percent is not None
        else None,
        "stopLoss": side.stop_loss,
        "unrealised": side.unrealised,
        "realised": side.realised_net,
        "levels": [
            {
                "level": level.level,
                "price": level.price,
                "quantity": level.quantity,
                "filled": level.filled,
                "state": level.state,
            }
            for level in side.rows
        ],
    }


def _indicators(seen: SignalSeen | None) -> dict[str, Json]:
    """Of the newest closed candle: null where there is none yet, or the indicator is off."""
    if seen is None:
        return {"sma": None, "sar": None, "cci": None, "signal": None}
    sides = {*seen.stands, *seen.crossed}
    word = "BOTH" if len(sides) > 1 else "BUY" if Side.LONG in sides else "SELL" if sides else "NONE"
    return {"sma": seen.average, "sar": seen.sar, "cci": seen.cci, "signal": word}


def _positions(symbol: SymbolStatus | None) -> dict[str, Json]:
    buy = [_position(level, symbol.long, symbol) for level in symbol.long.rows if level.filled] if symbol else []
    sell = [_position(level, symbol.short, symbol) for level in symbol.short.rows if level.filled] if symbol else []
    buy_pnl = symbol.long.unrealised if symbol else ZERO
    sell_pnl = symbol.short.unrealised if symbol else ZERO
    return {
        "buy": buy,
        "sell": sell,
        "buyCount": len(buy),
        "sellCount": len(sell),
        "buyPnl": buy_pnl,
        "sellPnl": sell_pnl,
        "totalPnl": buy_pnl + sell_pnl,
    }


def _position(level: LadderRow, side: SideStatus, symbol: SymbolStatus) -> dict[str, Json]:
    """Before closing fees, at the mark price; the percentage is of what the level cost."""
    pnl = side.side.sign * level.filled * (symbol.mark - level.price)
    cost = level.filled * level.price
    return {
        "price": level.price,
        "lot": level.filled,
        "orderId": level.order_id,
        "gridLevel": level.level,
        "pnl": pnl,
        "pnlPercent": _rounded(pnl / cost * HUNDRED) if cost else ZERO,
        "openedAt": iso_time(level.executed),
    }


def _grid(settings: Mapping[str, Any]) -> dict[str, Json]:
    bands = [settings[name] for name in settings if name.startswith("space") and name.endswith("_orders")]
    most = sum(bands) if bands else _first(settings, "max_grid_levels_per_side", "max_entry_level")
    direction = settings.get("direction")
    return {
        "multiplier": _first(settings, "multiplier", "averaging_multiplier"),
        "spacePercent": _first(settings, "space_percent", "grid_step_percent"),
        "maxBuyOrders": 0 if direction == "short" else most,
        "maxSellOrders": 0 if direction == "long" else most,
    }


def _profit(settings: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "singleOrderProfit": settings.get("single_order_profit"),
        "pairGlobalProfit": settings.get("pair_global_profit"),
        "globalProfit": settings.get("global_profit"),
        "maxLoss": settings.get("max_loss"),
    }


def _settings(leverage: int, settings: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "strategy": settings["kind"],
        "leverage": leverage,
        "timeframe": settings.get("timeframe"),
        "baseLot": settings.get("space_lots"),
        "useSmaSar": settings.get("use_sma_sar"),
        "cciPeriod": settings.get("cci_period"),
    }


def _performance(symbol: SymbolStatus | None) -> dict[str, Json]:
    """A trade is a cycle of a side, as everywhere. Its profit is net of all fees and funding."""
    sides = (symbol.long, symbol.short) if symbol else ()
    total, won = sum(side.cycles for side in sides), sum(side.won for side in sides)
    return {
        "totalTrades": total,
        "winningTrades": won,
        "losingTrades": total - won,
        "winRate": _rounded(Decimal(won) / total * HUNDRED) if total else ZERO,
        "totalPnL": sum((side.realised_net for side in sides), ZERO),
        "unrealizedPnL": sum((side.unrealised for side in sides), ZERO),
    }


def _runtime(status: AccountStatus | None, symbol: SymbolStatus | None) -> dict[str, Json]:
    if status is None or symbol is None:
        return {"tick": 0, "uptime": 0, "startedAt": None, "lastTradeAt": None}
    return {
        "tick": status.ticks,
        "uptime": (status.now - status.started) // 1000,
        "startedAt": iso_time(status.started),
        "lastTradeAt": iso_time(max(symbol.long.traded_at, symbol.short.traded_at)),
    }


def _first(settings: Mapping[str, Any], *names: str) -> Any:
    return next((settings[name] for name in names if name in settings), None)


def _rounded(value: Money) -> Money:
    return value.quantize(_CENT)
