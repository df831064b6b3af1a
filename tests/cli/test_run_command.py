"""``gridhedge run`` without a terminal and with one; several accounts; wrong usage leaves nothing behind."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridhedge.cli.run_command import summary
from gridhedge.cli.runner import Outcome
from gridhedge.engine.status import AccountStatus
from gridhedge.store.emergency import Emergency, raise_emergency
from gridhedge.store.lock import account_lock
from gridhedge.store.rows import open_reader
from gridhedge.store.snapshot import read_status
from tests.cli.shell import DEMO, ROOT, Done, gridhedge, modes, run, started, write_profile
from tests.patience import PATIENCE_S

BEGINNING = """\
00:00:00 demo INFO DOGEUSDT long opens with level 0
00:00:00 demo INFO DOGEUSDT short opens with level 0
"""


def test_the_demo_reads_like_a_log_a_trader_wants(data: Path) -> None:
    """Openings, fills with their level, take-profits; the state when it changes; one last line. 200 ticks, 79 lines."""
    done = run(DEMO, data, 200)
    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(BEGINNING)
    assert "00:00:00 demo INFO DOGEUSDT long level 0: 376 @ 0.19934, fee 0.0412" in lines
    assert "00:00:11 demo INFO DOGEUSDT short level 1: 752 @ 0.20133, fee 0.0303" in lines
    assert "00:00:12 demo INFO DOGEUSDT long take-profit: 376 @ 0.20149, fee 0.0152" in lines
    assert len(lines) < 90
    assert lines[-1] == (
        "demo: 200 ticks, equity 1,013.30 USDT (+13.30 in this run), 4 orders rest; "
        f"the same command goes on from here; gridhedge report --account demo --data-dir {data} tells what it earned"
    )


def test_two_runs_are_one(tmp_path: Path) -> None:
    """The second run goes on where the first one ended: together they do what one would have done."""
    run(DEMO, tmp_path / "a", 20)
    run(DEMO, tmp_path / "a", 20)
    run(DEMO, tmp_path / "b", 40)
    made = [_executions(tmp_path / name) for name in "ab"]
    assert made[0] == made[1]
    assert len(made[0]) == 12


def _executions(data: Path) -> list[tuple[object, ...]]:
    with open_reader(data / "demo" / "ledger.sqlite3") as ledger:
        return [(row.execution_id, row.price, row.quantity, row.side) for row in ledger.executions()]


def test_everything_it_leaves_is_its_owners_alone(data: Path) -> None:
    """Folders 0700, files 0600, also the logs beside SQLite's databases while it runs."""
    with started("run", "--profile", DEMO, "--data-dir", data, "--speed", "1") as bot:
        assert bot.stdout is not None
        bot.stdout.readline()
        found = modes(data)
        bot.terminate()
    assert {"demo/paper_exchange.sqlite3", "demo/paper_exchange.sqlite3-wal", "demo/ledger.sqlite3-wal"} <= set(found)
    assert {path: mode for path, mode in (found | modes(data)).items() if mode != 0o600} == {"demo": 0o700}
    assert data.stat().st_mode & 0o777 == 0o700


def test_a_dry_run_sends_nothing_and_leaves_no_trace_on_the_books(data: Path) -> None:
    """It says what it would send; ledger, exchange and state are as they were, and no emergency stop is set."""
    first = run(DEMO, data, 5, "--dry-run")
    assert "demo INFO DOGEUSDT: dry run, not sent: open long opening level 0: 376 @ 0.19943" in first.out
    assert first.out.splitlines()[-1] == "demo: 5 ticks, equity 1,000.00 USDT (0.00 in this run), nothing was sent"
    assert {path for path in modes(data) if not path.endswith(".log")} == {"demo", "demo/run.lock", "demo/status.json"}
    run(DEMO, data, 20)
    kept = ("ledger.sqlite3", "paper_exchange.sqlite3", "bot_state.json", "trades_history.csv")
    before = {name: (data / "demo" / name).read_bytes() for name in kept}
    assert run(DEMO, data, 5, "--dry-run").code == 0
    assert {name: (data / "demo" / name).read_bytes() for name in kept} == before


def test_the_last_status_is_the_end_of_the_run(data: Path) -> None:
    """However fast it went: ``gridhedge status`` must not show the beginning."""
    run(DEMO, data, 30)
    status = read_status(data / "demo" / "status.json", AccountStatus)
    assert status is not None
    assert status.ticks == 30


def test_recorded_prices_end_the_run(tmp_path: Path, data: Path) -> None:
    """And the last line says so; started again there is nothing left to do."""
    rows = "\n".join(f"{1748545680000 + 60_000 * k},0.2,0.200{k}1,0.1999,0.2" for k in range(3))
    (tmp_path / "c.csv").write_text(f"timestamp_ms,open,high,low,close\n{rows}\n")
    text = write_profile(tmp_path / "p.yaml").read_text()
    synthetic = "{kind: synthetic, price: 0.19933, step_seconds: 0.5, volatility_percent: 0.10}"
    (tmp_path / "p.yaml").write_text(text.replace(synthetic, "{kind: candles, file: c.csv}"))
    for ticks in ("180", "0"):
        done = gridhedge("run", "--profile", tmp_path / "p.yaml", "--data-dir", data, "--speed", "0")
        last = done.out.splitlines()[-1]
        assert done.code == 0
        assert last.startswith(f"001: {ticks} ticks, ")
        assert "; the recorded prices have ended; gridhedge report" in last


# ---- exit codes ------------------------------------------------------------------------------------------------------


def test_a_risk_limit_ends_it_with_6_and_from_then_on_it_refuses_with_4(tmp_path: Path, data: Path) -> None:
    """Until a person runs ``gridhedge resume``."""
    profile = write_profile(tmp_path / "p.yaml", threshold="3")
    done = run(profile, data, 1000)
    resume = f"look at it, then run: gridhedge resume --account 001 --data-dir {data}\n"
    reason = "maintenance margin rate 3.69 % is at or over 3 %"
    assert done.code == 6
    assert done.err == (
        f"gridhedge: account 001: emergency stop: {reason}; nothing was sent since; "
        f"positions and orders are as they were; {resume}"
    )
    assert done.out.splitlines()[-1].startswith(
        "001: 86 ticks, equity 963.99 USDT (-36.01 in this run), 5 orders rest; "
    )
    again = run(profile, data, 1000)
    assert again == Done(4, "", f"gridhedge: account 001 has an emergency stop: {reason}; {resume}")
    assert gridhedge("resume", "--data-dir", data, "--yes").code == 0
    assert run(write_profile(tmp_path / "q.yaml"), data, 1).code == 0


def test_a_second_bot_on_the_account_is_refused_with_5(data: Path) -> None:
    """It names the process that trades."""
    with account_lock(data, "demo", 0):
        done = run(DEMO, data, 1)
    assert (done.code, done.out) == (5, "")
    assert f"account demo is traded by process {os.getpid()} already" in done.err


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("leverage: 75", "leverge: 75", "18: symbols[0].leverge: is not a known key; did you mean leverage?"),
        ("leverage: 75", "leverage: many", "18: symbols[0].leverage: 'many' is not possible here; give a whole number"),
        ("leverage: 75", "leverage: 500", "18: symbols[0].leverage: 500 is above the maximum 200"),
        ("  balance: 1000", "  balance: [", "1"),
        ("DOGEUSDT", "PEPEUSDT", "17: symbols[0].symbol: the embedded exchange does not know PEPEUSDT"),
    ],
)
def test_wrong_profiles_end_with_2_and_leave_nothing(
    tmp_path: Path, data: Path, old: str, new: str, sentence: str
) -> None:
    """File, line and field are said; no data folder appears."""
    profile = tmp_path / "p.yaml"
    profile.write_text(DEMO.read_text().replace(old, new))
    done = run(profile, data, 1)
    assert (done.code, done.out) == (2, "")
    assert f"{profile}:{sentence}" in done.err
    assert not data.exists()


def test_a_feed_file_that_is_wrong_leaves_nothing(tmp_path: Path, data: Path) -> None:
    """It is read before anything is written."""
    text = write_profile(tmp_path / "p.yaml").read_text()
    synthetic = "{kind: synthetic, price: 0.19933, step_seconds: 0.5, volatility_percent: 0.10}"
    (tmp_path / "p.yaml").write_text(text.replace(synthetic, "{kind: candles, file: gone.csv}"))
    done = run(tmp_path / "p.yaml", data, 1)
    assert done.code == 2
    assert "gone.csv: no such file or directory" in done.err
    assert not data.exists()


def test_a_missing_profile_is_named(data: Path) -> None:
    """Not click's sentence, ours."""
    done = run(Path("gone.yaml"), data, 1)
    assert done == Done(2, "", "gridhedge: gone.yaml: there is no such file; check the path after --profile\n")


def test_one_account_has_one_profile(data: Path) -> None:
    """Two profiles of one account would trade against each other."""
    done = run(DEMO, data, 1, "--profile", DEMO)
    assert done.code == 2
    assert "two profiles name account demo" in done.err
    assert not data.exists()


def test_leverage_and_symbol_of_the_command_line_count_are_shown_and_logged(data: Path) -> None:
    """1 USD at 20x is 100 DOGE, not 376; the restart says it again."""
    done = run(DEMO, data, 3, "--leverage", "20", "--symbol", "DOGEUSDT")
    said = "in place of the profile: --symbol DOGEUSDT --leverage 20"
    assert done.out.splitlines()[0] == f"00:00:00 demo INFO {said}"
    assert "00:00:00 demo INFO DOGEUSDT long level 0: 100 @ 0.19934, fee 0.0110" in done.out
    assert said in "".join(log.read_text() for log in (data / "demo").glob("bot_*.log"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--leverage", "201"), "--leverage 201: 201 is above the maximum 200; choose 1–200"),
        (("--symbol", "BTCUSDT"), "--symbol BTCUSDT: BTCUSDT has no prices; add it to venue.feeds"),
    ],
)
def test_wrong_overrides_end_with_2_and_leave_nothing(data: Path, arguments: tuple[str, str], sentence: str) -> None:
    """They are judged as the profile's own values are."""
    done = run(DEMO, data, 1, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[0] == f"gridhedge: {sentence}"
    assert not data.exists()


def test_overrides_are_for_one_profile(tmp_path: Path, data: Path) -> None:
    """Of several accounts nobody knows which is meant."""
    done = run(DEMO, data, 1, "--profile", write_profile(tmp_path / "p.yaml"), "--leverage", "20")
    sentence = "--symbol and --leverage are for one profile; of several, each says its own"
    assert done == Done(2, "", f"gridhedge: {sentence}\n")


def test_debug_shows_every_decision_in_place_of_the_screen(data: Path) -> None:
    """What the log keeps, in a terminal too, without escape codes."""
    options = ("--ticks", "3", "--speed", "0", "--debug")
    screen = _in_a_terminal("run", "--profile", DEMO, "--data-dir", data, *options)
    assert "\x1b" not in screen
    assert "DEBUG account.demo CycleOpened symbol=DOGEUSDT side=long" in screen
    assert "INFO account.demo DOGEUSDT: open long opening level 0: 376 @ 0.19943" in screen


# ---- several accounts ------------------------------------------------------------------------------------------------


def test_two_accounts_trade_in_one_process(tmp_path: Path, data: Path) -> None:
    """Each in its own folder, with its own last line, and each as it would alone."""
    done = run(DEMO, data, 20, "--profile", write_profile(tmp_path / "p.yaml"))
    assert (done.code, done.err) == (0, "")
    assert [line.split(",")[0] for line in done.out.splitlines()[-2:]] == ["demo: 20 ticks", "001: 20 ticks"]
    run(DEMO, tmp_path / "alone", 20)
    assert _executions(data) == _executions(tmp_path / "alone")
    assert {"demo", "001"} <= {path.name for path in data.iterdir()}


@pytest.mark.parametrize(
    ("broken", "code", "sentence"),
    [
        (".emergency_stop", 4, "account demo has an emergency stop"),
        ("paper_exchange.sqlite3", 6, "paper_exchange.sqlite3"),
        ("ledger.sqlite3", 6, "ledger.sqlite3"),
    ],
)
def test_an_account_that_is_broken_stops_no_other(
    tmp_path: Path, data: Path, broken: str, code: int, sentence: str
) -> None:
    """The other one trades; the broken one is told at once, and again at the end with its exit code."""
    (data / "demo").mkdir(parents=True)
    if broken == "ledger.sqlite3":
        (data / "demo" / broken).mkdir()
    else:
        (data / "demo" / broken).write_bytes(b"not what it should be" * 100)
    done = run(DEMO, data, 5, "--profile", write_profile(tmp_path / "p.yaml"))
    assert done.code == code
    assert done.out.splitlines()[-1].startswith("001: 5 ticks, ")
    first, last = done.err.splitlines()
    assert sentence in first
    assert first.endswith("; the other accounts go on")
    assert sentence in last


# ---- terminals and pipes ---------------------------------------------------------------------------------------------


def test_a_terminal_sees_the_screen_and_then_the_last_line(data: Path) -> None:
    """The alternate screen is entered and left; what remains in the terminal is how it ended."""
    screen = _in_a_terminal("run", "--profile", DEMO, "--data-dir", data, "--speed", "2", stop_at="DOGEUSDT")
    drawn, _, left = screen.partition("\x1b[?1049l")
    assert "\x1b[?1049h" in drawn
    assert "DOGEUSDT" in drawn
    assert re.search(r"demo: \d+ ticks?, equity [\d,.]+ USDT \(-\d\.\d+ in this run\)", left)


def test_no_dashboard_means_plain_lines_in_a_terminal_too(data: Path) -> None:
    """For logs of terminals, and for readers of screens."""
    options = ("--ticks", "3", "--speed", "0", "--no-dashboard")
    screen = _in_a_terminal("run", "--profile", DEMO, "--data-dir", data, *options)
    assert "\x1b" not in screen
    assert "00:00:00 demo INFO DOGEUSDT long opens with level 0" in screen


def _in_a_terminal(*arguments: str | Path, stop_at: str = "") -> str:
    """Everything that a terminal of 100 x 30 is sent; the program is asked to stop when it has said ``stop_at``."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gridhedge", *map(str, arguments)]
    size = {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=os.environ | size) as bot:
        os.close(theirs)
        sent = b""
        while True:
            try:
                sent += os.read(ours, 65536)
            except OSError:  # Linux: the last process has closed the terminal
                break
            if stop_at and stop_at.encode() in sent:
                stop_at = ""
                bot.terminate()
    os.close(ours)
    return sent.decode()


def test_a_reader_that_goes_away_stops_no_trading(data: Path) -> None:
    """``gridhedge run | head -1``: all ticks are traded, nothing is complained about, and it ends with 0."""
    arguments = ("--profile", DEMO, "--data-dir", data, "--ticks", "60", "--speed", "0")
    with started("run", *arguments) as bot:
        assert bot.stdout is not None
        assert bot.stderr is not None
        assert bot.stdout.readline() == BEGINNING.splitlines(keepends=True)[0]
        bot.stdout.close()
        assert bot.stderr.read() == ""
    assert bot.returncode == 0
    status = read_status(data / "demo" / "status.json", AccountStatus)
    assert status is not None
    assert status.ticks == 60


def test_neither_numpy_nor_an_exchange_client_is_loaded(data: Path) -> None:
    """A bot on synthetic prices starts fast."""
    code = (
        "import sys; from gridhedge.cli.main import main; "
        f"main(['run', '--profile', {str(DEMO)!r}, '--data-dir', {str(data)!r}, '--ticks', '1', '--speed', '0']); "
        f"main(['plan', '--profile', {str(DEMO)!r}]); "
        "print(sorted({'numpy', 'plotly', 'pyarrow', 'pybit', 'binance', 'ccxt'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_single_order_is_not_called_orders(data: Path) -> None:
    """The last line counts."""
    run(DEMO, data, 1)
    status = read_status(data / "demo" / "status.json", AccountStatus)
    assert status is not None
    line = summary(Outcome(status, status.margin_balance - 1000, 1, False), Path("data"))
    assert line == (
        "demo: 1 tick, equity 999.91 USDT (-0.0862 in this run), 1 order rests; the same command goes on from here; "
        "gridhedge report --account demo tells what it earned"
    )


def test_with_an_emergency_stop_it_waits_for_resume_if_told_to(tmp_path: Path, data: Path) -> None:
    """It says so once, and trades as soon as the stop is lifted; asked to end before, it ends with 4."""
    profile = write_profile(tmp_path / "profile.yaml")
    raise_emergency(data / "001", Emergency(0, "DOGEUSDT", "a test"))
    waiting = started("run", "--profile", profile, "--data-dir", data, "--ticks", "1", "--speed", "0", "--await-resume")
    try:
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert line.startswith("gridhedge: account 001 has an emergency stop: a test; look at it, then run: ")
        assert line.endswith("; until then it waits\n")
        assert gridhedge("resume", "--yes", "--data-dir", data, "--account", "001").code == 0
        out, err = waiting.communicate(timeout=PATIENCE_S)
        assert (waiting.returncode, err) == (0, "")
        assert "001: 1 tick" in out
    finally:
        waiting.kill()
    raise_emergency(data / "001", Emergency(0, "DOGEUSDT", "another test"))
    waiting = started("run", "--profile", profile, "--data-dir", data, "--await-resume")
    try:
        assert waiting.stderr is not None
        assert "another test" in waiting.stderr.readline()
        waiting.terminate()
        _, err = waiting.communicate(timeout=PATIENCE_S)
        assert (waiting.returncode, "another test" in err) == (4, True)
    finally:
        waiting.kill()


def test_what_stops_it_without_a_stop_file_is_no_reason_to_be_started_again_and_again(data: Path) -> None:
    """A disk that takes nothing: it says what is wrong and stays for a person; asked to end, it ends with 6."""
    (data / "demo" / "ledger.sqlite3").mkdir(parents=True)
    waiting = started("run", "--profile", DEMO, "--data-dir", data, "--await-resume")
    try:
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert "ledger.sqlite3" in line
        assert line.endswith("; until it is started again it waits\n")
        assert waiting.poll() is None
        waiting.terminate()
        waiting.communicate(timeout=PATIENCE_S)
        assert waiting.returncode == 6
    finally:
        waiting.kill()
