"""Changes on the wire: what is sent together, how it is written, and what its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency
from gridhedge.domain.order import OrderKey, Reject, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.binance.limits import Limits
from gridhedge.venue.binance.orders import Orders
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from tests.venue.binance.rows import Script, ScriptedClient, Time

LONG, SHORT = Side.LONG, Side.SHORT


def key(side: Side, role: Role, level: int = 0) -> OrderKey:
    return OrderKey(side, role, level, 1, 0)


def name(side: Side, role: Role, level: int = 0) -> str:
    return client_id("abcdef", key(side, role, level))


def place(side: Side, role: Role, price: str = "60000.10", level: int = 0, **more: Any) -> Place:
    wish = Place(
        "BTCUSDC", name(side, role, level), key(side, role, level), D(price), D("0.0020"), not role.is_entry,
        Urgency.OPENING, "a test",
    )  # fmt: skip
    return wish._replace(**more)


def amend(side: Side, role: Role, venue_id: str = "7") -> Amend:
    return Amend("BTCUSDC", name(side, role), venue_id, D("60001.0"), D("0.003"), Urgency.EXIT, "a test")


def cancel(side: Side, role: Role, level: int = 0, venue_id: str = "7", symbol: str = "BTCUSDC") -> Cancel:
    return Cancel(symbol, name(side, role, level), venue_id, "a test")


def taken(method: str, query: dict[str, Any]) -> object:
    """Everything succeeds."""
    if method == "futures_place_batch_order":
        return [{"orderId": 7, "clientOrderId": item["newClientOrderId"]} for item in query["batchOrders"]]
    if method == "futures_cancel_orders":
        return [{"orderId": 7, "clientOrderId": one} for one in query["origclientorderidlist"]]
    if method == "futures_create_algo_order":
        return {"algoId": 1000000033225453, "clientAlgoId": query["clientAlgoId"]}
    return {"orderId": 7, "clientOrderId": query.get("newClientOrderId") or query.get("origClientOrderId")}


class Bench:
    def __init__(self, script: Script = taken, **more: Any) -> None:
        self.client, self.time, self.stops = ScriptedClient(script), Time(), {"": D(0)}
        self.orders = Orders(
            self.client,
            ServerClock(), Limits(self.time.now), lambda: self.stops, self.time.sleep, **more,
        )  # fmt: skip

    def send(self, *changes: Change) -> list[Outcome]:
        return self.orders.send(changes)

    def asked(self) -> list[str]:
        return [method for method, _ in self.client.asked]


@pytest.mark.parametrize(
    ("side", "role", "wire"),
    [
        (LONG, Role.GRID, ("BUY", "LONG")), (LONG, Role.TAKE_PROFIT, ("SELL", "LONG")),
        (SHORT, Role.GRID, ("SELL", "SHORT")), (SHORT, Role.TAKE_PROFIT, ("BUY", "SHORT")),
    ],
)  # fmt: skip
def test_the_two_sides_say_all(side: Side, role: Role, wire: tuple[str, str]) -> None:
    """Reduce-only must not even be mentioned; numbers have no digits that do not count."""
    bench = Bench()
    assert bench.send(place(side, role)) == [Accepted("7")]
    assert bench.client.asked == [
        ("futures_create_order", {
            "symbol": "BTCUSDC", "side": wire[0], "positionSide": wire[1], "type": "LIMIT", "quantity": "0.002",
            "price": "60000.1", "timeInForce": "GTC", "newClientOrderId": name(side, role),
        })
    ]  # fmt: skip


def test_a_price_beyond_the_band_is_moved_and_told() -> None:
    """It rests elsewhere than it was asked to, and counts as right. Stops and market orders have no such price."""

    def inside(symbol: str, buys: bool, price: D) -> D:
        return min(price, D(63000)) if buys else max(price, D(57000))

    bench = Bench(inside=inside)
    far, near = place(LONG, Role.TAKE_PROFIT, price="0.1"), place(SHORT, Role.TAKE_PROFIT, price="60000.1")
    farther = amend(SHORT, Role.TAKE_PROFIT)._replace(price=D(99999))
    stop = place(LONG, Role.STOP_LOSS, trigger_price=D(50000), price="50000")
    close = place(LONG, Role.CLOSE, price="50000", market=True)
    first, second, third, *others = bench.send(far, near, farther, stop, close)
    assert isinstance(first, Accepted)
    assert isinstance(third, Accepted)
    assert first.update is not None
    assert third.update is not None
    assert (first.update.client_id, first.update.price, first.update.quantity) == (far.client_id, D(57000), D("0.002"))
    assert (third.update.client_id, third.update.price, third.update.quantity) == (
        farther.client_id,
        D(63000),
        D("0.003"),
    )
    assert [second, *others] == [Accepted("7"), Accepted("A1000000033225453"), Accepted("7")]
    asked = dict(bench.client.asked)
    assert asked["futures_modify_order"]["price"] == "63000"
    assert [item.get("price") for item in asked["futures_place_batch_order"]["batchOrders"]] == [
        "57000",
        "60000.1",
        None,
    ]


def test_five_orders_go_together_and_the_sixth_alone() -> None:
    """As large as a batch may be; a single one is no batch."""
    bench = Bench()
    assert bench.send(*(place(LONG, Role.GRID, level=level) for level in range(6))) == [Accepted("7")] * 6
    assert bench.asked() == ["futures_place_batch_order", "futures_create_order"]


def test_cancels_go_first_ten_of_a_symbol_together() -> None:
    """Then amends, then what is new; outcomes stand in the order of the changes."""
    bench = Bench()
    changes: Sequence[Change] = (
        place(SHORT, Role.GRID, level=3), amend(LONG, Role.TAKE_PROFIT),
        *(cancel(LONG, Role.GRID, level) for level in range(11)),
    )  # fmt: skip
    assert bench.orders.send(changes) == [Accepted("7")] * 13
    assert bench.asked() == [
        "futures_cancel_orders", "futures_cancel_order", "futures_modify_order", "futures_create_order",
    ]  # fmt: skip


def test_an_amend_says_what_the_order_does() -> None:
    """Its own client id knows: a long's take-profit sells."""
    bench = Bench()
    bench.send(amend(LONG, Role.TAKE_PROFIT))
    assert bench.client.asked[0][1] == {
        "symbol": "BTCUSDC", "origClientOrderId": name(LONG, Role.TAKE_PROFIT), "side": "SELL", "price": "60001",
        "quantity": "0.003",
    }  # fmt: skip


def test_amends_go_together_as_well() -> None:
    """The list is signed as it is sent; one that changes nothing is a success, one that is gone is not."""
    body = [
        {"orderId": 7, "clientOrderId": name(LONG, Role.TAKE_PROFIT)}, {"code": -5027, "msg": "No need to modify."},
        {"code": -2013, "msg": "Order does not exist."},
    ]  # fmt: skip
    bench = Bench(lambda method, query: body)
    outcomes = bench.send(amend(LONG, Role.TAKE_PROFIT), amend(SHORT, Role.TAKE_PROFIT), amend(SHORT, Role.GRID))
    assert outcomes[:2] == [Accepted("7"), Accepted("7")]
    assert isinstance(outcomes[2], Rejected)
    ((_, request),) = bench.client.asked
    assert (request["method"], request["path"], request["force_params"]) == ("put", "batchOrders", True)
    assert "{" not in request["data"]["batchOrders"]


def test_nothing_to_amend_is_a_success() -> None:
    """-5027: it is as it should be."""
    bench = Bench(lambda method, query: Failed(Rejected(Reject.OTHER, "same"), -5027))
    assert bench.send(amend(LONG, Role.TAKE_PROFIT)) == [Accepted("7")]


def test_a_closing_stop_closes_what_is_held() -> None:
    """No quantity goes out; another quantity needs no request, another cancel has an address of its own."""
    bench = Bench()
    stop = place(LONG, Role.STOP_LOSS, "55000", trigger_price=D("55000.0"))
    (outcome,) = bench.send(stop)
    assert outcome == Accepted("A1000000033225453")
    method, query = bench.client.asked[0]
    assert method == "futures_create_algo_order"
    assert query == {
        "algoType": "CONDITIONAL", "symbol": "BTCUSDC", "clientAlgoId": stop.client_id, "type": "STOP_MARKET",
        "triggerPrice": "55000", "workingType": "MARK_PRICE", "side": "SELL", "positionSide": "LONG",
        "closePosition": "true",
    }  # fmt: skip
    assert bench.send(amend(LONG, Role.STOP_LOSS, "A1000000033225453")) == [Accepted("A1000000033225453")]
    assert bench.stops[stop.client_id] == D("0.003")
    bench.send(cancel(LONG, Role.STOP_LOSS, venue_id="A1000000033225453"))
    bench.send(cancel(LONG, Role.STOP_LOSS, venue_id=""))
    assert bench.asked()[1:] == ["futures_cancel_algo_order"] * 2


def test_each_item_of_a_batch_has_its_own_outcome() -> None:
    """Taken, refused, unknown, and one that is about another order."""
    body = [
        {"orderId": 7, "clientOrderId": name(LONG, Role.GRID, 0)}, {"code": -2019, "msg": "Margin is insufficient."},
        {"code": -1007, "msg": "Timeout"}, {"orderId": 8, "clientOrderId": "another"},
    ]  # fmt: skip
    bench = Bench(lambda method, query: body)
    outcomes = bench.send(*(place(LONG, Role.GRID, level=level) for level in range(4)))
    assert [type(outcome) for outcome in outcomes] == [Accepted, Rejected, Unknown, Unknown]


@pytest.mark.parametrize("body", [[], [{}], {}, "x", None, [{"orderId": 7}, 5]])
def test_an_answer_that_can_not_be_read_is_unknown(body: object) -> None:
    """For every order of the request."""
    bench = Bench(lambda method, query: body)
    outcomes = bench.send(*(place(LONG, Role.GRID, level=level) for level in range(2)))
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]


@pytest.mark.parametrize(
    ("failure", "following"),
    [(Unknown("timeout"), NotSent), (NotSent("refused"), NotSent), (Rejected(Reject.PERMISSION, "key"), Rejected),
     (Rejected(Reject.RATE_LIMITED, "slow", 9), Rejected), (Rejected(Reject.UNKNOWN_ORDER, "gone"), Accepted)],
)  # fmt: skip
def test_after_a_request_that_failed_as_a_whole_nothing_is_sent(failure: Any, following: type) -> None:
    """A refusal of one order is no such failure."""
    calls = []

    def script(method: str, query: dict[str, Any]) -> object:
        calls.append(method)
        return Failed(failure) if len(calls) == 1 else taken(method, query)

    first, second = Bench(script).send(cancel(LONG, Role.GRID), place(LONG, Role.GRID, level=1))
    assert (first, type(second)) == (failure, following)


def test_more_than_the_budget_waits_or_is_told() -> None:
    """300 orders leave in ten seconds; cancelling goes on."""
    bench = Bench()
    for _ in range(3):
        bench.send(*(place(LONG, Role.GRID, level=level) for level in range(100)))
    late, cancelled = bench.send(place(LONG, Role.GRID), cancel(LONG, Role.GRID, 1))
    assert isinstance(late, Rejected)
    assert late.reason is Reject.RATE_LIMITED
    assert cancelled == Accepted("7")
    bench.time.at = 10_000
    assert bench.send(place(LONG, Role.GRID)) == [Accepted("7")]
    assert bench.time.at == 10_050


def test_headers_tell_what_others_have_used() -> None:
    """Another process on the account leaves less."""
    bench = Bench()
    bench.client.headers = {"X-MBX-ORDER-COUNT-10S": "300"}
    first, second = bench.send(place(LONG, Role.GRID)), bench.send(place(LONG, Role.GRID, level=1))
    assert first == [Accepted("7")]
    assert isinstance(second[0], Rejected)
