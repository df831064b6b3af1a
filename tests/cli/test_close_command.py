"""``gridhedge close``: flat, no orders, and stopped until a person lifts it."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal as D
from pathlib import Path

from gridhedge.cli.build import paper_exchange, paper_file, paper_venue, restored
from gridhedge.cli.profiles import open_profile
from gridhedge.domain.values import Role
from gridhedge.store.rows import open_reader
from tests.cli.shell import DEMO, ROOT, Done, gridhedge, modes, run, started, write_profile
from tests.patience import PATIENCE_S


def close(data: Path, profile: Path = DEMO) -> Done:
    return gridhedge("close", "--profile", profile, "--data-dir", data, "--yes")


def left_at_the_exchange(profile: Path, data: Path, account: str) -> tuple[int, int]:
    """How many positions and orders the exchange itself still has."""
    settings = open_profile(profile)
    exchange = paper_exchange(settings)
    disk = restored(exchange, paper_file(data, account))
    snapshot = paper_venue(settings, exchange).snapshot(["DOGEUSDT"])
    disk.close()
    return len(snapshot.positions), len(snapshot.orders)


def test_a_stopped_account_is_closed_at_market(data: Path) -> None:
    """After 100 ticks both sides hold something; afterwards neither does, and every file says so."""
    run(DEMO, data, 100)
    done = close(data)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("demo: flat, no orders, equity 943.38 USDT; ")
    assert left_at_the_exchange(DEMO, data, "demo") == (0, 0)
    state = json.loads((data / "demo" / "bot_state.json").read_text())["DOGEUSDT"]
    assert (state["long_positions"], state["short_positions"], state["long_tp_order_id"]) == ([], [], None)
    status = json.loads(gridhedge("status", "--data-dir", data, "--json").out)["demo"]
    assert [D(status["status"]["symbols"][0][side]["quantity"]) for side in ("long", "short")] == [0, 0]
    with open_reader(data / "demo" / "ledger.sqlite3") as ledger:
        roles = [row.role for row in ledger.executions()]
    assert roles[-2:] == [Role.CLOSE, Role.CLOSE]


def test_afterwards_run_refuses_with_4_until_resume(data: Path) -> None:
    """Then it begins anew, with the balance that is left: 391 = floor(75 / 0.19143)."""
    run(DEMO, data, 100)
    close(data)
    refused = run(DEMO, data, 1)
    assert (refused.code, refused.out) == (4, "")
    assert "closed by hand (gridhedge close)" in refused.err
    gridhedge("resume", "--data-dir", data, "--yes")
    again = run(DEMO, data, 2)
    assert again.code == 0
    assert "DOGEUSDT long level 0: 391 @ 0.19144" in again.out


def test_a_running_bot_is_stopped_first(tmp_path: Path, data: Path) -> None:
    """And the other account of its process as well, whose orders stay; both is said."""
    other = write_profile(tmp_path / "p.yaml")
    with started("run", "--profile", DEMO, "--profile", other, "--data-dir", data, "--speed", "1") as bot:
        assert bot.stdout is not None
        seen: set[str] = set()
        while not {"demo", "001"} <= seen:
            seen.add(bot.stdout.readline().split()[1])
        done = close(data)
        assert bot.wait(timeout=PATIENCE_S) == 0
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "The same process trades 001, too: it is stopped, and their orders stay."
    assert lines[1:3] == ["demo: stopped", "001: stopped"]
    assert left_at_the_exchange(DEMO, data, "demo") == (0, 0)
    assert left_at_the_exchange(other, data, "001") == (2, 4)


def test_a_flat_account_is_only_stopped(data: Path) -> None:
    """Closing twice costs nothing."""
    run(DEMO, data, 20)
    first = close(data)
    second = close(data)
    assert (second.code, second.out) == (0, first.out)


def test_anything_but_a_yes_leaves_everything(data: Path) -> None:
    """No stop is set, no order sent."""
    run(DEMO, data, 20)
    before = left_at_the_exchange(DEMO, data, "demo")
    for text in ("n\n", ""):
        done = subprocess.run(
            [sys.executable, "-m", "gridhedge", "close", "--profile", str(DEMO), "--data-dir", str(data)],
            input=text,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 130
        assert "Close everything of account demo (demo) on DOGEUSDT at market?" in done.stdout
    assert left_at_the_exchange(DEMO, data, "demo") == before
    assert run(DEMO, data, 1).code == 0


def test_an_account_that_never_traded_here_is_refused(data: Path) -> None:
    """Most likely --data-dir is wrong; nothing is made there."""
    done = close(data)
    assert done.code == 2
    assert "account demo has never traded here" in done.err
    assert not data.exists()


def test_what_it_writes_is_its_owners_alone(data: Path) -> None:
    """As in a run."""
    run(DEMO, data, 20)
    close(data)
    assert set(modes(data).values()) == {0o600, 0o700}
