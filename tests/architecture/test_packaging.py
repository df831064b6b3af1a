"""Locks, metadata and scripts agree with each other."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path

import pytest

PIN = re.compile(r"^([a-z0-9-]+)==([^ ]+) \\$", re.MULTILINE)


def names(text: str) -> set[str]:
    """Package names of an .in file, as locks write them."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return {re.split(r"[<>=~!\[ ]", line)[0].lower().replace("_", "-") for line in lines if line}


def pins(root: Path, lock: str) -> dict[str, str]:
    return dict(PIN.findall((root / "requirements" / lock).read_text()))


@pytest.mark.parametrize("lock", ["run.txt", "image.txt", "test.txt"])
def test_locks_pin_versions_with_hashes_and_name_no_index(root: Path, lock: str) -> None:
    """What is installed is decided in the repository; where it comes from is decided on the machine."""
    text = (root / "requirements" / lock).read_text()
    requirements = [line for line in text.splitlines() if line and line[0] not in "# -"]
    assert len(requirements) == len(PIN.findall(text)) > 5
    assert text.count("--hash=sha256:") >= len(requirements)
    assert "--only-binary :all:" in text
    assert re.search(r"://|index-url|find-links|trusted-host", text) is None


def test_locks_hold_every_wanted_package(root: Path) -> None:
    """A name added to an .in file and not locked fails here: run requirements/lock.sh."""
    wanted = {file.stem: names(file.read_text()) for file in (root / "requirements").glob("*.in")}
    assert wanted["run"] | wanted["build"] <= set(pins(root, "run.txt"))
    tested = ("run", "build", "replay", "practice", "server", "optimize", "cluster", "test")
    assert set().union(*(wanted[name] for name in tested)) <= set(pins(root, "test.txt"))


def test_tests_run_with_the_versions_that_traders_run(root: Path) -> None:
    """run.txt is a part of image.txt and of test.txt, version by version."""
    assert pins(root, "run.txt").items() <= pins(root, "test.txt").items()
    assert pins(root, "run.txt").items() <= pins(root, "image.txt").items()


def test_there_are_few_runtime_dependencies(root: Path) -> None:
    """Each one is trusted with the user's money."""
    assert len(names((root / "requirements" / "run.in").read_text())) <= 12


def test_the_metadata_names_command_and_python(root: Path) -> None:
    """`gridhedge` is what main returns, and old Pythons are refused by pip itself."""
    metadata = configparser.ConfigParser()
    metadata.read(root / "setup.cfg")
    assert metadata["options"]["python_requires"] == ">=3.11"
    assert metadata["options.entry_points"]["console_scripts"].strip() == "gridhedge = gridhedge.cli.main:main"


BOT_SCRIPTS = ["start", "stop", "status", "logs", "start_all", "stop_all", "watchdog"]
SCRIPTS = [f"scripts/{name}.sh" for name in ["demo", "test", *BOT_SCRIPTS]]


@pytest.mark.parametrize("script", [*SCRIPTS, "requirements/lock.sh", ".ci/run"])
def test_scripts_stop_at_the_first_error_and_parse(root: Path, script: str) -> None:
    """They are executable, start with bash, and bash can read them."""
    file = root / script
    text = file.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail\n" in text or text.count("\n") == 2
    assert file.stat().st_mode & 0o111 == 0o111
    assert subprocess.run(["bash", "-n", file], capture_output=True, text=True, check=False).stderr == ""


def test_continuous_integration_calls_the_test_script_and_nothing_else(root: Path) -> None:
    """One way to pass every test."""
    assert (root / ".ci" / "run").read_text().splitlines()[1:] == [
        'exec "$(dirname "${BASH_SOURCE[0]}")/../scripts/test.sh"'
    ]
