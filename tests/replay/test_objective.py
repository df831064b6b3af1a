"""What is better than what: survival first, then the objective; nothing wins by doing nothing."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.replay.metrics import EndedBy
from gridhedge.replay.objective import OBJECTIVES, Figures, as_number, score

DAY = 86_400_000


def figures(
    profit: str = "0", fall: str = "10", cycles: int = 5, days: int = 73, ended_by: EndedBy = "data_end"
) -> Figures:
    """A run on 1,000; 73 days are a fifth of a year."""
    return Figures(
        start=0,
        end=days * DAY,
        fills=2 * cycles,
        cycles=cycles,
        net_profit=D(profit),
        final_equity=1000 + D(profit),
        fees=D(1),
        funding=D(0),
        max_drawdown=D(fall),
        max_drawdown_percent=D(1),
        worst_mm_rate=D(5),
        deepest_level=None,
        longest_unhedged_seconds=D("1.5"),
        ended_by=ended_by,
    )


def value(run: Figures, objective: str = "return-over-drawdown") -> D:
    return score(run, objective).value


def test_profit_of_a_year_over_the_deepest_fall() -> None:
    """40 in a fifth of a year are 200 a year; over a fall of 50 that is 4."""
    assert value(figures("40", "50")) == 4
    assert value(figures("40", "50"), "net-profit") == 200


def test_a_run_that_hardly_fell_is_no_infinite_winner() -> None:
    """A fall below a thousandth of the balance counts as that: 200 a year over 1."""
    assert value(figures("40", "0")) == value(figures("40", "0.5")) == 200


def test_a_deeper_fall_does_not_flatter_a_loss() -> None:
    """50 a year lost of 1,000 are -0.05, however deep it was in between."""
    assert value(figures("-10", "20")) == value(figures("-10", "900")) == D("-0.05")
    assert value(figures("-20", "900")) < value(figures("-10", "20"))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_run_that_closed_nothing_has_nothing_to_show(objective: str) -> None:
    """An open profit is not one yet; a loss is one."""
    assert value(figures("40", "0", cycles=0), objective) == 0
    assert value(figures("0", "0", cycles=0), objective) == 0
    assert value(figures("-40", "50", cycles=0), objective) < 0


ENDS = st.sampled_from(["data_end", "emergency_stop", "liquidation"])
RUNS = st.builds(
    figures,
    profit=st.integers(-1000, 10**9).map(str),
    fall=st.integers(0, 1000).map(str),
    cycles=st.integers(0, 3),
    days=st.integers(1, 72),
    ended_by=ENDS,
)


@given(first=RUNS, second=RUNS, objective=st.sampled_from(sorted(OBJECTIVES)))
def test_who_was_stopped_is_worse_than_everybody_who_was_not(first: Figures, second: Figures, objective: str) -> None:
    """Among those who were stopped the one that survived longer is better, whatever it earned."""
    better, worse = sorted((first, second), key=lambda run: score(run, objective), reverse=True)
    assert better.ended_by == "data_end" or worse.ended_by != "data_end"
    if better.ended_by != "data_end":
        assert better.end >= worse.end


@given(first=RUNS, second=RUNS, objective=st.sampled_from(sorted(OBJECTIVES)))
def test_the_sampler_sees_the_same_order(first: Figures, second: Figures, objective: str) -> None:
    """In one number; runs that were not stopped cover the same candles."""
    first, second = (run._replace(end=73 * DAY) if not run.is_stopped else run for run in (first, second))
    one, two = score(first, objective), score(second, objective)
    if one < two:
        assert as_number(one) <= as_number(two)
    if not one.is_finished and one.survived_ms < two.survived_ms:
        assert as_number(one) < as_number(two)
    assert as_number(None) < min(as_number(one), as_number(two))


def test_a_millisecond_longer_is_longer() -> None:
    """No digit of a survival is lost in the float, at ten years."""
    run = figures(days=3650, ended_by="liquidation")
    longer = run._replace(end=run.end + 1)
    assert as_number(score(run, "net-profit")) < as_number(score(longer, "net-profit")) < -1e29


@given(run=RUNS)
def test_figures_come_back_from_a_file_as_they_were(run: Figures) -> None:
    """Names and texts are those of backtest --json."""
    assert Figures.from_json(run.to_json()) == run
