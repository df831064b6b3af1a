"""Both ladders of a symbol on one scale: what is drawn above the price line lies above the price.

Long entries rest below the price and their take-profit above it; short ones mirrored. So the picture shows at a
glance which order is next in either direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from rich.text import Text

from gridhedge.dashboard.figures import distance_percent, percent_text, price_text, quantity_text
from gridhedge.dashboard.lines import LONG, QUIET, SHORT, WARNING, beside
from gridhedge.domain.values import Price, Side
from gridhedge.engine.status import LadderRow, SideStatus, SymbolStatus

BETWEEN = " │ "
LEAST_ROWS = 5
_MARKS = {"filled": "●", "partly": "◐", "resting": "○", "now": "◌", "unknown": "?"}
_EXIT = -1
_LABELS = {"take-profit": "TP", "break-even": "BE"}


class Cell(NamedTuple):
    """One order of one side, as texts."""

    level: int
    price: Price
    mark: str
    label: str
    price_text: str
    quantity: str
    distance: str
    style: str


class Halves(NamedTuple):
    """The cells of a side above and below the price, each from the highest price down."""

    above: list[Cell]
    below: list[Cell]


class _Widths(NamedTuple):
    price: int
    quantity: int
    distance: int
    gap: int


def side_style(side: Side) -> str:
    return LONG if side is Side.LONG else SHORT


def halves(symbol: SymbolStatus, side: SideStatus) -> Halves:
    """The orders of a side, sorted around the last price."""
    nearest = next((row.level for row in side.rows if row.state == "resting"), None)
    cells = [_level_cell(symbol, side.side, row, row.level == nearest) for row in side.rows]
    if side.take_profit is not None:
        cells.append(_exit_cell(symbol, side, side.take_profit))
    if side.stop_loss is not None:
        cells.append(_cell(symbol, _EXIT, side.stop_loss, "✕", "SL", quantity_text(side.quantity), f"bold {WARNING}"))
    sign = side.side.sign
    # Levels of a side may share a price; then the deeper one stands farther from the side's start.
    cells.sort(key=lambda cell: (-cell.price, sign * cell.level))
    above = [cell for cell in cells if _is_above(cell, symbol.last, sign)]
    return Halves(above, cells[len(above) :])


def rows_wanted(symbol: SymbolStatus) -> int:
    """Lines that show every level of both sides, the price line included."""
    sides = (halves(symbol, symbol.long), halves(symbol, symbol.short))
    return max(len(side.above) for side in sides) + 1 + max(len(side.below) for side in sides)


def ladder(symbol: SymbolStatus, column: int, rows: int) -> list[Text]:
    """At most ``rows`` lines, two columns of ``column`` cells. Levels without a line are counted: ``… 4 more``."""
    long, short = halves(symbol, symbol.long), halves(symbol, symbol.short)
    above, below = _shares(max(len(long.above), len(short.above)), max(len(long.below), len(short.below)), rows - 1)
    widths = _widths([*long.above, *long.below, *short.above, *short.below], column)
    drawn = [
        _column(_fold(long.above, above, nearest_last=True), widths, above),
        _column(_fold(short.above, above, nearest_last=True), widths, above),
        _column(_fold(long.below, below, nearest_last=False), widths, 0),
        _column(_fold(short.below, below, nearest_last=False), widths, 0),
    ]
    return [
        *beside(drawn[0], drawn[1], BETWEEN, column, column),
        _price_line(symbol, 2 * column + len(BETWEEN)),
        *beside(drawn[2], drawn[3], BETWEEN, column, column),
    ]


def _level_cell(symbol: SymbolStatus, side: Side, row: LadderRow, is_next: bool) -> Cell:
    quantity = quantity_text(row.quantity)
    if row.state == "partly":
        quantity = f"{quantity_text(row.filled)}/{quantity}"
    style = {"filled": side_style(side), "partly": side_style(side), "resting": ""}.get(row.state, WARNING)
    mark = "▷" if is_next else _MARKS[row.state]
    return _cell(symbol, row.level, row.price, mark, str(row.level), quantity, style)


def _exit_cell(symbol: SymbolStatus, side: SideStatus, price: Price) -> Cell:
    style = f"bold {side_style(side.side)}"
    quantity = side.quantity if side.exit_quantity is None else side.exit_quantity
    return _cell(symbol, _EXIT, price, "◆", _LABELS[side.exit], quantity_text(quantity), style)


def _cell(symbol: SymbolStatus, level: int, price: Price, mark: str, label: str, quantity: str, style: str) -> Cell:
    percent = distance_percent(price, symbol.last)
    distance = "" if percent is None else percent_text(percent)
    return Cell(level, price, mark, label, price_text(price, symbol.tick_size), quantity, distance, style)


def _is_above(cell: Cell, last: Price, sign: int) -> bool:
    return cell.price > last or (cell.price == last and sign < 0)


def _shares(above: int, below: int, room: int) -> tuple[int, int]:
    """Lines for each half; a half that needs less than its share leaves the rest to the other."""
    if above + below <= room:
        return above, below
    room = max(room, 0)
    top = min(above, max(room // 2, room - below))
    return top, min(below, room - top)


def _fold(cells: list[Cell], rows: int, nearest_last: bool) -> list[Cell | str]:
    """The take-profit and the cells nearest to the price; the others become one line that counts them."""
    if len(cells) <= rows:
        return list(cells)
    by_nearness = cells[::-1] if nearest_last else cells
    ranked = sorted(by_nearness, key=lambda cell: cell.level != _EXIT)
    kept = ranked[: max(rows - 1, 0)]
    hidden = [cell for cell in cells if cell not in kept]
    folded: list[Cell | str] = [cell for cell in cells if cell in kept]
    if rows > 0:
        place = 0 if nearest_last else len(folded)
        folded.insert(place, _more(hidden))
    return folded


def _more(hidden: Sequence[Cell]) -> str:
    levels = sorted(cell.level for cell in hidden if cell.level != _EXIT)
    if not levels:
        return f"… {len(hidden)} more: TP"
    span = f"{levels[0]}-{levels[-1]}" if levels[-1] - levels[0] == len(levels) - 1 else ", ".join(map(str, levels))
    return f"… {len(hidden)} more: {span}"


def _widths(cells: Sequence[Cell], column: int) -> _Widths:
    price = max((len(cell.price_text) for cell in cells), default=0)
    quantity = max((len(cell.quantity) for cell in cells), default=0)
    distance = max((len(cell.distance) for cell in cells), default=0)
    spare = column - (5 + price + quantity + distance)
    if spare < 4:
        return _Widths(price, quantity, 0, 2)
    return _Widths(price, quantity, distance, spare // 2)


def _column(cells: Sequence[Cell | str], widths: _Widths, height: int) -> list[Text]:
    """The cells as lines, blank lines above them up to ``height``: the half above the price hangs on its line."""
    return [Text()] * max(0, height - len(cells)) + [_drawn(cell, widths) for cell in cells]


def _drawn(cell: Cell | str, widths: _Widths) -> Text:
    if isinstance(cell, str):
        return Text(f"  {cell}", QUIET)
    gap = " " * widths.gap
    text = f"{cell.mark} {cell.label:>2} {cell.price_text:>{widths.price}}{gap}{cell.quantity:>{widths.quantity}}"
    line = Text(text, cell.style)
    return line.append(f"{gap}{cell.distance:>{widths.distance}}", QUIET) if widths.distance else line


def _price_line(symbol: SymbolStatus, width: int) -> Text:
    price = f" {price_text(symbol.last, symbol.tick_size)} " if symbol.last > Decimal(0) else " no price yet "
    dashes = max(0, width - len(price))
    left = dashes // 2
    return Text.assemble(("─" * left, QUIET), (price, "bold reverse"), ("─" * (dashes - left), QUIET))
