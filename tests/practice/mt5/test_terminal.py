"""The functions of the module: names, structures, and failures without exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from gridhedge.practice.mt5.broker import Broker
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from tests.practice.mt5.brokers import LOGIN, deal, pending, terminal

ORDER: dict[str, Any] = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "type_filling": 0}


def test_it_has_every_function_of_the_package(mt5: SimulatedTerminal, facts: Any) -> None:
    """All 35 names, and all constants with their values."""
    assert [name for name in facts["public_functions"] if not callable(getattr(mt5, name, None))] == []
    assert {name: getattr(mt5, name, None) for name in facts["constants"]} == facts["constants"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"volume": "0.1"}, "volume"),
        ({"volume": True}, "volume"),
        ({"type": 0.0}, "type"),
        ({"magic": 1.5}, "magic"),
        ({"comment": 5}, "comment"),
        ({"comment": "x" * 32}, "comment"),
        ({"comment": "héd"}, "comment"),
        ({"price": None}, "price"),
    ],
)
def test_a_malformed_request_is_none_and_named(mt5: SimulatedTerminal, change: dict[str, Any], name: str) -> None:
    """As the package's own C code does; unknown keys are ignored."""
    assert mt5.order_send({**ORDER, **change}) is None
    assert mt5.last_error() == (-2, f'Invalid "{name}" argument')
    assert mt5.order_send({**ORDER, "whatever": object()}) is not None
    assert mt5.last_error() == (1, "Success")


def test_nothing_works_before_the_terminal_is_initialized(house: Broker) -> None:
    """None or False, and no IPC connection; a wrong password is -6."""
    mt5 = SimulatedTerminal(house, LOGIN)
    assert (mt5.account_info(), mt5.positions_get(), mt5.order_send(ORDER)) == (None, None, None)
    assert mt5.last_error()[0] == -10004
    assert mt5.initialize("x", login=501234, password="wrong", server="Sim-Demo") is False
    assert mt5.last_error()[0] == -6
    assert mt5.initialize("x", login=501234, password="secret", server="Sim-Demo") is True
    mt5.shutdown()
    assert mt5.version() is None


def test_two_programs_see_one_account(house: Broker, mt5: SimulatedTerminal) -> None:
    """What one opens the other sees; each has its own last error."""
    other = terminal(house)
    ticket = deal(mt5, 0, magic=7, comment="mine").order
    (seen,) = other.positions_get() or ()
    assert (seen.ticket, seen.magic, seen.comment) == (ticket, 7, "mine")
    assert other.symbol_info("NOPE") is None
    assert (other.last_error()[0], mt5.last_error()[0]) == (-4, 1)


def test_times_are_the_server_s_clock(mt5: SimulatedTerminal) -> None:
    """Two hours ahead of UTC here, in ticks, positions and deals alike."""
    deal(mt5, 0)
    tick, (held,) = mt5.symbol_info_tick("EURUSD"), mt5.positions_get() or ()
    deals = mt5.history_deals_get(0, 2**33) or ()
    import time

    now = int(time.time()) + 7200
    assert tick is not None
    for seen in (tick.time, held.time, deals[-1].time, held.time_msc // 1000):
        assert abs(seen - now) < 60


def test_lists_are_chosen_by_symbol_ticket_or_group(mt5: SimulatedTerminal) -> None:
    """With a symbol the ticket does not count; groups exclude with an exclamation mark; deals go by order."""
    first, second, waiting = deal(mt5, 0), deal(mt5, 1), pending(mt5, 2, 1.05)
    assert [row.ticket for row in mt5.positions_get(ticket=second.order) or ()] == [second.order]
    assert len(mt5.positions_get(symbol="EURUSD", ticket=second.order) or ()) == 2
    assert len(mt5.positions_get(group="*EUR*") or ()) == 2
    assert mt5.positions_get(group="*,!EUR*") == ()
    assert [row.ticket for row in mt5.orders_get() or ()] == [waiting.order]
    assert (mt5.positions_total(), mt5.orders_total()) == (2, 1)
    assert [row.ticket for row in mt5.history_deals_get(ticket=first.order) or ()] == [first.deal]
    assert [row.ticket for row in mt5.history_deals_get(position=second.order) or ()] == [second.deal]
    assert [row.ticket for row in mt5.history_orders_get(position=second.order) or ()] == [second.order]
    assert len(mt5.history_orders_get(0, 2**33, group="EUR*") or ()) == 2
    assert mt5.history_deals_get(0, 2**33, group="GBP*") == ()
    assert (mt5.history_deals_get(), mt5.history_orders_get()) == (None, None)
    assert mt5.last_error()[0] == -2
    assert mt5.history_deals_total(0, 2**33) == 3
    assert [row.name for row in mt5.symbols_get("*USD*") or ()] == ["EURUSD"]


FAULTS = [
    ("disabled", 10027),
    ("account_disabled", 10026),
    ("disconnected", 10031),
    ("closed", 10018),
    ("requote", 10004),
    ("investor", 10017),
]


@pytest.mark.parametrize(("kind", "retcode"), FAULTS, ids=[kind for kind, _ in FAULTS])
def test_a_terminal_that_may_not_trade_says_why(house: Broker, mt5: SimulatedTerminal, kind: str, retcode: int) -> None:
    """The request is answered; nothing was done."""
    house.faults.add(kind)
    assert deal(mt5, 0).retcode == retcode
    assert house.books.tickets == {}
    house.faults.clear()
    assert deal(mt5, 0).retcode == 10009


@pytest.mark.parametrize(("kind", "executed"), [("lost_before", False), ("lost_after", True)])
def test_a_lost_answer_is_none_whether_it_was_carried_out_or_not(
    house: Broker, mt5: SimulatedTerminal, kind: str, executed: bool
) -> None:
    """IPC timeout: only the list of positions tells."""
    house.faults.add(kind)
    assert mt5.order_send(ORDER) is None
    assert mt5.last_error()[0] == -10005
    assert bool(mt5.positions_get()) is executed


def test_states_of_account_and_terminal_show_what_is_wrong(house: Broker, mt5: SimulatedTerminal) -> None:
    """Each fault has its flag."""
    for kind in ("netting", "fifo", "investor", "account_disabled", "disconnected", "disabled", "api_disabled"):
        house.faults.add(kind)
    info, state = mt5.account_info(), mt5.terminal_info()
    assert info is not None
    assert state is not None
    assert (info.margin_mode, info.fifo_close, info.trade_allowed, info.trade_expert) == (0, True, False, False)
    assert (state.connected, state.trade_allowed, state.tradeapi_disabled) == (False, False, True)
    assert mt5.order_send(ORDER) is None
    assert mt5.last_error()[0] == -8


def test_a_broker_may_rewrite_comments_and_list_positions_late(house: Broker, mt5: SimulatedTerminal) -> None:
    """The magic number stays."""
    house.faults.add("comments")
    house.faults.add("slow_list", calls=2)
    ticket = deal(mt5, 0, magic=77, comment="mine").order
    assert [len(mt5.positions_get() or ()) for _ in range(3)] == [0, 0, 1]
    (held,) = mt5.positions_get() or ()
    assert (held.magic, held.comment) == (77, f"#{ticket}")


def test_checks_and_sums_before_an_order(mt5: SimulatedTerminal) -> None:
    """0.1 lots at 1.1 and 1:100 bind 110; ten points up earn 1; the success of a check is 0."""
    assert mt5.order_calc_margin(0, "EURUSD", 0.1, 1.1) == 110.0
    assert mt5.order_calc_profit(0, "EURUSD", 0.1, 1.1, 1.1001) == 1.0
    assert mt5.order_calc_profit(1, "EURUSD", 0.1, 1.1, 1.1001) == -1.0
    codes = []
    for volume in (0.1, 0.015, 99.0):
        result = mt5.order_check({**ORDER, "volume": volume})
        assert result is not None
        codes.append(result.retcode)
    assert codes == [0, 10014, 10019]


def test_the_package_s_own_helpers_buy_sell_and_close(mt5: SimulatedTerminal) -> None:
    """They are there, though nobody should use them."""
    bought, sold = mt5.Buy("EURUSD", 0.1), mt5.Sell("EURUSD", 0.2)
    assert bought is not None
    assert sold is not None
    assert mt5.Close("EURUSD", ticket=bought.order)
    assert [row.ticket for row in mt5.positions_get() or ()] == [sold.order]
    assert mt5.Close("EURUSD")
    assert not mt5.Close("EURUSD")
