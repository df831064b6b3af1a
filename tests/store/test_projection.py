"""The tables follow the journal, whoever asks and whenever; and what closing executions earn."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.events import Execution, Funding, PositionMended, StopLifted
from gridhedge.domain.values import Side
from gridhedge.store.chain import digest
from gridhedge.store.ledger import open_ledger
from gridhedge.store.projection import project
from gridhedge.store.rows import open_reader

START = 1760633994000
NAMES = st.sampled_from(["a", "b", "c", "d", "\ud800"])  # half a character is a name, too
SYMBOLS = st.sampled_from(["X", "Y"])
SIDES = st.sampled_from(Side)
NUMBERS = st.integers(1, 90).map(lambda tenths: Decimal(tenths) / 10)
TIMES = st.integers(1, 5)  # late ones and equal ones
EXECUTIONS = st.builds(
    Execution,
    NAMES,
    SYMBOLS,
    st.just(""),
    st.just("v"),
    SIDES,
    st.booleans(),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.booleans(),
    TIMES,
)
EVENTS = st.one_of(
    EXECUTIONS,
    EXECUTIONS,
    st.builds(Funding, NAMES, SYMBOLS, SIDES, NUMBERS, NUMBERS, TIMES),
    st.builds(PositionMended, SYMBOLS, SIDES, NUMBERS, NUMBERS, TIMES, st.just(""), st.none()),
    st.builds(StopLifted, TIMES),
)
DEEDS = st.sampled_from(["write", "sync", "sync", "ask", "look", "sample", "back up", "kill", "lose power", "close"])


def table(path, name="executions"):
    """How many rows the table itself has, committed."""
    with sqlite3.connect(path) as connection:
        (rows,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    connection.close()
    return rows


def answers(reader):
    """All executions and payments, those of a span of time, and the executions since an event."""
    spans = [(0, None), (START + 2000, START + 4000)]
    asked = [reader.executions(*span) for span in spans] + [reader.funding(*span) for span in spans]
    return [*asked, reader.funding(START + 2600), reader.executions(after=8)]


class Life:
    """A ledger through deaths, beside a list of what it must know."""

    def __init__(self, folder):
        self.folder = folder
        self.births = itertools.count()
        self.told = []
        self.synced = 0
        self.path = self.home()
        self.ledger, _ = open_ledger(self.path)

    def home(self):
        return self.folder / str(next(self.births)) / "ledger.sqlite3"

    def tell(self, event):
        self.ledger.append(event)
        key = fact(event)
        if key is None or key not in map(fact, self.told):
            self.told.append(event)

    def do(self, deed):
        if deed == "write":
            self.ledger.write()
        elif deed == "sync":
            self.sync()
        elif deed == "ask":
            self.check(self.ledger, self.told)
        elif deed == "look":
            with open_reader(self.path) as reader:
                self.check(reader, self.told[: self.synced])
        elif deed == "sample":
            self.ledger.equity(len(self.told), Decimal(1), Decimal(2))
        elif deed == "back up":
            copy = self.home().with_suffix(".backup")
            copy.parent.mkdir()
            self.ledger.backup(copy)
            self.synced = len(self.told)
            with open_reader(copy) as reader:
                self.check(reader, self.told)
        elif deed == "close":
            self.ledger.close()
            self.synced = len(self.told)
            self.again(self.path)
        else:
            self.die(shared_memory=deed == "kill")

    def sync(self):
        self.ledger.sync()
        self.synced = len(self.told)

    def die(self, shared_memory):
        """What lies on disk at this moment is all that is left; the shared memory survives a kill, not a power cut."""
        left = self.home()
        left.parent.mkdir()
        for suffix in ("", "-wal", "-shm") if shared_memory else ("", "-wal"):
            if (source := self.path.with_name(self.path.name + suffix)).exists():
                shutil.copy(source, left.with_name(left.name + suffix))
        self.ledger._db.close()
        del self.told[self.synced :]
        with open_reader(left) as reader:
            self.check(reader, self.told)
        self.again(left)

    def again(self, path):
        self.path = path
        self.ledger, damaged = open_ledger(path)
        assert damaged is None
        self.check(self.ledger, self.told)
        assert table(path) == len(self.ledger.executions())
        assert table(path, "funding") == len(self.ledger.funding())

    def check(self, reader, events):
        """The chain holds, the journal is what was told, and the answers are those of a journal that is read whole."""
        assert [*reader.events()] == events
        assert reader.verify()[1].hex() == digest(events)
        made = project(enumerate(events, 1), {})
        rows = sorted(reader.executions())
        assert [str(row.realised) for row in rows] == [row[-1] or "None" for row in made.executions]
        assert [row[:4] for row in rows] == [row[:4] for row in made.executions]
        assert [row[:4] for row in sorted(reader.funding())] == [row[:4] for row in made.funding]


def fact(event):
    """By what it is recognised when it is told again."""
    if isinstance(event, Execution):
        return "execution", event.symbol, event.execution_id
    return ("funding", event.symbol, event.funding_id) if isinstance(event, Funding) else None


@pytest.mark.parametrize("batch", [2, 1000])
def test_nothing_synced_is_lost_and_nothing_counts_twice(tmp_path, monkeypatch, batch):
    """Whatever is told, asked and killed, in any order: journal, tables and chain agree, and are what was synced."""
    monkeypatch.setattr("gridhedge.store.ledger._BATCH", batch)
    lives = itertools.count()

    @settings(max_examples=100)
    @given(st.lists(st.one_of(EVENTS, EVENTS, DEEDS), max_size=40))
    def law(story):
        life = Life(tmp_path / str(next(lives)))
        for part in story:
            if isinstance(part, str):
                life.do(part)
            else:
                life.tell(part)
        life.do("kill")
        life.ledger.close()

    law()


def test_a_commit_holds_the_journal_only(tmp_path, history):
    """No request waits for the tables: a reader finds what they lack in the journal, profits included."""
    path = tmp_path / "ledger.sqlite3"
    ledger, _ = open_ledger(path)
    for event in history:
        ledger.append(event)
    ledger.sync()
    assert table(path) == table(path, "funding") == table(path, "holdings") == 0
    with open_reader(path) as reader:
        behind = answers(reader)
    assert [row.realised for row in behind[0]] == [None, None, Decimal("4.92"), Decimal(12)]
    assert list(map(len, behind)) == [4, 2, 1, 1, 0, 2]
    assert answers(ledger) == behind
    ledger.close()
    assert (table(path), table(path, "funding"), table(path, "holdings")) == (4, 1, 1)
    with open_reader(path) as reader:
        assert answers(reader) == behind


def test_a_reader_joins_both_halves(tmp_path, history):
    """Two executions in the table, two in the journal only, of which one is older than both: one list by time."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    late = history[13]._replace(at=history[4].at - 1)
    for event in (history[4], history[7]):
        ledger.append(event)
    assert len(ledger.executions()) == 2
    for event in (late, history[14]):
        ledger.append(event)
    ledger.sync()
    with open_reader(ledger.path) as reader:
        assert [row.execution_id for row in reader.executions()] == ["x3", "x1", "x2", "x4"]
        assert [row.realised for row in reader.executions()] == [Decimal("4.92"), None, None, Decimal(12)]
    ledger.close()


def test_a_reader_is_not_misled_by_a_bot_that_writes_meanwhile(tmp_path, history, monkeypatch):
    """The tables catch up between its look at them and its look at the journal: each execution is there, and once."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    ledger.append(history[4])
    ledger.sync()
    with open_reader(ledger.path) as reader:
        look = reader._late

        def late():
            assert len(ledger.executions()) == 1
            ledger.sync()
            return look()

        monkeypatch.setattr(reader, "_late", late)
        assert [row.execution_id for row in reader.executions()] == ["x1"]
    assert table(ledger.path) == 1
    ledger.close()


@pytest.mark.parametrize("end", ["sample", "many"])
def test_the_tables_follow_without_a_question(tmp_path, history, monkeypatch, end):
    """At every sample of the account, and where nobody asks or samples after so many facts."""
    monkeypatch.setattr("gridhedge.store.ledger._BATCH", 4)
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for event in (history[4], history[7], history[8], history[13]):
        ledger.append(event)
        ledger.sync()
    assert table(ledger.path) == 0
    if end == "sample":
        ledger.equity(1, Decimal(1), Decimal(1))
    else:
        ledger.append(history[14])
    ledger.sync()
    assert table(ledger.path) == (3 if end == "sample" else 4)
    ledger.close()


def test_what_nobody_syncs_is_written_in_batches(tmp_path, monkeypatch):
    """Memory has a limit; what was written without a sync is not promised."""
    monkeypatch.setattr("gridhedge.store.ledger._BATCH", 3)
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for at in range(8):
        ledger.append(StopLifted(at))
    assert ledger._appended == [StopLifted(6), StopLifted(7)]
    with open_reader(ledger.path) as reader:
        assert list(reader.events()) == []
    ledger.sync()
    with open_reader(ledger.path) as reader:
        assert len(list(reader.events())) == 8
    ledger.close()


def test_a_number_that_is_none_ends_the_journal_before_it(tmp_path, history):
    """It can not be written; neither can anything after it, and the ledger answers no question as if it were whole."""
    path = tmp_path / "ledger.sqlite3"
    ledger, _ = open_ledger(path)
    ledger.append(history[4])
    ledger.sync()
    ledger.append(history[7]._replace(fee=Decimal("NaN")))
    with pytest.raises(ValueError, match="NaN is not a finite number"):
        ledger.sync()
    for call in (ledger.sync, ledger.executions, lambda: ledger.append(history[7]), lambda: ledger.digest):
        with pytest.raises(DiskFailure, match="nothing is written any more after this: NaN"):
            call()
    ledger.close()
    with open_reader(path) as reader:
        assert list(reader.events()) == [history[4]]


# ---- profits ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path):
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    yield ledger
    ledger.close()


def execution(number, side, closing, quantity, price):
    return Execution(
        f"x{number}", "X", "", "", side, closing, Decimal(quantity), Decimal(price), Decimal(0), False, number
    )


def profits(ledger):
    return [row.realised for row in ledger.executions()]


def test_a_long_side_earns_what_it_sells_above_its_average(ledger):
    """1 @ 100 and 3 @ 80 cost 340, average 85; selling 1 @ 90 earns 5, the other 3 @ 80 lose 15."""
    for number, (closing, quantity, price) in enumerate(
        [(False, 1, 100), (False, 3, 80), (True, 1, 90), (True, 3, 80)], start=1
    ):
        ledger.append(execution(number, Side.LONG, closing, quantity, price))
    assert profits(ledger) == [None, None, Decimal(5), Decimal(-15)]


def test_a_short_side_earns_what_it_buys_back_below_its_average(ledger):
    """2 @ 100 sold, bought back @ 97: 6 earned."""
    ledger.append(execution(1, Side.SHORT, False, 2, 100))
    ledger.append(execution(2, Side.SHORT, True, 2, 97))
    assert profits(ledger) == [None, Decimal(6)]


def test_the_parts_of_a_cycle_add_up_to_the_last_digit(ledger):
    """3 bought for 1 in all and sold one by one at 1: the profits are rounded, their sum is exactly 2."""
    ledger.append(execution(1, Side.LONG, False, 2, "0.25"))
    ledger.append(execution(2, Side.LONG, False, 1, "0.5"))
    for number in (3, 4, 5):
        ledger.append(execution(number, Side.LONG, True, 1, 1))
    parts = profits(ledger)[2:]
    assert parts == [Decimal("0.666666666667"), Decimal("0.666666666666"), Decimal("0.666666666667")]
    assert sum(parts) == 2


def test_sides_and_symbols_are_kept_apart(ledger):
    """A short close does not use the long side's cost."""
    ledger.append(execution(1, Side.LONG, False, 1, 100))
    ledger.append(execution(2, Side.SHORT, True, 1, 90))
    assert profits(ledger) == [None, None]


def test_a_close_of_unknown_entries_has_no_profit(ledger):
    """More was closed than this ledger saw opened: no number is better than a wrong one, also for the next cycle."""
    ledger.append(execution(1, Side.LONG, False, 1, 100))
    ledger.append(execution(2, Side.LONG, True, 2, 110))
    ledger.append(execution(3, Side.LONG, False, 1, 50))
    ledger.append(execution(4, Side.LONG, True, 1, 60))
    assert profits(ledger) == [None, None, None, Decimal(10)]


def test_a_mended_position_counts_at_its_average(ledger):
    """The venue said 4 @ 10: closing 1 @ 12 earns 2."""
    ledger.append(PositionMended("X", Side.LONG, Decimal(4), Decimal(10), 1))
    ledger.append(execution(2, Side.LONG, True, 1, 12))
    assert profits(ledger) == [Decimal(2)]


def test_a_repeated_execution_changes_no_holding(ledger):
    """1 @ 100 told twice is 1, not 2: the close of 1 leaves nothing, the next close is unknown."""
    for number in (1, 1):
        ledger.append(execution(number, Side.LONG, False, 1, 100))
    for number in (2, 3):
        ledger.append(execution(number, Side.LONG, True, 1, 101))
    assert profits(ledger) == [None, Decimal(1), None]
