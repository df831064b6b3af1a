"""A simulated terminal over EURUSD at 1.10000 (spread 0.6 points), 10,000 USD, leverage 1:100, no weekends."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from gridhedge.practice.clock import Clock
from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.sights import Login
from gridhedge.practice.mt5.specs import Spec, forex
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.practice.tape import Tape
from gridhedge.venue.mt5.terminal.structs import OrderSendResult
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.instruments import listing

MONDAY = 1_589_198_400_000
LOGIN = Login(501234, "secret", "Sim-Demo", 7200)


def broker(spec: Spec | None = None, *, always_open: bool = True, wallet: str = "10000") -> Broker:
    forex_listing = listing("mt5", "EURUSD", ScriptedFeed([(MONDAY, D("1.10000"))]), None)
    if always_open:
        forex_listing = forex_listing._replace(hours=None)
    exchange = Exchange([forex_listing], D(wallet))
    exchange.set_leverage("EURUSD", 100)
    spec = spec or forex("EURUSD")
    return Broker(exchange, {spec.name: spec}, Clock())


def terminal(of: Broker, tapes: dict[str, Tape] | None = None) -> SimulatedTerminal:
    """Signed in, EURUSD selected."""
    module = SimulatedTerminal(of, LOGIN, tapes or {"EURUSD": Tape(MONDAY, D("1.10000"))})
    assert module.initialize("terminal64.exe", login=501234, password="secret", server="Sim-Demo")
    assert all(module.symbol_select(name, True) for name in of.specs)
    return module


def deal(module: SimulatedTerminal, kind: int, volume: float = 0.1, **more: Any) -> OrderSendResult:
    """An order at the market that the server answers."""
    request = {"action": 1, "symbol": "EURUSD", "volume": volume, "type": kind, "type_filling": 0, **more}
    result = module.order_send(request)
    assert result is not None, module.last_error()
    return result


def pending(module: SimulatedTerminal, kind: int, price: float, **more: Any) -> OrderSendResult:
    request = {
        "action": 5, "symbol": "EURUSD", "volume": 0.1, "type": kind, "price": price, "type_filling": 2, **more,
    }  # fmt: skip
    result = module.order_send(request)
    assert result is not None, module.last_error()
    return result
