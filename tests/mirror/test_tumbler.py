"""The tumbler ends what was named, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.mirror.tumbler import Tumbler, matches
from tests.patience import PATIENCE_S

STUBBORN = "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(600)"
NAME = f"gh-stubborn-{os.getpid()}"


@pytest.fixture
def dummy(tmp_path: Path) -> Path:
    file = tmp_path / f"gh_{os.getpid()}"  # tests that run beside this one have a name of their own
    shutil.copy(shutil.which("sleep") or "/bin/sleep", file)
    return file


@pytest.mark.parametrize(
    ("wanted", "name", "command", "found"),
    [
        ("javaw.exe", "javaw.exe", "", True),
        ("javaw", "javaw.exe", "", True),
        ("JAVAW.EXE", "javaw.exe", "", True),
        ("java", "javaw.exe", "", False),
        ("java", "notjava", "java -jar x", False),
        (r"/java.*trader\.jar/", "x", "java -Xmx1g -jar trader.jar", True),
        (r"/java.*trader\.jar/", "java", "java -jar other.jar", False),
    ],
)
def test_names_are_exact_and_patterns_look_at_the_command_line(
    wanted: str, name: str, command: str, found: bool
) -> None:
    assert matches(wanted, name, command) is found


def test_a_named_process_is_asked_to_end(dummy: Path) -> None:
    """And what was done is said."""
    said: list[str] = []
    with subprocess.Popen([str(dummy), "600"]) as process:
        assert Tumbler(dummy.name, PATIENCE_S, False, said.append).tumble() == 1
        process.wait(PATIENCE_S)  # psutil has seen it end already, so that the code is lost
    assert said[0].startswith(f"asking process {process.pid}")
    assert said[-1] == "1 of 1 have ended"


def test_one_that_does_not_end_is_killed_after_the_grace_period() -> None:
    """Named by a pattern of its command line."""
    said: list[str] = []
    with subprocess.Popen([sys.executable, "-c", STUBBORN, NAME], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert Tumbler(f"/{NAME}$/", 0.2, False, said.append).tumble() == 1
        process.wait(PATIENCE_S)
    assert any("is still there after 0.2 s: killing it" in text for text in said)


def test_a_dry_run_ends_nothing(dummy: Path) -> None:
    """It says what it would do."""
    said: list[str] = []
    with subprocess.Popen([str(dummy), "600"]) as process:
        assert Tumbler(dummy.name, 5, True, said.append).tumble() == 1
        assert process.poll() is None
        process.kill()
    assert said[0].startswith("dry run: would end process")


def test_nothing_to_end_is_said() -> None:
    """In one sentence."""
    said: list[str] = []
    assert Tumbler("gh-no-such-program", 1, False, said.append).tumble() == 0
    assert said == ["no process gh-no-such-program of this user is running"]


@pytest.mark.parametrize("wanted", ["", " ", "/.*/", "/./", "*"])
def test_a_name_that_would_mean_everything_is_refused(wanted: str) -> None:
    with pytest.raises(UsageError, match="would mean every process"):
        Tumbler(wanted, 1, False, lambda text: None)


def test_a_broken_pattern_is_refused() -> None:
    with pytest.raises(UsageError, match="is no pattern"):
        Tumbler("/java(/", 1, False, lambda text: None)
