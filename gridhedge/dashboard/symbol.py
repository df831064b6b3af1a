"""The symbol's part of the screen: both sides in figures, the ladders around the price, or one compact row."""

from __future__ import annotations

from rich.text import Text

from gridhedge.dashboard.figures import (
    age_text,
    clean,
    distance_percent,
    fixed,
    money_text,
    percent_text,
    price_text,
    quantity_text,
    sparkline,
)
from gridhedge.dashboard.ladder import BETWEEN, LEAST_ROWS, ladder, rows_wanted, side_style
from gridhedge.dashboard.lines import GAIN, LOSS, LOUD, QUIET, Piece, beside, exactly, piece, row, rule
from gridhedge.domain.values import Millis, Money, Price, Side
from gridhedge.engine.status import SideStatus, SymbolStatus

_WIDEST_COLUMN = 52
_ABOVE_LADDER = 4
LEAST_HEIGHT = _ABOVE_LADDER + LEAST_ROWS


def height_wanted(symbol: SymbolStatus) -> int:
    """Lines in which the symbol hides nothing."""
    return _ABOVE_LADDER + len(symbol.notes) + rows_wanted(symbol)


def block(symbol: SymbolStatus, now: Millis, width: int, height: int) -> list[Text]:
    """The symbol in at most ``height`` lines."""
    column = max(1, min((width - len(BETWEEN)) // 2, _WIDEST_COLUMN))
    margin = Text(" " * max(0, (width - 2 * column - len(BETWEEN)) // 2))
    sides = beside(_side(symbol, symbol.long, column), _side(symbol, symbol.short, column), BETWEEN, column, column)
    shown = symbol.notes[: max(height - LEAST_HEIGHT, 0)]
    notes = [exactly(Text(f" {clean(note)}", QUIET), width) for note in shown]
    body = [*sides, *ladder(symbol, column, height - _ABOVE_LADDER - len(notes))]
    return [_title(symbol, now, width), *notes, *(exactly(Text.assemble(margin, line), width) for line in body)]


def compact_row(symbol: SymbolStatus, width: int) -> Text:
    """Price, both sides and the profit of a symbol on one line."""
    mark, style = ("‼", LOUD) if symbol.alarms else (" ", "bold")
    left = [
        piece(f"{mark}{clean(symbol.symbol)[:12]:<12}", style),
        piece(f"{_price(symbol):>10}"),
        piece(f"{sparkline(symbol.prices, 12):<12}", QUIET, 3),
        *_compact_side(symbol, symbol.long),
        *_compact_side(symbol, symbol.short),
    ]
    realised = symbol.long.realised_net + symbol.short.realised_net
    return row(width, left, [Piece(_signed(f"{money_text(realised, '+'):>9}", realised))])


def compact_titles(width: int) -> Text:
    """What the columns of the compact rows are."""
    left = [
        piece(f" {'symbol':<12}"),
        piece(f"{'price':>10}"),
        piece(" " * 12, rank=3),
        piece(f"{'long':<8}"),
        piece(f"{'to TP':>8}", rank=2),
        piece(f"{'open':>9}", rank=1),
        piece(f"{'short':<8}"),
        piece(f"{'to TP':>8}", rank=2),
        piece(f"{'open':>9}", rank=1),
    ]
    line = row(width, left, [piece(f"{'net':>9}")])
    line.stylize(QUIET)
    return line


def _title(symbol: SymbolStatus, now: Millis, width: int) -> Text:
    tick = symbol.tick_size
    left = [
        piece(clean(symbol.symbol), "bold"),
        piece(clean(symbol.strategy), QUIET, 3),
        piece(_price(symbol), "bold"),
        piece(sparkline(symbol.prices, max(12, width // 4)), rank=1),
    ]
    profit = symbol.long.realised_net + symbol.short.realised_net
    right = [_profit("net", profit)._replace(rank=2)]
    right.append(piece(f"bid {price_text(symbol.bid, tick)} ask {price_text(symbol.ask, tick)}", QUIET, 4))
    if symbol.unhedged_seconds_max > 0:
        last, most = fixed(symbol.unhedged_seconds_last, 1), fixed(symbol.unhedged_seconds_max, 1)
        right.append(piece(f"unhedged {last} s, max {most} s", QUIET, 5))
    if symbol.price_at > 0:
        right.append(piece(f"{age_text(now - symbol.price_at)} ago", QUIET, 2))
    return rule(width, [part for part in left if part.text.plain], right)


def _side(symbol: SymbolStatus, side: SideStatus, column: int) -> list[Text]:
    """Position and average, take-profit, profits."""
    name = piece(f"{side.side.value.upper():<5}", f"bold {side_style(side.side)}")
    if not side.is_traded and side.average is None:
        return [row(column, [name, piece("not traded", QUIET)]), Text(), Text()]
    profits = row(column, _profits(side, column))
    if side.average is None:
        waits = "no take-profit" if side.center is None else f"grid around {price_text(side.center, symbol.tick_size)}"
        return [row(column, [name, piece("flat", QUIET)]), Text(waits, QUIET), profits]
    position = f"{quantity_text(side.quantity)} @ {price_text(side.average, symbol.tick_size)}"
    distance = distance_percent(side.average, symbol.last)
    away = [] if distance is None else [piece(percent_text(distance), QUIET, 1)]
    return [row(column, [name, piece(position, "bold")], away), _take_profit(symbol, side, column), profits]


def _take_profit(symbol: SymbolStatus, side: SideStatus, column: int) -> Text:
    if side.take_profit is None:
        return Text("exit watched", QUIET) if side.is_watched else Text(f"NO {side.exit.upper()}", f"bold {LOSS}")
    away = [] if side.take_profit_distance_percent is None else [_to_go(side.take_profit_distance_percent)]
    return row(column, [piece(side.exit), piece(price_text(side.take_profit, symbol.tick_size), "bold")], away)


def _to_go(percent: Price) -> Piece:
    return piece(f"{percent_text(percent, '')} to go", rank=1)


def _profits(side: SideStatus, column: int) -> list[Piece]:
    return [
        _profit("unrealised" if column >= 32 else "open", side.unrealised),
        _profit("net", side.realised_net),
        piece(f"in {side.cycles:,} cycles", QUIET, 1),
        *([] if side.capital is None else [piece(f"capital {money_text(side.capital)}", QUIET, 2)]),
    ]


def _profit(name: str, money: Money) -> Piece:
    return Piece(Text.assemble(f"{name} ", _signed(money_text(money, "+"), money)))


def _compact_side(symbol: SymbolStatus, side: SideStatus) -> list[Piece]:
    filled = sum(1 for level in side.rows if level.state in ("filled", "partly"))
    letter = "L" if side.side is Side.LONG else "S"
    if not side.is_traded and side.average is None:
        return [piece(f"{f'{letter} -':<8}", QUIET), piece(f"{'':>8}", rank=2), piece(f"{'':>9}", rank=1)]
    percent = side.take_profit_distance_percent
    to_go = "-" if percent is None else percent_text(percent, "")
    return [
        piece(f"{f'{letter} ●{filled} ○{len(side.rows) - filled}':<8}", side_style(side.side)),
        piece(f"{to_go:>8}", QUIET, 2),
        Piece(_signed(f"{money_text(side.unrealised, '+'):>9}", side.unrealised), 1),
    ]


def _price(symbol: SymbolStatus) -> str:
    return price_text(symbol.last, symbol.tick_size) if symbol.last > 0 else "no price"


def _signed(text: str, money: Money) -> Text:
    return Text(text, "" if money == 0 else GAIN if money > 0 else LOSS)
