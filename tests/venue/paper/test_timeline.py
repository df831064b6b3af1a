"""From happening to happening: what the price meets, when, and in which order."""

from __future__ import annotations

from decimal import Decimal as D
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from paper_worlds import (
    FEES,
    LONG,
    NEVER,
    SHORT,
    START,
    Witness,
    conserved,
    exchange,
    executions,
    fills,
    fundings,
    limit,
    listing,
    market,
    run,
    script,
    toy,
)

from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.order import OrderState
from gridhedge.domain.values import Side
from gridhedge.venue.paper.candle_feed import CandleFeed
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.feed import ScriptedFeed
from gridhedge.venue.paper.funding import RecordedFunding
from gridhedge.venue.paper.market import FillRule, Listing

MINUTE = 60_000


def candles(*rows: tuple[float, float, float, float], start: int = START) -> CandleFeed:
    """One-minute candles (open, high, low, close)."""
    columns = np.array(rows, dtype=np.float64).T
    return CandleFeed(start + np.arange(len(rows), dtype=np.int64) * MINUTE, *columns, MINUTE)


def on_candles(*rows: tuple[float, float, float, float], wallet: str = "1000") -> Exchange:
    return Exchange([Listing(toy(), FEES, candles(*rows), NEVER)], D(wallet))


def test_one_leg_fills_order_by_order_and_waits_in_between() -> None:
    """From 100 to 90 in the second 20 s, buys at 98 and 95: two happenings, at 24 and 30 s, each at its own price."""
    made = on_candles((100.0, 100.0, 90.0, 96.0))
    limit(made, "b", LONG, "95", "1")
    limit(made, "a", LONG, "98", "1")
    assert made.advance(START + MINUTE)
    assert (made.now(), made.mark("TOYUSDT"), fills(made)) == (START + 24_000, 98, [("a", "1", "98")])
    assert made.advance(START + MINUTE)
    assert (made.now(), made.mark("TOYUSDT")) == (START + 30_000, 95)
    assert not made.advance(START + MINUTE)


def test_an_order_placed_in_reaction_is_met_by_the_rest_of_the_leg() -> None:
    """Filled at 98 on the way to 90, the next buy at 97 fills two seconds later in the same candle."""
    made = on_candles((100.0, 100.0, 90.0, 96.0))
    limit(made, "a", LONG, "98", "1")
    made.advance(START + MINUTE)
    limit(made, "b", LONG, "97", "1")
    made.advance(START + MINUTE)
    assert [(one.client_id, one.at) for one in executions(made)] == [("a", START + 24_000), ("b", START + 26_000)]


def test_the_low_itself_does_not_fill_a_buy_resting_there() -> None:
    """Through is through: at 90 nothing, in the next candle at 89.5 it fills."""
    made = on_candles((100.0, 100.0, 90.0, 96.0), (96.0, 96.0, 89.5, 96.0))
    limit(made, "a", LONG, "90", "1")
    assert not made.advance(START + MINUTE - 1)
    assert made.advance(START + 2 * MINUTE)
    assert executions(made)[0].price == 90


def test_a_gap_between_candles_fills_at_the_orders_own_prices_in_one_happening() -> None:
    """Close 100, next open 90: both orders fill at the jump, and the touch is at 90 afterwards."""
    made = on_candles((100.0, 100.0, 100.0, 100.0), (90.0, 90.0, 90.0, 90.0))
    limit(made, "a", LONG, "98", "1")
    limit(made, "b", LONG, "95", "1")
    assert made.advance(START + 10 * MINUTE)
    assert [(one.client_id, one.price, one.at - START) for one in executions(made)] == [
        ("a", 98, MINUTE),
        ("b", 95, MINUTE),
    ]
    assert made.market("TOYUSDT").bid == 90


def test_orders_at_one_price_are_one_happening() -> None:
    """A long entry and a short take-profit at 95 fill together, by arrival."""
    made = on_candles((100.0, 100.0, 90.0, 96.0))
    market(made, "o", SHORT, "2")
    limit(made, "tp", SHORT, "95", "2", True)
    limit(made, "in", LONG, "95", "1")
    assert made.advance(START + MINUTE)
    assert [one.client_id for one in executions(made)] == ["o", "tp", "in"]


def test_a_watched_price_wakes_once_when_it_is_reached() -> None:
    """Below 95 and above 105 on a path 100, 92, 108, 100: at exactly 95 and 105, and not again."""
    witness = Witness()
    made = on_candles((100.0, 108.0, 92.0, 100.0), (100.0, 108.0, 92.0, 100.0))
    made.listener = witness
    made.watch("TOYUSDT", D(95), D(105))
    assert made.advance(START + MINUTE)
    assert made.mark("TOYUSDT") == 95
    assert made.advance(START + MINUTE)
    assert made.mark("TOYUSDT") == 105
    assert not made.advance(START + 2 * MINUTE)
    assert witness.lines == ["watched price of TOYUSDT"] * 2


def test_a_watched_price_already_passed_does_not_wake() -> None:
    """The caller sees the present price; waking at once would never end."""
    made = exchange((0, "100"), (10, "99"))
    made.watch("TOYUSDT", D(100), D(99))
    assert not made.advance(START + 50)


def test_time_ends_with_the_data() -> None:
    """After the last candle's close nothing moves, however long one waits."""
    made = on_candles((100.0, 100.0, 90.0, 96.0))
    assert not made.ended
    assert not made.advance(START + 10 * MINUTE)
    assert (made.ended, made.now(), made.mark("TOYUSDT")) == (True, START + MINUTE - 1, 96)
    assert not made.advance(START + 20 * MINUTE)
    assert made.now() == START + MINUTE - 1


def test_of_several_symbols_the_earliest_happening_comes_first() -> None:
    """B moves at 20 ms, A at 30 ms; the other symbol stands at the same moment each time."""
    feeds = script((0, "100"), (30, "90")), script((0, "200"), (20, "180"), (25, "190"))
    made = Exchange([listing(feeds[0], "AUSDT"), listing(feeds[1], "BUSDT")], D(10_000))
    made.place("AUSDT", "a", LONG, False, D(95), D(1))
    made.place("BUSDT", "b", LONG, False, D(195), D(1))
    assert made.advance(START + 100)
    assert (made.now(), made.mark("AUSDT"), made.mark("BUSDT")) == (START + 20, 100, 180)
    assert made.advance(START + 100)
    assert (made.now(), made.mark("AUSDT"), made.mark("BUSDT")) == (START + 30, 90, 190)
    assert not made.advance(START + 100)


def test_symbols_whose_data_begin_at_different_times_begin_together() -> None:
    """The exchange opens when the last of them does, and closes when the first one ends."""
    one, two = candles((100.0,) * 4, (110.0,) * 4), candles((200.0,) * 4, (220.0,) * 4, start=START + MINUTE)
    made = Exchange([Listing(toy("AUSDT"), FEES, one, NEVER), Listing(toy("BUSDT"), FEES, two, NEVER)], D(1))
    assert (made.now(), made.mark("AUSDT"), made.mark("BUSDT")) == (START + MINUTE, 110, 200)
    made.advance(START + 10 * MINUTE)
    assert made.now() == START + 2 * MINUTE - 1


def test_a_price_and_funding_in_the_same_millisecond_come_in_this_order() -> None:
    """The position bought at 95 in the millisecond of the charge pays at the new mark 90."""
    plan = RecordedFunding((START + 30,), (D("0.01"),))
    made = Exchange([listing(script((0, "100"), (30, "90")), funding=plan)], D(1000))
    limit(made, "a", LONG, "95", "1")
    assert made.advance(START + 50)
    assert fundings(made) == []
    assert made.advance(START + 50)
    assert [(one.amount, one.at) for one in fundings(made)] == [(D("0.90"), START + 30)]


def test_liquidation_comes_at_the_first_tick_without_cover() -> None:
    """Long 10 at 100 with 199 left: 199 + 10 (p - 100) - 0.118 p is zero at p = 81.06, so 81 it is.

    Orders are cancelled, the position is closed at the mark with the taker fee: 199 - 190 - 1.62 = 7.38 remain.
    """
    made = on_candles((100.5, 101.0, 70.0, 80.0), wallet="200")
    limit(made, "o", LONG, "100", "10")
    run(made, 21_000)
    profit = limit(made, "t", LONG, "130", "10", True)
    assert run(made, MINUTE) == 1
    last = executions(made)[-1]
    assert (last.kind, last.price, last.quantity, last.fee) == (ExecutionKind.LIQUIDATION, 81, 10, D("1.62"))
    assert (profit.state, profit.text) == (OrderState.CANCELLED, "liquidation")
    assert made.account.wallet == D("7.38")
    assert made.account_seen().mm_rate == 0


def test_a_gap_beyond_the_wallet_is_covered_by_the_exchange() -> None:
    """The same position jumps to 50: -500 leave the wallet at zero; the exchange covers 302."""
    made = exchange((0, "100.5"), (10, "99.5"), (20, "50"), wallet="200")
    limit(made, "o", LONG, "100", "10")
    assert made.advance(START + 10)
    assert made.advance(START + 30)
    assert made.account.wallet == 0
    assert made.account.covered == 500 + 1 - 199
    assert conserved(made)


def test_liquidation_never_comes_while_margin_is_enough() -> None:
    """One tick above the price worked out above the position lives."""
    made = on_candles((100.5, 101.0, 81.5, 90.0), wallet="200")
    limit(made, "o", LONG, "100", "10")
    run(made, MINUTE)
    assert made.market("TOYUSDT").long.quantity == 10


def test_fees_and_funding_can_liquidate_too() -> None:
    """With 0.01 of slack left a funding payment of 0.9 is one too many, at an unchanged price."""
    plan = RecordedFunding((START + 30,), (D("0.001"),))
    made = Exchange([listing(script((0, "90")), funding=plan)], D(1000))
    market(made, "o", LONG, "10")
    made.account.wallet -= made.account.slack() - D("0.01")
    assert run(made, 40) == 2
    assert executions(made)[-1].kind is ExecutionKind.LIQUIDATION


def test_a_hedge_is_liquidated_through_its_unequal_part() -> None:
    """Two symbols share one wallet: a loss on one takes the other with it."""
    feeds = script((0, "100"), (30, "60")), script((0, "200"))
    made = Exchange([listing(feeds[0], "AUSDT"), listing(feeds[1], "BUSDT")], D(400))
    made.place("AUSDT", "a", LONG, False, D(0), D(10), market=True)
    made.place("BUSDT", "b", SHORT, False, D(0), D(1), market=True)
    assert made.advance(START + 50)
    ended = [(one.symbol, one.kind, one.price) for one in executions(made)[2:]]
    assert ended == [("AUSDT", ExecutionKind.LIQUIDATION, 60), ("BUSDT", ExecutionKind.LIQUIDATION, 200)]


def test_of_all_that_waits_the_nearest_is_met_first() -> None:
    """Falling: watched 97, stop 95, buy 92, liquidation; rising: the same with a short.

    Long 10 that cost 992, wallet 233.718: 233.718 + 10 p - 992 = 0.118 p at p = 76.73, so 76.5. Short 10 sold for
    1012.5, wallet 233.676: 233.676 + 1012.5 - 10 p = 0.122 p at p = 123.12, so 123.5.
    """
    falling, rising = Witness(), Witness()
    made = on_candles((100.5, 101.0, 70.0, 80.0), wallet="240")
    made.listener = falling
    limit(made, "o", LONG, "100", "10")
    made.place("TOYUSDT", "s", LONG, True, D(0), D(1), trigger_price=D(95))
    limit(made, "g", LONG, "92", "1")
    made.watch("TOYUSDT", D(97), None)
    run(made, MINUTE)
    other = on_candles((100.0, 130.0, 99.5, 120.0), wallet="240")
    other.listener = rising
    limit(other, "o", SHORT, "100.5", "10")
    other.place("TOYUSDT", "s", SHORT, True, D(0), D(1), trigger_price=D(105))
    limit(other, "g", SHORT, "108", "1")
    other.watch("TOYUSDT", None, D(103))
    run(other, MINUTE)
    told = [[line for line in one.lines if " at " in line or "watched" in line] for one in (falling, rising)]
    assert told == [
        [
            "trade 10 at 100",
            "watched price of TOYUSDT",
            "trade 1 at 95.0",
            "trade 1 at 92",
            "liquidation 10 at 76.5",
        ],
        [
            "trade 10 at 100.5",
            "watched price of TOYUSDT",
            "trade 1 at 105.5",
            "trade 1 at 108",
            "liquidation 10 at 123.5",
        ],
    ]


class Bot(NamedTuple):
    """Static orders to place at the start: (name, side, price in ticks, size)."""

    name: str
    side: Side
    price: int
    size: int


def walk(seed: int, count: int) -> list[tuple[float, float, float, float]]:
    """Random candles on the tick 0.5 around 100 with gaps."""
    dice = np.random.default_rng(seed)
    last, rows = 200, []
    for _ in range(count):
        first = max(60, last + int(dice.integers(-2, 3)))
        last = max(60, first + int(dice.integers(-4, 5)))
        high, low = max(first, last) + int(dice.integers(0, 4)), min(first, last) - int(dice.integers(0, 4))
        rows.append((first / 2, high / 2, low / 2, last / 2))
    return rows


def stepped(
    rows: list[tuple[float, float, float, float]], orders: list[Bot], touch: bool
) -> list[tuple[str, int, int]]:
    """(order, price in ticks, ms) of every fill, found by walking along every leg of every candle, in integers."""
    waiting, found = list(orders), []
    for index, row in enumerate(rows):
        first, high, low, last = (int(size * 2) for size in row)
        extremes = (low, high) if first - low <= high - first else (high, low)
        start = index * MINUTE
        path = [(start, first), (start + 20_000, extremes[0]), (start + 40_000, extremes[1]), (start + 59_999, last)]
        before: tuple[int, int] | None = None
        for at, price in path:
            met = []
            for place, one in enumerate(waiting):
                beyond = one.price - price if one.side is LONG else price - one.price
                if beyond > 0 or (touch and beyond == 0):
                    met.append((abs(one.price - (before[1] if before else price)) if before else 0, place, one))
            if before is None:
                met.sort(key=lambda entry: (entry[2].side is SHORT, -abs(entry[2].price - price), entry[1]))
            else:
                met.sort(key=lambda entry: entry[:2])
            for way, _, one in met:
                when = at
                if before is not None and price != before[1]:
                    when = before[0] + (at - before[0]) * way // abs(price - before[1])
                found.append((one.name, one.price, when))
                waiting.remove(one)
            before = (at, price)
    return found


@examples(max_examples=120)
@given(
    seed=st.integers(0, 10**6),
    count=st.sampled_from([1, 3, 30, 600, 1500]),
    orders=st.lists(st.tuples(st.booleans(), st.integers(1, 60), st.integers(1, 9)), max_size=12),
    stops=st.lists(st.integers(1, 400_000), max_size=8),
    rule=st.sampled_from(["through", "touch"]),
)
def test_searching_and_stepping_give_identical_executions(
    seed: int, count: int, orders: list[tuple[bool, int, int]], stops: list[int], rule: FillRule
) -> None:
    """Block search in one go, with pauses anywhere, and walking along every leg: the same fills, prices and times."""
    rows = walk(seed, count)
    first = int(rows[0][0] * 2)
    bots = [
        Bot(f"c{number}", LONG if long else SHORT, first - away if long else first + 1 + away, size)
        for number, (long, away, size) in enumerate(orders)
    ]
    outcomes = []
    for pauses in ([], sorted(stops)):
        made = Exchange([Listing(toy(), FEES, candles(*rows), NEVER)], D(10**7), fill=rule)
        for bot in bots:
            limit(made, bot.name, bot.side, str(bot.price * D("0.5")), str(bot.size))
        for pause in (*pauses, (count + 1) * MINUTE):
            run(made, pause)
        outcomes.append([(one.client_id, int(one.price * 2), one.at - START) for one in executions(made)])
    assert outcomes[0] == outcomes[1] == stepped(rows, bots, rule == "touch")


@examples(max_examples=60)
@given(st.lists(st.integers(-12, 12), min_size=1, max_size=80), st.integers(1, 40), st.integers(0, 40))
def test_the_band_finds_every_liquidation(moves: list[int], long: int, short: int) -> None:
    """Checking at every price and checking at the edges of the band liquidate at the same price, or not at all."""
    path, price = [200], 200
    for move in moves:
        price = max(10, price + move)
        path.append(price)
    points = [(START + 10 * step, price * D("0.5")) for step, price in enumerate(path)]
    made = Exchange([listing(ScriptedFeed(points))], D(500))
    made.set_leverage("TOYUSDT", 50)
    made.by_hand_open("TOYUSDT", LONG, D(long))
    if short:
        made.by_hand_open("TOYUSDT", SHORT, D(short))
    watched = Exchange([listing(ScriptedFeed(points))], D(500))
    watched.set_leverage("TOYUSDT", 50)
    watched.by_hand_open("TOYUSDT", LONG, D(long))
    if short:
        watched.by_hand_open("TOYUSDT", SHORT, D(short))
    for at, _ in points:
        watched.matching.bands_stale = True
        run(watched, at - START)
    run(made, 10 * len(points))
    assert executions(made) == executions(watched)
    assert made.account.wallet == watched.account.wallet >= 0
