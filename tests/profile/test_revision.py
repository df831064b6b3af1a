"""What an edit changes, and from when on it counts."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.profile.revision import changes, needing_restart, told
from gridhedge.profile.settings import Profile
from tests.engine.worlds import profile

TRIM = {"kind": "trim"}


def trim(**strategy: Any) -> Profile:
    symbols = [{"symbol": "DOGEUSDT", "leverage": 20, "strategy": TRIM | strategy}]
    return profile(symbols=symbols)


def lines(before: Profile, after: Profile) -> list[str]:
    return [told(change) for change in changes(before, after)]


def test_the_same_values_are_no_change_however_they_are_written() -> None:
    """1 is 1.00, and a default is the default written out."""
    assert changes(profile(), profile({"grid_step_percent": D("1.00")})) == []


def test_limits_and_exits_count_at_once_and_entries_from_the_next_grid() -> None:
    """Each change is a line with its old and its new value."""
    after = profile({"grid_step_percent": D(2), "take_profit_percent": D("0.5")}, risk={"mm_rate_threshold": 70})
    assert lines(profile(), after) == [
        "symbols[0].strategy.grid_step_percent 1.0 -> 2 (from the next grid)",
        "symbols[0].strategy.take_profit_percent 1.0 -> 0.5 (at once)",
        "risk.mm_rate_threshold 90.0 -> 70 (at once)",
    ]


def test_lists_are_one_value_and_capital_counts_once() -> None:
    """A trim grid's ratios, and the capital of its first start."""
    ratios = (D("0.1"), D("0.2"), D("0.3"), D("0.4"))
    assert lines(trim(), trim(entry_ratios=ratios, initial_capital=D(500))) == [
        "symbols[0].strategy.initial_capital nothing -> 500 (counts at the first start only: no effect now)",
        "symbols[0].strategy.entry_ratios [0.05, 0.20, 0.25, 0.50] -> [0.1, 0.2, 0.3, 0.4] (from the next grid)",
    ]


@pytest.mark.parametrize(
    ("after", "where"),
    [
        (profile(account="002"), ["account"]),
        (profile(dry_run=True), ["dry_run"]),
        (profile(live=True), ["live"]),
        (profile(notify={"webhook_url": "https://example.org/x"}), ["notify.webhook_url"]),
        (profile(symbols=[{"symbol": "DOGEUSDT", "leverage": 50, "strategy": TRIM}]), ["symbols[0].leverage"]),
    ],
)
def test_who_trades_what_and_where_needs_a_restart(after: Profile, where: list[str]) -> None:
    """Account, venue, symbols, leverage, real money, webhooks."""
    found = [change.where for change in needing_restart(changes(profile(), after))]
    assert found[: len(where)] == where


def test_a_direction_a_symbol_and_a_market_need_a_restart() -> None:
    """What a strategy is, and what it trades, is no number of it."""
    both = profile(
        symbols=[
            {"symbol": "DOGEUSDT", "leverage": 20, "strategy": TRIM},
            {"symbol": "DOGEUSDT", "leverage": 20, "strategy": TRIM | {"direction": "short"}},
        ]
    )
    assert [change.where for change in needing_restart(changes(trim(), trim(direction="short")))] == [
        "symbols[0].strategy.direction"
    ]
    added = {change.where for change in needing_restart(changes(trim(), both))}
    assert {"symbols[1].symbol", "symbols[1].strategy.direction"} <= added
    assert needing_restart(changes(both, trim())) != []
