"""The trades file."""

from __future__ import annotations

import csv
import stat

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.ledger import open_ledger
from gridhedge.store.trades import COLUMNS, TradesFile


@pytest.fixture
def ledger(tmp_path):
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    yield ledger
    ledger.close()


def fill(ledger, events):
    for event in events:
        ledger.append(event)
    ledger.sync()


def test_the_file_is_a_table_of_the_ledgers_executions(tmp_path, ledger, history):
    """Header, then one line per execution, labels and profit included."""
    fill(ledger, history)
    TradesFile(tmp_path / "t.csv", ledger)
    opening, exit_ = history[2].client_id, history[9].client_id
    assert (tmp_path / "t.csv").read_text() == (
        "time,symbol,side,role,level,quantity,price,fee,maker,closing,realised,execution_id,client_id\n"
        f"2025-10-16T16:59:55.000+00:00,DOGEUSDT,long,opening,0,376,0.2,0.04,no,no,,x1,{opening}\n"
        "2025-10-16T16:59:56.000+00:00,DOGEUSDT,long,,,188,0.17,0.01,no,no,,x2,\n"
        f"2025-10-16T16:59:57.000+00:00,DOGEUSDT,long,take_profit,0,164,0.22,0.02,no,yes,4.92,x3,{exit_}\n"
        f"2025-10-16T16:59:58.000+00:00,DOGEUSDT,long,take_profit,0,400,0.22,0.05,no,yes,12,x4,{exit_}\n"
    )
    assert stat.S_IMODE((tmp_path / "t.csv").stat().st_mode) == 0o600


def test_each_execution_is_appended_once(tmp_path, ledger, history):
    """A refresh writes what is new, a second one nothing, a restart the same lines in the same order."""
    path = tmp_path / "t.csv"
    fill(ledger, history[:5])
    trades = TradesFile(path, ledger)
    fill(ledger, history[5:])
    assert [trades.refresh(), trades.refresh()] == [3, 0]
    appended = path.read_bytes()
    assert appended.count(b"\n") == 5
    TradesFile(path, ledger)
    assert path.read_bytes() == appended


def test_a_late_execution_is_appended_at_the_end(tmp_path, ledger, history):
    """Told after newer ones: in the order of the ledger, so that a restart changes no line."""
    fill(ledger, [history[13]])
    trades = TradesFile(tmp_path / "t.csv", ledger)
    fill(ledger, [history[4]])
    assert trades.refresh() == 1
    before = (tmp_path / "t.csv").read_bytes()
    TradesFile(tmp_path / "t.csv", ledger)
    assert (tmp_path / "t.csv").read_bytes() == before


def test_a_line_cut_by_a_crash_is_mended_at_the_next_start(tmp_path, ledger, history):
    """The ledger knows all of them."""
    fill(ledger, history)
    TradesFile(tmp_path / "t.csv", ledger)
    whole = (tmp_path / "t.csv").read_bytes()
    (tmp_path / "t.csv").write_bytes(whole[:-30])
    TradesFile(tmp_path / "t.csv", ledger)
    assert (tmp_path / "t.csv").read_bytes() == whole


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@cmd", "\tx", 'a,"b\nc'])
def test_foreign_text_is_never_a_formula(tmp_path, ledger, history, text):
    """A quote mark in front of what a spreadsheet would calculate; commas and line ends stay inside their cell."""
    fill(ledger, [history[4]._replace(client_id=text, execution_id=text)])
    TradesFile(tmp_path / "t.csv", ledger)
    with (tmp_path / "t.csv").open(newline="") as file:
        header, row = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert row[-2:] == ([text] * 2 if text.startswith("a") else [f"'{text}"] * 2)


def test_a_negative_number_stays_a_number(tmp_path, ledger, history):
    """A rebate is a negative fee, and no formula."""
    fill(ledger, [history[4]._replace(fee=-history[4].fee)])
    TradesFile(tmp_path / "t.csv", ledger)
    assert ",-0.04,no," in (tmp_path / "t.csv").read_text()


def test_a_disk_that_refuses_is_a_disk_failure(tmp_path, ledger, history):
    """The line is not counted as written."""
    trades = TradesFile(tmp_path / "t.csv", ledger)
    fill(ledger, history)
    (tmp_path / "t.csv").unlink()
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(DiskFailure, match="Is a directory"):
        trades.refresh()
    (tmp_path / "t.csv").rmdir()
    assert trades.refresh() == 4
