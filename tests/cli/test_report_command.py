"""``gridhedge report``: the ledger in tables, JSON, CSV and a page."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.shell import DEMO, gridhedge, run, started


@pytest.fixture
def traded(data: Path) -> Path:
    """200 ticks of the demo: 32 executions, 6 cycles."""
    run(DEMO, data, 200)
    return data


def test_the_tables_tell_profit_by_day_symbol_side_and_role(traded: Path) -> None:
    """And each cycle."""
    done = gridhedge("report", "--data-dir", traded)
    assert (done.code, done.err) == (0, "")
    for words in ("net profit", "profit by day", "profit by symbol", "profit by side", "profit by role", "cycles"):
        assert words in done.out
    assert "…" not in done.out


def test_json_adds_up(traded: Path) -> None:
    """21.90952 gross less 5.935858984 fees leaves 15.973661016; 32 executions."""
    told = json.loads(gridhedge("report", "--data-dir", traded, "--json").out)
    assert told["total"]["executions"] == 32
    assert told["total"]["gross_profit"] == "21.90952"
    assert told["total"]["fees"] == "5.935858984"
    assert told["total"]["net_profit"] == "15.973661016"
    assert sum(part["executions"] for part in told["by_side"].values()) == 32


def test_csv_has_every_execution_and_html_stands_alone(traded: Path, tmp_path: Path) -> None:
    """The page loads nothing from anywhere."""
    table, page = tmp_path / "t.csv", tmp_path / "p.html"
    done = gridhedge("report", "--data-dir", traded, "--csv", table, "--html", page)
    assert done.code == 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    assert rows[0]["price"] == "0.19934"
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
    assert 'src="http' not in page.read_text()


def test_since_leaves_out_what_was_before(traded: Path) -> None:
    """The demo's exchange begins on the first of January 2026."""
    told = json.loads(gridhedge("report", "--data-dir", traded, "--json", "--since", "2026-01-01T00:01").out)
    assert told["total"]["executions"] == 20
    assert json.loads(gridhedge("report", "--data-dir", traded, "--json", "--since", "2026-01-02").out)["total"] == {
        "net_profit": "0",
        "gross_profit": "0",
        "fees": "0",
        "funding": "0",
        "volume": "0",
        "executions": 0,
    }


def test_a_running_bot_can_be_reported_on(data: Path) -> None:
    """The reader takes no lock, and does not see the writer's unfinished work as damage."""
    with started("run", "--profile", DEMO, "--data-dir", data, "--speed", "1") as bot:
        assert bot.stdout is not None
        while "level 0: 376" not in bot.stdout.readline():
            pass
        done = gridhedge("report", "--data-dir", data, "--json")
        bot.terminate()
    assert done.code == 0
    assert json.loads(done.out)["total"]["executions"] >= 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--since", "tomorrow"), "--since tomorrow: not a day or time"),
        (("--account", "999"), "no account 999; there is only demo"),
        (("--csv", "gone/x.csv"), "the folder gone does not exist"),
        (("--html", "gone/x.html"), "the folder gone does not exist"),
    ],
)
def test_wrong_options_end_with_2(data: Path, arguments: tuple[str, str], sentence: str) -> None:
    """Before anything is read or written."""
    run(DEMO, data, 1)
    done = gridhedge("report", "--data-dir", data, *arguments)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_no_ledger_yet_is_said(data: Path) -> None:
    """The account has run dry only."""
    run(DEMO, data, 1, "--dry-run")
    done = gridhedge("report", "--data-dir", data)
    assert done.code == 2
    assert "there is no ledger yet" in done.err


def test_a_damaged_ledger_is_reported_with_6(traded: Path) -> None:
    """Reading changes nothing; the next run keeps it aside."""
    (traded / "demo" / "ledger.sqlite3").write_bytes(b"garbage" * 1000)
    done = gridhedge("report", "--data-dir", traded)
    assert (done.code, done.out) == (6, "")
    assert "ledger.sqlite3" in done.err
