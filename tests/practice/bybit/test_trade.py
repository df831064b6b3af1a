"""Orders: what is accepted, what is refused and in which words."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tests.practice.bybit.venues import Venue


def code(answer: dict[str, Any]) -> int:
    return int(answer["retCode"])


def test_four_combinations_open_and_close_the_two_legs() -> None:
    """Buy 1 and Sell 2 open, Sell 1 and Buy 2 close, with or without the reduce-only flag."""
    venue = Venue()
    market = venue.exchange.market("DOGEUSDT")
    assert code(venue.order("Buy", 1, "100")) == code(venue.order("Sell", 2, "200")) == 0
    assert (market.long.quantity, market.short.quantity) == (D(100), D(200))
    assert code(venue.order("Sell", 1, "40")) == code(venue.order("Buy", 2, "50", reduceOnly=True)) == 0
    assert (market.long.quantity, market.short.quantity) == (D(60), D(150))


def test_a_close_beyond_the_position_is_cut_and_never_opens_the_other_side() -> None:
    """150 of 100: the position is flat, nothing is short."""
    venue = Venue()
    venue.order("Buy", 1, "100")
    assert code(venue.order("Sell", 1, "150")) == 0
    market = venue.exchange.market("DOGEUSDT")
    assert (market.long.quantity, market.short.quantity) == (D(0), D(0))
    assert venue.rows_of("order/history", symbol="DOGEUSDT")[0]["qty"] == "100"


def test_quantity_zero_closes_everything_where_both_flags_are_set() -> None:
    """The venue's idiom for a full close; without a position there is nothing to do it to."""
    venue = Venue()
    venue.order("Buy", 1, "100")
    close: dict[str, Any] = {"reduceOnly": True, "closeOnTrigger": True}
    assert code(venue.order("Sell", 1, "0", **close)) == 0
    assert venue.exchange.market("DOGEUSDT").long.quantity == 0
    assert code(venue.order("Sell", 1, "0", **close)) == 110017


@pytest.mark.parametrize(
    ("side", "index", "qty", "price", "more", "expected", "words"),
    [
        ("Buy", 0, "100", "0.1", {}, 10001, "position idx not match position mode"),
        ("Buy", 3, "100", "0.1", {}, 10001, "position idx not match position mode"),
        ("Buy", 1, "100.5", "0.1", {}, 10001, "Qty invalid"),
        ("Buy", 1, "0", "0.1", {}, 10001, "Qty invalid"),
        ("Buy", 1, "1e2", "0.1", {}, 10001, "qty '1e2' is not a decimal number"),
        ("Buy", 1, "50000000", "0.1", {}, 10001, "exceeds maximum limit"),
        ("Buy", 1, "6000000", "", {}, 10001, "exceeds maximum limit"),
        ("Buy", 1, "49", "0.1", {}, 110094, "minimum order value 5USDT"),
        ("Buy", 1, "100", "0.100001", {}, 10001, "is not a multiple of 0.00001"),
        ("Buy", 1, "100", "0", {}, 10001, "is not a multiple of 0.00001"),
        ("Sell", 1, "100", "0.3", {}, 110017, "current position is zero"),
        ("Buy", 1, "100", "0.1", {"reduceOnly": True}, 110017, "Reduce-only rule not satisfied"),
        ("Buy", 1, "1000000", "0.19", {}, 110007, "ab not enough for new order"),
        ("Buy", 1, "100", "0.1", {"orderLinkId": "x" * 37}, 10001, "order link id is longer than 36"),
        ("Buy", 1, "100", "0.1", {"orderLinkId": "a b"}, 10001, "orderLinkId 'a b' has other characters"),
        ("Buy", 1, "100", "0.1", {"takeProfit": "0.3"}, 10001, "takeProfit: the practice exchange does not have it"),
        ("Buy", 1, "100", "0.1", {"timeInForce": "GTD"}, 10001, "timeInForce 'GTD' is not one of GTC, IOC"),
        ("Hold", 1, "100", "0.1", {}, 10001, "side 'Hold' is not one of Buy, Sell"),
        ("Buy", 1, "100", "0.1", {"symbol": "NOUSDT"}, 10001, "symbol invalid"),
        ("Buy", 1, "100", "0.1", {"category": "spot"}, 10001, "only category linear is traded here"),
    ],
)
def test_a_wrong_order_is_refused_in_the_venue_s_words(
    side: str, index: int, qty: str, price: str, more: dict[str, Any], expected: int, words: str
) -> None:
    """And changes nothing."""
    venue = Venue()
    answer = venue.order(side, index, qty, price, **more)
    assert (code(answer), words in answer["retMsg"]) == (expected, True), answer
    assert venue.exchange.orders == 0


def test_a_client_id_is_used_once_for_ever() -> None:
    """110072 while the order works, after it has ended, and after a post-only was cancelled at once."""
    venue = Venue()
    venue.order("Buy", 1, "100", "0.1", orderLinkId="a1")
    assert code(venue.order("Buy", 1, "100", "0.1", orderLinkId="a1")) == 110072
    venue.say("order/cancel", symbol="DOGEUSDT", orderLinkId="a1")
    assert code(venue.order("Buy", 1, "100", "0.1", orderLinkId="a1")) == 110072
    assert code(venue.order("Buy", 1, "100", "0.21", orderLinkId="a2", timeInForce="PostOnly")) == 0
    assert code(venue.order("Buy", 1, "100", "0.1", orderLinkId="a2")) == 110072


def test_a_post_only_order_that_would_take_is_accepted_and_cancelled() -> None:
    """The answer is a success; stream and history say EC_PostOnlyWillTakeLiquidity."""
    venue = Venue()
    answer = venue.order("Buy", 1, "100", "0.21", orderLinkId="p1", timeInForce="PostOnly")
    assert code(answer) == 0
    told = [happening.item for happening in venue.desk.take_told() if happening.topic == "order"]
    assert [(item["orderStatus"], item["rejectReason"]) for item in told] == [
        ("New", "EC_NoError"),
        ("Cancelled", "EC_PostOnlyWillTakeLiquidity"),
    ]
    row = venue.rows_of("order/history", orderLinkId="p1")[0]
    assert row["orderId"] == answer["result"]["orderId"]
    assert (row["orderStatus"], row["rejectReason"]) == ("Cancelled", "EC_PostOnlyWillTakeLiquidity")
    assert (row["cumExecQty"], row["timeInForce"]) == ("0", "PostOnly")


def test_a_price_beyond_the_band_is_moved_or_refused_as_the_account_wishes() -> None:
    """The band of DOGEUSDT here: 10 % of the mark. 0.3 becomes 0.22 in silence; or 110003."""
    venue = Venue()
    venue.order("Buy", 1, "100", "0.3", orderLinkId="b1")
    assert venue.rows_of("order/history", orderLinkId="b1")[0]["price"] == "0.22"
    assert code(venue.say("account/set-limit-px-action", modifyEnable=False)) == 0
    assert code(venue.order("Buy", 1, "100", "0.3")) == 110003
    venue.order("Buy", 1, "100", "0.19", orderLinkId="b2")
    assert code(venue.say("order/amend", symbol="DOGEUSDT", orderLinkId="b2", price="0.3")) == 110003


def test_an_immediate_order_never_rests() -> None:
    """IOC away from the price is cancelled whole."""
    venue = Venue()
    venue.order("Buy", 1, "100", "0.1", timeInForce="IOC", orderLinkId="i1")
    row = venue.rows_of("order/history", orderLinkId="i1")[0]
    assert (row["orderStatus"], row["rejectReason"]) == ("Cancelled", "EC_NoImmediateQtyToFill")


def test_an_amend_changes_what_it_names_and_keeps_the_id() -> None:
    """Price alone, then the total quantity alone."""
    venue = Venue()
    made = venue.order("Buy", 1, "100", "0.1", orderLinkId="a1")["result"]
    assert venue.say("order/amend", symbol="DOGEUSDT", orderLinkId="a1", price="0.11")["result"] == made
    assert code(venue.say("order/amend", symbol="DOGEUSDT", orderId=made["orderId"], qty="200")) == 0
    row = venue.rows_of("order/realtime", orderLinkId="a1")[0]
    assert (row["price"], row["qty"], row["orderId"]) == ("0.11", "200", made["orderId"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"price": "0.1"}, 10001),
        ({}, 10001),
        ({"price": "0.100001"}, 10001),
        ({"qty": "10"}, 110094),
        ({"qty": "10000000"}, 110007),
        ({"price": "0.12", "orderLinkId": "nobody"}, 110001),
        ({"price": "0.12", "orderLinkId": ""}, 10001),
        ({"price": "0.12", "symbol": "BTCUSDT"}, 10001),
    ],
)
def test_a_wrong_amend_is_refused(change: dict[str, str], expected: int) -> None:
    """The order stays as it is."""
    venue = Venue()
    venue.order("Buy", 1, "100", "0.1", orderLinkId="a1")
    wish = {"symbol": "DOGEUSDT", "orderLinkId": "a1", **change}
    if change.get("symbol"):
        expected = 110001
    assert code(venue.say("order/amend", **wish)) == expected
    row = venue.rows_of("order/realtime", orderLinkId="a1")[0]
    assert (row["price"], row["qty"]) == ("0.1", "100")


def test_an_amend_below_what_has_executed_is_refused() -> None:
    """110064: half of 200 has executed."""
    venue = Venue()
    venue.exchange.market("DOGEUSDT").liquidity = D(100)
    venue.order("Buy", 1, "200", "0.15", orderLinkId="a1")
    venue.move("0.14")
    assert venue.rows_of("order/realtime", orderLinkId="a1")[0]["orderStatus"] == "PartiallyFilled"
    assert code(venue.say("order/amend", symbol="DOGEUSDT", orderLinkId="a1", qty="100")) == 110064


def test_what_has_ended_can_not_be_cancelled() -> None:
    """110001, by either id; without any id 10001."""
    venue = Venue()
    made = venue.order("Buy", 1, "100")["result"]
    assert code(venue.say("order/cancel", symbol="DOGEUSDT", orderId=made["orderId"])) == 110001
    assert code(venue.say("order/cancel", symbol="DOGEUSDT", orderId="not-one-of-ours")) == 110001
    assert code(venue.say("order/cancel", symbol="DOGEUSDT")) == 10001


def test_everything_is_cancelled_by_symbol_coin_or_filter() -> None:
    """Both legs; stops apart from other orders."""
    venue = Venue()

    def fill() -> None:
        venue.order("Buy", 1, "100", "0.1")
        venue.order("Sell", 2, "100", "0.3")
        venue.order("Buy", 1, "0.001", "50000", symbol="BTCUSDT")

    fill()
    assert len(venue.say("order/cancel-all", symbol="DOGEUSDT")["result"]["list"]) == 2
    fill()
    assert len(venue.say("order/cancel-all", settleCoin="USDT")["result"]["list"]) == 4
    fill()
    assert len(venue.say("order/cancel-all", baseCoin="BTC")["result"]["list"]) == 1
    assert len(venue.say("order/cancel-all", symbol="DOGEUSDT", orderFilter="StopOrder")["result"]["list"]) == 0
    assert code(venue.say("order/cancel-all")) == 10001


def test_a_stop_waits_for_the_mark_and_goes_to_market() -> None:
    """Sell stop at 0.19 on the long leg; it keeps its trigger in the history."""
    venue = Venue()
    venue.order("Buy", 1, "100")
    stop: dict[str, Any] = {"triggerPrice": "0.19", "triggerDirection": 2, "reduceOnly": True, "orderLinkId": "s1"}
    assert code(venue.order("Sell", 1, "100", **stop)) == 0
    assert (
        venue.rows_of("order/realtime", symbol="DOGEUSDT", orderFilter="StopOrder")[0]["orderStatus"] == "Untriggered"
    )
    venue.move("0.18")
    row = venue.rows_of("order/history", orderLinkId="s1")[0]
    assert (row["orderStatus"], row["triggerPrice"], row["avgPrice"], row["stopOrderType"]) == (
        "Filled",
        "0.19",
        "0.18",
        "Stop",
    )


def test_stops_on_the_wrong_side_and_too_many_of_them_are_refused() -> None:
    """110092 and 110093 by direction; ten may wait."""
    venue = Venue()
    assert code(venue.order("Buy", 1, "100", triggerPrice="0.19", triggerDirection=1)) == 110092
    assert code(venue.order("Sell", 2, "100", triggerPrice="0.21", triggerDirection=2)) == 110093
    assert code(venue.order("Buy", 1, "100", triggerPrice="0.19", triggerDirection=2)) == 10001
    codes = [code(venue.order("Buy", 1, "100", triggerPrice="0.21", triggerDirection=1)) for _ in range(11)]
    assert codes == [0] * 10 + [110009]


def test_a_batch_answers_item_by_item_in_order() -> None:
    """Placed, refused, placed; amended likewise; cancelled likewise."""
    venue = Venue()
    item = {"symbol": "DOGEUSDT", "side": "Buy", "positionIdx": 1, "orderType": "Limit", "qty": "100", "price": "0.1"}
    wishes = [{**item, "orderLinkId": "a"}, {**item, "qty": "1"}, {**item, "orderLinkId": "c"}]
    answer = venue.say("order/create-batch", request=wishes)
    assert [line["code"] for line in answer["retExtInfo"]["list"]] == [0, 110094, 0]
    assert [(row["orderLinkId"], bool(row["createAt"])) for row in answer["result"]["list"]] == [
        ("a", True),
        ("", False),
        ("c", True),
    ]
    names = [{"symbol": "DOGEUSDT", "orderLinkId": link} for link in ("a", "b", "c")]
    amended = venue.say("order/amend-batch", request=[{**name, "price": "0.12"} for name in names])
    assert [line["code"] for line in amended["retExtInfo"]["list"]] == [0, 110001, 0]
    cancelled = venue.say("order/cancel-batch", request=names)
    assert [line["code"] for line in cancelled["retExtInfo"]["list"]] == [0, 110001, 0]
    assert venue.exchange.account.open == {}


def test_a_batch_has_one_to_twenty_orders() -> None:
    """Otherwise the whole request is refused."""
    venue = Venue()
    for wrong in ([], [{}] * 21, {}, ["x"]):
        assert code(venue.say("order/create-batch", request=wrong)) == 10001


def test_five_hundred_orders_of_a_symbol_are_the_most() -> None:
    """The next one is 110020."""
    venue = Venue()
    venue.exchange.max_open_orders = 3
    codes = [code(venue.order("Buy", 1, "100", "0.1")) for _ in range(4)]
    assert codes == [0, 0, 0, 110020]
