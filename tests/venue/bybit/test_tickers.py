"""Bybit's price messages: merged into whole pictures, and never a wrong number out of a broken message."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.domain.events import MarketSeen
from gridhedge.venue.bybit.tickers import Tickers
from tests.venue.bybit.conftest import Recorded
from tests.venue.bybit.mutations import MUTATIONS, decimals_in, mutated
from tests.venue.bybit.rows import AT, ticker

WHOLE = {"bid": "66899.9", "ask": "66900.1", "last": "66900", "mark": "66905.1"}
LOG = logging.getLogger("gridhedge.test")


class Told:
    """Every picture that the messages of a stream have led to."""

    def __init__(self, symbol: str = "BTCUSDT") -> None:
        self._tickers = Tickers([symbol], LOG)
        self.seen: list[MarketSeen] = []

    def hear(self, message: Any) -> None:
        seen = self._tickers.read(message)
        if seen is not None:
            self.seen.append(seen)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_delta_changes_what_it_names_and_nothing_else(told: Told) -> None:
    """The snapshot first; absent means unchanged."""
    told.hear(ticker("snapshot", 1, **WHOLE))
    told.hear(ticker("delta", 2, AT + 100, bid="66900.0", mark="66906"))
    assert told.seen == [
        MarketSeen("BTCUSDT", D("66899.9"), D("66900.1"), D("66900"), D("66905.1"), AT),
        MarketSeen("BTCUSDT", D("66900.0"), D("66900.1"), D("66900"), D("66906"), AT + 100),
    ]


def test_a_delta_before_the_snapshot_is_no_price(told: Told) -> None:
    """Half a picture is none."""
    told.hear(ticker("delta", 1, **WHOLE))
    assert told.seen == []


def test_a_message_that_comes_late_overwrites_nothing_newer(told: Told) -> None:
    """But what only it knows is taken: each price has its own sequence number."""
    told.hear(ticker("snapshot", 1, **WHOLE))
    told.hear(ticker("delta", 3, bid="66901"))
    told.hear(ticker("delta", 2, bid="66800", mark="66907"))
    assert told.seen[-1][1:5] == (D("66901"), D("66900.1"), D("66900"), D("66907"))


def test_a_snapshot_replaces_everything(told: Told) -> None:
    """Sequence numbers may begin anew after a restart of the venue."""
    told.hear(ticker("snapshot", 900, **WHOLE))
    told.hear(ticker("snapshot", 1, bid="1", ask="2", last="3", mark="4"))
    told.hear(ticker("delta", 2, bid="5"))
    assert told.seen[-1][1:5] == (D(5), D(2), D(3), D(4))


def test_an_empty_side_of_the_order_book_is_no_price(told: Told) -> None:
    """Until it is there again."""
    told.hear(ticker("snapshot", 1, **WHOLE))
    told.hear(ticker("delta", 2, ask=""))
    told.hear(ticker("delta", 3, last="66800"))
    assert len(told.seen) == 1
    told.hear(ticker("delta", 4, ask="66801"))
    assert told.seen[-1][1:5] == (D("66899.9"), D("66801"), D("66800"), D("66905.1"))


def test_prices_of_another_symbol_are_nobody_s(told: Told) -> None:
    """Neither by topic nor by contents."""
    told.hear({**ticker("snapshot", 1, **WHOLE), "topic": "tickers.ETHUSDT"})
    foreign = ticker("snapshot", 1, **WHOLE)
    foreign["data"]["symbol"] = "ETHUSDT"
    told.hear(foreign)
    assert told.seen == []


def test_what_was_told_does_not_change_with_the_message(told: Told) -> None:
    """The client library may use its objects again."""
    message = ticker("snapshot", 1, **WHOLE)
    told.hear(message)
    first = told.seen[0]
    message["data"]["lastPrice"] = "1"
    assert first == told.seen[0] == MarketSeen("BTCUSDT", D("66899.9"), D("66900.1"), D("66900"), D("66905.1"), AT)


# ---- mutations -------------------------------------------------------------------------------------------------------


def check_mutations(message: Mapping[str, Any], symbol: str) -> None:
    dice, pictures = random.Random(symbol), 0
    for _ in range(MUTATIONS):
        told, changed = Told(symbol), mutated(dict(message), dice)
        told.hear(changed)
        possible = decimals_in(changed)
        for seen in told.seen:
            pictures += 1
            assert min(seen[1:5]) > 0, changed
            assert {*seen[1:5]} <= set(possible), changed
    assert pictures > MUTATIONS // 20


def test_a_mutated_recorded_message_is_no_crash_and_no_wrong_number(recorded: Recorded) -> None:
    """500 mutations: whatever is told stands in the message, digit by digit, and is a price."""
    message = recorded("ws_ticker_linear")
    check_mutations(message, message["data"]["symbol"])


def test_a_mutated_documented_message_is_no_crash_and_no_wrong_number() -> None:
    """The same for a message as the documentation has it, on every machine."""
    check_mutations(ticker("snapshot", 1, **WHOLE), "BTCUSDT")


@pytest.mark.parametrize(
    "name", ["ws_kline", "ws_orderbook_delta", "ws_orderbook_snapshot", "ws_public_trade", "ws_ticker_option"]
)
def test_a_message_of_another_topic_is_no_price(name: str, recorded: Recorded) -> None:
    """As recorded, and mutated."""
    told, message, dice = Told("NOTHING"), recorded(name), random.Random(name)
    told.hear(message)
    for _ in range(MUTATIONS):
        told.hear(mutated(message, dice))
    assert told.seen == []
