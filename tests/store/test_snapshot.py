"""The status file."""

from __future__ import annotations

import os
import stat

import pytest

from gridhedge.engine.status import RecentEvent
from gridhedge.store.snapshot import StatusFile, read_status

NOW = 1760633994480
STATUS = RecentEvent(NOW, "info", "started")


def test_a_status_is_written_at_most_once_per_second(tmp_path):
    """At 0, not at 999 ms, again at 1000 ms."""
    file = StatusFile(tmp_path / "status.json")
    written = [file.offer(NOW + later, STATUS._replace(text=str(later))) for later in (0, 1, 999, 1000, 1999)]
    assert written == [True, False, False, True, False]
    assert read_status(tmp_path / "status.json", RecentEvent) == STATUS._replace(text="1000")


def test_the_file_is_private_and_replaced_whole(tmp_path, monkeypatch):
    """0600, one file, and no wait for the disk: a status is worth nothing after a power cut."""
    monkeypatch.setattr(os, "fsync", lambda fd: pytest.fail("a status must not wait for the disk"))
    StatusFile(tmp_path / "status.json").offer(NOW, STATUS)
    assert os.listdir(tmp_path) == ["status.json"]
    assert stat.S_IMODE((tmp_path / "status.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [None, b"", b"{", b"null", b"\xff"])
def test_without_a_readable_file_there_is_no_status(tmp_path, content):
    """Never written, or torn by a power cut."""
    if content is not None:
        (tmp_path / "status.json").write_bytes(content)
    assert read_status(tmp_path / "status.json", RecentEvent) is None
