"""Requests and the codes with which a server refuses them."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.specs import FILL_IOC, forex
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.venue.mt5.terminal.constants import Constants as C
from tests.practice.mt5.brokers import broker, deal, pending, terminal

BUY, SELL = 0, 1


@pytest.mark.parametrize(
    ("more", "retcode"),
    [
        ({"volume": 0.015}, C.TRADE_RETCODE_INVALID_VOLUME),
        ({"volume": 0.001}, C.TRADE_RETCODE_INVALID_VOLUME),
        ({"volume": 1000.0}, C.TRADE_RETCODE_INVALID_VOLUME),
        ({"volume": 50.0}, C.TRADE_RETCODE_NO_MONEY),
        ({"type_filling": 2}, C.TRADE_RETCODE_INVALID_FILL),
        ({"tp": 1.09}, C.TRADE_RETCODE_INVALID_STOPS),
        ({"sl": 1.11}, C.TRADE_RETCODE_INVALID_STOPS),
        ({"symbol": "NOPE"}, C.TRADE_RETCODE_INVALID),
        ({"action": 99}, C.TRADE_RETCODE_INVALID),
        ({"type": 5}, C.TRADE_RETCODE_INVALID),
        ({"position": 7}, C.TRADE_RETCODE_POSITION_CLOSED),
    ],
)
def test_a_wrong_deal_is_refused_with_its_code(mt5: SimulatedTerminal, more: dict[str, Any], retcode: int) -> None:
    """And nothing is opened."""
    assert deal(mt5, BUY, **{"volume": 0.1, **more}).retcode == retcode
    assert mt5.positions_get() == ()


@pytest.mark.parametrize(
    ("kind", "price", "more", "retcode"),
    [
        (2, 1.2, {}, C.TRADE_RETCODE_INVALID_PRICE),
        (3, 1.0, {}, C.TRADE_RETCODE_INVALID_PRICE),
        (4, 1.0, {}, C.TRADE_RETCODE_INVALID_PRICE),
        (2, 1.0900001, {}, C.TRADE_RETCODE_INVALID_PRICE),
        (2, 1.09, {"tp": 1.08}, C.TRADE_RETCODE_INVALID_STOPS),
        (2, 1.09, {"type_time": 2, "expiration": 5}, C.TRADE_RETCODE_INVALID_EXPIRATION),
        (0, 1.09, {}, C.TRADE_RETCODE_INVALID),
    ],
)
def test_a_wrong_pending_order_is_refused_with_its_code(
    mt5: SimulatedTerminal, kind: int, price: float, more: dict[str, Any], retcode: int
) -> None:
    assert pending(mt5, kind, price, **more).retcode == retcode
    assert mt5.orders_get() == ()


def test_a_close_without_its_position_opens_an_opposite_ticket(mt5: SimulatedTerminal) -> None:
    """The classic mistake on a hedging account; with the ticket it closes, in parts if so wished."""
    ticket = deal(mt5, BUY).order
    deal(mt5, SELL)
    assert len(mt5.positions_get() or ()) == 2
    assert deal(mt5, SELL, 0.2, position=ticket).retcode == C.TRADE_RETCODE_INVALID_CLOSE_VOLUME
    assert deal(mt5, BUY, position=ticket).retcode == C.TRADE_RETCODE_INVALID
    deal(mt5, SELL, 0.04, position=ticket)
    (held, _) = mt5.positions_get() or ()
    assert (held.ticket, held.volume) == (ticket, 0.06)
    deal(mt5, SELL, 0.06, position=ticket)
    assert len(mt5.positions_get() or ()) == 1


def test_stops_of_a_position_are_set_together_and_zero_removes_them(mt5: SimulatedTerminal) -> None:
    """The same again is 10025; a ticket that is gone 10036."""
    ticket = deal(mt5, BUY).order
    request: dict[str, Any] = {"action": 6, "symbol": "EURUSD", "position": ticket, "sl": 1.09, "tp": 1.12}
    codes = []
    for change in ({}, {}, {"sl": 0.0}, {"position": 7}, {"tp": 1.05}):
        result = mt5.order_send({**request, **change})
        assert result is not None
        codes.append(result.retcode)
    assert codes == [10009, 10025, 10009, 10036, 10016]
    (held,) = mt5.positions_get() or ()
    assert (held.sl, held.tp) == (0.0, 1.12)


def test_pending_orders_are_changed_and_removed_by_ticket(mt5: SimulatedTerminal) -> None:
    """A price without a change is 10025, a ticket that is gone 10035."""
    ticket = pending(mt5, 2, 1.09).order
    codes = []
    for request in (
        {"action": 7, "order": ticket, "price": 1.08},
        {"action": 7, "order": ticket, "price": 1.08},
        {"action": 7, "order": ticket, "price": 1.2},
        {"action": 8, "order": ticket},
        {"action": 8, "order": ticket},
    ):
        result = mt5.order_send(request)
        assert result is not None
        codes.append(result.retcode)
    assert codes == [10009, 10025, 10015, 10009, 10035]
    (ended,) = mt5.history_orders_get(ticket=ticket) or ()
    assert (ended.state, ended.price_open) == (C.ORDER_STATE_CANCELED, 1.08)


def test_two_opposite_tickets_close_each_other_without_the_spread(house: Broker, mt5: SimulatedTerminal) -> None:
    """0.3 bought at 1.10006 against 0.1 sold at 1.1: 0.2 remain, and only the entry's spread was lost (0.6)."""
    bought, sold = deal(mt5, BUY, 0.3), deal(mt5, SELL)
    result = mt5.order_send({"action": 10, "position": bought.order, "position_by": sold.order})
    assert result is not None
    assert result.retcode == 10009
    (held,) = mt5.positions_get() or ()
    assert (held.ticket, held.volume) == (bought.order, 0.2)
    pair = [one for one in mt5.history_deals_get(0, 2**33) or () if one.entry == C.DEAL_ENTRY_OUT_BY]
    assert [one.profit for one in pair] == [-0.6, 0.0]


def test_levels_keep_orders_away_from_the_price() -> None:
    """Stops level 50 points: nothing nearer than 0.00050. Freeze level 20: nothing changes inside 0.00020."""
    spec = forex("EURUSD", levels=50)._replace(freeze_level=20)
    house = broker(spec)
    mt5 = terminal(house)
    assert pending(mt5, 2, 1.09957).retcode == C.TRADE_RETCODE_INVALID_PRICE
    placed = pending(mt5, 2, 1.09956)
    assert placed.retcode == 10009
    assert deal(mt5, BUY, tp=1.10049).retcode == C.TRADE_RETCODE_INVALID_STOPS
    assert deal(mt5, BUY, tp=1.1005).retcode == 10009
    house.move("EURUSD", D("1.09965"))
    removal = mt5.order_send({"action": 8, "order": placed.order})
    assert removal is not None
    assert removal.retcode == C.TRADE_RETCODE_FROZEN


def test_instant_execution_holds_the_price_or_asks_again() -> None:
    """The ask is 1.10006: 1.09990 is 16 points off; a deviation of 20 allows it, one of 10 does not."""
    mt5 = terminal(broker(forex("EURUSD", execution=C.SYMBOL_TRADE_EXECUTION_INSTANT)))
    assert deal(mt5, BUY, price=1.0999, deviation=10).retcode == C.TRADE_RETCODE_REQUOTE
    assert deal(mt5, BUY, price=1.0999, deviation=20).retcode == 10009
    assert deal(mt5, BUY, price=1.10006, type_filling=2).retcode == 10009


def test_a_broker_s_limits_are_codes() -> None:
    """At most 0.2 lots a side; only IOC."""
    spec = forex("EURUSD")._replace(volume_limit=D("0.2"), filling_mode=FILL_IOC)
    mt5 = terminal(broker(spec))
    assert deal(mt5, BUY).retcode == C.TRADE_RETCODE_INVALID_FILL
    assert deal(mt5, BUY, 0.2, type_filling=1).retcode == 10009
    assert deal(mt5, BUY, 0.01, type_filling=1).retcode == C.TRADE_RETCODE_LIMIT_VOLUME
    assert deal(mt5, SELL, 0.2, type_filling=1).retcode == 10009
