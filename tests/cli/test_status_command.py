"""``gridhedge status``: what the accounts of a data folder hold."""

from __future__ import annotations

import json
from pathlib import Path

from gridhedge.store.lock import account_lock
from tests.cli.shell import DEMO, gridhedge, run, write_profile


def test_an_account_is_shown_with_both_sides(data: Path) -> None:
    """After 13 ticks of the demo: the long side has taken profit once, the short side averaged once."""
    run(DEMO, data, 13)
    done = gridhedge("status", "--data-dir", data)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "demo: not running"
    assert lines[1].startswith("  paper demo: equity 999.")
    assert lines[2].startswith("  DOGEUSDT at 0.2")
    assert "long: 376 @ 0.20186, 1 levels, 2 resting, take-profit 0.20404" in lines[3]
    assert "net realised 0.75 in 1 cycles" in lines[3]
    assert "short: 1128 @ 0.20066333, 2 levels, 1 resting, take-profit 0.19855" in lines[4]


def test_json_has_account_ladders_orders_and_connections(data: Path) -> None:
    """Decimals are strings, times ISO UTC."""
    run(DEMO, data, 13)
    told = json.loads(gridhedge("status", "--data-dir", data, "--json").out)["demo"]
    assert (told["running"], told["emergency_stop"]) == (None, None)
    status = told["status"]
    assert status["demo"] is True
    assert status["now"] == "2026-01-01T00:00:13.000+00:00"
    (symbol,) = status["symbols"]
    assert symbol["long"]["take_profit"] == "0.20404"
    assert [row["state"] for row in symbol["short"]["rows"]] == ["filled", "filled", "resting"]
    assert [link["up"] for link in status["connections"]] == [True]


def test_a_running_bot_and_an_emergency_stop_show(tmp_path: Path, data: Path) -> None:
    """By the lock, and by the stop file."""
    run(DEMO, data, 1)
    run(write_profile(tmp_path / "p.yaml", threshold="3"), data, 1000)
    with account_lock(data, "demo", 0) as _:
        lines = gridhedge("status", "--data-dir", data).out.splitlines()
    assert lines[0].startswith("001: not running, EMERGENCY STOP: maintenance margin rate 3.69 % is at or over 3 %")
    assert any(line.startswith("demo: running (process ") for line in lines)
    only = gridhedge("status", "--data-dir", data, "--account", "demo").out
    assert "001" not in only


def test_an_account_that_left_no_status_says_so(data: Path) -> None:
    """A torn status is none."""
    run(DEMO, data, 1)
    (data / "demo" / "status.json").write_text('{"account": ')
    done = gridhedge("status", "--data-dir", data)
    assert (done.code, done.out) == (0, "demo: not running\n  has left no status yet\n")


def test_no_account_at_all_ends_with_2(data: Path) -> None:
    """And says how to begin."""
    done = gridhedge("status", "--data-dir", data)
    assert done.code == 2
    assert "no account has run here yet" in done.err
