"""A simulated terminal in a place of its own, reached over the bridge."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.practice.mt5.server import Options, first_prices, serve
from gridhedge.practice.mt5.specs import forex
from gridhedge.practice.prices import synthetic
from gridhedge.venue.mt5.terminal.bridge import address_of, remote
from tests.practice.mt5.brokers import LOGIN


def options() -> Options:
    prices = tuple(synthetic(name, price, 1, "mt5") for name, price in first_prices().items())
    return Options(prices, tuple(forex(name, f"{name}.r") for name in first_prices()), LOGIN, D(5000), always_open=True)


def test_a_program_trades_on_it_and_another_sees_it() -> None:
    """Seeded prices, the broker's own names; the books are the server's."""
    practice = serve(options())
    address = address_of(practice.url)
    assert address is not None
    one, other = remote(address), remote(address)
    for module in (one, other):
        assert module.initialize(practice.url, login=501234, password="secret", server="Sim-Demo")
    assert one.symbol_select("XAUUSD.r", True)
    result = one.order_send({"action": 1, "symbol": "XAUUSD.r", "volume": 0.05, "type": 1, "type_filling": 1})
    assert result is not None
    assert result.retcode == 10009
    (held,) = other.positions_get() or ()
    assert (held.symbol, held.volume, held.type) == ("XAUUSD.r", 0.05, 1)
    assert practice.broker.books.tickets[held.ticket].units == 5
    rates = one.copy_rates_from_pos("EURUSD.r", 1, 0, 1)
    assert len(rates) == 1
    one.shutdown()
    other.shutdown()
    practice.stop()
