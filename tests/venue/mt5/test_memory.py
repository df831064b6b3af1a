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
    current = again.current("EURUSD", Side.LONG)
    assert current is not None
    assert (current.price, again.current("EURUSD", Side.SHORT)) == (D("1.10100"), None)
    at = again.at("EURUSD", Side.LONG, 150)
    assert at == EXIT
    assert again.owe(7, "EURUSD", Side.LONG, D("0.62"), 400) is None
    more = again.owe(7, "EURUSD", Side.LONG, D("1.24"), 500)
    assert more is not None
    assert (more.funding_id, more.amount) == ("S7-2", D("0.62"))
    again.put(EXIT._replace(is_over=True, at=600))
    assert again.current("EURUSD", Side.LONG) is None
    assert [one.funding_id for one in Memory(file).swaps] == ["S7-1", "S7-2"]


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
