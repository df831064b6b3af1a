"""Bars and trades up to the present."""

from __future__ import annotations

from decimal import Decimal as D

from gridhedge.practice.prices import Past, PastRow
from gridhedge.practice.tape import DAY, MINUTE, WEEK, Bar, Tape, opening
from gridhedge.venue.paper.feed import ScriptedFeed

BEGIN = 100 * MINUTE


def fed(*points: tuple[int, str], past: Past | None = None) -> Tape:
    """A tape on prices at milliseconds after BEGIN."""
    feed = ScriptedFeed((BEGIN + at, D(price)) for at, price in points)
    return Tape(feed.at, feed.price, feed, past)


def test_every_price_of_the_feed_is_on_the_tape() -> None:
    """A high between two looks is in the bar, and the bar that forms is the first of the list."""
    tape = fed((0, "10"), (20_000, "14"), (30_000, "9"), (61_000, "11"))
    tape.reach(BEGIN + 70_000, D(0))
    assert tape.bars(MINUTE, 0, tape.at, 10) == [
        Bar(BEGIN + MINUTE, D(9), D(11), D(9), D(11), D(0)),
        Bar(BEGIN, D(10), D(14), D(9), D(9), D(0)),
    ]
    assert [(printed.number, printed.price, printed.rises) for printed in tape.prints] == [
        (1, D(10), True),
        (2, D(14), True),
        (3, D(9), False),
        (4, D(11), True),
    ]


def test_bars_of_longer_intervals_open_at_their_multiples() -> None:
    """Minutes 100 to 107 lie in the five-minute bars of 100 and 105."""
    tape = fed((0, "10"), (4 * MINUTE, "12"), (6 * MINUTE, "8"))
    tape.reach(BEGIN + 7 * MINUTE, D(0))
    bars = tape.bars(5 * MINUTE, 0, tape.at, 10)
    assert [(bar.start // MINUTE, bar.open, bar.high, bar.low, bar.close) for bar in bars] == [
        (105, D(12), D(12), D(8), D(8)),
        (100, D(10), D(12), D(10), D(12)),
    ]


def test_a_quiet_minute_repeats_the_last_price() -> None:
    """There are no gaps."""
    tape = fed((0, "10"))
    tape.reach(BEGIN + 3 * MINUTE, D(0))
    assert [bar.close for bar in tape.bars(MINUTE, 0, tape.at, 10)] == [D(10)] * 4


def test_the_future_is_not_told() -> None:
    """Bars that open later than now do not exist, whatever is asked for."""
    tape = fed((0, "10"), (2 * MINUTE, "20"))
    tape.reach(BEGIN + MINUTE, D(0))
    assert [bar.start for bar in tape.bars(MINUTE, 0, BEGIN + DAY, 10)] == [BEGIN + MINUTE, BEGIN]


def test_recorded_candles_reach_into_the_past_and_bring_their_volume() -> None:
    """Whole minutes come from the record, the one that forms from the tape."""
    rows: list[PastRow] = [(BEGIN + number * MINUTE, D(10), D(12), D(8), D(11), D(5)) for number in (-2, -1, 0, 1)]
    past = Past(MINUTE, rows[0][0], lambda first, last: [row for row in rows if first <= row[0] < last])
    tape = fed((0, "10"), (61_000, "13"), past=past)
    tape.reach(BEGIN + 70_000, D(0))
    bars = tape.bars(MINUTE, 0, tape.at, 10)
    assert [bar.start - BEGIN for bar in bars] == [MINUTE, 0, -MINUTE, -2 * MINUTE]
    assert [bar.volume for bar in bars] == [D(0), D(5), D(5), D(5)]
    assert bars[0].high == D(13)


def test_without_a_feed_the_tape_holds_what_it_was_shown() -> None:
    """Prices are samples then."""
    tape = Tape(BEGIN, D(10))
    tape.reach(BEGIN + 1000, D(12))
    assert tape.bars(MINUTE, 0, tape.at, 10) == [Bar(BEGIN, D(10), D(12), D(10), D(12), D(0))]


def test_the_day_follows_the_price_within_the_minute() -> None:
    """High and close are right although the sum is reckoned once a minute; a day ago is forgotten."""
    tape = fed((0, "50"), (MINUTE, "10"), (26 * 60 * MINUTE + 1, "12"), (26 * 60 * MINUTE + 2, "11"))
    tape.reach(BEGIN + 26 * 60 * MINUTE, D(0))
    day, hour = tape.day()
    assert (day.high, day.close, hour) == (D(10), D(10), D(10))
    tape.reach(BEGIN + 26 * 60 * MINUTE + 5, D(0))
    day, _ = tape.day()
    assert (day.high, day.low, day.close) == (D(12), D(10), D(11))


def test_weeks_open_on_mondays() -> None:
    """1970-01-05 was one."""
    assert opening(WEEK, 4 * DAY) == 4 * DAY
    assert opening(WEEK, 11 * DAY - 1) == 4 * DAY
    assert opening(DAY, DAY + 5) == DAY
