"""Tables for people, a dictionary for programs."""

import io
import json

from rich.console import Console

from gridhedge.report.rows import Rows
from gridhedge.report.summary import Summary, summarise
from gridhedge.report.tables import as_dict, tables
from tests.report.trades import ROWS


def printed(summary: Summary) -> str:
    console = Console(file=io.StringIO(), width=120, record=True)
    for table in tables(summary):
        console.print(table)
    return console.export_text()


def test_the_tables_show_the_hand_worked_figures() -> None:
    """Net 1.92; the unhedged time of 412 ms; the drawdown of 2 %."""
    text = printed(summarise(ROWS))
    for words in ("1.92", "0.412 s", "20.20 (2.00 %)", "profit by day", "2025-06-17", "take-profit", "DOGEUSDT"):
        assert words in text


def test_an_empty_report_is_a_table_too() -> None:
    """No groups, no cycles, no crash."""
    text = printed(summarise(Rows((), (), ())))
    assert "no rows" in text
    assert "profit by" not in text


def test_names_from_outside_are_no_markup() -> None:
    """A symbol in brackets is printed, not obeyed."""
    odd = ROWS.trades[0]._replace(symbol="[bold]X[/bold]")
    assert "[bold]X[/bold]" in printed(summarise(Rows((odd,), (), ())))


def test_the_dictionary_is_json_with_exact_decimals() -> None:
    """Decimals as strings, times as ISO UTC, durations in seconds."""
    data = json.loads(json.dumps(as_dict(summarise(ROWS))))
    assert data["from"] == "2025-06-16T12:00:00.000Z"
    assert data["total"] == {
        "net_profit": "1.9204",
        "gross_profit": "2",
        "fees": "0.0746",
        "funding": "0.005",
        "volume": "198.03",
        "executions": 6,
    }
    assert data["longest_unhedged_seconds"] == "0.412"
    assert data["cycles"][0]["net_profit"] == "1.9644"
    assert data["max_drawdown"]["percent"] == "2"
    assert as_dict(summarise(Rows((), (), ())))["from"] is None
