"""Rows straight from a real ledger."""

from decimal import Decimal as D
from pathlib import Path

from gridhedge.domain.events import Execution, Funding, OrderIntended, RiskAccepted
from gridhedge.domain.order import OrderKey, account_tag, client_id
from gridhedge.domain.values import Role, Side
from gridhedge.profile.settings import Profile
from gridhedge.replay.random_walk import random_walk
from gridhedge.replay.run import replay
from gridhedge.report.booking import book
from gridhedge.report.rows import EquityRow, FundingRow, TradeRow, read_ledger
from gridhedge.store.ledger import open_ledger

SYMBOL = "DOGEUSDT"


def test_a_ledger_gives_the_rows_of_a_report(tmp_path: Path) -> None:
    """One execution with its role, level and cycle, one payment, one sample; ``until`` leaves out what is later."""
    key = OrderKey(Side.LONG, Role.GRID, 2, 1_750_000_000, 0)
    order = client_id(account_tag("001", SYMBOL), key)
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    ledger.append(OrderIntended(order, SYMBOL, key, D("0.195"), D(1504), False, 900))
    ledger.append(Execution("e1", SYMBOL, order, "v1", Side.LONG, False, D(1504), D("0.195"), D("0.06"), True, 1000))
    ledger.append(Funding("f1", SYMBOL, Side.LONG, D("0.01"), D("0.0001"), 2000))
    ledger.equity(3000, D("1000.5"), D("1001"))
    ledger.sync()
    rows = read_ledger(ledger, "001")
    assert rows.trades == [
        TradeRow(1000, SYMBOL, Side.LONG, Role.GRID, 2, 1_750_000_000, False, D(1504), D("0.195"), D("0.06"), True)
    ]
    assert rows.funding == [FundingRow(2000, SYMBOL, Side.LONG, D("0.01"), D("0.0001"))]
    assert rows.equity == [EquityRow(3000, D("1000.5"), D("1001"))]
    assert read_ledger(ledger, "001", until=1500) == (rows.trades, [], [])
    ledger.close()


def test_the_report_counts_the_cycles_that_the_bot_counts(tmp_path: Path) -> None:
    """Two days of the uneven grid: take-profits, break-evens that leave level 1, stop-losses. What the status calls
    cycles and net realised is in the report, cycle by cycle; the number in the orders' ids tells them apart, too."""
    strategy = {"kind": "trim", "direction": "long"}
    feeds = {"BTCUSDT": {"kind": "synthetic", "price": D(1000)}}
    profile = Profile.model_validate(
        {
            "account": "001",
            "venue": {"name": "paper", "rules": "binance", "balance": D(3000), "feeds": feeds},
            "symbols": [{"symbol": "BTCUSDT", "leverage": 20, "strategy": strategy}],
            "risk": {"mm_rate_threshold": D(0), "balance_buffer_percent": D(0)},
        }
    )
    result = replay(profile, {"BTCUSDT": random_walk(2_880, 0.002, 1, D(60_000), D("0.1"))})
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for event in result.events:
        ledger.append(event)
    ledger.sync()
    ledger.append(RiskAccepted("", "the key may transfer", result.ended_at))
    ledger.sync()
    rows = read_ledger(ledger, "001")
    cycles = book(rows.trades, rows.funding).cycles
    side = result.session.book.symbols["BTCUSDT"].long
    ends = {trade.role for trade in rows.trades if trade.ends_cycle}
    assert ends == {Role.TAKE_PROFIT, Role.BREAK_EVEN, Role.STOP_LOSS}
    assert len(cycles) == side.cycles
    assert len({trade.cycle for trade in rows.trades}) == side.cycles + (
        side.held > 0 and not rows.trades[-1].ends_cycle
    )
    assert abs(sum(cycle.net for cycle in cycles) - side.realised) < D("1e-9")
    assert sum(cycle.net > 0 for cycle in cycles) == side.won
    ledger.close()
