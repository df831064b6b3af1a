"""Changes on their way: batches, budget, and an outcome for each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from typing import Any, cast

from gridhedge.domain.change import Amend, Cancel, Change, Place, Urgency
from gridhedge.domain.order import OrderKey, Reject
from gridhedge.domain.values import Role, Side
from gridhedge.engine.ports import Accepted, NotSent, Outcome, Rejected, Unknown
from gridhedge.venue.bybit.client import Answer, Client
from gridhedge.venue.bybit.limits import Limits
from gridhedge.venue.bybit.orders import Orders
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from tests.venue.bybit.rows import AT, ScriptedClient, Time, answered

Script = Callable[[str, dict[str, Any]], Answer | Failed]


def place(level: int, side: Side = Side.LONG, **more: Any) -> Place:
    key = OrderKey(side, Role.GRID, level, 1, 0)
    closing = bool(more.get("closing"))
    return Place(
        "DOGEUSDT", f"{side.value}-{level}", key, D("0.19500"), D("1E+2"), closing, Urgency.OPENING, "test", None,
        bool(more.get("market")),
    )  # fmt: skip


def cancel(level: int) -> Cancel:
    return Cancel("DOGEUSDT", f"long-{level}", "venue-id", "test")


def amend(level: int) -> Amend:
    return Amend("DOGEUSDT", f"long-{level}", "venue-id", D("0.19400"), D(150), Urgency.EXIT, "test")


def all_taken(method: str, body: dict[str, Any]) -> Answer:
    """Every item accepted."""
    items = body["request"]
    return answered(
        {"list": [{"orderId": f"v-{item['orderLinkId']}", "orderLinkId": item["orderLinkId"]} for item in items]},
        {"list": [{"code": 0, "msg": "OK"} for _ in items]},
    )


def send(changes: list[Change], script: Script = all_taken) -> tuple[list[Outcome], ScriptedClient, Time]:
    time, client = Time(), ScriptedClient(script)
    clock = ServerClock(time.now, lambda: AT)
    orders = Orders(cast(Client, client), clock, Limits(time.now), time.sleep)
    return orders.send(changes), client, time


def test_items_say_everything_in_plain_decimals() -> None:
    """Index, side and flag follow from the position side; 1E+2 is written 100."""
    _, client, _ = send([place(0), place(1, Side.SHORT), place(2, closing=True), place(3, Side.SHORT, closing=True)])
    ((method, body),) = client.asked
    assert (method, body["category"]) == ("place_batch_order", "linear")
    assert body["request"][0] == {
        "symbol": "DOGEUSDT", "orderLinkId": "long-0", "side": "Buy", "positionIdx": 1, "orderType": "Limit",
        "qty": "100", "timeInForce": "GTC", "reduceOnly": False, "price": "0.19500",
    }  # fmt: skip
    told = [(item["side"], item["positionIdx"], item["reduceOnly"]) for item in body["request"]]
    assert told == [("Buy", 1, False), ("Sell", 2, False), ("Sell", 1, True), ("Buy", 2, True)]


def test_a_market_order_has_no_price() -> None:
    """Immediately or not at all."""
    _, client, _ = send([place(0, closing=True, market=True)])
    item = client.asked[0][1]["request"][0]
    assert (item["orderType"], item["timeInForce"], "price" in item) == ("Market", "IOC", False)


def test_a_stop_waits_for_the_mark_price_and_goes_to_market() -> None:
    """A sell for the fall, a buy for the rise; closing ones may push other orders aside, opening ones may not."""
    stops = [
        place(level, side, closing=closing)._replace(trigger_price=D("1.9E-1"))
        for level, (side, closing) in enumerate(
            [(Side.LONG, True), (Side.SHORT, True), (Side.LONG, False), (Side.SHORT, False)]
        )
    ]
    _, client, _ = send(stops)
    items = client.asked[0][1]["request"]
    assert items[0] == {
        "symbol": "DOGEUSDT", "orderLinkId": "long-0", "side": "Sell", "positionIdx": 1, "orderType": "Market",
        "qty": "100", "timeInForce": "IOC", "reduceOnly": True, "triggerPrice": "0.19", "triggerDirection": 2,
        "triggerBy": "MarkPrice", "closeOnTrigger": True,
    }  # fmt: skip
    told = [(item["side"], item["positionIdx"], item["triggerDirection"], item["closeOnTrigger"]) for item in items]
    assert told == [("Sell", 1, 2, True), ("Buy", 2, 1, True), ("Buy", 1, 1, False), ("Sell", 2, 2, False)]


def test_a_whole_re_entry_leaves_in_three_requests() -> None:
    """Depth 8: eight cancels, two amends, six now-levels and two limits, nobody waits."""
    changes: list[Change] = [*map(cancel, range(8)), amend(8), amend(9), *map(place, range(8))]
    outcomes, client, time = send(changes)
    assert [method for method, _ in client.asked] == ["cancel_batch_order", "amend_batch_order", "place_batch_order"]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert time.slept == []


def test_what_exceeds_the_second_waits_for_the_next_and_then_is_said() -> None:
    """25 places: ten, a pause, ten more; five are rate limited until the budget is free again, lowest levels first."""
    outcomes, client, time = send([*map(place, range(25))])
    assert [len(body["request"]) for _, body in client.asked] == [10, 10]
    assert [body["request"][0]["orderLinkId"] for _, body in client.asked] == ["long-0", "long-10"]
    assert time.slept == [1.05]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes[:20])
    assert (
        outcomes[20:] == [Rejected(Reject.RATE_LIMITED, "the order budget of this second is used up", AT + 2_100)] * 5
    )


def test_items_that_fail_have_their_own_outcome() -> None:
    """A code of their own, nobody knows, no id, another's id, and one that is well."""

    def script(method: str, body: dict[str, Any]) -> Answer:
        names = ["", "", "long-2", "long-9", "long-4"]
        ids = ["", "", "", "v-9", "v-4"]
        codes = [(110007, "ab not enough"), (10016, "Server error"), (0, "OK"), (0, "OK"), (0, "OK")]
        return answered(
            {"list": [{"orderId": order, "orderLinkId": name} for order, name in zip(ids, names, strict=True)]},
            {"list": [{"code": code, "msg": said} for code, said in codes]},
        )

    outcomes, _, _ = send([*map(place, range(5))], script)
    assert [type(outcome) for outcome in outcomes] == [Rejected, Unknown, Unknown, Unknown, Accepted]
    assert isinstance(outcomes[0], Rejected)
    assert outcomes[0].reason is Reject.MARGIN
    assert outcomes[4] == Accepted("v-4")


def test_an_amend_that_changes_nothing_is_a_success() -> None:
    """The order is as it should be."""

    def script(method: str, body: dict[str, Any]) -> Answer:
        said = "The order remains unchanged as the parameters entered match the existing ones."
        return answered({"list": [{"orderId": "", "orderLinkId": ""}]}, {"list": [{"code": 10001, "msg": said}]})

    assert send([amend(0)], script)[0] == [Accepted("venue-id")]


def test_an_answer_of_another_size_says_nothing_about_anything() -> None:
    """Two results for three orders: all three are unknown, and what follows is not sent."""

    def script(method: str, body: dict[str, Any]) -> Answer:
        return all_taken(method, {"request": body["request"][:2]})

    outcomes, client, _ = send([cancel(0), cancel(1), cancel(2), place(3)], script)
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown, Unknown, NotSent]
    assert len(client.asked) == 1


def test_a_rate_limit_of_the_whole_request_is_everybody_s() -> None:
    """Until the same time."""
    limited = Rejected(Reject.RATE_LIMITED, "Too many visits!", AT + 700)
    outcomes, client, _ = send([cancel(0), place(1), place(2)], lambda method, body: Failed(limited, 10006))
    assert outcomes == [limited] * 3
    assert len(client.asked) == 1


def test_headers_of_an_answer_are_obeyed() -> None:
    """Three remain of ten: the fourth waits."""

    def script(method: str, body: dict[str, Any]) -> Answer:
        return all_taken(method, body)._replace(headers={"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "3"})

    time, client = Time(), ScriptedClient(script)
    clock = ServerClock(time.now, lambda: AT)
    orders = Orders(cast(Client, client), clock, Limits(time.now), time.sleep)
    orders.send([place(0)])
    orders.send([*map(place, range(1, 5))])
    assert [len(body["request"]) for _, body in client.asked] == [1, 3, 1]
    assert time.slept == [1.05]
