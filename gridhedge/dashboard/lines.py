"""Lines exactly as wide as the screen: what does not fit leaves by rank, what must stay is cut with an ellipsis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.text import Text

# ANSI colours follow the terminal's own theme; the two fixed ones keep contrast on dark and on light backgrounds.
LONG = "green"
SHORT = "magenta"
GAIN = "green"
LOSS = "red"
WARNING = "color(166)"
QUIET = "dim"
LOUD = "bold white on color(160)"
CALM_BADGE = "bold white on color(28)"
NOTE_BADGE = "bold white on color(25)"

_GAP = 2


class Piece(NamedTuple):
    """A part of a line. Rank 0 stays; the highest rank leaves first when the line is too long."""

    text: Text
    rank: int = 0


def piece(text: str, style: str = "", rank: int = 0) -> Piece:
    return Piece(Text(text, style), rank)


def exactly(text: Text, width: int) -> Text:
    """``text`` cut with an ellipsis, or filled with blanks, to ``width`` cells."""
    line = text.copy()
    line.truncate(max(width, 0), overflow="ellipsis", pad=True)
    return line


def row(width: int, left: Sequence[Piece], right: Sequence[Piece] = (), fill: str = " ") -> Text:
    """One line: ``left`` at its start, ``right`` at its end, what ranks lowest left out until the rest fits."""
    left, right = list(left), list(right)
    while _length(left) + _length(right) + _GAP * bool(right) > width:
        last = max((*left, *right), key=lambda part: part.rank, default=None)
        if last is None or last.rank == 0:
            break
        (left if last in left else right).remove(last)
    start, end = _joined(left), _joined(right)
    room = width - start.cell_len - end.cell_len
    middle = Text(fill * room if fill == " " or room < 2 else f" {fill * (room - 2)} ", QUIET)
    return exactly(Text.assemble(start, middle, end), width)


def rule(width: int, left: Sequence[Piece], right: Sequence[Piece] = ()) -> Text:
    """A horizontal line that carries pieces at both ends."""
    dash = piece("──", QUIET)
    return row(width, [dash, *left], [*right, dash], fill="─")


def beside(left: Sequence[Text], right: Sequence[Text], between: str, left_width: int, right_width: int) -> list[Text]:
    """Two columns of lines side by side; the shorter one is filled with blanks."""
    bar = Text(between, QUIET)
    lines = []
    for index in range(max(len(left), len(right))):
        one = exactly(left[index] if index < len(left) else Text(), left_width)
        other = exactly(right[index] if index < len(right) else Text(), right_width)
        lines.append(Text.assemble(one, bar, other))
    return lines


def _length(pieces: Sequence[Piece]) -> int:
    return sum(part.text.cell_len for part in pieces) + _GAP * max(0, len(pieces) - 1)


def _joined(pieces: Sequence[Piece]) -> Text:
    return Text(" " * _GAP).join(part.text for part in pieces)
