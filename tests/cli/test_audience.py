"""What an account's files and screen are told."""

from __future__ import annotations

import json
import threading
from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.cli.audience import EmergencyFile, execution_text
from gridhedge.cli.build import paper_exchange
from gridhedge.cli.profiles import open_profile
from gridhedge.cli.runner import Options, Runner
from gridhedge.domain.events import Execution, ExecutionKind
from gridhedge.domain.order import OrderKey, account_tag, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.engine.status import AccountStatus
from gridhedge.store.emergency import read_emergency
from gridhedge.store.logs import Logs
from gridhedge.store.mask import Masker
from gridhedge.store.state import read_state
from tests.cli.shell import DEMO, gridhedge, run

TAG = account_tag("001", "DOGEUSDT")


def execution(name: str, closing: bool = False, kind: ExecutionKind = ExecutionKind.TRADE) -> Execution:
    return Execution(
        "E1", "DOGEUSDT", name, "P1", Side.LONG, closing, D(752), D("0.19733"), D("0.02968"), True, 0, kind
    )


def ours(role: Role, level: int) -> str:
    return client_id(TAG, OrderKey(Side.LONG, role, level, 1_767_225_600, 1))


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (execution(ours(Role.GRID, 1)), "DOGEUSDT long level 1: 752 @ 0.19733, fee 0.0297"),
        (execution(ours(Role.OPENING, 0)), "DOGEUSDT long level 0: 752 @ 0.19733, fee 0.0297"),
        (execution(ours(Role.TAKE_PROFIT, 0), True), "DOGEUSDT long take-profit: 752 @ 0.19733, fee 0.0297"),
        (execution(ours(Role.CLOSE, 0), True), "DOGEUSDT long close: 752 @ 0.19733, fee 0.0297"),
        (execution(""), "DOGEUSDT long raised by hand: 752 @ 0.19733, fee 0.0297"),
        (execution("my-own", True), "DOGEUSDT long reduced by hand: 752 @ 0.19733, fee 0.0297"),
        (execution("", True, ExecutionKind.LIQUIDATION), "DOGEUSDT long liquidation: 752 @ 0.19733, fee 0.0297"),
    ],
)
def test_an_execution_says_what_it_was(event: Execution, text: str) -> None:
    """Level or role of our orders, the user's hand, and what the venue forced."""
    assert execution_text(event, TAG) == text


def test_the_state_file_shows_what_is_held_and_what_rests(data: Path) -> None:
    """13 ticks of the demo: short 376 and 752 executed, level 2 resting; long at its second cycle."""
    run(DEMO, data, 13)
    states, damaged = read_state(data / "demo" / "bot_state.json")
    assert damaged is None
    state = states["DOGEUSDT"]
    short = [(row.grid_level, row.quantity, row.executed is not None) for row in state.short_positions]
    long = [(row.grid_level, row.quantity, row.executed is not None) for row in state.long_positions]
    assert short == [(0, D(376), True), (1, D(752), True), (2, D(1504), False)]
    assert long == [(0, D(376), True), (1, D(752), False), (2, D(1504), False)]
    assert state.reference_quantities == tuple(D(376 * 2**level) for level in range(10))
    assert state.long_cycle is not None
    assert state.long_cycle.now_levels == 1
    raw = json.loads((data / "demo" / "bot_state.json").read_text())["DOGEUSDT"]
    assert raw["short_positions"][1]["entry_price"] == 0.20133
    assert raw["short_tp_order_id"]


def test_trades_go_into_the_csv_as_they_happen(data: Path) -> None:
    """A header and the five executions of 13 ticks."""
    run(DEMO, data, 13)
    lines = (data / "demo" / "trades_history.csv").read_text().splitlines()
    assert len(lines) == 6
    assert lines[4].split(",")[1:7] == ["DOGEUSDT", "long", "take_profit", "0", "376", "0.20149"]


def test_the_sparkline_remembers_the_prices_of_the_last_ticks(data: Path) -> None:
    """One price per tick and one from the start; 240 at most."""
    seen: list[AccountStatus] = []
    profile = open_profile(DEMO)
    logs = Logs(data, Masker())
    runner = Runner(profile, paper_exchange(profile), Options(data, 250, 0), logs, threading.Event())
    try:
        runner.run(seen.append)
    finally:
        runner.close()
        logs.close()
    assert [len(status.symbols[0].prices) for status in seen[:3]] == [1, 2, 3]
    assert len(seen[-1].symbols[0].prices) == 240
    assert len(seen[-1].events) == 50


def test_the_stop_file_of_the_engine_is_the_one_that_run_refuses(data: Path) -> None:
    """Written with time, symbol, reason and rate."""
    folder = data / "demo"
    stop = EmergencyFile(folder)
    assert not stop.is_set()
    stop.write(1_767_225_600_000, "DOGEUSDT", "too deep", D("91.5"))
    assert stop.is_set()
    emergency = read_emergency(folder)
    assert emergency == (1_767_225_600_000, "DOGEUSDT", "too deep", D("91.5"))
    assert gridhedge("run", "--profile", DEMO, "--data-dir", data, "--ticks", "1").code == 4
