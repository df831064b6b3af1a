"""The sums of a period agree with each other and with the hand."""

from decimal import Decimal as D

from gridhedge.domain.values import Side
from gridhedge.report.rows import Rows
from gridhedge.report.summary import Sums, drawdown_of, summarise
from tests.report.trades import DAY, NOON, ROWS, trade


def test_the_total_is_the_hand_worked_sum() -> None:
    """Gross 2; fees 0.011 x 3 + 0.0076 + 0.012 + 0.022 = 0.0746; funding 0.005."""
    total = summarise(ROWS).total
    assert total == Sums(6, D("198.03"), D("2.00"), D("0.0746"), D("0.005"))
    assert total.net == D("1.9204")


def test_days_are_utc_and_bear_what_was_paid_on_them() -> None:
    """The first day paid fees and funding, the second earned the gross profit."""
    days = summarise(ROWS).by_day
    assert {day: sums.net for day, sums in days.items()} == {"2025-06-16": D("-0.0346"), "2025-06-17": D("1.955")}


def test_every_grouping_adds_up_to_the_total() -> None:
    """By day, symbol, side and role."""
    summary = summarise(ROWS)
    for groups in (summary.by_day, summary.by_symbol, summary.by_side, summary.by_role):
        assert sum((sums.net for sums in groups.values()), D(0)) == summary.total.net
        assert sum(sums.executions for sums in groups.values()) == 6


def test_roles_come_in_the_order_of_a_cycle() -> None:
    """Orders that are not ours and funding stand by themselves, at the end."""
    foreign = trade(NOON + 5, Side.SHORT, None, "1", "0.2", "0")
    summary = summarise(ROWS._replace(trades=(*ROWS.trades, foreign)))
    assert list(summary.by_role) == ["opening", "grid", "take-profit", "not ours", "funding"]


def test_earlier_rows_give_the_cost_but_not_the_sums() -> None:
    """From the second day on: the profit needs the first day's entries, the fees of that day do not count."""
    summary = summarise(ROWS, since=NOON + DAY)
    assert summary.total == Sums(3, D("120.03"), D("2.00"), D("0.045"), D(0))
    assert list(summary.by_day) == ["2025-06-17"]
    assert summary.unmatched == 0


def test_the_drawdown_is_the_deepest_fall_from_a_peak() -> None:
    """1010 to 989.8 is 20.2, exactly 2 %; the later fall from 1011 to 1000 is smaller."""
    fall = drawdown_of([(sample.at, sample.margin_balance) for sample in ROWS.equity])
    assert fall is not None
    assert (fall.amount, fall.percent, fall.peak_at, fall.bottom_at) == (D("20.2"), D("2.0"), NOON + 1, NOON + 2)


def test_no_rows_give_empty_sums() -> None:
    """An account that has done nothing has a report too."""
    summary = summarise(Rows((), (), ()))
    assert summary.total == Sums()
    assert summary.drawdown is None
    assert (summary.by_day, summary.by_role, summary.since, summary.until) == ({}, {}, 0, 0)
