"""What prices do to tickets and pending orders."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from tests.practice.mt5.brokers import broker, deal, pending, terminal

DAY = 86_400_000
FOREVER = 2**33


def deals(mt5: SimulatedTerminal) -> list[tuple[int, int, float, float]]:
    """Entry, reason, price and profit of all deals but the deposit."""
    found = mt5.history_deals_get(0, FOREVER) or ()
    return [(one.entry, one.reason, one.price, one.profit) for one in found if one.type < 2]


@pytest.mark.parametrize(
    ("kind", "tp", "bid", "price", "profit"),
    [(0, 1.101, "1.10100", 1.101, 9.4), (1, 1.099, "1.09894", 1.099, 10.0)],
    ids=["a buy at the bid", "a sell at the ask"],
)
def test_a_take_profit_executes_at_its_price(
    house: Broker, mt5: SimulatedTerminal, kind: int, tp: float, bid: str, price: float, profit: float
) -> None:
    """0.1 lots, opened at 1.10006 or 1.10000; the closing side's price decides."""
    deal(mt5, kind, tp=tp)
    house.move("EURUSD", D(bid))
    assert mt5.positions_get() == ()
    assert deals(mt5)[1] == (1, 5, price, profit)


def test_a_stop_loss_executes_at_the_price_that_a_gap_leaves(house: Broker, mt5: SimulatedTerminal) -> None:
    """A buy at 1.10006 with a stop at 1.099; the price jumps to 1.098: 20.6 lost."""
    deal(mt5, 0, sl=1.099)
    house.move("EURUSD", D("1.09800"))
    assert deals(mt5)[1] == (1, 4, 1.098, -20.6)


def test_each_ticket_has_its_own_exits(house: Broker, mt5: SimulatedTerminal) -> None:
    """Two buys, one with a take-profit: the other stays, and so does a sell."""
    deal(mt5, 0, tp=1.102)
    kept = deal(mt5, 0), deal(mt5, 1)
    house.move("EURUSD", D("1.10200"))
    assert {row.ticket for row in mt5.positions_get() or ()} == {result.order for result in kept}


def test_pending_orders_open_where_the_right_side_of_the_price_meets_them(
    house: Broker, mt5: SimulatedTerminal
) -> None:
    """Buys look at the ask: a limit at 1.09 opens at a bid of 1.08994, a stop at 1.105 at a bid of 1.10494."""
    limit, stop = pending(mt5, 2, 1.09), pending(mt5, 4, 1.105)
    house.move("EURUSD", D("1.08995"))
    assert mt5.positions_get() == ()
    house.move("EURUSD", D("1.08994"))
    (held,) = mt5.positions_get() or ()
    assert (held.ticket, held.price_open) == (limit.order, 1.09)
    house.move("EURUSD", D("1.10494"))
    assert {row.ticket for row in mt5.positions_get() or ()} == {limit.order, stop.order}
    assert mt5.orders_get() == ()


def test_a_stop_limit_becomes_a_limit(house: Broker, mt5: SimulatedTerminal) -> None:
    """Reached at 1.105, it waits for 1.104."""
    order = pending(mt5, 6, 1.105, stoplimit=1.104)
    house.move("EURUSD", D("1.10500"))
    (waiting,) = mt5.orders_get() or ()
    assert (waiting.ticket, waiting.type, waiting.price_open) == (order.order, 2, 1.104)
    house.move("EURUSD", D("1.10390"))
    assert len(mt5.positions_get() or ()) == 1


def test_swap_gathers_on_the_ticket_and_is_paid_at_its_close(house: Broker, mt5: SimulatedTerminal) -> None:
    """One night: 0.62 for a buy of 0.1 lots; 0.21 received for a sell. The balance changes at the close only."""
    deal(mt5, 0)
    deal(mt5, 1)
    info = mt5.account_info()
    assert info is not None
    house.skip(DAY // 2)
    bought, sold = mt5.positions_get() or ()
    assert (bought.swap, sold.swap) == (-0.62, 0.21)
    after = mt5.account_info()
    assert after is not None
    assert after.balance == info.balance
    assert after.equity == pytest.approx(info.equity - 0.41)
    deal(mt5, 1, position=bought.ticket)
    (*_, last) = mt5.history_deals_get(0, FOREVER) or ()
    assert last.swap == -0.62


def test_a_stop_out_closes_everything(house: Broker, mt5: SimulatedTerminal) -> None:
    """8 lots at 1:100 on 10,000: a fall of 1.2 % takes nearly all of it."""
    deal(mt5, 0, 8.0)
    house.move("EURUSD", D("1.09200"))
    assert mt5.positions_get() == ()
    assert deals(mt5)[-1][:2] == (1, 6)


def test_the_balance_is_the_sum_of_all_deals(house: Broker, mt5: SimulatedTerminal) -> None:
    """Profit, commission and swap, to the cent; and the exchange under it agrees to the cent."""
    for price in ("1.10100", "1.09700", "1.10300"):
        ticket = deal(mt5, 0).order
        house.move("EURUSD", D(price))
        deal(mt5, 1, position=ticket)
    info = mt5.account_info()
    found = mt5.history_deals_get(0, FOREVER) or ()
    assert info is not None
    assert round(sum(one.profit + one.commission + one.swap for one in found), 2) == info.balance
    assert abs(D(repr(info.balance)) - house.exchange.account.wallet) < D("0.05")


def test_nothing_trades_on_a_weekend() -> None:
    """Friday's close, then Sunday's gap: the take-profit executes at the opening price."""
    house = broker(always_open=False)
    mt5 = terminal(house)
    deal(mt5, 0, tp=1.105)
    house.skip(5 * DAY)
    assert deal(mt5, 0).retcode == mt5.TRADE_RETCODE_MARKET_CLOSED
    tick = mt5.symbol_info_tick("EURUSD")
    assert tick is not None
    house.move("EURUSD", D("1.10700"))
    assert len(mt5.positions_get() or ()) == 1
    house.skip(2 * DAY)
    assert mt5.positions_get() == ()
    assert deals(mt5)[-1][:3] == (1, 5, 1.107)
