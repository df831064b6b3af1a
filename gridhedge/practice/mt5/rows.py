"""What a simulated broker keeps, as the structures of the MetaTrader5 package: floats, and the server's clock."""

from __future__ import annotations

from decimal import Decimal

from gridhedge.domain.values import Millis, Side
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.specs import Spec
from gridhedge.practice.mt5.tickets import Deal, Order, Ticket
from gridhedge.venue.mt5.terminal.constants import Constants as C
from gridhedge.venue.mt5.terminal.structs import (
    AccountInfo,
    SymbolInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
)
from gridhedge.venue.paper.hours import DAY_MS

__all__ = ["Rows"]

_STOP_OUT_PERCENT = 50.0
_WEEKEND_MS = 2 * DAY_MS
_ORDER_KINDS = 127
"""Bits of ``order_mode``: market, limit, stop, stop-limit, stop-loss, take-profit, close-by."""


class Rows:
    """``offset_s``: how far the trade server's clock is ahead of UTC."""

    def __init__(self, broker: Broker, login: int, server: str, offset_s: int) -> None:
        self._broker = broker
        self._login, self._server = login, server
        self._offset_ms = offset_s * 1000

    def at(self, exchange_ms: Millis) -> Millis:
        """A time of the exchange as the server's clock shows it."""
        return self._broker.clock.shown(exchange_ms) + self._offset_ms

    def tick(self, spec: Spec) -> Tick:
        """Bid and ask of now; while the market is closed, those of its close."""
        broker = self._broker
        market = broker.exchange.market(spec.plain)
        now = broker.exchange.now()
        opens = now if market.hours is None else market.hours.opens(now)
        at = self.at(now if opens == now else min(now, opens - _WEEKEND_MS))
        return Tick(at // 1000, float(market.bid), float(market.ask), 0.0, 0, at, C.TICK_FLAG_BID | C.TICK_FLAG_ASK)

    def symbol(self, spec: Spec, selected: bool) -> SymbolInfo:
        """Everything that a strategy asks of a symbol; the rest is zero, as at most brokers."""
        market = self._broker.exchange.market(spec.plain)
        rules, contract = market.instrument, spec.contract_size
        tick_value = float(rules.tick_size * contract)
        return SymbolInfo(
            select=selected,
            visible=selected,
            time=self.tick(spec).time,
            digits=spec.digits,
            spread=int(market.gap / spec.point),
            spread_float=True,
            trade_calc_mode=C.SYMBOL_CALC_MODE_FOREX,
            trade_mode=C.SYMBOL_TRADE_MODE_FULL,
            trade_stops_level=spec.stops_level,
            trade_freeze_level=spec.freeze_level,
            trade_exemode=spec.execution,
            swap_mode=C.SYMBOL_SWAP_MODE_POINTS,
            swap_rollover3days=C.DAY_OF_WEEK_WEDNESDAY,
            expiration_mode=15,
            filling_mode=spec.filling_mode,
            order_mode=_ORDER_KINDS,
            bid=float(market.bid),
            ask=float(market.ask),
            point=float(spec.point),
            trade_tick_value=tick_value,
            trade_tick_value_profit=tick_value,
            trade_tick_value_loss=tick_value,
            trade_tick_size=float(rules.tick_size),
            trade_contract_size=float(contract),
            volume_min=float(rules.min_quantity / contract),
            volume_max=float(rules.max_quantity / contract),
            volume_step=float(rules.lot_step / contract),
            volume_limit=float(spec.volume_limit),
            swap_long=float(spec.swap_long),
            swap_short=float(spec.swap_short),
            margin_hedged=float(contract * 2),
            currency_base=spec.currency_base,
            currency_profit=spec.currency_profit,
            currency_margin=spec.currency_base,
            description=f"{spec.currency_base} vs {spec.currency_profit}",
            name=spec.name,
            path=f"Forex\\{spec.name}",
        )

    def account(self) -> AccountInfo:
        """Balance, equity and margin of now."""
        broker, faults = self._broker, self._broker.faults
        equity, margin = broker.equity(), broker.margin()
        leverage = next(iter(broker.exchange.markets.values())).leverage
        return AccountInfo(
            login=self._login,
            trade_mode=C.ACCOUNT_TRADE_MODE_DEMO,
            leverage=leverage,
            margin_so_mode=C.ACCOUNT_STOPOUT_MODE_PERCENT,
            trade_allowed=faults.active("investor") is None,
            trade_expert=faults.active("account_disabled") is None,
            margin_mode=0 if faults.active("netting") else C.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING,
            currency_digits=broker.digits,
            fifo_close=faults.active("fifo") is not None,
            balance=float(broker.books.balance),
            profit=float(equity - broker.books.balance),
            equity=float(equity),
            margin=float(margin),
            margin_free=float(equity - margin),
            margin_level=float(equity / margin * 100) if margin else 0.0,
            margin_so_call=100.0,
            margin_so_so=_STOP_OUT_PERCENT,
            name="Practice",
            server=self._server,
            currency=broker.currency,
            company="gridhedge",
        )

    def position(self, ticket: Ticket) -> TradePosition:
        """An open position, valued at what it can be closed at."""
        spec = self._spec(ticket.symbol)
        market = self._broker.exchange.market(ticket.symbol)
        current = market.bid if ticket.side is Side.LONG else market.ask
        opened, changed = self.at(ticket.opened), self.at(ticket.changed)
        return TradePosition(
            ticket.number,
            opened // 1000,
            opened,
            changed // 1000,
            changed,
            C.POSITION_TYPE_BUY if ticket.side is Side.LONG else C.POSITION_TYPE_SELL,
            ticket.magic,
            ticket.number,
            ticket.reason,
            float(ticket.units / spec.contract_size),
            float(ticket.price),
            float(ticket.sl),
            float(ticket.tp),
            float(current),
            float(self._broker.money(ticket.swap)),
            float(self._broker.profit(ticket)),
            spec.name,
            ticket.comment,
        )

    def order(self, order: Order) -> TradeOrder:
        """A pending order, or one of the history."""
        spec = self._spec(order.symbol)
        placed, done = self.at(order.placed), self.at(order.done) if order.done else 0
        return TradeOrder(
            order.number,
            placed // 1000,
            placed,
            done // 1000,
            done,
            self.at(order.expires) // 1000 if order.expires else 0,
            order.type,
            order.time_type,
            order.filling,
            order.state,
            order.magic,
            order.position,
            order.other,
            order.reason,
            self._lots(spec, order.units),
            self._lots(spec, order.left),
            float(order.price),
            float(order.sl),
            float(order.tp),
            float(self._broker.exchange.market(order.symbol).bid),
            float(order.stop_limit),
            spec.name,
            order.comment,
        )

    def deal(self, deal: Deal) -> TradeDeal:
        """One deal of the history; deposits have no symbol."""
        spec = self._broker.by_plain.get(deal.symbol)
        at = self.at(deal.at)
        return TradeDeal(
            deal.number,
            deal.order,
            at // 1000,
            at,
            deal.type,
            deal.entry,
            deal.magic,
            deal.position,
            deal.reason,
            self._lots(spec, deal.units) if spec else 0.0,
            float(deal.price),
            float(deal.commission),
            float(deal.swap),
            float(deal.profit),
            0.0,
            spec.name if spec else "",
            deal.comment,
        )

    def _spec(self, plain: str) -> Spec:
        return self._broker.by_plain[plain]

    @staticmethod
    def _lots(spec: Spec, units: Decimal) -> float:
        return float(units / spec.contract_size)
