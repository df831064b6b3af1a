"""The symbol's block: both sides in figures."""

import pytest

from gridhedge.dashboard.symbol import LEAST_HEIGHT, block, compact_row, compact_titles, height_wanted
from tests.dashboard.statuses import NOW, cold_start, depth_three_against_one, several_symbols


def test_a_block_shows_average_take_profit_and_profits_of_both_sides() -> None:
    """The figures of the sample, at 100 columns."""
    text = "\n".join(line.plain for line in block(depth_three_against_one().symbols[0], NOW, 100, 20))
    for words in (
        "LONG   2,632 @ 0.19649",
        "SHORT  376 @ 0.19540",
        "0.19858",
        "1.66 % to go",
        "0.19333",
        "1.02 % to go",
    ):
        assert words in text
    for words in ("unrealised -3.06", "net +12.35  in 14 cycles", "net -0.0421  in 14 cycles", "net +12.30"):
        assert words in text


def test_a_flat_side_says_flat() -> None:
    """Cold start: neither average nor take-profit."""
    lines = [line.plain for line in block(cold_start().symbols[0], NOW, 80, 12)]
    assert "flat" in lines[1]
    assert "no take-profit" in lines[2]


def test_a_side_that_is_not_traded_takes_no_attention() -> None:
    """No figures in the block nor in the compact row; the columns stay where they are."""
    symbol = cold_start().symbols[0]
    bare = symbol._replace(short=symbol.short._replace(is_traded=False))
    lines = [line.plain for line in block(bare, NOW, 80, 12)]
    assert "not traded" in lines[1]
    assert "no take-profit" not in lines[2][40:]
    before, after = compact_row(symbol, 100).plain, compact_row(bare, 100).plain
    assert "S -" in after
    assert len(before) == len(after)
    assert before[-9:] == after[-9:]


def test_a_held_side_without_take_profit_is_shouted() -> None:
    """Every held position must have one; its absence is red."""
    symbol = depth_three_against_one().symbols[0]
    bare = symbol._replace(long=symbol.long._replace(take_profit=None, take_profit_distance_percent=None))
    line = block(bare, NOW, 80, 20)[2]
    assert line.plain.startswith("NO TAKE-PROFIT")
    assert any("red" in str(span.style) for span in line.spans)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("spare", [0, 3, 30])
def test_a_block_keeps_to_its_height_and_width(width: int, spare: int) -> None:
    """Never higher than asked for, never more than it wants, every line exactly as wide."""
    symbol = depth_three_against_one().symbols[0]
    lines = block(symbol, NOW, width, LEAST_HEIGHT + spare)
    assert len(lines) <= min(LEAST_HEIGHT + spare, height_wanted(symbol))
    assert {line.cell_len for line in lines} == {width}


@pytest.mark.parametrize("width", [60, 80, 100, 130])
def test_compact_columns_stand_under_their_titles(width: int) -> None:
    """Title and rows drop the same columns."""
    titles = compact_titles(width).plain
    line = compact_row(several_symbols().symbols[0], width).plain
    assert titles.index("long") == line.index("L ●")
    assert titles.index("short") == line.index("S ●")
    assert titles.rstrip().endswith("net")
    assert line.endswith("+12.30")


def test_a_symbol_with_an_alarm_is_marked_in_its_row() -> None:
    """The third symbol of the sample has one."""
    marked = [compact_row(symbol, 80).plain[0] == "‼" for symbol in several_symbols().symbols]
    assert marked == [False, False, True, False, False]
