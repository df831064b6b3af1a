"""What the streams push, in both generations: held back until it is whole, never a wrong number out of a broken one."""

from __future__ import annotations

import copy
import logging
import random
from collections.abc import Iterator
from decimal import Decimal as D
from decimal import InvalidOperation
from typing import Any

import pytest

from gridhedge.domain.events import AccountSeen, ConnectionChanged, Execution, MarketSeen, OrderUpdate, Seen
from gridhedge.domain.instrument import Fees
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Side
from gridhedge.venue.bitget.classic import Classic
from gridhedge.venue.bitget.client import Access, Client
from gridhedge.venue.bitget.frames import Frames
from gridhedge.venue.bitget.known import KnownOrders
from gridhedge.venue.bitget.stops import Stops
from gridhedge.venue.bitget.unified import Unified
from gridhedge.venue.clock import ServerClock
from tests.venue.bitget.conftest import Recorded
from tests.venue.bitget.rows import (
    AT,
    CLASSIC_ACCOUNT,
    CLASSIC_FILL,
    CLASSIC_ORDER,
    CLASSIC_POSITION,
    CLASSIC_TICKER,
    UNIFIED_ACCOUNT,
    UNIFIED_FILL,
    UNIFIED_ORDER,
    UNIFIED_POSITION,
    UNIFIED_TICKER,
    Inbox,
    classic,
    unified,
)

RATES = Fees(D("0.0002"), D("0.0006"))
LOG = logging.getLogger("gridhedge.account.test")
CLIENT = Client(Access(True, "http://127.0.0.1:1", "k", "s", "p"), ServerClock(), LOG)
SPEAKERS = {"v2": Classic(CLIENT), "v3": Unified(CLIENT)}
ORDERS = {"v2": ("orders", CLASSIC_ORDER, "status"), "v3": ("order", UNIFIED_ORDER, "orderStatus")}
FILLS = {"v2": CLASSIC_FILL, "v3": UNIFIED_FILL}
POSITIONS = {"v2": ("positions", CLASSIC_POSITION), "v3": ("position", UNIFIED_POSITION)}


def push(generation: str, topic: str, *rows: dict[str, Any]) -> dict[str, Any]:
    return (classic if generation == "v2" else unified)(topic, *rows)


def frames_of(generation: str, inbox: Inbox, symbol: str = "BTCUSDT") -> Frames:
    return Frames(SPEAKERS[generation], KnownOrders(), Stops(), lambda _: RATES, [symbol], inbox.tell, inbox.now, LOG)


def order(generation: str, **changes: Any) -> dict[str, Any]:
    """A pushed order; ``state`` and ``filled`` are named as the generation does."""
    topic, base, state = ORDERS[generation]
    names = {"state": state, "filled": "accBaseVolume" if generation == "v2" else "cumExecQty"}
    return push(generation, topic, base | {names.get(name, name): value for name, value in changes.items()})


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


both = pytest.mark.parametrize("generation", ["v2", "v3"])


@both
def test_prices_are_whole_pictures(generation: str, inbox: Inbox) -> None:
    """And those of another symbol are nobody's."""
    row = CLASSIC_TICKER if generation == "v2" else UNIFIED_TICKER
    frames = frames_of(generation, inbox)
    frames.public(push(generation, "ticker", row))
    assert inbox.seen == [MarketSeen("BTCUSDT", D("60000.1"), D("60000.3"), D("60000.2"), D("60000.4"), AT)]
    frames_of(generation, inbox, "ETHUSDT").public(push(generation, "ticker", row))
    assert len(inbox.seen) == 1


@both
def test_an_empty_side_of_the_order_book_is_no_price(generation: str, inbox: Inbox) -> None:
    """Until it is there again."""
    row = CLASSIC_TICKER | {"askPr": ""} if generation == "v2" else UNIFIED_TICKER | {"ask1Price": ""}
    frames_of(generation, inbox).public(push(generation, "ticker", row))
    assert inbox.seen == []


@both
def test_an_execution_is_told_with_its_order_s_name(generation: str, inbox: Inbox) -> None:
    """A classic one does not name it: it waits for the order's own news, which come first to the session."""
    frames = frames_of(generation, inbox)
    frames.private(push(generation, "fill", FILLS[generation]))
    frames.private(order(generation))
    (made,) = [seen for seen in inbox.seen if isinstance(seen, Execution)]
    assert made[:9] == (
        "222", "BTCUSDT", "ghbench0-LG00-1-0", "13333", Side.LONG, False, D("0.01"), D("60000.1"), D("0.1200002"),
    )  # fmt: skip


@both
def test_an_end_waits_for_the_executions_that_it_counts(generation: str, inbox: Inbox) -> None:
    """The order is over at 0.02, of which 0.01 is known: the other 0.01 goes first."""
    frames = frames_of(generation, inbox)
    frames.private(order(generation))
    frames.private(push(generation, "fill", FILLS[generation]))
    frames.private(order(generation, state="filled", filled="0.02"))
    assert [seen.state for seen in inbox.seen if isinstance(seen, OrderUpdate)] == [OrderState.WORKING]
    second = {"v2": {"tradeId": "223"}, "v3": {"execId": "223"}}[generation]
    frames.private(push(generation, "fill", FILLS[generation] | second))
    assert [type(seen) for seen in inbox.seen[-2:]] == [Execution, OrderUpdate]
    assert inbox.seen[-1].state is OrderState.FILLED


@both
def test_an_end_without_its_executions_is_told_a_second_later(generation: str, inbox: Inbox) -> None:
    """The session asks the venue then."""
    frames = frames_of(generation, inbox)
    frames.private(order(generation, state="filled", filled="0.02"))
    assert inbox.seen == []
    inbox.time += 1_000
    assert frames.next_due() == inbox.time
    frames.release()
    assert [type(seen) for seen in inbox.seen] == [OrderUpdate]


def test_an_execution_of_an_order_that_nobody_tells_of_is_a_gap(inbox: Inbox) -> None:
    """A second later the session is told to look."""
    frames = frames_of("v2", inbox)
    frames.private(classic("fill", CLASSIC_FILL))
    assert inbox.seen == []
    inbox.time += 1_000
    frames.release()
    (gap,) = inbox.seen
    assert isinstance(gap, ConnectionChanged)
    assert gap.text == "1 executions of orders that nobody has told of"


SIDES = [
    # generation, side of the row, tradeSide, leg, closing
    ("v2", "buy", "open", Side.LONG, False),
    ("v2", "sell", "open", Side.SHORT, False),
    ("v2", "buy", "close", Side.LONG, True),
    ("v2", "sell", "close", Side.SHORT, True),
    ("v3", "buy", "open", Side.LONG, False),
    ("v3", "sell", "open", Side.SHORT, False),
    ("v3", "sell", "close", Side.LONG, True),
    ("v3", "buy", "close", Side.SHORT, True),
]


@pytest.mark.parametrize(("generation", "side", "deed", "leg", "closing"), SIDES)
def test_each_generation_has_its_own_idea_of_side(
    generation: str, side: str, deed: str, leg: Side, closing: bool, inbox: Inbox
) -> None:
    """A classic order's side is the position's, a unified one's the transaction's; the leg is in the row of both."""
    name = "posSide" if generation == "v2" else "holdSide"
    prefix = f"ghbench0-{'L' if leg is Side.LONG else 'S'}{'T' if closing else 'G'}00-1-0"
    frames = frames_of(generation, inbox)
    frames.private(order(generation, side=side, tradeSide=deed, clientOid=prefix, **{name: leg.value}))
    fill = FILLS[generation] | {"side": side, "tradeSide": deed, "clientOid": prefix, "holdSide": leg.value}
    if generation == "v2":
        del fill["holdSide"], fill["clientOid"]
    frames.private(push(generation, "fill", fill))
    (made,) = [seen for seen in inbox.seen if isinstance(seen, Execution)]
    assert (made.side, made.closing) == (leg, closing)


@both
def test_a_fee_in_another_coin_is_counted_at_the_account_s_rates(generation: str, inbox: Inbox) -> None:
    """0.01 x 60000.1 x 0.0002."""
    frames = frames_of(generation, inbox)
    frames.private(order(generation))
    fee = {"feeCoin": "BGB", "totalFee": "-0.5", "fee": "0.5"}
    frames.private(push(generation, "fill", FILLS[generation] | {"feeDetail": [fee]}))
    assert next(seen for seen in inbox.seen if isinstance(seen, Execution)).fee == D("0.1200002")


def test_accounts_are_told_in_the_same_words(inbox: Inbox) -> None:
    """Wallet, equity, free, and how near liquidation is, in percent."""
    frames_of("v2", inbox).private(classic("account", CLASSIC_ACCOUNT))
    frames_of("v3", inbox).private(unified("account", UNIFIED_ACCOUNT))
    old, new = inbox.seen
    assert isinstance(old, AccountSeen)
    assert isinstance(new, AccountSeen)
    assert (old.wallet_balance, old.margin_balance, old.available) == (D("1000.0"), D("990.5"), D(940))
    assert (old.maintenance_margin, old.mm_rate) == (D("19.810"), D("2.00"))
    assert (new.wallet_balance, new.margin_balance, new.available) == (D(1000), D("990.5"), D("940.0"))
    assert (new.maintenance_margin, new.mm_rate) == (D("5.25"), D("5.25") / D("990.5") * 100)


@both
def test_a_leverage_that_a_hand_has_changed_stops_trading_until_it_is_back(generation: str, inbox: Inbox) -> None:
    """One sentence each way."""
    topic, row = POSITIONS[generation]
    frames = frames_of(generation, inbox)
    frames.expect_leverage("BTCUSDT", D(10))
    for leverage in ("20", "20", "10"):
        frames.private(push(generation, topic, row | {"leverage": leverage}))
    assert [(seen.stream, seen.up, seen.text) for seen in inbox.seen if isinstance(seen, ConnectionChanged)] == [
        ("leverage of BTCUSDT", False, "it was changed from 10x to 20x; set it back, nothing is sent before"),
        ("leverage of BTCUSDT", True, ""),
    ]


@both
def test_funding_that_was_booked_is_looked_for(generation: str, inbox: Inbox) -> None:
    """The position's sum moves; the first sight of it is no payment."""
    topic, row = POSITIONS[generation]
    name = "totalFee" if generation == "v2" else "totalFundingFee"
    frames = frames_of(generation, inbox)
    frames.private(push(generation, topic, row))
    assert not frames.funding_due.is_set()
    frames.private(push(generation, topic, row | {name: "-0.5"}))
    assert frames.funding_due.is_set()


# ---- mutations -------------------------------------------------------------------------------------------------------

MUTATIONS = 500
STRANGE: list[Any] = [
    "", "NaN", "Infinity", "-Infinity", "-1", "0", "1e9", "1_0", "１", " 1", "9" * 50, "\x00", "\x1b[2J", "null", "buy",
    "sell", "long", "short", "open", "close", "filled", "live", "USDT", "BTCUSDT", None, True, False, 0, -1, 1, 1.5,
    10**30, [], {}, [None], {"a": 1}, "2" * 13,
]  # fmt: skip
DOCUMENTED = {
    "v2 orders": ("v2", order("v2")),
    "v2 fill": ("v2", classic("fill", CLASSIC_FILL)),
    "v2 account": ("v2", classic("account", CLASSIC_ACCOUNT)),
    "v2 positions": ("v2", classic("positions", CLASSIC_POSITION)),
    "v2 ticker": ("v2", classic("ticker", CLASSIC_TICKER)),
    "v3 order": ("v3", order("v3")),
    "v3 fill": ("v3", unified("fill", UNIFIED_FILL)),
    "v3 account": ("v3", unified("account", UNIFIED_ACCOUNT)),
    "v3 position": ("v3", unified("position", UNIFIED_POSITION)),
    "v3 ticker": ("v3", unified("ticker", UNIFIED_TICKER)),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


def mutated(message: dict[str, Any], dice: random.Random) -> Any:
    """One or two things in it lost, replaced, swapped or broken; sometimes the whole is something else."""
    if dice.random() < 0.02:
        return dice.choice(STRANGE)
    changed: Any = copy.deepcopy(message)
    for _ in range(dice.choice((1, 1, 2))):
        path = dice.choice(list(places(changed)))
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        way = dice.randrange(5)
        if way == 0:
            del holder[path[-1]]
        elif way == 1:
            holder[path[-1]] = copy.deepcopy(dice.choice(list(holder.values() if isinstance(holder, dict) else holder)))
        elif way == 2 and isinstance(holder[path[-1]], str):
            text, at = holder[path[-1]], dice.randint(0, len(holder[path[-1]]))
            holder[path[-1]] = dice.choice((text[:at], text + text, f"{text[:at]}{dice.choice('-.,e x+0')}{text[at:]}"))
        else:
            holder[path[-1]] = dice.choice(STRANGE)
        if not isinstance(changed, dict) or not changed:
            return changed
    return changed


def numbers_in(value: Any) -> Iterator[D]:
    """Every number that stands in a message, with either sign."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(inner)
    elif isinstance(value, str | int | float):
        try:
            number = D(str(value))
        except InvalidOperation:
            return
        if number.is_finite():
            yield from (number, number.copy_negate())


def check_possible(seen: Seen, possible: set[D]) -> None:
    """What is told stands in the message, and can be."""
    if isinstance(seen, MarketSeen):
        assert min(seen[1:5]) > 0
        assert set(seen[1:5]) <= possible
    elif isinstance(seen, Execution):
        assert min(seen.quantity, seen.price) > 0
        estimates = {seen.price * seen.quantity * rate for rate in (RATES.maker, RATES.taker)}
        assert {seen.quantity, seen.price, seen.fee} <= possible | estimates | {D(0)}
    elif isinstance(seen, OrderUpdate):
        assert 0 <= seen.filled <= seen.quantity
        assert {seen.filled, seen.quantity, seen.price} <= possible | {D(0)}
    elif isinstance(seen, AccountSeen):
        assert min(seen.mm_rate, seen.initial_margin, seen.maintenance_margin) >= 0
        assert seen.margin_balance in possible | {D(0)}


def check_mutations(generation: str, message: dict[str, Any], symbol: str, seed: str) -> None:
    """500 mutations of one message, each on streams that know its order already."""
    dice = random.Random(seed)
    told = gaps = 0
    for _ in range(MUTATIONS):
        inbox = Inbox()
        frames = frames_of(generation, inbox, symbol)
        frames.expect_leverage(symbol, D(30))
        frames.private(order(generation))
        inbox.seen.clear()
        changed = mutated(message, dice)
        (frames.public if "ticker" in seed else frames.private)(changed)
        inbox.time += 1_000
        frames.release()
        possible = set(numbers_in(changed))
        for seen in inbox.seen:
            gaps += isinstance(seen, ConnectionChanged)
            told += not isinstance(seen, ConnectionChanged)
            check_possible(seen, possible)
    assert told > MUTATIONS // 10 or (gaps > 0 and "position" in seed)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_mutated_message_is_no_crash_and_no_wrong_number(name: str) -> None:
    """As the documentation has them, on every machine."""
    generation, message = DOCUMENTED[name]
    check_mutations(generation, message, "BTCUSDT", name)


@pytest.mark.parametrize(
    ("name", "symbol"), [("Order", "BTCUSDT"), ("Position", "ETHUSDT"), ("Ticker", "BTCUSDT")], ids=lambda value: value
)
def test_a_mutated_recorded_message_is_no_crash_and_no_wrong_number(name: str, symbol: str, recorded: Recorded) -> None:
    """The same for what classic accounts were really sent."""
    check_mutations("v2", recorded_push(recorded, name), symbol, f"recorded {name.lower()}")


def recorded_push(recorded: Recorded, name: str) -> dict[str, Any]:
    message: dict[str, Any] = recorded(f"ws/{name}")
    return message


def test_recorded_pushes_of_a_classic_account_are_understood(recorded: Recorded, inbox: Inbox) -> None:
    """A market order that was filled at once, 0.01 BTC at 27000.5."""
    frames = frames_of("v2", inbox)
    frames.private(recorded_push(recorded, "Order"))
    inbox.time += 1_000
    frames.release()
    (update,) = inbox.seen
    assert isinstance(update, OrderUpdate)
    assert (update.client_id, update.state, update.filled) == ("1", OrderState.FILLED, D("0.01"))
