"""The account's report as a page."""

from gridhedge.report.html import report_html
from gridhedge.report.rows import Rows
from gridhedge.report.summary import summarise
from tests.report.pages import figure_of
from tests.report.trades import ROWS


def test_the_page_has_charts_and_tables() -> None:
    """Equity, drawdown, days and the running profit of both sides; then the tables."""
    html = report_html(summarise(ROWS), "Account 001")
    names = [trace["name"] for trace in figure_of(html)["data"]]
    assert names == ["equity", "drawdown", "net profit", "long", "short"]
    for words in ("Profit by day", "Profit by role", "Cycles", "2025-06-17", "max drawdown"):
        assert words in html


def test_the_drawn_figures_are_those_of_the_summary() -> None:
    """Bars per day and the sum of the exits' profits."""
    data = figure_of(report_html(summarise(ROWS), "x"))["data"]
    assert data[2]["y"] == [-0.0346, 1.955]
    assert data[3]["y"] == [1.9644]


def test_an_account_that_did_nothing_has_a_page() -> None:
    """It says so."""
    assert "Nothing was recorded" in report_html(summarise(Rows((), (), ())), "x")
