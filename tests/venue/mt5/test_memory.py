"""What the adapter remembers survives it."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.domain.values import Side
from gridhedge.venue.mt5.memory import Exit, Memory

EXIT = Exit("EURUSD", Side.LONG, "ghxxxxxx-LT00-5-0", D("1.10200"), D(3000), 100)


def test_exits_and_swaps_are_there_after_a_restart(tmp_path: Path) -> None:
    """The last of a side counts; a withdrawn one is none."""
    file = tmp_path / "memory.jsonl"
    memory = Memory(file)
    memory.put(EXIT)
    memory.put(EXIT._replace(price=D("1.10100"), at=200))
    assert memory.owe(7, "EURUSD", Side.LONG, D("0.62"), 300) is not None
    again = Memory(file)
    current = again.current("EURUSD", Side.LONG, False)
    assert current is not None
    assert (current.price, again.current("EURUSD", Side.SHORT, False)) == (D("1.10100"), None)
    at = again.at("EURUSD", Side.LONG, False, 150)
    assert at == EXIT
    assert again.owe(7, "EURUSD", Side.LONG, D("0.62"), 400) is None
    more = again.owe(7, "EURUSD", Side.LONG, D("1.24"), 500)
    assert more is not None
    assert (more.funding_id, more.amount) == ("S7-2", D("0.62"))
    again.put(EXIT._replace(is_over=True, at=600))
    assert again.current("EURUSD", Side.LONG, False) is None
    assert [one.funding_id for one in Memory(file).swaps] == ["S7-1", "S7-2"]


def test_stop_and_take_profit_of_a_side_are_two(tmp_path: Path) -> None:
    """Each is known by its kind; a line of the first version, which knew no stops, is a take-profit."""
    file = tmp_path / "memory.jsonl"
    memory = Memory(file)
    stop = EXIT._replace(client_id="ghxxxxxx-LS00-5-0", price=D("1.09000"), is_stop=True)
    memory.put(EXIT)
    memory.put(stop)
    old = b'{"exit": ["GBPUSD", "short", "ghxxxxxx-ST00-5-0", "1.2", "1000", 100, false]}\n'
    file.write_bytes(file.read_bytes() + old)
    again = Memory(file)
    assert (again.current("EURUSD", Side.LONG, False), again.current("EURUSD", Side.LONG, True)) == (EXIT, stop)
    assert again.at("EURUSD", Side.LONG, True, 150) == stop
    assert again.current("GBPUSD", Side.SHORT, False) is not None
    assert again.current("GBPUSD", Side.SHORT, True) is None


def test_the_server_s_clock_is_remembered(tmp_path: Path) -> None:
    """And written only when it has changed."""
    file = tmp_path / "memory.jsonl"
    memory = Memory(file)
    for offset in (7200, 7200, 10800):
        memory.keep_offset(offset)
    assert file.read_text() == '{"clock": [7200]}\n{"clock": [10800]}\n'
    assert Memory(file).offset_s == 10800


def test_a_torn_last_line_was_never_acted_upon(tmp_path: Path) -> None:
    """It is left out; damage before it is said."""
    file = tmp_path / "memory.jsonl"
    Memory(file).put(EXIT)
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:20])
    assert Memory(file).exits == [EXIT]
    file.write_bytes(b"nonsense\n" + whole)
    with pytest.raises(DiskFailure, match="is damaged; move it away"):
        Memory(file)


def test_a_disk_that_fails_is_said(tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(DiskFailure, match="orders stay as they are"):
        Memory(tmp_path / "missing" / "memory.jsonl").put(EXIT)
