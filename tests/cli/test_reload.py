"""A profile that is edited while ``gridhedge run`` trades, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import gridhedge, replace_text, started, write_profile
from tests.patience import PATIENCE_S


@contextmanager
def bot(profile: Path, data: Path) -> Iterator[subprocess.Popen[str]]:
    """At work at the market's pace; it must not be left behind."""
    with started("run", "--profile", profile, "--data-dir", data, "--speed", "1") as process:
        try:
            yield process
        finally:
            process.terminate()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line
    pytest.fail(f"it ended without saying {words!r}: {process.stderr.read() if process.stderr else ''}")


def status(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gridhedge("status", "--data-dir", data, "--json").out)["001"]["status"]
    return found


def test_good_edits_take_over_and_bad_ones_leave_everything_as_it_was(tmp_path: Path, data: Path) -> None:
    """Valid, invalid, forbidden: each is said and logged, and the last one stands as an alarm on the status."""
    path = write_profile(tmp_path / "p.yaml")
    good = path.read_text().replace("threshold: 90", "threshold: 85").replace("_usd: 1.0", "_usd: 2.0")
    good = good.replace("_usd: 2.0}", "_usd: 2.0, take_profit_percent: 2.0}")
    with bot(path, data) as process:
        read_until(process, "short level 0")
        replace_text(path, good)
        line = read_until(process, "p.yaml is read again")
        assert "risk.mm_rate_threshold 90 -> 85 (at once)" in line
        assert "initial_position_size_usd 1.0 -> 2.0 (from the next grid)" in line
        assert "take_profit_percent 1.0 -> 2.0 (at once)" in line
        replace_text(path, good.replace("threshold: 85", "threshold: 850"))
        assert "mm_rate_threshold" in read_until(process, "all settings stay as they were")
        replace_text(path, good.replace("leverage: 75", "leverage: 50").replace("threshold: 85", "threshold: 70"))
        line = read_until(process, "needs a restart")
        assert "symbols[0].leverage: a change of this needs a restart of the bot" in line
        process.terminate()
        assert process.wait(timeout=PATIENCE_S) == 0
    shown = status(data)
    assert shown["mm_threshold"] == "85"
    assert [alarm for alarm in shown["alarms"] if "symbols[0].leverage" in alarm] != []
    assert [event["text"] for event in shown["events"] if "is read again" in event["text"]] != []
    log = "".join(log.read_text() for log in (data / "001").glob("*.log"))
    for line in ("p.yaml is read again", "risk.mm_rate_threshold: ", "symbols[0].leverage: a change"):
        assert line in log


def test_what_the_command_line_says_stays_when_the_profile_is_edited(tmp_path: Path, data: Path) -> None:
    """An edit takes over beside it, and the file's own leverage may change without a restart: it does not count."""
    path = write_profile(tmp_path / "p.yaml")
    with started("run", "--profile", path, "--data-dir", data, "--speed", "1", "--leverage", "20") as process:
        try:
            read_until(process, "short level 0: 100 @")
            replace_text(path, path.read_text().replace("threshold: 90", "threshold: 85").replace("age: 75", "age: 50"))
            line = read_until(process, "p.yaml is read again")
        finally:
            process.terminate()
        assert process.wait(timeout=PATIENCE_S) == 0
    assert line.split(": ", 1)[1] == "risk.mm_rate_threshold 90 -> 85 (at once)\n"
