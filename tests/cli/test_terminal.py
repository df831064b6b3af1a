"""Where tables are printed."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from gridhedge.cli.terminal import FILE_WIDTH, Terminal


def test_a_file_is_wide_enough_for_every_table() -> None:
    """Nothing is cut or wrapped for a screen that is not there."""
    out = io.StringIO()
    with redirect_stdout(out):
        terminal = Terminal()
        terminal.print("x" * 150)
    assert terminal.width == FILE_WIDTH == 200
    assert out.getvalue() == "x" * 150 + "\n"


def test_a_reader_that_went_away_is_an_error_for_main() -> None:
    """Not an exit from somewhere inside, as rich does by itself."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with redirect_stdout(Gone()), pytest.raises(BrokenPipeError):
        Terminal().print("anything")
