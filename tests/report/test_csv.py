"""CSV: one line per execution, exact, and harmless in a spreadsheet."""

import csv
import io

from gridhedge.report.csv import write_csv
from gridhedge.report.rows import Rows
from gridhedge.report.summary import summarise
from tests.report.trades import ROWS


def written(rows: Rows) -> list[dict[str, str]]:
    target = io.StringIO()
    write_csv(summarise(rows).trades, target)
    return list(csv.DictReader(io.StringIO(target.getvalue())))


def test_an_exit_carries_its_profit() -> None:
    """The take-profit's line, cell by cell."""
    assert written(ROWS)[3] == {
        "time": "2025-06-17T12:00:00.000Z",
        "symbol": "DOGEUSDT",
        "side": "long",
        "role": "take-profit",
        "level": "0",
        "cycle": "1",
        "action": "close",
        "quantity": "300",
        "price": "0.2",
        "notional": "60",
        "fee": "0.012",
        "liquidity": "maker",
        "kind": "trade",
        "gross_profit": "2",
        "net_profit": "1.9644",
    }


def test_an_entry_has_no_profit() -> None:
    """Empty cells, not zeros."""
    line = written(ROWS)[0]
    assert (line["action"], line["gross_profit"], line["net_profit"]) == ("open", "", "")


def test_a_symbol_is_never_a_formula() -> None:
    """A leading = is quoted."""
    odd = ROWS.trades[0]._replace(symbol="=1+1")
    assert written(Rows((odd,), (), ()))[0]["symbol"] == "'=1+1"
