"""The queue of messages: in order, once per id, bounded, and still there after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.notify.outbox import Letter, Outbox


def letter(name: str, kept: bool = True) -> Letter:
    return Letter(name, "trade_opened" if kept else "status_update", f'{{"id":"{name}"}}', kept, 1)


def names(outbox: Outbox) -> list[str]:
    """Ids in the order of delivery; empties the outbox."""
    found = []
    while (first := outbox.first()) is not None:
        found.append(first.id)
        outbox.remove(first)
    return found


def test_messages_leave_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    """The first stays first until it is removed."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    outbox.add([letter("a"), letter("b", kept=False)])
    outbox.add([letter("c")])
    assert [outbox.first().id for _ in range(2)] == ["a", "a"]
    assert names(outbox) == ["a", "b", "c"]
    assert (len(outbox), outbox.first()) == (0, None)


def test_an_id_waits_once(tmp_path: Path) -> None:
    """Adding it again changes nothing."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    outbox.add([letter("a"), letter("b")])
    outbox.add([letter("a")])
    assert names(outbox) == ["a", "b"]


def test_messages_and_cursor_outlive_the_process_together(tmp_path: Path) -> None:
    """A second connection without a farewell from the first sees both, as after a kill."""
    first = Outbox(tmp_path / "outbox.sqlite3")
    assert first.cursor is None
    first.add([letter("a")], cursor=7)
    second = Outbox(tmp_path / "outbox.sqlite3")
    assert (second.cursor, names(second)) == (7, ["a"])


def test_status_updates_never_push_trades_out(tmp_path: Path) -> None:
    """Of 200 status updates the newest 50 wait; of 20 trades all."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    for number in range(200):
        outbox.add([letter(f"s{number}", kept=False)])
        if number % 10 == 0:
            outbox.add([letter(f"t{number}")])
    waiting = names(outbox)
    assert [name for name in waiting if name[0] == "t"] == [f"t{number}" for number in range(0, 200, 10)]
    assert [name for name in waiting if name[0] == "s"] == [f"s{number}" for number in range(150, 200)]


def test_even_trades_are_bounded(tmp_path: Path) -> None:
    """Ten thousand wait for a receiver that never comes back; then the oldest go."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    outbox.add([letter(f"t{number}") for number in range(10_003)])
    first = outbox.first()
    assert first is not None
    assert (len(outbox), first.id) == (10_000, "t3")


def test_a_file_that_is_no_outbox_is_a_disk_failure(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "outbox.sqlite3").write_bytes(b"garbage" * 500)
    with pytest.raises(DiskFailure, match=r"outbox\.sqlite3: webhooks can not be kept there"):
        Outbox(tmp_path / "outbox.sqlite3")
