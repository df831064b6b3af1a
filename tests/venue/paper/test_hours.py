"""The forex week."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.venue.paper.hours import DAY_MS, ForexWeek, rollover_after


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (ms(2020, 5, 8, 20, 59), ms(2020, 5, 8, 20, 59)),
        (ms(2020, 5, 8, 21), ms(2020, 5, 10, 21)),
        (ms(2020, 5, 9, 12), ms(2020, 5, 10, 21)),
        (ms(2020, 5, 10, 21), ms(2020, 5, 10, 21)),
        (ms(2020, 12, 4, 21, 30), ms(2020, 12, 4, 21, 30)),
        (ms(2020, 12, 4, 22), ms(2020, 12, 6, 22)),
        (ms(2020, 3, 6, 22), ms(2020, 3, 8, 21)),
    ],
    ids=["friday", "close", "saturday", "sunday", "winter friday", "winter close", "clocks change"],
)
def test_the_market_closes_on_friday_and_opens_on_sunday_in_new_york(at: int, opens: int) -> None:
    """17:00 there is 21:00 UTC in summer and 22:00 in winter."""
    assert ForexWeek().opens(at) == opens


def test_the_end_of_wednesday_counts_three_nights() -> None:
    """The week of 2020-05-11: Monday to Friday at 21:00 UTC, seven nights in all."""
    at, nights = ms(2020, 5, 10, 21), []
    while at < ms(2020, 5, 16):
        at, count = rollover_after(at)
        nights.append(count)
    assert nights == [1, 1, 3, 1, 1, 1]
    assert rollover_after(ms(2020, 5, 15, 21))[0] == ms(2020, 5, 18, 21)


@given(st.integers(0, 60 * 365 * DAY_MS))
def test_an_opening_is_open_and_never_in_the_past(at: int) -> None:
    """Whatever the moment; no closed time is longer than a weekend and an hour."""
    week = ForexWeek()
    opens = week.opens(at)
    assert at <= opens <= at + 2 * DAY_MS + 3_600_000
    assert week.opens(opens) == opens
    assert rollover_after(at)[0] > at
