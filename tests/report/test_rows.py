"""Rows straight from a real ledger."""

from decimal import Decimal as D
from pathlib import Path

from gridhedge.domain.events import Execution, Funding, OrderIntended
from gridhedge.domain.order import OrderKey, account_tag, client_id
from gridhedge.domain.values import Role, Side
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
    rows = read_ledger(ledger)
    assert rows.trades == [
        TradeRow(1000, SYMBOL, Side.LONG, Role.GRID, 2, 1_750_000_000, False, D(1504), D("0.195"), D("0.06"), True)
    ]
    assert rows.funding == [FundingRow(2000, SYMBOL, Side.LONG, D("0.01"), D("0.0001"))]
    assert rows.equity == [EquityRow(3000, D("1000.5"), D("1001"))]
    assert read_ledger(ledger, until=1500) == (rows.trades, [], [])
    ledger.close()
