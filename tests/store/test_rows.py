"""Questions to a ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.domain.events import ExecutionKind
from gridhedge.domain.values import Role, Side
from gridhedge.store.ledger import open_ledger
from gridhedge.store.rows import EquityRow, ExecutionRow, FundingRow, LedgerDamaged, open_reader

CYCLE = 1760633994
START = CYCLE * 1000


@pytest.fixture
def ledger(tmp_path, history):
    """The history, in a ledger that is still being written."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for event in history:
        ledger.append(event)
    ledger.sync()
    yield ledger
    ledger.close()


def test_an_execution_carries_the_labels_of_its_client_id(ledger, history):
    """Side, role, level and cycle say what it was for; every other column is the event's."""
    assert ledger.executions()[0] == ExecutionRow(
        seq=5,
        execution_id="x1",
        symbol="DOGEUSDT",
        at=START + 1000,
        side=Side.LONG,
        role=Role.OPENING,
        level=0,
        cycle=CYCLE,
        closing=False,
        quantity=Decimal(376),
        price=Decimal("0.2"),
        fee=Decimal("0.04"),
        maker=False,
        kind=ExecutionKind.TRADE,
        client_id=history[2].client_id,
        venue_id="v",
        realised=None,
    )


def test_an_execution_without_our_mark_has_no_labels(ledger):
    """A hand at the venue's own screen: role, level and cycle are unknown, the side is not."""
    by_hand = ledger.executions()[1]
    assert (by_hand.side, by_hand.role, by_hand.level, by_hand.cycle) == (Side.LONG, None, None, None)


def test_executions_of_a_span_of_time(ledger):
    """since <= time < until."""
    ids = [row.execution_id for row in ledger.executions(START + 2000, START + 4000)]
    assert ids == ["x2", "x3"]
    assert [row.execution_id for row in ledger.executions(START + 4001)] == []


def test_executions_after_an_event(ledger):
    """What came into the ledger after event 8, whatever its time."""
    assert [row.execution_id for row in ledger.executions(after=8)] == ["x3", "x4"]


def test_what_is_new_is_found_by_its_number(ledger):
    """Asked after each execution: how long it takes must not grow with the ledger."""
    asked = []
    ledger._db.set_trace_callback(asked.append)
    ledger.executions(after=8)
    ledger._db.set_trace_callback(None)
    (query,) = [text for text in asked if "FROM executions WHERE" in text]
    (plan,) = [row[3] for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plan.startswith("SEARCH executions USING INDEX")
    assert plan.endswith("(seq>?)")


def test_funding_of_a_span_of_time(ledger):
    """Half a cent received."""
    assert ledger.funding(START) == [
        FundingRow(9, "f1", "DOGEUSDT", START + 2500, Side.LONG, Decimal("-0.005"), Decimal("-0.0001"))
    ]
    assert ledger.funding(START, START + 2500) == []


def test_samples_of_the_account_by_time(ledger):
    """Written in any order; a second sample of the same millisecond replaces the first."""
    ledger.equity(START + 5, Decimal("1000.5"), Decimal(999))
    ledger.equity(START, Decimal(1), Decimal(2))
    ledger.equity(START, Decimal(1000), Decimal(1000))
    ledger.sync()
    assert ledger.equity_samples() == [
        EquityRow(START, Decimal(1000), Decimal(1000)),
        EquityRow(START + 5, Decimal("1000.5"), Decimal(999)),
    ]
    assert ledger.equity_samples(START + 1, START + 5) == []


def test_a_reader_sees_what_a_running_bot_has_synced(ledger, history):
    """No lock keeps ``status`` and ``report`` out, and what is not synced yet is not shown."""
    ledger.append(history[4]._replace(execution_id="x5"))
    with open_reader(ledger.path) as reader:
        assert len(reader.executions()) == 4
        ledger.sync()
        assert len(reader.executions()) == 5
        assert list(reader.events())[:17] == history


def test_a_reader_without_a_ledger_gets_a_sentence(tmp_path):
    """No file is created by asking."""
    with pytest.raises(UsageError, match="there is no ledger"):
        open_reader(tmp_path / "ledger.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_of_something_else_says_so(tmp_path):
    """A text file under the ledger's name."""
    (tmp_path / "ledger.sqlite3").write_text("not a database, " * 100)
    with pytest.raises(LedgerDamaged, match="the file is damaged"):
        open_reader(tmp_path / "ledger.sqlite3")


def test_verifying_tells_length_and_last_hash(ledger):
    """17 events, and the digest that the writer has."""
    count, last = ledger.verify()
    assert count == 17
    assert last.hex() == ledger.digest
