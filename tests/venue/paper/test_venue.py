"""The exchange behind the engine's port."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from paper_worlds import LONG, SHORT, START, Box, entry, exchange, listing, script

from gridhedge.domain.change import Amend, Cancel, Place, Urgency
from gridhedge.domain.events import AccountSeen, Execution, MarketSeen, OrderUpdate
from gridhedge.domain.order import OrderState, Reject
from gridhedge.engine.ports import Accepted, Clock, Rejected, Venue
from gridhedge.venue.paper.exchange import Exchange
from gridhedge.venue.paper.venue import PaperVenue


def connected(*points: tuple[int, str], **options: Any) -> tuple[PaperVenue, Box]:
    """A venue on a toy exchange, and its inbox."""
    liquidity = options.pop("liquidity", None)
    venue, box = PaperVenue(exchange(*points, liquidity=liquidity), **options), Box()
    venue.connect(["TOYUSDT"], box)
    return venue, box


def test_it_is_a_venue_and_a_clock() -> None:
    """The types say so (mypy), and the clock is the exchange's."""
    made, _ = connected((0, "100"))
    venue: Venue = made
    clock: Clock = made
    venue.wait(START + 5)
    assert (clock.now(), venue.name, venue.capabilities.batch_size) == (START + 5, "paper", 20)
    assert venue.capabilities.can_amend
    assert venue.capabilities.has_stop_orders


def test_a_resting_order_is_accepted_without_further_words() -> None:
    """Nothing in the inbox: the engine knows what it has sent."""
    venue, box = connected((0, "100"))
    assert venue.send([entry("a", LONG, "90", "1")]) == [Accepted("P1")]
    assert box.drain() == []


def test_a_marketable_order_tells_its_execution_and_the_account() -> None:
    """In the inbox when ``send`` returns; the next wait does not pass time."""
    venue, box = connected((0, "100"), (10, "101"))
    assert venue.send([entry("a", LONG, "101", "2")]) == [Accepted("P1")]
    made, account = box.drain()
    assert isinstance(made, Execution)
    assert (made.client_id, made.price, made.fee) == ("a", D("100.5"), D("0.402"))
    assert isinstance(account, AccountSeen)
    assert account.wallet_balance == D("999.598")
    venue.wait(START + 50)
    assert venue.now() == START


def test_a_fill_is_followed_by_one_sight_of_market_and_account() -> None:
    """Facts first, in order; then what the world looks like."""
    venue, box = connected((0, "100"), (10, "90"))
    venue.send([entry("a", LONG, "98", "1"), entry("b", LONG, "95", "1")])
    venue.wait(START + 50)
    assert venue.now() == START + 10
    first, second, market, account = box.drain()
    assert [one.client_id for one in (first, second) if isinstance(one, Execution)] == ["a", "b"]
    assert market == MarketSeen("TOYUSDT", D("90.0"), D("90.5"), D(90), D(90), START + 10)
    assert isinstance(account, AccountSeen)
    assert account.at == START + 10


def test_cancels_are_answered_with_the_state_of_the_order() -> None:
    """What was executed before is in the answer; an amend carried out as asked needs no words."""
    venue, box = connected((0, "100"), (10, "97"), liquidity=D(2))
    venue.send([entry("a", LONG, "98", "5")])
    venue.wait(START + 10)
    box.drain()
    amend = Amend("TOYUSDT", "a", "P1", D("96"), D(4), Urgency.OPENING, "test")
    (amended,) = venue.send([amend])
    (cancelled,) = venue.send([Cancel("TOYUSDT", "a", "P1", "test")])
    update = OrderUpdate("TOYUSDT", "a", "P1", OrderState.WORKING, D(96), D(4), D(2), START + 10)
    assert amended == Accepted("P1")
    assert cancelled == Accepted("P1", update._replace(state=OrderState.CANCELLED))
    assert box.drain() == []


def test_an_amend_that_was_cut_is_answered_with_what_became_of_it() -> None:
    """A take-profit asked to grow to 9 closes the 3 that are held."""
    venue, _ = connected((0, "100"))
    venue.send([entry("o", LONG, "101", "3"), entry("t", LONG, "110", "2", reduce_only=True)])
    (amended,) = venue.send([Amend("TOYUSDT", "t", "P2", D(111), D(9), Urgency.EXIT, "test")])
    assert amended == Accepted("P2", OrderUpdate("TOYUSDT", "t", "P2", OrderState.WORKING, D(111), D(3), D(0), START))


def test_refusals_are_outcomes_one_for_each_change() -> None:
    """In the order of the changes; what comes after a refusal is carried out."""
    venue, _ = connected((0, "100"))
    changes = [
        entry("a", LONG, "90.2", "1"),
        entry("b", LONG, "90", "1"),
        entry("b", LONG, "90", "1"),
        Cancel("TOYUSDT", "x", "", "test"),
        entry("c", LONG, "110", "1", reduce_only=True),
    ]
    outcomes = venue.send(changes)
    reasons = [outcome.reason if isinstance(outcome, Rejected) else None for outcome in outcomes]
    assert reasons == [
        Reject.OUT_OF_BOUNDS,
        None,
        Reject.DUPLICATE_ID,
        Reject.UNKNOWN_ORDER,
        Reject.REDUCE_ONLY,
    ]
    assert isinstance(outcomes[1], Accepted)


def test_an_order_that_the_exchange_changed_on_entry_is_answered_in_full() -> None:
    """A reduce-only quantity cut from 9 to 2, a price moved into the band, the cancelled rest of a market order."""
    feed = script((0, "100"))
    venue, box = PaperVenue(Exchange([listing(feed)._replace(price_band=D("0.1"))], D(1000), liquidity=D(2))), Box()
    venue.connect(["TOYUSDT"], box)
    outcomes = venue.send(
        [
            entry("o", LONG, "0", "5", market=True),
            entry("t", LONG, "105", "9", reduce_only=True),
            entry("e", SHORT, "80", "1"),
        ]
    )
    updates = [outcome.update for outcome in outcomes if isinstance(outcome, Accepted)]
    assert [(one.state, one.price, one.quantity, one.filled) for one in updates if one] == [
        (OrderState.CANCELLED, D("100.5"), 5, 2),
        (OrderState.WORKING, 105, 2, 0),
        (OrderState.WORKING, 90, 1, 0),
    ]


def test_what_the_exchange_does_by_itself_is_told() -> None:
    """The user closes by hand: an execution without client id, and the cut of the take-profit."""
    venue, box = connected((0, "100"))
    venue.send([entry("o", LONG, "101", "4"), entry("t", LONG, "110", "4", reduce_only=True)])
    venue.wait(START)
    box.drain()
    venue.exchange.by_hand_close("TOYUSDT", LONG, D(3))
    venue.wait(START + 5)
    made, cut, market, account = box.drain()
    assert venue.now() == START
    assert isinstance(made, Execution)
    assert (made.client_id, made.quantity, made.closing) == ("", 3, True)
    assert isinstance(cut, OrderUpdate)
    assert (cut.state, cut.quantity, cut.reason) == (OrderState.WORKING, 1, Reject.REDUCE_ONLY)
    assert [type(market), type(account)] == [MarketSeen, AccountSeen]


def test_a_wait_without_happening_shows_the_price_unless_only_happenings_count() -> None:
    """Paper trading sees every wait's price; a replay sees nothing."""
    venue, box = connected((0, "100"), (10, "101"))
    venue.wait(START + 20)
    assert box.kinds() == ["MarketSeen", "AccountSeen"]
    venue, box = connected((0, "100"), (10, "101"), every_price=False)
    venue.wait(START + 20)
    assert (venue.now(), box.drain()) == (START + 20, [])


def test_a_watched_price_ends_a_wait() -> None:
    """The sight carries the price that was reached."""
    venue, box = connected((0, "100"), (10, "99"), (20, "97"), every_price=False)
    venue.watch("TOYUSDT", D(98), None)
    venue.wait(START + 50)
    market, account = box.drain()
    assert isinstance(market, MarketSeen)
    assert (market.last, market.at) == (97, START + 20)
    assert isinstance(account, AccountSeen)
    venue.wait(START + 50)
    assert venue.now() == START + 50


def test_a_price_that_came_unseen_is_told_when_it_is_watched_too_late() -> None:
    """The price went to 97 during a silent wait: watching 98 answers at once, a second time it does not."""
    venue, box = connected((0, "100"), (10, "97"), every_price=False)
    venue.wait(START + 20)
    for kinds, now in ((["MarketSeen", "AccountSeen"], START + 20), ([], START + 60)):
        venue.watch("TOYUSDT", D(98), None)
        venue.wait(START + 60)
        assert (box.kinds(), venue.now()) == (kinds, now)


def test_latency_lets_the_world_move_before_a_request_arrives() -> None:
    """50 ms: the price has gone to 95 meanwhile, an older order has filled, and the new one buys at 95.5."""
    venue, box = connected((0, "100"), (30, "95"), latency_ms=50)
    venue.send([entry("a", LONG, "98", "1")])
    assert venue.now() == START + 50
    assert venue.exchange.account.find("a").filled == 1
    box.drain()
    other, seen = connected((0, "100"), (80, "95"), latency_ms=50)
    other.send([entry("a", LONG, "98", "1")])
    assert seen.drain() == []
    other.send([entry("b", LONG, "101", "1")])
    events = seen.drain()
    assert [one.client_id for one in events if isinstance(one, Execution)] == ["a", "b"]
    assert [type(one).__name__ for one in events] == [
        "Execution",
        "MarketSeen",
        "AccountSeen",
        "Execution",
        "AccountSeen",
    ]
    assert [one.price for one in events if isinstance(one, Execution)] == [98, D("95.5")]


def test_more_changes_than_a_batch_holds_travel_in_several_batches() -> None:
    """45 places with a latency of 10 ms are three requests: 30 ms."""
    venue, _ = connected((0, "100"), latency_ms=10)
    outcomes = venue.send([entry(f"c{number}", LONG, "90", "1") for number in range(45)])
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert (len(outcomes), venue.now()) == (45, START + 30)


def test_snapshot_and_queries_show_what_there_is() -> None:
    """Positions with averages, everybody's open orders, ended orders and executions since a moment."""
    venue, _ = connected((0, "100"), (10, "90"))
    venue.send([entry("a", LONG, "101", "2"), entry("b", LONG, "80", "1"), entry("c", SHORT, "120", "1")])
    venue.exchange.place("TOYUSDT", "", LONG, False, D(70), D(1))
    venue.wait(START)
    venue.wait(START + 20)
    venue.send([Cancel("TOYUSDT", "c", "", "test")])
    shot = venue.snapshot(["TOYUSDT"])
    assert (shot.at, shot.account) == (START + 20, venue.account())
    assert [(one.side, one.quantity, one.average) for one in shot.positions] == [(LONG, 2, D("100.5"))]
    assert [(one.client_id, one.venue_id, one.price) for one in shot.orders] == [("b", "P2", 80), ("", "P4", 70)]
    ended, bookings = venue.history("TOYUSDT", START + 1)
    assert [(one.client_id, one.state) for one in ended] == [("c", OrderState.CANCELLED)]
    assert bookings == []
    ended, bookings = venue.history("TOYUSDT", START)
    assert [one.client_id for one in ended] == ["a", "c"]
    assert [type(one) for one in bookings] == [Execution]
    assert venue.find_open("TOYUSDT", "b") is not None
    assert venue.find_open("TOYUSDT", "a") is None
    assert venue.find_ended("TOYUSDT", "a") is not None
    assert venue.find_ended("TOYUSDT", "nobody") is None


def test_leverage_is_prepared_within_the_limits_of_the_instrument() -> None:
    """75 becomes the toy's 50; checks say it and change nothing."""
    venue, _ = connected((0, "100"))
    assert (venue.prepare("TOYUSDT", 75), venue.prepare("TOYUSDT", 20)) == (50, 20)
    assert [(line.name, line.passed) for line in venue.checks(["TOYUSDT", "XUSDT"])] == [
        ("exchange", None),
        ("wallet", True),
        ("TOYUSDT", True),
        ("XUSDT", False),
    ]
    assert venue.instrument("TOYUSDT").max_leverage == 50
    assert venue.fees("TOYUSDT").maker == D("0.001")


def test_a_wait_may_be_paced() -> None:
    """``pause`` gets the milliseconds that really passed."""
    paused: list[int] = []
    venue, _ = connected((0, "100"), (10, "90"), pause=paused.append)
    venue.send([entry("a", LONG, "98", "1")])
    venue.wait(START + 25)
    venue.wait(START + 25)
    assert paused == [10, 15]


def test_a_market_close_is_a_place() -> None:
    """The emergency close of the engine: reduce-only, at the market, price without meaning."""
    venue, box = connected((0, "100"))
    venue.send([entry("o", SHORT, "99", "3")])
    close = entry("x", SHORT, "0", "3", reduce_only=True, market=True)
    assert isinstance(close, Place)
    assert venue.send([close]) == [Accepted("P2")]
    assert venue.snapshot(["TOYUSDT"]).positions == ()
    assert box.kinds() == ["Execution", "AccountSeen", "Execution", "AccountSeen"]
