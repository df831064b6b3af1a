"""What the streams push: prices put together, orders told once, and never a wrong number out of a broken message."""

from __future__ import annotations

import copy
import logging
import random
from collections.abc import Iterator
from decimal import Decimal as D
from decimal import InvalidOperation
from typing import Any

import pytest

from gridhedge.domain.events import ConnectionChanged, Execution, MarketSeen, OrderUpdate, Seen
from gridhedge.domain.order import OrderState
from gridhedge.venue.binance.frames import PRIVATE, Frames, Wishes
from tests.venue.binance.conftest import Recorded
from tests.venue.binance.rows import AT, RATES, Inbox, algo, mark, touch, traded

FIRST = MarketSeen("BTCUSDC", D("59990"), D("60010"), D("60000"), D("60000"), AT)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def made(inbox: Inbox, symbol: str = "BTCUSDC", quote: str = "USDC") -> Frames:
    wish = inbox.wishes.append
    wishes = Wishes(lambda: wish("account"), lambda: wish("funding"), wish)
    log = logging.getLogger("gridhedge.account.test")
    frames = Frames([symbol], quote, inbox.tell, wishes, inbox.now, lambda at: None, log)
    frames.begin(FIRST._replace(symbol=symbol), RATES)
    return frames


@pytest.fixture
def frames(inbox: Inbox) -> Frames:
    return made(inbox)


# ---- prices ----------------------------------------------------------------------------------------------------------


def test_touch_and_mark_make_a_market(frames: Frames, inbox: Inbox) -> None:
    """Nothing is told before both are known; it is as old as the older of the two."""
    frames.public(touch("60000.0", "60000.1", AT))
    assert inbox.seen == []
    frames.public(mark("60001.2", AT - 400))
    assert inbox.seen == [MarketSeen("BTCUSDC", D("60000.0"), D("60000.1"), D("60000.0"), D("60001.2"), AT - 400)]


def test_how_far_a_price_goes_is_measured_by_the_mark_or_by_a_touch_ahead_of_it(frames: Frames, inbox: Inbox) -> None:
    """The mark is told once a second: measured by it alone, an order that must execute now would be made to rest."""
    assert frames.yardstick("BTCUSDC", True) is None
    frames.public(touch("59999.9", "60000.1"))
    frames.public(mark("60100.00"))
    assert (frames.yardstick("BTCUSDC", True), frames.yardstick("BTCUSDC", False)) == (D("60100.00"), D("59999.9"))
    frames.public(touch("64999.9", "65000.1", AT + 1))
    assert (frames.yardstick("BTCUSDC", True), frames.yardstick("BTCUSDC", False)) == (D("65000.1"), D("60100.00"))
    assert frames.yardstick("ETHUSDC", True) is None


def test_the_last_price_follows_the_touch(frames: Frames, inbox: Inbox) -> None:
    """A trade can not be outside of it: up to the bid, down to the ask, and still in between."""
    frames.public(mark("60000"))
    for place, (bid, ask) in enumerate((("60005", "60005.1"), ("60004", "60006"), ("59000", "59000.1"))):
        frames.public(touch(bid, ask, AT + place))
    assert [seen.last for seen in inbox.seen if isinstance(seen, MarketSeen)] == [D("60005"), D("60005"), D("59000.1")]


def test_a_message_that_comes_late_overwrites_nothing_newer(frames: Frames, inbox: Inbox) -> None:
    """Each kind by its own time; an empty side of the book is no price."""
    frames.public(mark("60000"))
    frames.public(touch("60000.0", "60000.1"))
    frames.public(touch("1", "2", AT - 1))
    frames.public(mark("1", AT - 1))
    frames.public(touch("0", "60000.1", AT + 1))
    assert len(inbox.seen) == 1


def test_a_touch_that_stands_still_is_told_twice_a_second(frames: Frames, inbox: Inbox) -> None:
    """Quantities change all the time; whoever looks must see that the price is fresh."""
    frames.public(mark("60000"))
    for late in range(0, 1001, 100):
        frames.public(touch("60000.0", "60000.1", AT + late))
        frames.public(mark("60000", AT + late))
    assert [seen.at for seen in inbox.seen if isinstance(seen, MarketSeen)] == [AT, AT + 500, AT + 1000]


def test_prices_of_others_and_other_kinds_pass_by(frames: Frames, inbox: Inbox) -> None:
    """As does what is no price."""
    strange = touch("1", "2")
    strange["data"]["s"] = "ETHUSDC"
    for message in (
        strange,
        {"result": None, "id": 1},
        {"stream": "x", "data": {"e": "aggTrade", "s": "BTCUSDC", "E": AT}},
    ):
        frames.public(message)
    assert inbox.seen == []


# ---- the account -----------------------------------------------------------------------------------------------------


def test_an_execution_is_told_before_the_end_that_comes_with_it(frames: Frames, inbox: Inbox) -> None:
    """In the order in which the book needs them."""
    frames.private(traded(X="FILLED", z="0.002"))
    assert [type(seen) for seen in inbox.seen] == [Execution, OrderUpdate]


def test_orders_of_other_symbols_are_somebody_else_s(frames: Frames, inbox: Inbox) -> None:
    """Several bots may share an account; kinds that nobody needs pass by as well."""
    frames.private(traded(s="ETHUSDC"))
    frames.private({"e": "TRADE_LITE", "E": AT, "s": "BTCUSDC"})
    frames.private({"e": "SOMETHING_NEW", "E": AT})
    assert inbox.seen == []


def test_a_change_of_the_account_is_read_up(frames: Frames, inbox: Inbox) -> None:
    """Funding twice: the account, and the list that names the symbol."""
    balance = {"a": "USDC", "wb": "1000", "cw": "1000", "bc": "0"}
    frames.private({"e": "ACCOUNT_UPDATE", "E": AT, "T": AT, "a": {"m": "ORDER", "B": [balance], "P": []}})
    frames.private({"e": "ACCOUNT_UPDATE", "E": AT, "T": AT, "a": {"m": "FUNDING_FEE", "B": [balance]}})
    assert inbox.wishes == ["account", "account", "funding"]


def test_a_dead_listen_key_opens_the_stream_anew(frames: Frames, inbox: Inbox) -> None:
    """The socket would stay open and silent for ever."""
    frames.private({"e": "listenKeyExpired", "E": AT, "listenKey": "x"})
    assert inbox.wishes == ["its listen key has expired"]


def test_a_stop_s_end_is_told_once(frames: Frames, inbox: Inbox) -> None:
    """By the order it was triggered into, or by itself if that is not known."""
    frames.stops["g1-stop"] = D("0.001")
    frames.private(algo(X="TRIGGERED", ai="8389765739"))
    fill = {"c": "autogenerated", "S": "SELL", "p": "0", "q": "0.001", "z": "0.001", "X": "FILLED"}
    frames.private(traded(**fill))
    frames.private(algo(X="FINISHED", ai="8389765739", aq="0.001"))
    told = [seen for seen in inbox.seen if isinstance(seen, OrderUpdate)]
    assert [(one.client_id, one.state) for one in told] == [
        ("g1-stop", OrderState.WORKING), ("g1-stop", OrderState.FILLED),
    ]  # fmt: skip
    frames.private(algo(caid="g1-other", X="FINISHED", ai="9", aq="0.001"))
    assert inbox.seen[-1][1:4] == ("g1-other", "A1000000033225453", OrderState.FILLED)


def test_another_leverage_stops_trading_until_it_is_put_right(frames: Frames, inbox: Inbox) -> None:
    """Said once, and lifted once."""
    frames.expect_leverage("BTCUSDC", 10)
    for leverage in (20, 25, 10, 10):
        frames.private({"e": "ACCOUNT_CONFIG_UPDATE", "E": AT, "T": AT, "ac": {"s": "BTCUSDC", "l": leverage}})
    down, up = (seen for seen in inbox.seen if isinstance(seen, ConnectionChanged))
    assert (down.stream, down.up, up.up) == ("leverage of BTCUSDC", False, True)
    assert "from 10x to 20x" in down.text


def test_a_stream_that_owes_a_word_for_ten_seconds_is_mute(frames: Frames, inbox: Inbox) -> None:
    """An order was taken and nothing was said of it; once per silence."""
    frames.expect_word(frames.words)
    inbox.time += 9_999
    assert not frames.is_mute()
    inbox.time += 1
    assert [frames.is_mute(), frames.is_mute()] == [True, False]


def test_a_word_that_came_before_the_answer_counts(frames: Frames, inbox: Inbox) -> None:
    """Fills overtake the answer to their own request."""
    before = frames.words
    frames.private(traded())
    frames.expect_word(before)
    inbox.time += 60_000
    assert not frames.is_mute()


def test_what_can_not_be_read_is_a_gap(frames: Frames, inbox: Inbox) -> None:
    """The session asks the venue; of prices the next message is near."""
    for message in ([], "x", None, {"e": 1}, traded(z="NaN"), {"e": "ORDER_TRADE_UPDATE", "E": AT}):
        frames.private(message)
        frames.public(message)
    gaps = [seen for seen in inbox.seen if isinstance(seen, ConnectionChanged)]
    assert len(gaps) == len(inbox.seen) == 6
    assert all((gap.stream, gap.up) == (PRIVATE, True) for gap in gaps)


# ---- mutations -------------------------------------------------------------------------------------------------------

MUTATIONS = 500
STRANGE: list[Any] = [
    "", "NaN", "Infinity", "-Infinity", "-1", "0", "1e9", "1_0", "１", " 1", "9" * 50, "\x00", "\x1b[2J", "null", "BUY",
    "SELL", "NEW", "FILLED", "TRADE", "LONG", "BOTH", "BTCUSDT", None, True, False, 0, -1, 1, 1.5, 10**30, [], {},
    [None], {"a": 1}, "2" * 13,
]  # fmt: skip
RECORDED = {
    "user_data_json/order_update_new": "BNBUSDT",
    "user_data_json/order_update_trade": "ETHUSDT",
    "user_data_json/order_update_trade_partial": "ETHUSDT",
    "user_data_json/order_update_calculated": "BTCUSDT",
    "user_data_json/account_update": "BTCUSDT",
    "user_data_json/algo_update_new": "BNBUSDT",
    "user_data_json/algo_update_canceled": "BNBUSDT",
    "integration/ws_futures_algo_update_triggering": "DOGEUSDT",
    "integration/ws_futures_algo_update_triggered": "DOGEUSDT",
    "integration/ws_futures_algo_update_finished": "DOGEUSDT",
    "integration/ws_futures_order_update_trade_reduce_only_qty": "ETHUSDT",
    "integration/ws_futures_book_ticker": "BNBUSDT",
    "market_data_json/mark_price_stream": "BTCUSDT",
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a message, the inner ones as well."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def mutated(message: Any, dice: random.Random) -> Any:
    """One place lost, doubled or replaced."""
    copied = copy.deepcopy(message)
    path = dice.choice([path for path in places(copied) if path])
    holder = copied
    for step in path[:-1]:
        holder = holder[step]
    if dice.random() < 0.2:
        del holder[path[-1]]
    else:
        holder[path[-1]] = dice.choice(STRANGE)
    return copied


def numbers(seen: Seen) -> list[D]:
    return [value for value in seen if isinstance(value, D)]


@pytest.mark.parametrize("name", RECORDED)
def test_broken_messages_never_raise_and_never_invent_a_number(recorded: Recorded, name: str) -> None:
    """500 mutations: what is told holds finite numbers only, positive where they must be; else it is a gap."""
    message = recorded(name)
    symbol = RECORDED[name]
    inner = message.get("data", message)
    item = inner.get("o", inner)
    if "s" in item:
        item["s"] = symbol
    dice = random.Random(name)
    for _ in range(MUTATIONS):
        inbox = Inbox()
        frames = made(inbox, symbol, "USDT")
        broken = mutated(message, dice)
        for take in (frames.private, frames.public):
            try:
                take(broken)
            except InvalidOperation:
                pytest.fail(f"a number that is none got through: {broken}")
        for seen in inbox.seen:
            assert all(number.is_finite() for number in numbers(seen)), broken
            if isinstance(seen, Execution):
                assert seen.quantity > 0, broken
                assert seen.price > 0, broken
            if isinstance(seen, OrderUpdate):
                assert D(0) <= seen.filled <= seen.quantity, broken


def test_the_recorded_messages_themselves_are_read(recorded: Recorded) -> None:
    """None of them is a gap."""
    for name, symbol in RECORDED.items():
        message, inbox = recorded(name), Inbox()
        inner = message.get("data", message)
        item = inner.get("o", inner)
        leg = item.get("ps")
        if leg == "BOTH" and inner["e"] == "ORDER_TRADE_UPDATE":
            item["ps"] = "LONG"  # recorded in one-way mode
        frames = made(inbox, symbol, "USDT")
        (frames.private if "o" in inner or ("a" in inner and inner["e"] == "ACCOUNT_UPDATE") else frames.public)(
            message
        )
        assert [seen for seen in inbox.seen if isinstance(seen, ConnectionChanged)] == [], name
