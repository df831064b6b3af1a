"""SIGTERM and SIGINT in every phase: it ends well, orders stay or go as configured, more signals change nothing."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gridhedge.domain.values import Role
from gridhedge.store.lock import holder
from tests.crash.books import ROOT, check_books, check_settled, command, run_again, write_profile
from tests.patience import PATIENCE_S

TERM, INT = signal.SIGTERM, signal.SIGINT
FOR_EVER = 10**6


@contextmanager
def bot(profile: Path, data: Path, speed: str) -> Iterator[subprocess.Popen[str]]:
    """A bot at work, whose lines can be read; it must not be left behind."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started: subprocess.Popen[str] = subprocess.Popen(
        command(profile, data, FOR_EVER, speed), text=True, cwd=ROOT, **pipes
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


def ends(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, the lines that were left, and what was complained about. The limit is only for a bot that hangs."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


def read_until(process: subprocess.Popen[str], words: str) -> None:
    """Read its lines up to one with these words."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"it ended without saying {words!r}")


def has_lock(process: subprocess.Popen[str], data: Path) -> None:
    """Wait until it holds the account: files are being opened, nothing may have been sent yet."""
    while holder(data / "crash" / "run.lock") != process.pid:
        assert process.poll() is None


PHASES: dict[str, tuple[str, Callable[[subprocess.Popen[str], Path], None]]] = {
    "opening its files": ("0", has_lock),
    "opening the sides": ("1", lambda process, data: read_until(process, "opens with level 0")),
    "asleep between two ticks": ("0.001", lambda process, data: read_until(process, "paper demo: equity")),
    "trading": ("0", lambda process, data: read_until(process, "level 2:")),
    "in a re-entry": ("0", lambda process, data: read_until(process, "take-profit:")),
    "in a deep re-entry": ("0", lambda process, data: read_until(process, "opens with levels 0 to 2")),
}


@pytest.mark.parametrize("signals", [(INT,), (TERM, INT, TERM)], ids=["once", "three times"])
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_ends_it_well_in_every_phase(tmp_path: Path, phase: str, signals: tuple[signal.Signals, ...]) -> None:
    """Exit code 0, no complaint; its books are the exchange's; started again it goes on."""
    profile, data = write_profile(tmp_path / "crash.yaml", latency=20), tmp_path / "data"
    speed, wait = PHASES[phase]
    with bot(profile, data, speed) as process:
        wait(process, data)
        for number in signals:
            process.send_signal(number)
        code, _, err = ends(process)
    assert (code, err) == (0, "")
    check_books(profile, data)
    run_again(profile, data)
    check_settled(check_books(profile, data)[0])


def test_the_last_line_says_how_it_ended(tmp_path: Path) -> None:
    """Ticks, equity, what rests, how to go on."""
    profile, data = write_profile(tmp_path / "crash.yaml"), tmp_path / "data"
    with bot(profile, data, "0") as process:
        read_until(process, "take-profit:")
        process.send_signal(TERM)
        _, out, _ = ends(process)
    last = out.splitlines()[-1]
    assert last.startswith("crash: ")
    assert " orders rest; the same command goes on from here; " in last


@pytest.mark.parametrize(
    ("on_stop", "roles"),
    [
        ("keep", {Role.GRID, Role.TAKE_PROFIT}),
        ("cancel_entries", {Role.TAKE_PROFIT}),
        ("cancel_all", set()),
    ],
)
def test_orders_stay_or_go_as_the_profile_says(tmp_path: Path, on_stop: str, roles: set[Role]) -> None:
    """Positions stay in any case, and the next start puts the orders back. The market hardly moves meanwhile."""
    profile, data = write_profile(tmp_path / "crash.yaml", on_stop=on_stop, volatility="0.0001"), tmp_path / "data"
    with bot(profile, data, "1") as process:
        read_until(process, "short level 0:")
        read_until(process, "take-profit 0.")
        process.send_signal(TERM)
        assert ends(process)[0] == 0
    book, _ = check_books(profile, data)
    assert {order.key.role for order in book.orders.values()} == roles
    assert book.long.held == book.short.held > 0
    write_profile(tmp_path / "crash.yaml")
    run_again(profile, data)
    check_settled(check_books(profile, data)[0])


def test_a_signal_before_it_is_ready_leaves_nothing_half_done(tmp_path: Path) -> None:
    """While Python still loads it, a SIGTERM simply ends it; nothing has been opened."""
    profile, data = write_profile(tmp_path / "crash.yaml"), tmp_path / "data"
    with bot(profile, data, "0") as process:
        process.send_signal(TERM)
        code, _, _ = ends(process)
    assert code in (-TERM, 0)
    run_again(profile, data)
    check_settled(check_books(profile, data)[0])
