"""The emergency stop."""

from __future__ import annotations

import errno
import json
import os
import stat
from decimal import Decimal

import pytest

from gridhedge.domain.errors import DiskFailure
from gridhedge.store.emergency import FILE_NAME, Emergency, lift_emergency, raise_emergency, read_emergency

STOP = Emergency(1760633994480, "DOGEUSDT", "maintenance margin rate over the threshold", Decimal("91.3"))


def test_the_file_tells_time_symbol_reason_and_rate(tmp_path):
    """JSON for people, mode 0600, in the account's folder."""
    raise_emergency(tmp_path / "001", STOP)
    path = tmp_path / "001" / FILE_NAME
    assert json.loads(path.read_text()) == {
        "time": "2025-10-16T16:59:54.480+00:00",
        "symbol": "DOGEUSDT",
        "reason": "maintenance margin rate over the threshold",
        "mm_rate": "91.3",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_emergency(tmp_path / "001") == STOP


def test_no_file_is_no_stop(tmp_path):
    """Also where the account has no folder yet."""
    assert read_emergency(tmp_path) is None
    assert read_emergency(tmp_path / "001") is None


def test_the_first_reason_stays(tmp_path):
    """Later troubles are consequences; the first one is to be looked at."""
    raise_emergency(tmp_path, STOP)
    raise_emergency(tmp_path, STOP._replace(reason="another"))
    assert read_emergency(tmp_path) == STOP


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff", b"5", b'{"time": 5}', b"\x00" * 100])
def test_a_file_that_can_not_be_understood_is_a_stop(tmp_path, content):
    """Whatever is in it: its name is enough, and raising again does not touch it."""
    (tmp_path / FILE_NAME).write_bytes(content)
    stop = read_emergency(tmp_path)
    assert stop is not None
    assert "is set but can not be read" in stop.reason
    raise_emergency(tmp_path, STOP)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_folder_or_a_broken_link_of_that_name_is_a_stop(tmp_path):
    """Whatever a person put there means stop."""
    (tmp_path / "a" / FILE_NAME).mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / FILE_NAME).symlink_to(tmp_path / "nowhere")
    assert read_emergency(tmp_path / "a") is not None
    assert read_emergency(tmp_path / "b") is not None


def test_a_person_can_lift_it(tmp_path):
    """Lifting twice is lifting once; then it can be raised anew."""
    raise_emergency(tmp_path, STOP)
    lift_emergency(tmp_path)
    lift_emergency(tmp_path)
    assert read_emergency(tmp_path) is None
    raise_emergency(tmp_path, STOP._replace(reason="second"))
    assert read_emergency(tmp_path).reason == "second"


def test_a_full_disk_still_leaves_a_stop(tmp_path, monkeypatch):
    """The text does not fit, an empty file does: DiskFailure now, and a stop at the next start."""

    def refuse(fd, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(DiskFailure):
        raise_emergency(tmp_path, STOP)
    monkeypatch.undo()
    assert (tmp_path / FILE_NAME).read_bytes() == b""
    assert read_emergency(tmp_path) is not None
