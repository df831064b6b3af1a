"""Where tables are printed."""

from __future__ import annotations

from rich.console import Console

FILE_WIDTH = 200
"""What a file or pipe takes without complaint."""


class Terminal(Console):
    """Standard output: as wide as the terminal, wide enough for every table elsewhere."""

    def __init__(self, width: int | None = None) -> None:
        super().__init__(highlight=False)
        if width is not None or not self.is_terminal:
            self.width = width or FILE_WIDTH

    def on_broken_pipe(self) -> None:
        """Rich would end the program with 1; how a command ends is decided in one place (``main``)."""
        raise BrokenPipeError
