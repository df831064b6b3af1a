"""The command itself: help, exit codes, and what reaches the terminal."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import click
import pytest

from gridhedge import __version__
from gridhedge.cli.main import COMMANDS, app, main


def test_help_lists_every_command_with_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is all that help needs, in a terminal of the usual width."""
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["--help"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for name, line in COMMANDS.items():
        assert f"{name} {line}" in lines


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name: str) -> None:
    """Its module exposes ``command`` under the same name."""
    command = importlib.import_module(f"gridhedge.cli.{name}_command").command
    assert isinstance(command, click.Command)
    assert command.name == name


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """One place says it."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gridhedge {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rnu"], "Error: There is no command 'rnu'; did you mean run?"),
        (["xyzzy"], "Error: There is no command 'xyzzy'."),
        (["--colour"], "Error: No such option '--colour'."),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_meant(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """On stderr, with nothing on stdout."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines()[-1] == sentence
    assert captured.out == ""


def test_no_command_shows_the_help_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody who types the bare name wants to know what there is."""
    assert main([]) == 2
    assert "backtest" in capsys.readouterr().err


def test_a_command_decides_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """``ctx.exit(code)`` and the end of a command arrive at the shell."""

    @click.command()
    @click.argument("code", type=int)
    @click.pass_context
    def ends(ctx: click.Context, code: int) -> None:
        if code:
            ctx.exit(code)

    monkeypatch.setattr(app, "get_command", lambda ctx, name: ends)
    assert main(["ends", "6"]) == 6
    assert main(["ends", "0"]) == 0


def test_python_dash_m_is_the_same_command() -> None:
    """Also where no script is installed."""
    done = subprocess.run([sys.executable, "-m", "gridhedge", "rnu"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean run?" in done.stderr


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    """``gridhedge --help | head -0`` prints no traceback and ends as a program killed by SIGPIPE would."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gridhedge", "--help"],
            stdout=write_end,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")
