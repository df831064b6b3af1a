"""Cards 01 to 09, and 26: what a venue tells when it is asked, and when nothing goes wrong."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.domain.candles import Timeframe
from gridhedge.domain.events import AccountSeen, Execution, Funding, MarketSeen
from gridhedge.domain.values import Side
from tests.contract.bench import SYMBOL, Bench, Desk

LONG, SHORT = Side.LONG, Side.SHORT


def test_card_01_the_rules_of_a_symbol_are_exact(desk: Desk) -> None:
    """DOGEUSDT: tick 0.00001, step 1, at least 5 USDT, at most 75x; tiers rise, and their margin is continuous."""
    rules = desk.venue.instrument(SYMBOL)
    assert (rules.base, rules.quote, rules.tick_size, rules.lot_step) == ("DOGE", "USDT", D("0.00001"), D(1))
    assert (rules.min_quantity, rules.min_notional, rules.max_leverage) == (D(1), D(5), 75)
    assert rules.tiers[0] == desk.bench.first_tier
    assert rules.tiers == desk.bench.exchange.market(SYMBOL).instrument.tiers


def test_card_02_fees_are_fractions(desk: Desk) -> None:
    """0.02 % for makers, 0.055 % for takers on Bybit, 0.05 % on Binance."""
    told = desk.venue.fees(SYMBOL)
    assert told == desk.bench.exchange.market(SYMBOL).fees
    assert (told.maker, told.taker) in ((D("0.0002"), D("0.00055")), (D("0.0002"), D("0.0005")))


def test_card_03_prices_are_told_on_request_and_pushed(desk: Desk, bench: Bench) -> None:
    """The touch stands around the last price; after a move the stream tells the same."""
    seen = desk.venue.market(SYMBOL)
    assert (seen.last, seen.mark) == (D("0.2"), D("0.2"))
    assert seen.bid <= seen.last <= seen.ask
    bench.move(D("0.20500"))
    (pushed,) = desk.wait_for(MarketSeen, 1, lambda sight: sight.last == D("0.205"))
    assert pushed.bid <= pushed.last <= pushed.ask
    assert abs(pushed.at - desk.venue.market(SYMBOL).at) < 60_000


def test_card_04_the_account_is_told_on_request_and_pushed(desk: Desk) -> None:
    """1000 USDT; after an entry of 100 at 0.2 and 10x its margin is bound, and the stream tells it."""
    before = desk.venue.account()
    assert (before.wallet_balance, before.margin_balance, before.available) == (D(1000), D(1000), D(1000))
    assert (before.initial_margin, before.maintenance_margin, before.mm_rate) == (D(0), D(0), D(0))
    desk.venue.send([desk.place(LONG, "0.20100", "100")])
    (made,) = desk.wait_for(Execution)
    desk.wait_for(AccountSeen, 1, lambda seen: seen.wallet_balance == 1000 - made.fee and seen.maintenance_margin > 0)
    after = desk.venue.account()
    assert after.wallet_balance == 1000 - made.fee
    assert D(2) <= after.initial_margin < D("2.1")
    assert D("0.13") <= after.maintenance_margin < D("0.15")
    assert after.available == after.margin_balance - after.initial_margin


def test_card_05_leverage_is_set_and_never_above_what_was_asked_for(desk: Desk) -> None:
    """Setting the same again, hedge mode included, is no error."""
    assert [desk.venue.prepare(SYMBOL, leverage) for leverage in (25, 25, 75)] == [25, 25, 75]


def test_card_06_history_is_oldest_first_and_begins_when_it_is_told_to(desk: Desk, bench: Bench) -> None:
    """An entry, its take-profit, and a cancelled order."""
    begun = desk.venue.account().at
    cancelled = desk.place(SHORT, "0.22", "100")
    desk.venue.send([desk.place(LONG, "0.20100", "100"), cancelled])
    desk.wait_for(Execution)
    desk.venue.send([desk.cancel(cancelled), desk.place(LONG, "0.20200", "100", closing=True)])
    bench.move(D("0.20400"))
    made = desk.wait_for(Execution, 2)
    ended, facts = desk.venue.history(SYMBOL, begun - 60_000)
    assert facts == made
    assert [(record.side, record.closing, record.filled) for record in ended] == [
        (LONG, False, D(100)), (SHORT, False, D(0)), (LONG, True, D(100)),
    ]  # fmt: skip
    last = max(record.changed for record in ended)
    assert desk.venue.history(SYMBOL, max(last, made[-1].at) + 1) == ([], [])


def test_card_07_funding_is_told_for_each_side(desk: Desk, bench: Bench) -> None:
    """0.01 % of 100 x 0.2: the long pays 0.002, the short gets it; the stream and the history agree."""
    desk.venue.send([desk.place(LONG, "0.20100", "100"), desk.place(SHORT, "0.19900", "100")])
    desk.wait_for(Execution, 2)
    begun = desk.venue.account().at - 60_000
    bench.skip(8 * 3600 * 1000)
    paid = desk.wait_for(Funding, 2)
    assert {(one.side, one.amount) for one in paid} == {(LONG, D("0.002")), (SHORT, D("-0.002"))}
    _, facts = desk.venue.history(SYMBOL, begun)
    listed = {fact.funding_id: fact for fact in facts if isinstance(fact, Funding)}
    assert {(one.funding_id, one.side, one.amount) for one in paid} == {
        (one.funding_id, one.side, one.amount) for one in listed.values()
    }


def test_card_08_both_sides_are_held_side_by_side(desk: Desk) -> None:
    """Equal quantities do not cancel each other out."""
    desk.venue.send([desk.place(LONG, "0.20100", "100"), desk.place(SHORT, "0.19900", "100")])
    desk.wait_for(Execution, 2)
    held = desk.venue.snapshot([SYMBOL]).positions
    assert {(position.side, position.quantity) for position in held} == {(LONG, D(100)), (SHORT, D(100))}


def test_card_09_a_long_list_is_read_to_its_end(desk: Desk) -> None:
    """120 resting orders come in pages; none is lost and none comes twice."""
    place = desk.bench.exchange.place
    for level in range(120):
        place(SYMBOL, f"page-{level}", LONG, False, D("0.15") + D(level) / 10_000, D(100))
    listed = [record.client_id for record in desk.venue.snapshot([SYMBOL]).orders]
    assert len(listed) == 120
    assert set(listed) == {f"page-{level}" for level in range(120)}


def test_card_28_candles_are_told_when_they_have_closed(desk: Desk, bench: Bench) -> None:
    """Two five-minute candles, the second with a spike to 0.205 in it; the one that forms is not told."""
    five = Timeframe.M5.ms
    begun = bench.exchange.now()
    bench.skip(five - begun % five + 1000)
    bench.skip(five)
    bench.move(D("0.20500"))
    bench.move(D("0.20100"))
    bench.skip(five)
    bench.fault("clock", seconds=(bench.exchange.now() - begun) / 1000)  # what clients are told jumps ahead, too
    desk.venue.checks([SYMBOL])  # reads the venue's clock anew
    told = desk.venue.candles(SYMBOL, Timeframe.M5, 2)
    assert [at % five for at in told.times] == [0, 0]
    assert told.times[1] - told.times[0] == five
    assert told.times[1] + five <= bench.exchange.now() < told.times[1] + 2 * five
    assert (list(told.high), list(told.low), list(told.close)) == ([0.2, 0.205], [0.2, 0.2], [0.2, 0.201])
    assert list(desk.venue.candles(SYMBOL, Timeframe.M5, 1).times) == list(told.times[1:])
