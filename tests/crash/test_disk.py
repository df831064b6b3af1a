"""A disk that is full or can not be written: nothing more is sent, one sentence, exit code 6; later it goes on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gridhedge.store.emergency import read_emergency
from tests.cli.shell import gridhedge
from tests.crash.books import ROOT, check_books, check_settled, command, run_again, write_profile
from tests.patience import PATIENCE_S


@pytest.mark.parametrize("kilobytes", [8, 40, 64, 80, 120, 200])
def test_a_full_disk_stops_the_bot_and_loses_nothing(tmp_path: Path, kilobytes: int) -> None:
    """No file may grow beyond so much: the ledger, the exchange or a log meets it first, at different moments. Where it
    traded already, it is stopped until a person lifts that."""
    profile, data = write_profile(tmp_path / "crash.yaml"), tmp_path / "data"
    limited = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "bash", *command(profile, data, 2000)]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT)
    assert done.returncode == 6, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("gridhedge: ")
    assert str(data / "crash") in done.stderr
    if read_emergency(data / "crash") is not None:
        assert "gridhedge resume --account crash" in done.stderr
        assert gridhedge("resume", "--account", "crash", "--data-dir", data, "--yes").code == 0
    run_again(profile, data)
    check_settled(check_books(profile, data)[0])


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    """A file stands where the data folder's parent should be."""
    profile = write_profile(tmp_path / "crash.yaml")
    (tmp_path / "file").touch()
    done = subprocess.run(
        command(profile, tmp_path / "file" / "data", 1), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 6
    assert done.stderr.startswith(f"gridhedge: {tmp_path / 'file'}")
    assert "cannot be written (File exists); free or repair the disk, then start again" in done.stderr
