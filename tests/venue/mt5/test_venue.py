"""The adapter against a simulated terminal: what is MT5's own, beyond the cards of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.errors import Refused, Unclear
from gridhedge.domain.events import ConnectionChanged, Execution, ExecutionKind, Funding, MarketSeen, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import Accepted, NotSent, Rejected, Unknown
from tests.contract.bench import SYMBOL, Desk
from tests.contract.mt5_bench import DOGE, Mt5Bench

LONG, SHORT = Side.LONG, Side.SHORT


@pytest.fixture
def bench() -> Iterator[Mt5Bench]:
    bench = Mt5Bench()
    yield bench
    bench.close()


@pytest.fixture
def desk(bench: Mt5Bench) -> Desk:
    desk = Desk(bench)
    desk.connect()
    return desk


def held(desk: Desk, *entries: tuple[str, str, int]) -> None:
    """Long entries that execute now: price, quantity, level."""
    desk.venue.send([desk.place(LONG, price, quantity, level) for price, quantity, level in entries])
    desk.wait_for(Execution, len(entries))


def carried(bench: Mt5Bench) -> list[tuple[D, D]]:
    """Units and take-profit of every ticket."""
    return [(ticket.units, ticket.tp) for ticket in bench.broker.books.tickets.values()]


def test_rules_are_in_base_units_and_leverage_is_the_broker_s(desk: Desk) -> None:
    """DOGEUSDT.c: steps of one, no minimum notional, stop-out at half of the margin at 1:75."""
    rules = desk.venue.instrument(SYMBOL)
    assert (rules.base, rules.quote, rules.tick_size, rules.lot_step) == ("DOGE", "USDT", D("0.00001"), D(1))
    assert (rules.max_leverage, rules.min_notional, rules.max_quantity) == (75, 0, D(43678900))
    assert rules.tiers[0].rate == D("0.5") / 75
    assert desk.venue.fees(SYMBOL) == (D("0.00055"), D("0.00055"))
    assert (desk.venue.prepare(SYMBOL, 20), desk.venue.prepare(SYMBOL, 200)) == (20, 75)


def test_a_side_s_take_profit_stands_on_every_ticket_and_is_one_order(desk: Desk, bench: Mt5Bench) -> None:
    """Two levels, one exit; it executes ticket by ticket under its own id, and nothing is left."""
    held(desk, ("0.20100", "100", 0), ("0.20100", "200", 1))
    exit_ = desk.place(LONG, "0.20200", "300", closing=True)
    (outcome,) = desk.venue.send([exit_])
    assert isinstance(outcome, Accepted)
    assert carried(bench) == [(D(100), D("0.202")), (D(200), D("0.202"))]
    (listed,) = desk.venue.snapshot([SYMBOL]).orders
    assert (listed.client_id, listed.closing, listed.price, listed.quantity) == (
        exit_.client_id, True, D("0.202"), D(300),
    )  # fmt: skip
    bench.move(D("0.20300"))
    made = desk.wait_for(Execution, 4)[2:]
    assert [(one.client_id, one.closing, one.quantity) for one in made] == [
        (exit_.client_id, True, D(100)), (exit_.client_id, True, D(200)),
    ]  # fmt: skip
    ended = desk.venue.find_ended(SYMBOL, exit_.client_id)
    assert ended is not None
    assert (ended.state, ended.filled) == (OrderState.FILLED, D(300))
    assert desk.venue.snapshot([SYMBOL]).positions == ()


def test_an_exit_is_amended_on_all_tickets_and_withdrawn_from_all(desk: Desk, bench: Mt5Bench) -> None:
    """A new ticket gets it with the next amend."""
    held(desk, ("0.20100", "100", 0))
    exit_ = desk.place(LONG, "0.20200", "100", closing=True)
    desk.venue.send([exit_])
    desk.venue.send([desk.place(LONG, "0.20100", "200", 1)])
    (outcome,) = desk.venue.send([desk.amend(exit_, "0.20150", "300")])
    assert isinstance(outcome, Accepted)
    assert carried(bench) == [(D(100), D("0.2015")), (D(200), D("0.2015"))]
    desk.venue.send([desk.cancel(exit_)])
    assert carried(bench) == [(D(100), D(0)), (D(200), D(0))]
    assert desk.venue.find_open(SYMBOL, exit_.client_id) is None


def test_an_exit_waits_for_a_ticket_that_is_not_listed_yet(desk: Desk, bench: Mt5Bench) -> None:
    """Its deal is known before its position is: that is no reason to close less."""
    bench.broker.faults.add("slow_list", calls=10_000)
    desk.venue.send([desk.place(LONG, "0.20100", "100")])
    exit_ = desk.place(LONG, "0.20200", "100", closing=True)
    (outcome,) = desk.venue.send([exit_])
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.text) == (Reject.BUSY, "a ticket of the long side is not listed yet")
    (ticket,) = bench.broker.books.tickets.values()
    ticket.hidden = 0
    assert isinstance(desk.venue.send([exit_])[0], Accepted)


def test_an_exit_whose_price_has_come_closes_at_once(desk: Desk, bench: Mt5Bench) -> None:
    """A terminal refuses a take-profit on the wrong side of the price."""
    held(desk, ("0.20100", "100", 0))
    bench.move(D("0.20500"))
    exit_ = desk.place(LONG, "0.20200", "100", closing=True)
    (outcome,) = desk.venue.send([exit_])
    assert isinstance(outcome, Accepted)
    made = desk.wait_for(Execution, 2)[1]
    assert (made.client_id, made.price) == (exit_.client_id, D("0.205"))


def test_an_exit_that_no_ticket_carries_any_more_is_told_as_ended(desk: Desk, bench: Mt5Bench) -> None:
    """In full after its last execution; as cancelled where a person has taken the prices from the tickets."""
    held(desk, ("0.20100", "100", 0))
    exit_ = desk.place(LONG, "0.20200", "100", closing=True)
    desk.venue.send([exit_])
    bench.move(D("0.20300"))
    (end,) = desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == exit_.client_id)
    assert (end.state, end.filled) == (OrderState.FILLED, D(100))
    kinds = [type(event) for event in desk.seen if getattr(event, "client_id", "") == exit_.client_id]
    assert kinds == [Execution, OrderUpdate]
    desk.seen.clear()
    held(desk, ("0.20400", "100", 1))
    other = desk.place(LONG, "0.20900", "100", 1, closing=True)
    desk.venue.send([other])
    desk.look()
    for ticket in bench.broker.books.tickets.values():
        ticket.tp = D(0)
    (end,) = desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == other.client_id)
    assert (end.state, end.filled) == (OrderState.CANCELLED, D(0))


def test_stop_and_take_profit_stand_on_the_same_tickets(desk: Desk, bench: Mt5Bench) -> None:
    """The stop for everything, a break-even for the newer ticket; each is amended and withdrawn without the other."""
    held(desk, ("0.20100", "100", 0), ("0.20100", "200", 1))
    even = desk.place(LONG, "0.20200", "200", closing=True)
    stop = desk.stop(LONG, "0.19000", "300")
    assert [type(outcome) for outcome in desk.venue.send([even, stop])] == [Accepted, Accepted]
    tickets = bench.broker.books.tickets.values()
    assert [(one.sl, one.tp) for one in tickets] == [(D("0.19"), D(0)), (D("0.19"), D("0.202"))]
    bench.move(D("0.20300"))
    desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == even.client_id)
    assert [(one.units, one.sl) for one in tickets] == [(D(100), D("0.19"))]
    found = desk.venue.find_open(SYMBOL, stop.client_id)
    assert found is not None
    assert (found.trigger_price, found.quantity) == (D("0.19"), D(100))
    desk.venue.send([desk.cancel(stop)])
    assert [one.sl for one in tickets] == [D(0)]


def test_what_a_stop_has_closed_is_its_execution_and_a_hand_s_stop_is_nobody_s(desk: Desk, bench: Mt5Bench) -> None:
    """By the deals' reason, and by what was remembered at that time; also after a new start."""
    held(desk, ("0.20100", "100", 0))
    for ticket in bench.broker.books.tickets.values():
        ticket.sl = D("0.19900")
    bench.move(D("0.19800"))
    (made,) = desk.wait_for(Execution, 1, lambda one: one.closing)
    assert made.client_id == ""


def test_an_exit_too_near_to_the_price_stands_as_near_as_is_allowed(desk: Desk, bench: Mt5Bench) -> None:
    """The broker wants 50 points of distance and says so by its refusal, too: the spread is added."""
    held(desk, ("0.20100", "100", 0))
    bench.broker.specs[DOGE.name] = bench.broker.by_plain[SYMBOL] = DOGE._replace(stops_level=50)
    exit_ = desk.place(LONG, "0.20020", "100", closing=True)
    (outcome,) = desk.venue.send([exit_])
    assert isinstance(outcome, Rejected)  # this terminal's symbol said 0 when the bot began
    fresh = bench.open("practice")
    (outcome,) = fresh.send([exit_])
    assert isinstance(outcome, Accepted)
    assert carried(bench) == [(D(100), D("0.20051"))]


def test_an_amend_to_a_price_that_has_come_executes_now(desk: Desk, bench: Mt5Bench) -> None:
    """A terminal can not move a limit across the market (10015): the order is withdrawn and dealt under its marks."""
    entry = desk.place(LONG, "0.19500", "100")
    desk.venue.send([entry])
    (outcome,) = desk.venue.send([desk.amend(entry, "0.20100", "100")])
    assert isinstance(outcome, Accepted)
    (made,) = desk.wait_for(Execution)
    assert (made.client_id, made.quantity, made.price) == (entry.client_id, D(100), D("0.20001"))
    assert bench.broker.books.pending == {}
    (end,) = desk.wait_for(OrderUpdate, 1, lambda told: told.state is OrderState.FILLED)
    assert end.client_id == entry.client_id


def test_an_amend_of_the_volume_is_a_new_order_under_the_same_marks(desk: Desk, bench: Mt5Bench) -> None:
    """A terminal can change the price only; the price alone keeps the ticket."""
    entry = desk.place(LONG, "0.19500", "100")
    (placed,) = desk.venue.send([entry])
    (moved,) = desk.venue.send([desk.amend(entry, "0.19400", "100")])
    assert isinstance(placed, Accepted)
    assert moved == placed
    (outcome,) = desk.venue.send([desk.amend(entry, "0.19300", "150")])
    assert isinstance(outcome, Accepted)
    (record,) = desk.venue.snapshot([SYMBOL]).orders
    assert (record.client_id, record.venue_id) == (entry.client_id, outcome.venue_id)
    assert outcome.venue_id != placed.venue_id
    assert (record.price, record.quantity) == (D("0.193"), D(150))


def test_margin_that_is_not_there_is_said_when_it_executes(desk: Desk, bench: Mt5Bench) -> None:
    """A pending order binds none and is taken; when its price comes the server ends it, and that is told."""
    (now,) = desk.venue.send([desk.place(LONG, "0.20100", "500000")])
    assert isinstance(now, Rejected)
    assert now.reason is Reject.MARGIN
    entry = desk.place(LONG, "0.19500", "500000", 1)
    (outcome,) = desk.venue.send([entry])
    assert isinstance(outcome, Accepted)
    bench.move(D("0.19400"))
    (end,) = desk.wait_for(OrderUpdate, 1, lambda told: told.client_id == entry.client_id)
    assert (end.state, end.filled) == (OrderState.CANCELLED, D(0))


def test_an_amend_that_is_refused_in_its_second_half_is_told_as_cancelled(desk: Desk, bench: Mt5Bench) -> None:
    """The order is gone; nothing executes; the engine plans it anew."""
    entry = desk.place(LONG, "0.19500", "100")
    desk.venue.send([entry])
    bench.broker.faults.add("requote", times=9)
    (outcome,) = desk.venue.send([desk.amend(entry, "0.19400", "150")])
    assert isinstance(outcome, Rejected)
    assert len(bench.broker.books.pending) == 1
    bench.clear()
    bench.exchange.account.wallet = D(0)
    (outcome,) = desk.venue.send([desk.amend(entry, "0.20100", "100")])
    assert isinstance(outcome, Accepted)
    assert outcome.update is not None
    assert (outcome.update.state, outcome.update.filled) == (OrderState.CANCELLED, D(0))
    assert bench.broker.books.pending == {}


def test_an_entry_never_executes_beyond_its_own_price(desk: Desk, bench: Mt5Bench, monkeypatch: Any) -> None:
    """The price moves away between the look and the deal: refused, nothing is sent."""
    reads = bench.venue._reads
    tick = reads.tick(SYMBOL)
    ticks = iter([tick, tick._replace(ask=0.20101)])
    monkeypatch.setattr(reads, "tick", lambda plain: next(ticks))
    (outcome,) = desk.venue.send([desk.place(LONG, "0.20100", "100")])
    assert isinstance(outcome, Rejected)
    assert (outcome.reason, outcome.text) == (Reject.BUSY, "the price has moved to 0.20101, beyond 0.20100")
    assert bench.broker.books.tickets == {}


@pytest.mark.parametrize("fault", ["lost_after", "timeout"])
def test_an_answer_that_was_lost_is_unknown_until_the_order_is_seen(desk: Desk, bench: Mt5Bench, fault: str) -> None:
    """By its marks, also where the broker has rewritten the comment."""
    bench.broker.faults.add(fault, executed=True)
    bench.broker.faults.add("comments")
    entry = desk.place(LONG, "0.19500", "100")
    (outcome,) = desk.venue.send([entry])
    assert isinstance(outcome, Unknown)
    found = desk.venue.find_open(SYMBOL, entry.client_id)
    assert found is not None
    assert found.client_id == entry.client_id


def test_an_order_without_a_trace_stays_unknown(desk: Desk, bench: Mt5Bench) -> None:
    """No time proves that it will not come; a new start decides."""
    bench.broker.faults.add("lost_before")
    entry = desk.place(LONG, "0.19500", "100")
    assert [type(outcome) for outcome in desk.venue.send([entry, entry])] == [Unknown, NotSent]
    assert desk.venue.find_open(SYMBOL, entry.client_id) is None
    with pytest.raises(Unclear, match="sent without an answer and is nowhere to be seen"):
        desk.venue.find_ended(SYMBOL, entry.client_id)
    assert bench.open("practice").find_ended(SYMBOL, entry.client_id) is None


def test_a_closed_market_is_asked_once_for_all_changes(desk: Desk, bench: Mt5Bench) -> None:
    """A terminal does not tell when it opens."""
    bench.broker.faults.add("closed")
    orders = [desk.place(LONG, "0.19500", "100", level) for level in range(3)]
    closed = Rejected(Reject.MARKET_CLOSED, "10018 Market closed")
    assert desk.venue.send(orders) == [closed] * 3
    assert bench.broker.faults.struck["closed"] == 1


def test_requotes_are_asked_again_and_refusals_are_named(desk: Desk, bench: Mt5Bench) -> None:
    """Two requotes are overcome; a forbidden terminal is a matter for a person."""
    bench.broker.faults.add("requote", times=2)
    (first,) = desk.venue.send([desk.place(LONG, "0.20100", "100")])
    assert isinstance(first, Accepted)
    for fault, reason in (("disabled", Reject.PERMISSION), ("api_disabled", Reject.PERMISSION)):
        bench.broker.faults.add(fault)
        (refused,) = desk.venue.send([desk.place(LONG, "0.19500", "100", 2)])
        assert isinstance(refused, Rejected)
        assert refused.reason is reason
        bench.clear()


@pytest.mark.parametrize(("quantity", "price"), [("100.5", "0.195"), ("99999999", "0.195"), ("100", "0.1941234")])
def test_what_is_off_the_rules_is_out_of_bounds(desk: Desk, quantity: str, price: str) -> None:
    """Step, largest quantity, tick."""
    (outcome,) = desk.venue.send([desk.place(LONG, price, quantity)])
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reject.OUT_OF_BOUNDS


def test_a_netting_account_is_refused_with_a_sentence(bench: Mt5Bench) -> None:
    """By the check and by the start."""
    bench.broker.faults.add("netting")
    (line,) = [check for check in bench.venue.checks([SYMBOL]) if check.passed is False]
    assert "is a netting account, where a sell closes a buy: open a hedging account" in line.text
    with pytest.raises(Refused, match="netting account"):
        bench.venue.connect([SYMBOL], bench.inbox)


def test_the_broker_s_limit_of_pending_orders_counts(bench: Mt5Bench, monkeypatch: Any) -> None:
    """Where it has one: the guard keeps below it."""
    terminal, account = bench.venue._reads.state()
    monkeypatch.setattr(bench.venue._reads, "state", lambda: (terminal, account._replace(limit_orders=30)))
    bench.venue.connect([SYMBOL], bench.inbox)
    assert bench.venue.capabilities.max_open_orders == 30


def test_swap_is_funding_as_it_gathers_and_the_wallet_has_it(desk: Desk, bench: Mt5Bench) -> None:
    """0.002 for 100 long at 0.2 and 0.01 %: told once, and again by a new adapter's history only if it was kept."""
    held(desk, ("0.20100", "100", 0))
    before = desk.venue.account().wallet_balance
    bench.skip(8 * 3600 * 1000)
    (paid,) = desk.wait_for(Funding)
    assert (paid.side, paid.amount) == (LONG, D("0.002"))
    assert before - desk.venue.account().wallet_balance == D("0.002")
    desk.venue.send([desk.place(LONG, "0.2", "100", closing=True, market=True)])
    desk.wait_for(Execution, 2)
    desk.look(200)
    assert [one.amount for one in desk.seen if isinstance(one, Funding)] == [D("0.002")]
    assert before - D("0.002") - desk.venue.account().wallet_balance == D("0.01100") + D("0.001")


def test_a_lost_connection_is_told_and_comes_back(desk: Desk, bench: Mt5Bench) -> None:
    """The bridge is cut; the broker is away; each time what happened meanwhile is found."""
    bench.bridge.cut()
    desk.wait_for_stream("terminal", up=False)
    desk.wait_for_stream("terminal", up=True)
    desk.seen.clear()
    bench.broker.faults.add("disconnected")
    change = desk.wait_for(ConnectionChanged)[0]
    assert (change.up, change.text) == (False, "the terminal has lost the broker")
    bench.clear()
    desk.wait_for_stream("terminal", up=True)
    bench.move(D("0.20700"))
    desk.wait_for(MarketSeen, 1, lambda sight: sight.last == D("0.207"))


def test_the_terminal_tells_when_it_was_last_heard_of(desk: Desk, bench: Mt5Bench) -> None:
    """Its age grows while it is lost."""
    desk.look()
    first = desk.venue.heard()["terminal"]
    assert 0 <= desk.seen_now() - first < 20_000
    bench.broker.faults.add("disconnected")
    desk.wait_for_stream("terminal", up=False)
    lost = desk.venue.heard()["terminal"]
    desk.look()
    assert desk.venue.heard() == {"terminal": lost}


def test_a_stop_out_is_a_liquidation(desk: Desk, bench: Mt5Bench) -> None:
    """Deals with the broker's reason."""
    held(desk, ("0.20100", "300000", 0))
    bench.move(D("0.19700"))
    made = desk.wait_for(Execution, 2)[1]
    assert (made.kind, made.closing, made.client_id) == (ExecutionKind.LIQUIDATION, True, "")


def test_a_broker_that_cuts_magic_numbers_is_understood(desk: Desk, bench: Mt5Bench) -> None:
    """The comments decide, also for an adapter that was not there when the order was sent."""
    bench.broker.faults.add("magic")
    held(desk, ("0.20100", "100", 0))
    resting, exit_ = desk.place(LONG, "0.19500", "100", 1), desk.place(LONG, "0.20200", "100", closing=True)
    assert [type(outcome) for outcome in desk.venue.send([resting, exit_])] == [Accepted, Accepted]
    assert max(ticket.magic for ticket in bench.broker.books.tickets.values()) < 2**31
    assert bench.open("practice").find_open(SYMBOL, resting.client_id) is not None
    bench.move(D("0.20300"))
    made = desk.wait_for(Execution, 2)[1]
    assert (made.client_id, made.closing) == (exit_.client_id, True)


def test_what_others_open_and_close_is_nobody_s(desk: Desk, bench: Mt5Bench) -> None:
    """A person's ticket counts in the position and carries no exit of ours."""
    held(desk, ("0.20100", "100", 0))
    other = bench.open("practice")
    hand = other._reads.api
    other.account()
    assert hand.symbol_select("DOGEUSDT.c", True)
    result = hand.order_send({"action": 1, "symbol": "DOGEUSDT.c", "volume": 50.0, "type": 0, "type_filling": 0})
    assert result is not None
    made = desk.wait_for(Execution, 2)[1]
    assert (made.client_id, made.quantity) == ("", D(50))
    desk.venue.send([desk.place(LONG, "0.20200", "100", closing=True)])
    assert carried(bench) == [(D(100), D("0.202")), (D(50), D(0))]
    (position,) = desk.venue.snapshot([SYMBOL]).positions
    assert position.quantity == 150
