"""Public topics."""

from __future__ import annotations

from gridhedge.practice.bybit.public import PublicTopics
from gridhedge.practice.tape import MINUTE
from tests.practice.bybit.venues import NOW, Venue


def test_a_ticker_is_a_snapshot_then_deltas_that_rebuild_it() -> None:
    """Merging what was told gives what a new subscriber is told."""
    venue = Venue()
    topics = PublicTopics(venue.world)
    first = topics.first("tickers.DOGEUSDT")[0]
    state = dict(first["data"])
    assert (first["type"], first["topic"], first["ts"]) == ("snapshot", "tickers.DOGEUSDT", NOW)
    for price in ("0.21", "0.19", "0.205"):
        venue.move(price)
        for topic, message in topics.changes():
            assert (topic, message["type"]) == ("tickers.DOGEUSDT", "delta")
            assert message["data"]["symbol"] == "DOGEUSDT"
            assert len(message["data"]) < len(state)
            state |= message["data"]
    assert state["lastPrice"] == "0.205"
    assert state == topics.first("tickers.DOGEUSDT")[0]["data"]


def test_nothing_is_told_of_nothing() -> None:
    """No change, no message; and no message without somebody who asked."""
    venue = Venue()
    topics = PublicTopics(venue.world)
    venue.move("0.21")
    assert topics.changes() == []
    for topic in ("tickers.DOGEUSDT", "orderbook.1.DOGEUSDT", "kline.1.DOGEUSDT", "publicTrade.DOGEUSDT"):
        topics.first(topic)
    assert topics.changes() == []


def test_a_candle_is_told_while_it_forms_and_once_it_has_closed() -> None:
    """Two minutes later: the two that have closed, confirmed, and the one that forms."""
    venue = Venue()
    topics = PublicTopics(venue.world)
    topics.first("kline.1.DOGEUSDT")
    venue.move("0.21")
    venue.later(2 * MINUTE)
    rows = [message["data"][0] for _, message in topics.changes()]
    assert [(row["confirm"], row["close"]) for row in rows] == [(True, "0.21"), (True, "0.21"), (False, "0.21")]
    assert rows[1]["start"] - rows[0]["start"] == MINUTE
    assert rows[0]["end"] == rows[1]["start"] - 1


def test_trades_and_the_top_of_the_book_follow_the_price() -> None:
    """Every price that it came to, once."""
    venue = Venue()
    topics = PublicTopics(venue.world)
    topics.first("publicTrade.DOGEUSDT")
    topics.first("orderbook.1.DOGEUSDT")
    venue.move("0.21")
    venue.move("0.22")
    told = dict(topics.changes())
    assert [row["p"] for row in told["publicTrade.DOGEUSDT"]["data"]] == ["0.21", "0.22"]
    book = told["orderbook.1.DOGEUSDT"]
    assert (book["type"], book["data"]["b"][0][0], book["data"]["a"][0][0]) == ("snapshot", "0.22", "0.22001")
    assert topics.changes() == []


def test_topics_that_there_are_not_are_known() -> None:
    """Symbols, intervals and depths are checked."""
    topics = PublicTopics(Venue().world)
    known = ["tickers.DOGEUSDT", "kline.60.BTCUSDT", "orderbook.50.DOGEUSDT", "publicTrade.BTCUSDT"]
    unknown = ["tickers.NOUSDT", "kline.7.BTCUSDT", "orderbook.2.DOGEUSDT", "tickers", "foo", "order", ""]
    assert [topics.knows(topic) for topic in known] == [True] * 4
    assert [topics.knows(topic) for topic in unknown] == [False] * 7
