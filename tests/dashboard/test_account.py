"""The account's head: whose money it is can not be overlooked, and alarms are loud."""

import pytest

from gridhedge.dashboard.account import alarm_lines, alarms_of, event_lines, head, short_head
from gridhedge.dashboard.lines import CALM_BADGE, LOUD
from gridhedge.engine.status import AccountStatus, RecentEvent
from tests.dashboard.statuses import depth_three_against_one, disconnected, dry_run, emergency, live_money


def styles_of(status: AccountStatus, words: str, width: int) -> list[str]:
    line = next(line for line in head(status, width) if words in line.plain)
    start = line.plain.index(words)
    return [str(span.style) for span in line.spans if span.start <= start < span.end]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_real_money_is_said_in_red(width: int) -> None:
    """LIVE MONEY is white on red at every width, DEMO never is."""
    assert LOUD in styles_of(live_money(), "LIVE MONEY", width)
    assert CALM_BADGE in styles_of(depth_three_against_one(), "DEMO", width)
    assert "LIVE" not in short_head(depth_three_against_one(), width).plain
    assert "LIVE MONEY" in short_head(live_money(), width).plain


def test_a_dry_run_is_named() -> None:
    """DRY RUN stands beside the venue."""
    assert "DRY RUN" in head(dry_run(), 80)[0].plain


def test_a_lost_stream_says_so_with_its_age() -> None:
    """192 seconds without the private stream."""
    assert "✕ private DOWN 3 m 12 s" in head(disconnected(), 60)[-1].plain
    assert "private DOWN" in short_head(disconnected(), 80).plain


def test_gauges_mark_reserve_and_threshold() -> None:
    """Both limits are on the screen as numbers and as marks."""
    gauges = head(depth_three_against_one(), 100)[1].plain
    assert "free 8,412.11" in gauges
    assert "reserve 1,501.85" in gauges
    assert "MM 12.4 %" in gauges
    assert "stop at 90 %" in gauges
    assert gauges.count("┃") == 2


def test_alarms_come_with_the_reason_of_the_stop_first() -> None:
    """Stop, then the account's alarms."""
    assert alarms_of(emergency()) == [
        "STOPPED: emergency stop: MM rate 93.2 % reached the threshold of 90 %; gridhedge resume --account 001",
        "MM rate 93.2 % is over the threshold of 90 %",
    ]


def test_no_alarms_take_no_room() -> None:
    """A calm account has no alarm line."""
    assert alarm_lines(alarms_of(depth_three_against_one()), 80, 3) == []


def test_too_many_alarms_are_counted() -> None:
    """Five alarms in three lines: two and a count."""
    lines = [line.plain.strip() for line in alarm_lines(["a", "b", "c", "d", "e"], 40, 3)]
    assert lines == ["‼ a", "‼ b", "‼ … 3 more lines of alarms"]


def test_texts_from_outside_can_not_command_the_terminal() -> None:
    """An alarm, an event and a venue name with escapes are shown without them."""
    status = depth_three_against_one()._replace(
        venue="by\x1b[31mbit", alarms=("\x1b]0;x\x07watch \x1b[5mout",), events=(RecentEvent(0, "info", "a\x1b[2Jb"),)
    )
    assert alarms_of(status) == ["watch out"]
    assert "bybit" in head(status, 80)[0].plain
    assert event_lines(status.events, 40, 1)[0].plain.rstrip() == "00:00:00   ab"
