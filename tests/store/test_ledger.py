"""The ledger as a journal: durable, exactly once, verified, never overwritten."""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.domain.errors import DiskFailure, UsageError
from gridhedge.domain.events import Event, Execution, Funding, StopLifted
from gridhedge.store.chain import digest
from gridhedge.store.ledger import open_ledger
from gridhedge.store.rows import open_reader


def write(path, events):
    """A ledger with these events, closed."""
    ledger, damaged = open_ledger(path)
    assert damaged is None
    for event in events:
        ledger.append(event)
    ledger.close()


def edit(path, statement):
    """A hand that changes the file behind our back."""
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_a_journal_comes_back_as_it_was_written(tmp_path, history):
    """events() of a reopened ledger are the events appended, in order, with the same digest."""
    path = tmp_path / "001" / "ledger.sqlite3"
    write(path, history)
    ledger, damaged = open_ledger(path)
    assert damaged is None
    assert list(ledger.events()) == history
    assert ledger.digest == digest(history)
    ledger.append(StopLifted(9))
    assert ledger.digest == digest([*history, StopLifted(9)])
    ledger.close()


def test_equal_histories_make_equal_files(tmp_path, history):
    """Byte-identical files for the same events, also from another process with another hash seed."""
    write(tmp_path / "a.sqlite3", history)
    write(tmp_path / "b.sqlite3", history)
    program = (
        "import sys; from pathlib import Path; from gridhedge.store.ledger import open_ledger\n"
        "source, _ = open_ledger(Path(sys.argv[1])); target, _ = open_ledger(Path(sys.argv[2]))\n"
        "for event in source.events(): target.append(event)\n"
        "target.close(); source.close()"
    )
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", program, tmp_path / "b.sqlite3", tmp_path / "c.sqlite3"], check=True, env=environment
    )
    first, second, third = ((tmp_path / f"{name}.sqlite3").read_bytes() for name in "abc")
    assert first == second
    assert first == third


def test_file_and_log_are_private(tmp_path, history):
    """0600 for the database and its write-ahead log, 0700 for the folder."""
    ledger, _ = open_ledger(tmp_path / "001" / "ledger.sqlite3")
    ledger.append(history[0])
    ledger.sync()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "001").iterdir()}
    ledger.close()
    assert modes == {"ledger.sqlite3": 0o600, "ledger.sqlite3-wal": 0o600, "ledger.sqlite3-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "001").stat().st_mode) == 0o700
    assert os.listdir(tmp_path / "001") == ["ledger.sqlite3"]


def test_what_was_synced_survives_a_kill_and_nothing_else(tmp_path):
    """kill -9 between two syncs: all up to the last sync is there, nothing later is, nothing is damaged."""
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from gridhedge.domain.events import StopLifted; from gridhedge.store.ledger import open_ledger\n"
        "ledger, _ = open_ledger(Path(sys.argv[1]))\n"
        "ledger.append(StopLifted(1)); ledger.append(StopLifted(2)); ledger.sync()\n"
        "ledger.append(StopLifted(3)); ledger.write(); ledger.append(StopLifted(4))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    path = tmp_path / "ledger.sqlite3"
    done = subprocess.run([sys.executable, "-c", program, path], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    ledger, damaged = open_ledger(path)
    assert damaged is None
    assert list(ledger.events()) == [StopLifted(1), StopLifted(2)]
    ledger.close()


def test_a_repeated_execution_or_funding_is_written_once(tmp_path, history):
    """Neither table nor journal grows by a repeat, in the same run or after a restart."""
    path = tmp_path / "ledger.sqlite3"
    write(path, [*history, *history[4:9]])
    ledger, _ = open_ledger(path)
    for event in history:
        if hasattr(event, "execution_id") or hasattr(event, "funding_id"):
            ledger.append(event)
    assert len(ledger.executions()) == 4
    assert len(ledger.funding()) == 1
    assert len(list(ledger.events())) == len(history) + 2  # an intent and an outcome may repeat, facts may not
    ledger.close()


def test_any_sequence_of_events_can_be_kept(tmp_path, values_of):
    """Strange texts and orders that nobody intended neither stop the ledger nor break its chain."""
    numbers = itertools.count()

    @settings(max_examples=40)
    @given(st.lists(values_of(Event), max_size=12))
    def law(events):
        path = tmp_path / f"{next(numbers)}.sqlite3"
        write(path, events)
        ledger, damaged = open_ledger(path)
        assert damaged is None
        assert list(ledger.events()) == first_of_each(events)
        ledger.close()

    def first_of_each(events):
        first = {}
        for number, event in enumerate(events):
            first.setdefault(fact(event) or number, event)
        return list(first.values())

    def fact(event):
        if isinstance(event, Execution):
            return Execution, event.symbol, event.execution_id
        return (Funding, event.symbol, event.funding_id) if isinstance(event, Funding) else None

    law()


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
        ("UPDATE events SET json = replace(json, '376', '377') WHERE seq = 5", "event 5 does not match its hash"),
        ("UPDATE events SET at = at + 1 WHERE seq = 2", "event 2 does not match its hash"),
        ("UPDATE events SET type = 'Funding' WHERE seq = 1", "event 1 does not match its hash"),
        ("UPDATE events SET hash = zeroblob(32) WHERE seq = 17", "event 17 does not match its hash"),
        ("UPDATE events SET prev_hash = zeroblob(32) WHERE seq = 4", "event 4 does not match its hash"),
        ("DROP TABLE events", "the file is damaged"),
        ("PRAGMA user_version = 0", "the file is empty or no ledger"),
    ],
)
def test_a_damaged_journal_is_kept_aside_and_a_new_one_begun(tmp_path, history, damage, found):
    """The sentence says what and where; the damaged file is untouched; the new ledger is empty and works."""
    path = tmp_path / "ledger.sqlite3"
    write(path, history)
    edit(path, damage)
    before = path.read_bytes()
    ledger, damaged = open_ledger(path)
    assert found in damaged
    assert "kept as ledger.damaged-1.sqlite3" in damaged
    assert (tmp_path / "ledger.damaged-1.sqlite3").read_bytes() == before
    assert list(ledger.events()) == []
    ledger.append(StopLifted(1))
    ledger.close()
    write(path, [])
    assert sorted(path.name for path in tmp_path.glob("*.sqlite3")) == ["ledger.damaged-1.sqlite3", "ledger.sqlite3"]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300])
def test_a_file_that_is_no_ledger_is_kept_aside(tmp_path, content):
    """An empty file or a text in its place."""
    (tmp_path / "ledger.sqlite3").write_bytes(content)
    ledger, damaged = open_ledger(tmp_path / "ledger.sqlite3")
    ledger.close()
    assert damaged is not None
    assert (tmp_path / "ledger.damaged-1.sqlite3").read_bytes() == content


def test_a_flipped_bit_anywhere_in_the_journal_is_found(tmp_path, history):
    """Every 97th byte of the pages that hold events, one bit each: damage is found, or the events are unchanged."""
    path = tmp_path / "ledger.sqlite3"
    write(path, history)
    good = path.read_bytes()
    first = good.index(b'{"at":')
    found = 0
    for offset in range(first - 300, first + 3000, 97):
        path.write_bytes(good[:offset] + bytes([good[offset] ^ 4]) + good[offset + 1 :])
        ledger, damaged = open_ledger(path)
        if damaged is None:
            assert list(ledger.events()) == history
        found += damaged is not None
        ledger.close()
        path.unlink()
    assert found > 20


def test_a_log_without_its_database_is_never_played_into_a_new_one(tmp_path, history):
    """Somebody deleted the database only: the orphaned log is kept aside, the new ledger is empty."""
    path = tmp_path / "ledger.sqlite3"
    ledger, _ = open_ledger(path)
    ledger.append(history[0])
    ledger.sync()
    orphan = (tmp_path / "ledger.sqlite3-wal").read_bytes()
    ledger.close()
    path.unlink()
    (tmp_path / "ledger.sqlite3-wal").write_bytes(orphan)
    new, damaged = open_ledger(path)
    assert "missing, but parts of it are there" in damaged
    assert list(new.events()) == []
    new.close()
    assert (tmp_path / "ledger.damaged-1.sqlite3-wal").read_bytes() == orphan


def test_half_a_new_ledger_left_by_a_crash_is_no_obstacle(tmp_path):
    """A new ledger gets its name only when it is complete."""
    (tmp_path / ".ledger.sqlite3.new").write_bytes(b"half")
    write(tmp_path / "ledger.sqlite3", [StopLifted(1)])
    assert os.listdir(tmp_path) == ["ledger.sqlite3"]


def test_a_full_disk_is_final_and_keeps_what_was_synced(tmp_path):
    """The kernel refuses to let the log grow: DiskFailure, then DiskFailure for ever, and no byte more is written."""
    program = (
        "import resource, sys; from decimal import Decimal; from pathlib import Path\n"
        "from gridhedge.domain.errors import DiskFailure; from gridhedge.domain.events import StopLifted, StopRaised\n"
        "from gridhedge.store.ledger import open_ledger\n"
        "path = Path(sys.argv[1]); ledger, _ = open_ledger(path)\n"
        "ledger.append(StopLifted(1)); ledger.sync()\n"
        "log = Path(str(path) + '-wal'); limit = log.stat().st_size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))\n"
        "failures = []\n"
        "def attempt(call):\n"
        "    try: call()\n"
        "    except DiskFailure as error: failures.append(str(error))\n"
        "attempt(lambda: (ledger.append(StopRaised('freeze', 'X', 'y' * 20000, 2)), ledger.sync()))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "attempt(lambda: ledger.append(StopLifted(3)))\n"
        "attempt(lambda: ledger.equity(3, Decimal(1), Decimal(1)))\n"
        "attempt(ledger.write)\n"
        "attempt(ledger.sync)\n"
        "assert log.stat().st_size == limit\n"
        "assert len(failures) == 5, failures\n"
        "assert 'cannot be written' in failures[0] and 'nothing is written any more' in failures[4], failures\n"
        "ledger.close()"
    )
    path = tmp_path / "ledger.sqlite3"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, path], env=environment, check=True)
    ledger, damaged = open_ledger(path)
    assert damaged is None
    assert list(ledger.events()) == [StopLifted(1)]
    ledger.close()


def test_an_interrupted_batch_is_never_committed(tmp_path, history, monkeypatch):
    """Whatever breaks into the middle of a batch, half a batch must not become durable."""
    path = tmp_path / "ledger.sqlite3"
    ledger, _ = open_ledger(path)
    ledger.append(history[0])
    ledger.sync()

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("gridhedge.store.ledger.seal", interrupt)
    ledger.append(history[4])
    with pytest.raises(KeyboardInterrupt):
        ledger.sync()
    monkeypatch.undo()
    with pytest.raises(DiskFailure, match="KeyboardInterrupt"):
        ledger.sync()
    ledger.close()
    again, _ = open_ledger(path)
    assert list(again.events()) == [history[0]]
    assert again.executions() == []
    again.close()


def test_a_locked_ledger_is_a_disk_failure_and_not_damage(tmp_path, history):
    """Another program that holds the write lock must not make us put a good ledger aside."""
    path = tmp_path / "ledger.sqlite3"
    write(path, history)
    ledger, _ = open_ledger(path)
    ledger._db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.append(StopLifted(1))
    with pytest.raises(DiskFailure, match="database is locked"):
        ledger.sync()
    other.close()
    ledger.close()
    with open_reader(path) as reader:
        assert list(reader.events()) == history


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path, history):
    """A downgrade gets a sentence; the file keeps its name and content."""
    path = tmp_path / "ledger.sqlite3"
    write(path, history)
    edit(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"written by a newer gridhedge \(ledger version 99, this one knows 3\)"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_a_backup_is_whole_private_and_fingerprinted(tmp_path, history):
    """VACUUM INTO a new file of mode 0600; the hash returned is that of the file; an old backup is never replaced."""
    ledger, _ = open_ledger(tmp_path / "ledger.sqlite3")
    for event in history:
        ledger.append(event)
    target = tmp_path / "backup.sqlite3"
    fingerprint = ledger.backup(target)
    assert fingerprint == hashlib.sha256(target.read_bytes()).hexdigest()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with open_reader(target) as copy:
        assert list(copy.events()) == history
    with pytest.raises(DiskFailure, match="File exists"):
        ledger.backup(target)
    ledger.close()
