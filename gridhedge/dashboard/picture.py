"""The screen as a file: text for logs and issues, SVG for the README. Neither refers to anything on the network."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from rich.console import Console

from gridhedge.dashboard.layout import render
from gridhedge.engine.status import AccountStatus

_FONT_FROM_THE_NETWORK = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


def export_text(accounts: Sequence[AccountStatus], width: int, height: int) -> str:
    """The screen without colours."""
    return _recorded(accounts, width, height).export_text(styles=False)


def export_svg(status: AccountStatus, width: int, height: int) -> str:
    """The screen of one account as a self-contained SVG in a monospace font of the reader's own."""
    svg = _recorded([status], width, height).export_svg(title="gridhedge", unique_id="gridhedge")
    return _FONT_FROM_THE_NETWORK.sub("", svg)


def _recorded(accounts: Sequence[AccountStatus], width: int, height: int) -> Console:
    console = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    console.print(render(accounts, width, height))
    return console
