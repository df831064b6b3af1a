"""``gridhedge logs``: the newest lines, and those that come."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridhedge.cli.logs_command import more
from tests.cli.shell import DEMO, gridhedge, run, started


@pytest.fixture
def folder(data: Path) -> Path:
    """An account's folder with two days of logs."""
    folder = data / "demo"
    folder.mkdir(parents=True)
    (folder / "run.lock").touch()
    (folder / "bot_2026-01-01.log").write_text("one\n")
    (folder / "bot_2026-01-02.log").write_text("two\nthree\nfour\n")
    return folder


def test_the_newest_lines_however_many_days_they_are_of(data: Path, folder: Path) -> None:
    """As many as asked for: after midnight, too, one sees what led to the present."""
    assert gridhedge("logs", "--data-dir", data).out == "one\ntwo\nthree\nfour\n"
    assert gridhedge("logs", "--data-dir", data, "-n", "3").out == "two\nthree\nfour\n"
    assert gridhedge("logs", "--data-dir", data, "-n", "1").out == "four\n"
    assert gridhedge("logs", "--data-dir", data, "-n", "0").out == ""


def test_a_run_leaves_trades_positions_and_decisions(data: Path) -> None:
    """One kind each."""
    run(DEMO, data, 13)
    trades = gridhedge("logs", "--data-dir", data, "--kind", "trades").out.splitlines()
    assert len(trades) == 5
    assert "DOGEUSDT long take-profit: 376 @ 0.20149, fee 0.0152" in trades[3]
    assert "side=short quantity=1128" in gridhedge("logs", "--data-dir", data, "--kind", "positions").out
    assert "stopped ticks=13" in gridhedge("logs", "--data-dir", data, "-n", "1").out


def test_warnings_stand_among_the_rest_and_debugging_only_where_asked_for(data: Path, folder: Path) -> None:
    """By time, over both files, with what belongs to a line behind it; ``-n`` counts what is shown."""
    for path in folder.glob("bot_*.log"):
        path.unlink()
    (folder / "bot_2026-01-03.log").write_text("09:01 INFO a one\n09:02 DEBUG a two\n09:04 INFO a four\n")
    (folder / "errors_2026-01-03.log").write_text("09:03 WARNING a three\n  | DEBUG of three\n")
    shown = "09:01 INFO a one\n09:03 WARNING a three\n  | DEBUG of three\n09:04 INFO a four\n"
    assert gridhedge("logs", "--data-dir", data).out == shown
    assert gridhedge("logs", "--data-dir", data, "-n", "2").out == "  | DEBUG of three\n09:04 INFO a four\n"
    assert "09:02 DEBUG a two" in gridhedge("logs", "--data-dir", data, "--debug").out
    assert "three" not in gridhedge("logs", "--data-dir", data, "--kind", "bot").out


def test_a_kind_that_is_not_there_yet_is_said(data: Path, folder: Path) -> None:
    """Nothing bad has happened so far."""
    done = gridhedge("logs", "--data-dir", data, "--kind", "errors")
    assert (done.code, done.out) == (2, "")
    assert "there is no errors log yet" in done.err


def test_following_goes_on_past_midnight(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was still written into the old day comes first, then the new day from its beginning."""
    old, new = folder / "bot_2026-01-02.log", folder / "bot_2026-01-03.log"
    position = old.stat().st_size
    assert more(folder, "bot", old, position) == (old, position)
    assert capsys.readouterr().out == ""
    old.write_text("two\nthree\nfour\nlast of the day\n")
    new.write_text("first of the next\n")
    path, position = more(folder, "bot", old, position)
    assert capsys.readouterr().out == "last of the day\nfirst of the next\n"
    assert (path, position) == (new, len("first of the next\n"))


def test_following_begins_again_where_a_file_was_set_aside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that grew too large becomes ``….log.1``, and its name begins anew."""
    path = folder / "bot_2026-01-02.log"
    position = path.stat().st_size
    path.write_text("anew\n")
    assert more(folder, "bot", path, position) == (path, 5)
    assert capsys.readouterr().out == "anew\n"


def test_following_waits_for_a_log_that_is_not_there_yet(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``gridhedge logs --kind errors -f`` in quiet times."""
    assert more(folder, "errors", None, 0) == (None, 0)
    (folder / "errors_2026-01-02.log").write_text("bad\n")
    assert more(folder, "errors", None, 0) == (folder / "errors_2026-01-02.log", 4)
    assert capsys.readouterr().out == "bad\n"


def test_a_process_that_follows_prints_what_comes(data: Path, folder: Path) -> None:
    """Line by line, until it is interrupted."""
    with started("logs", "-f", "-n", "1", "--data-dir", data) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "four\n"
        with (folder / "bot_2026-01-03.log").open("a") as log:
            log.write("after midnight\n")
        assert follower.stdout.readline() == "after midnight\n"
        follower.terminate()
