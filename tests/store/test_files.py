"""Private folders, atomic replacement, damaged files kept aside, and disks that refuse."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.files import atomic_write, keep_aside, private_directory


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_written_file_is_private_whatever_the_umask(tmp_path):
    """Mode 0600 from the first moment, 0700 for each new folder."""
    before = os.umask(0)
    try:
        private_directory(tmp_path / "data" / "001")
        atomic_write(tmp_path / "data" / "001" / "file", b"text")
    finally:
        os.umask(before)
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "001") == 0o700
    assert mode(tmp_path / "data" / "001" / "file") == 0o600


def test_replacing_leaves_nothing_but_the_new_content(tmp_path):
    """One file, the second content, even where a crash left a temporary file."""
    (tmp_path / ".file.new").write_bytes(b"left by a crash")
    atomic_write(tmp_path / "file", b"one")
    atomic_write(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["file"]


def test_file_and_folder_are_synced_in_this_order(tmp_path, monkeypatch):
    """write, fsync(file), replace, fsync(folder): any other order can lose both contents."""
    steps = []

    def fsync(fd, real=os.fsync):
        steps.append("fsync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "fsync file")
        real(fd)

    def replace(source, target, real=os.replace):
        steps.append("replace")
        real(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    atomic_write(tmp_path / "file", b"text")
    atomic_write(tmp_path / "file", b"text", durable=False)
    assert steps == ["fsync file", "replace", "fsync folder", "replace"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_refused_write_keeps_the_old_content(tmp_path, monkeypatch, call):
    """DiskFailure names the file and the reason; the old file is whole; nothing is tried twice."""
    atomic_write(tmp_path / "file", b"old")
    calls = []

    def refuse(*arguments):
        calls.append(arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(DiskFailure, match=r"file: cannot be written \(No space left on device\)"):
        atomic_write(tmp_path / "file", b"new")
    monkeypatch.undo()
    assert len(calls) == 1
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_short_writes_are_continued(tmp_path, monkeypatch):
    """A kernel that takes three bytes at a time gets all of them."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
    atomic_write(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_damaged_files_are_numbered_and_never_overwritten(tmp_path):
    """The second damaged file does not replace the first."""
    for text in (b"first", b"second"):
        (tmp_path / "state.json").write_bytes(text)
        keep_aside(tmp_path / "state.json")
    assert (tmp_path / "state.damaged-1.json").read_bytes() == b"first"
    assert (tmp_path / "state.damaged-2.json").read_bytes() == b"second"
    assert not (tmp_path / "state.json").exists()


def test_companions_move_along_under_the_same_number(tmp_path):
    """A log that belongs to a kept database takes a number that is free for both."""
    (tmp_path / "l.sqlite3").write_bytes(b"d")
    (tmp_path / "l.sqlite3-wal").write_bytes(b"w")
    (tmp_path / "l.damaged-1.sqlite3-wal").write_bytes(b"older")
    assert keep_aside(tmp_path / "l.sqlite3", ("-wal", "-shm")).name == "l.damaged-2.sqlite3"
    assert sorted(os.listdir(tmp_path)) == [
        "l.damaged-1.sqlite3-wal",
        "l.damaged-2.sqlite3",
        "l.damaged-2.sqlite3-wal",
    ]


def test_a_folder_that_can_not_be_made_is_a_disk_failure(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(DiskFailure, match="cannot be written"):
        private_directory(tmp_path / "data" / "001")
