"""Lines: exactly as wide as asked for, and what matters least leaves first."""

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from gridhedge.dashboard.lines import beside, exactly, piece, row, rule


def test_the_highest_rank_leaves_first() -> None:
    """Of a 30-cell line in 22 cells the rank-3 piece goes, then the rank-1 piece; rank 0 stays."""
    left = [piece("DOGEUSDT"), piece("symmetric", rank=3)]
    right = [piece("0.19533", rank=1)]
    assert row(30, left, right).plain == "DOGEUSDT  symmetric    0.19533"
    assert row(22, left, right).plain == "DOGEUSDT       0.19533"
    assert row(10, left, right).plain == "DOGEUSDT  "


def test_what_must_stay_is_cut_with_an_ellipsis() -> None:
    """Rank 0 is never dropped whole."""
    assert row(5, [piece("DOGEUSDT")]).plain == "DOGE…"


@given(st.text(max_size=40), st.integers(1, 40))
def test_a_line_is_exactly_as_wide_as_asked_for(text: str, width: int) -> None:
    """Wide characters count double and are never halved."""
    assert exactly(Text(text.replace("\n", " ")), width).cell_len == width


def test_a_rule_carries_its_pieces() -> None:
    """Dashes fill what the pieces leave."""
    assert rule(20, [piece("ETH")], [piece("1 s")]).plain == "──  ETH ──── 1 s  ──"


def test_pieces_of_a_full_rule_do_not_touch() -> None:
    """With room for two cells there are two blanks; with one more a dash between them."""
    assert rule(15, [piece("abc")], [piece("xy")]).plain == "──  abc  xy  ──"
    assert rule(16, [piece("abc")], [piece("xy")]).plain == "──  abc ─ xy  ──"


def test_columns_of_unequal_length_stand_side_by_side() -> None:
    """The shorter column is filled with blanks."""
    lines = beside([Text("a"), Text("b")], [Text("c")], "|", 2, 2)
    assert [line.plain for line in lines] == ["a |c ", "b |  "]
