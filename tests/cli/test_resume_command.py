"""``gridhedge resume``: the only way out of an emergency stop, and only on a person's word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gridhedge.store.emergency import Emergency, raise_emergency, read_emergency
from tests.cli.shell import ROOT, gridhedge


@pytest.fixture
def stopped(data: Path) -> Path:
    """A data folder whose account demo was stopped."""
    folder = data / "demo"
    raise_emergency(folder, Emergency(1_767_225_686_000, "DOGEUSDT", "too much margin"))
    (folder / "run.lock").touch()
    return data


def answer(data: Path, text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gridhedge", "resume", "--data-dir", str(data)]
    return subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, check=False)


def test_it_explains_the_stop_and_lifts_it_on_a_yes(stopped: Path) -> None:
    """When, what and why are said first."""
    done = answer(stopped, "y\n")
    assert done.returncode == 0
    assert done.stdout.startswith("demo was stopped at 2026-01-01T00:01:26.000+00:00: DOGEUSDT: too much margin\n")
    assert read_emergency(stopped / "demo") is None


@pytest.mark.parametrize(("text", "code"), [("n\n", 4), ("\n", 4), ("", 130)])
def test_anything_but_a_yes_leaves_it(stopped: Path, text: str, code: int) -> None:
    """No, nothing, and nobody there."""
    assert answer(stopped, text).returncode == code
    assert read_emergency(stopped / "demo") is not None


def test_yes_can_be_said_beforehand(stopped: Path) -> None:
    """For scripts that know what they do; a second time there is nothing to lift."""
    assert gridhedge("resume", "--data-dir", stopped, "--yes").code == 0
    assert gridhedge("resume", "--data-dir", stopped) == (0, "demo: no emergency stop is set\n", "")


def test_one_of_several_accounts_must_be_named(stopped: Path) -> None:
    """Lifting the wrong stop would be worse than asking."""
    raise_emergency(stopped / "001", Emergency(0, "", "as well"))
    (stopped / "001" / "run.lock").touch()
    done = gridhedge("resume", "--data-dir", stopped, "--yes")
    assert done.code == 2
    assert "several accounts (001, demo): say which one with --account" in done.err
    assert gridhedge("resume", "--data-dir", stopped, "--yes", "--account", "001").code == 0
    assert read_emergency(stopped / "demo") is not None
