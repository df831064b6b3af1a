"""Days and hours of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.strategy.calendar import Hours, day_at, minutes_of

HOUR = 3_600_000
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Chatham"])
MOMENTS = st.integers(1_500_000_000_000, 1_900_000_000_000)


def at(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(moment.astimezone(UTC).timestamp() * 1000)


def test_a_day_begins_at_the_zone_s_midnight() -> None:
    """In Tokyo it is tomorrow nine hours earlier than in Greenwich."""
    assert day_at("UTC", at("2026-03-05T15:00")) == (at("2026-03-05T00:00"), at("2026-03-06T00:00"))
    assert day_at("Asia/Tokyo", at("2026-03-05T15:00")) == (at("2026-03-05T15:00"), at("2026-03-06T15:00"))
    assert day_at("Asia/Tokyo", at("2026-03-05T15:00") - 1).begins == at("2026-03-04T15:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)])
def test_a_day_on_which_clocks_change_is_shorter_or_longer(day: str, hours: int) -> None:
    """Berlin, 2026."""
    found = day_at("Europe/Berlin", at(f"{day}T12:00", "Europe/Berlin"))
    assert found.begins == at(f"{day}T00:00", "Europe/Berlin")
    assert found.ends - found.begins == hours * HOUR


@given(ZONES, MOMENTS)
def test_days_follow_each_other_without_a_gap(zone: str, moment: int) -> None:
    """A moment lies in its day, and the next day begins where it ends."""
    day = day_at(zone, moment)
    assert day.begins <= moment < day.ends
    assert day_at(zone, day.begins) == day_at(zone, day.ends - 1) == day
    assert day_at(zone, day.ends).begins == day.ends


def test_hours_are_open_from_start_to_before_finish() -> None:
    """08:00 to 17:30."""
    hours = Hours("UTC", minutes_of("08:00"), minutes_of("17:30"))
    moments = {"07:59": False, "08:00": True, "17:29": True, "17:30": False, "00:00": False}
    assert {clock: hours.are_open(at(f"2026-03-05T{clock}")) for clock in moments} == moments


def test_hours_may_pass_midnight() -> None:
    """22:00 to 06:00."""
    hours = Hours("UTC", minutes_of("22:00"), minutes_of("06:00"))
    moments = {"21:59": False, "22:00": True, "23:59": True, "00:00": True, "05:59": True, "06:00": False}
    assert {clock: hours.are_open(at(f"2026-03-05T{clock}")) for clock in moments} == moments


def test_hours_are_the_zone_s() -> None:
    """09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer."""
    hours = Hours("Europe/Berlin", minutes_of("09:00"), minutes_of("10:00"))
    assert (hours.are_open(at("2026-01-05T08:30")), hours.are_open(at("2026-01-05T07:30"))) == (True, False)
    assert (hours.are_open(at("2026-07-05T08:30")), hours.are_open(at("2026-07-05T07:30"))) == (False, True)
    assert hours.next_start(at("2026-01-05T09:30")) == at("2026-01-06T08:00")


@given(ZONES, MOMENTS, st.integers(0, 1439), st.integers(0, 1439))
def test_closed_hours_open_at_their_next_start(zone: str, moment: int, start: int, finish: int) -> None:
    """Not before it, and within little more than a day."""
    hours = Hours(zone, start, finish)
    if hours.are_open(moment):
        return
    opens = hours.next_start(moment)
    assert moment < opens <= moment + 26 * HOUR
    assert not hours.are_open(opens - 60_000) or opens - 60_000 <= moment
    # Where clocks change, the minute after midnight and the minute on the clock differ by an hour that day.
    assert hours.are_open(opens) or day_at(zone, opens).ends - day_at(zone, opens).begins != 24 * HOUR


def test_equal_ends_mean_the_whole_day() -> None:
    """There is no way to write 24:00."""
    hours = Hours("UTC", 0, 0)
    assert all(hours.are_open(at(f"2026-03-05T{hour:02d}:30")) for hour in range(24))
