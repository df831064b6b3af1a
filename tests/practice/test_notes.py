"""A journal that survives a crash in the middle of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.practice.notes import Notes


def written(path: Path, *notes: dict[str, int]) -> None:
    journal = Notes(path)
    for note in notes:
        journal.write(note)
    journal.close()


def test_what_was_written_is_read_again_in_order(tmp_path: Path) -> None:
    """Also by a process that goes on writing."""
    path = tmp_path / "notes.jsonl"
    written(path, {"a": 1})
    written(path, {"a": 2}, {"b": 3})
    assert list(Notes(path).kept()) == [{"a": 1}, {"a": 2}, {"b": 3}]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_is_cut_off_before_anything_is_written_after_it(tmp_path: Path) -> None:
    """At every byte at which a crash may cut: whole lines stay, the rest goes, new lines are readable."""
    path = tmp_path / "notes.jsonl"
    written(path, {"a": 1}, {"b": 2})
    data = path.read_bytes()
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        kept = list(Notes(path).kept())
        assert kept == [{"a": 1}, {"b": 2}][: data[:cut].count(b"\n")]
        written(path, {"c": 3})
        assert list(Notes(path).kept()) == [*kept, {"c": 3}]


def test_without_a_file_nothing_is_kept() -> None:
    """Writing is allowed and does nothing."""
    journal = Notes(None)
    journal.write({"a": 1})
    assert list(journal.kept()) == []
    journal.close()


def test_a_disk_that_refuses_is_said_in_one_sentence(tmp_path: Path) -> None:
    """The folder is missing."""
    with pytest.raises(DiskFailure, match=r"notes\.jsonl: cannot be written"):
        Notes(tmp_path / "missing" / "notes.jsonl").write({"a": 1})
