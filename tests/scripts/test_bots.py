"""Unattended bots: real shells, real processes, the environment of cron (``env -i``), the embedded exchange."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cli.shell import ROOT
from tests.scripts.bots import SCRIPTS, Yard


def test_a_bot_is_started_shown_and_stopped(yard: Yard) -> None:
    """It trades when start.sh returns; its files are its owner's only."""
    started = yard.script("start", "btc")
    pid = yard.process("btc")
    assert started == (0, f"btc: started (account btc, process {pid})\n", "")
    shown = yard.script("status")
    assert shown.code == 0
    assert f"btc (wanted)\nbtc: running (process {pid})\n" in shown.out
    assert shown.out.endswith("eth (rests until scripts/start.sh eth)\neth: has never run\n")
    assert "DOGEUSDT" in yard.script("logs", "btc", "-n", "5").out
    both = yard.script("logs", "-n", "1")
    assert both.out.startswith("== btc\n")
    assert "eth: has never run" in both.err
    assert yard.script("stop", "btc") == (0, "btc: stopped\n", "")
    assert yard.process("btc") is None
    assert yard.script("stop", "btc") == (0, "btc: not running\n", "")
    loose = [path.name for path in yard.data.rglob("*") if path.stat().st_mode & 0o077]
    assert loose == []


def test_there_is_never_a_second_copy(yard: Yard) -> None:
    """5, whoever asks; start_all takes it for what it wants."""
    yard.script("start", "btc")
    pid = yard.process("btc")
    again = yard.script("start", "btc")
    assert again == (5, "", f"btc: runs already (account btc, process {pid})\n")
    assert yard.script("watchdog") == (0, "", "")
    assert yard.script("start_all", "btc").code == 0
    assert yard.process("btc") == pid


def test_the_lock_decides_where_two_start_at_once(yard: Yard) -> None:
    """Both find that nobody trades; one of them does then, and the other says 5."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen(yard.command("start", "btc"), **pipes) as one,
        subprocess.Popen(yard.command("start", "btc"), **pipes) as other,
    ):
        codes = {one.wait(), other.wait()}
    assert codes == {0, 5}
    assert yard.script("stop", "btc").out == "btc: stopped\n"


def test_the_watchdog_starts_what_was_killed_and_lets_rest_what_was_stopped(yard: Yard) -> None:
    """With the options of the first start; the bot goes on from its books."""
    yard.script("start", "btc", "--speed", "2")
    yard.script("start", "eth")
    yard.script("stop", "eth")
    first = yard.process("btc")
    yard.kill("btc")
    woken = yard.script("watchdog")
    second = yard.process("btc")
    assert woken.code == 0
    assert woken.out.splitlines()[0].endswith("btc should run and does not")
    assert woken.out.splitlines()[1:] == [f"btc: started (account btc, process {second})"]
    assert second not in (None, first)
    assert Path(f"/proc/{second}/cmdline").read_bytes().split(b"\0")[-3:] == [b"--speed", b"2", b""]
    assert yard.process("eth") is None


def test_nothing_is_started_while_an_emergency_stop_is_set(yard: Yard) -> None:
    """4 for who asks; the watchdog stays silent, and goes on once a person has lifted it."""
    yard.script("start", "btc")
    yard.kill("btc")
    stop = yard.data / "btc" / ".emergency_stop"
    stop.touch()
    assert yard.script("watchdog") == (0, "", "")
    refused = yard.script("start", "btc")
    assert refused.code == 4
    assert "emergency stop" in refused.err
    stop.unlink()
    assert yard.script("watchdog").code == 0
    assert yard.process("btc") is not None


def test_all_are_started_edited_killed_started_again_and_stopped(yard: Yard) -> None:
    """Two bots of two accounts; a broken profile does not keep its bot from being stopped."""
    done = yard.script("start_all")
    assert (done.code, done.err) == (0, "")
    before = {name: yard.process(name) for name in ("btc", "eth")}
    assert None not in before.values()
    yard.spoil("eth", "oops: [")
    yard.kill("btc")
    assert yard.script("start_all").code == 0
    assert yard.process("btc") not in (None, before["btc"])
    assert yard.process("eth") == before["eth"]
    assert yard.script("stop_all") == (0, "btc: stopped\neth: stopped\n", "")
    assert yard.script("watchdog") == (0, "", "")
    assert (yard.process("btc"), yard.process("eth")) == (None, None)


def test_one_that_can_not_start_is_said_stops_no_other_and_is_not_tried_again(yard: Yard) -> None:
    """2: the profile's mistake with its line; only a person can mend it."""
    yard.spoil("btc", "oops: 1")
    done = yard.script("start_all")
    assert done.code == 2
    assert "btc.yaml:14: oops" in done.err
    assert yard.process("eth") is not None
    assert yard.script("watchdog") == (0, "", "")


def test_wrong_names_are_one_sentence(yard: Yard) -> None:
    """No such profile, no name at all, a path, a profile without an account."""
    (yard.configs / "nobody.yaml").write_text("venue: {name: paper}\n")
    wrong = {"nothing": "there is no ", "../btc": "not the name of a bot", "nobody": "names no account"}
    for name, words in wrong.items():
        for script in ("start", "stop", "logs", "status"):
            done = yard.script(script, name)
            assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
            assert words in done.err
    assert yard.script("start").err.startswith("usage: scripts/start.sh NAME")
    assert yard.script("start", "btc", GRIDHEDGE="/nowhere/gridhedge").code == 2


def test_the_example_for_cron_names_scripts_that_exist() -> None:
    """Five fields and a script of ours on each line that is not a comment."""
    lines = [line for line in (SCRIPTS / "crontab.example").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line in lines:
        script = line.split()[5]
        assert (ROOT / script.removeprefix("/opt/gridhedge/")).stat().st_mode & 0o100


def test_the_listed_bots_have_profiles() -> None:
    """scripts/bots.txt as it is delivered."""
    names = [line for line in (SCRIPTS / "bots.txt").read_text().splitlines() if not line.startswith("#")]
    assert names == ["btc-trim", "eth-trim"]
    assert all((ROOT / "configs" / f"{name}.yaml").is_file() for name in names)
