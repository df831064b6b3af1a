"""Cards 30 to 49: what goes wrong between us and the venue, and what may be concluded from it."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain import errors
from gridhedge.domain.events import ConnectionChanged, Execution, MarketSeen, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.domain.values import Side
from gridhedge.engine.ports import NotSent, Rejected, Unknown
from tests.contract.bench import SYMBOL, Bench, Desk, hurried

LONG, SHORT = Side.LONG, Side.SHORT
LOST: list[tuple[str, dict[str, Any], bool]] = [
    ("timeout_before", {"seconds": 3.0}, False),
    ("timeout_after", {"seconds": 3.0}, True),
    ("cut", {"executed": False}, False),
    ("cut", {"executed": True}, True),
    ("garbage", {"executed": False}, False),
    ("garbage", {"executed": True}, True),
    ("http_error", {"code": 502, "executed": False}, False),
    ("http_error", {"code": 500, "executed": True}, True),
    ("refusal", {"code": 10016, "text": "server error", "executed": True}, True),
    ("refusal", {"code": 10000, "text": "Server Timeout", "executed": False}, False),
]


@pytest.mark.parametrize(
    ("kind", "how", "executed"), LOST, ids=[f"{kind} {'after' if done else 'before'}" for kind, _, done in LOST]
)
def test_card_30_a_lost_answer_is_unknown_and_asking_tells(
    desk: Desk, bench: Bench, kind: str, how: dict[str, Any], executed: bool
) -> None:
    """Whether it was carried out or not, the outcome is the same; the two lists of the venue tell them apart."""
    bench.fault(kind, on="order/create", **how)
    entry = desk.place(LONG, "0.19500", "100")
    with hurried():
        (outcome,) = desk.venue.send([entry])
    assert isinstance(outcome, Unknown), outcome
    found = desk.venue.find_open(SYMBOL, entry.client_id)
    assert (found is not None) == executed
    ended = desk.venue.find_ended(SYMBOL, entry.client_id)
    assert ended is None or not ended.state.is_final


@pytest.mark.parametrize("code", [10001, 10005, 110007, 110017, 110072, 99_999_999])
def test_card_31_an_explicit_refusal_is_no_unknown(desk: Desk, bench: Bench, code: int) -> None:
    """Codes that nobody knows are refusals, too."""
    bench.fault("refusal", on="order/create", code=code, text="no")
    (outcome,) = desk.venue.send([desk.place(LONG, "0.19500", "100")])
    assert isinstance(outcome, Rejected)


def test_card_32_a_rate_limit_silences_everything_until_its_end(desk: Desk, bench: Bench) -> None:
    """No request leaves before; neither of two orders in two calls exists."""
    bench.fault("rate_limited", on="order/create", seconds=600.0)
    (first,) = desk.venue.send([desk.place(LONG, "0.19500", "100")])
    (second,) = desk.venue.send([desk.place(LONG, "0.19400", "100", 1)])
    for outcome in (first, second):
        assert isinstance(outcome, Rejected)
        assert outcome.reason is Reject.RATE_LIMITED
        assert outcome.until > desk.seen_now() + 300_000
    with pytest.raises(errors.RateLimited):
        desk.venue.account()
    assert list(bench.exchange.account.open.values()) == []


def test_card_33_a_rate_limit_that_has_ended_already_is_a_second(desk: Desk, bench: Bench) -> None:
    """The venue's clock and ours need not agree to the millisecond."""
    bench.fault("rate_limited", on="order/create", seconds=-5.0)
    before = desk.seen_now()
    (outcome,) = desk.venue.send([desk.place(LONG, "0.19500", "100")])
    assert isinstance(outcome, Rejected)
    assert before < outcome.until <= desk.seen_now() + 1_000


def test_card_34_nothing_is_sent_to_a_venue_that_is_not_there(desk: Desk, bench: Bench) -> None:
    """A refused connection: the order may be sent again under any id."""
    bench.close()
    (outcome,) = desk.venue.send([desk.place(LONG, "0.19500", "100")])
    assert isinstance(outcome, NotSent | Unknown)
    (again,) = desk.venue.send([desk.place(LONG, "0.19500", "100")])
    assert isinstance(again, NotSent), again
    with pytest.raises(errors.NotSent):
        desk.venue.account()


def test_card_35_after_a_failed_request_the_rest_is_not_sent(desk: Desk, bench: Bench) -> None:
    """The engine decides anew, on what it knows then."""
    resting = desk.place(LONG, "0.19500", "100")
    desk.venue.send([resting])
    bench.fault("http_error", on="order/cancel", code=500)
    changes = [desk.cancel(resting), desk.place(LONG, "0.19400", "100", 1)]
    assert [type(outcome) for outcome in desk.venue.send(changes)] == [Unknown, NotSent]
    assert [record.client_id for record in desk.venue.snapshot([SYMBOL]).orders] == [resting.client_id]


def test_card_36_reads_are_tried_again(desk: Desk, bench: Bench) -> None:
    """Two failures in a row are not seen by the caller; three are, and are no statement about the account."""
    bench.fault("http_error", on="wallet-balance", code=502, times=2)
    assert desk.venue.account().wallet_balance == 1000
    bench.fault("garbage", on="wallet-balance", times=3)
    with pytest.raises(errors.Unclear):
        desk.venue.account()


def test_card_37_a_dropped_account_stream_comes_back_and_is_told(desk: Desk, bench: Bench) -> None:
    """Down at once, up when it is subscribed again; what happened meanwhile is in the history."""
    bench.fault("refuse_sockets", on="private", seconds=3600.0)
    bench.fault("drop", on="private")
    desk.wait_for_stream("private stream", up=False)
    begun = desk.venue.account().at - 60_000
    entry = desk.place(LONG, "0.20100", "100")
    desk.venue.send([entry])
    bench.clear("refuse_sockets")
    desk.wait_for_stream("private stream", up=True)
    _, facts = desk.venue.history(SYMBOL, begun)
    assert [fact.client_id for fact in facts if isinstance(fact, Execution)] == [entry.client_id]
    desk.venue.send([desk.place(SHORT, "0.19900", "100")])
    desk.wait_for(Execution, 1, lambda made: made.side is SHORT)


def test_card_38_a_dropped_price_stream_comes_back(desk: Desk, bench: Bench) -> None:
    """And begins with a whole picture."""
    bench.fault("drop", on="public")
    desk.wait_for_stream("public stream", up=False)
    desk.wait_for_stream("public stream", up=True)
    bench.move(D("0.20700"))
    desk.wait_for(MarketSeen, 1, lambda sight: sight.last == D("0.207"))


def test_card_39_a_silent_price_stream_is_a_dead_one(desk: Desk, bench: Bench) -> None:
    """Connected, but nothing comes: it is opened anew."""
    bench.fault("silence", on="public", seconds=3600.0)
    change = desk.wait_for_stream("public stream", up=False)
    assert "nothing came for" in change.text
    bench.clear("silence")
    desk.wait_for_stream("public stream", up=True)


def test_card_40_a_message_that_comes_twice_has_one_id(desk: Desk, bench: Bench) -> None:
    """The book counts executions by id."""
    bench.fault("duplicate", on="execution", times=2)
    desk.venue.send([desk.place(LONG, "0.20100", "100")])
    first, second = desk.wait_for(Execution, 2)
    assert first == second


def test_card_41_an_end_without_its_execution_is_told_after_a_second(desk: Desk, bench: Bench) -> None:
    """The execution was lost: the engine asks the venue, which has it."""
    if bench.tells_ends_with_fills:
        pytest.skip(f"{bench.title} tells an order's end in the message of its last execution")
    bench.fault("lose", on="execution")
    entry = desk.place(LONG, "0.20100", "100")
    desk.venue.send([entry])
    (told,) = desk.wait_for(OrderUpdate, 1, lambda update: update.state is OrderState.FILLED)
    assert (told.client_id, told.filled) == (entry.client_id, D(100))
    assert not any(isinstance(event, Execution) for event in desk.seen)


def test_card_42_a_broken_message_is_a_gap(desk: Desk, bench: Bench) -> None:
    """The stream stays, and is told as come back: the session asks the venue what it has missed."""
    bench.fault("broken_frame", on="execution")
    desk.venue.send([desk.place(LONG, "0.20100", "100")])
    change = desk.wait_for_stream("private stream", up=True)
    assert change.text
    told = [event for event in desk.seen if isinstance(event, ConnectionChanged) and event.stream == change.stream]
    assert all(event.up for event in told)


def test_card_43_messages_may_come_late_and_in_any_order(desk: Desk, bench: Bench) -> None:
    """Nothing is lost, and the end still comes last."""
    bench.fault("delay", on="execution", seconds=0.3)
    bench.fault("reorder", on="order")
    entries = [desk.place(LONG, "0.20100", "100", 0), desk.place(LONG, "0.20100", "50", 1)]
    desk.venue.send(entries)
    made = desk.wait_for(Execution, 2)
    assert {one.client_id for one in made} == {entry.client_id for entry in entries}


def test_card_44_history_that_lags_is_no_proof(desk: Desk, bench: Bench) -> None:
    """An order that has just ended may not be in the list of ended ones yet, but no list tells anything else of it."""
    bench.fault("history_lag", seconds=30.0)
    entry = desk.place(LONG, "0.20100", "100")
    desk.venue.send([entry])
    desk.wait_for(Execution)
    for found in (desk.venue.find_ended(SYMBOL, entry.client_id), desk.venue.find_open(SYMBOL, entry.client_id)):
        assert found is None or found.state is OrderState.FILLED
