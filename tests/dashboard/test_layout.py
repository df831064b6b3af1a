"""The whole screen: fits, whatever it is asked to show."""

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridhedge.dashboard.layout import render, screen_lines
from gridhedge.domain.values import Side
from gridhedge.engine.status import AccountStatus, Connection, LadderRow, RecentEvent, SideStatus, SymbolStatus
from tests.dashboard.statuses import SAMPLES, account_status, deep, depth_three_against_one, emergency, several_symbols

SIZES = [(60, 20), (80, 24), (100, 30), (200, 60)]


def text_of(accounts: list[AccountStatus], width: int, height: int) -> str:
    return render(accounts, width, height).plain


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_fits_every_terminal(name: str, width: int, height: int) -> None:
    """Lines are exactly as wide as the terminal, and not more than it has."""
    lines = screen_lines([SAMPLES[name]()], width, height)
    assert 0 < len(lines) <= height
    assert {line.cell_len for line in lines} == {width}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_one_symbol_shows_its_ladders_at_every_size(width: int, height: int) -> None:
    """The price line, both take-profits and the next entry of each side."""
    text = text_of([depth_three_against_one()], width, height)
    for words in ("─ 0.19533 ─", "◆ TP 0.19858", "◆ TP 0.19333", "▷  3 0.19341", "▷  1 0.19735"):
        assert words in text


def test_the_deepest_ladder_is_whole_at_100_by_30() -> None:
    """Ten levels against eight at one price: nothing is folded."""
    text = text_of([deep()], 100, 30)
    assert "more" not in text
    assert text.count("◆ TP") == 2


def test_the_deepest_ladder_is_folded_and_counted_at_80_by_24() -> None:
    """What has no line is counted."""
    text = text_of([deep()], 80, 24)
    assert "… 5 more: 0-4" in text
    assert "… 3 more: 0-2" in text


def test_the_newest_events_get_what_is_left() -> None:
    """The last event is always there, the first only where there is room."""
    assert "take-profit long moved to 0.19854" in text_of([deep()], 80, 24)
    assert "long re-opened" not in text_of([deep()], 80, 24)
    assert "long re-opened" in text_of([depth_three_against_one()], 80, 24)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_alarms_are_on_every_screen(width: int, height: int) -> None:
    """The emergency stop is shown at any size, also among several accounts."""
    assert "STOPPED: emergency stop" in text_of([emergency()], width, height)
    many = [depth_three_against_one()._replace(account=str(number)) for number in range(30)]
    assert "STOPPED: emergency stop" in text_of([*many, emergency()], width, height)


def test_several_symbols_become_rows_where_ladders_have_no_room() -> None:
    """Five symbols at 80x24: five rows, no ladder; at 200x60 five ladders."""
    assert text_of([several_symbols()], 80, 24).count("L ●3 ○1") == 5
    assert text_of([several_symbols()], 200, 60).count("─ 0.19533 ─") == 5


def test_rows_without_room_are_counted() -> None:
    """40 symbols in 20 lines."""
    symbol = depth_three_against_one().symbols[0]
    crowd = account_status(*(symbol._replace(symbol=f"S{number}") for number in range(40)))
    assert "more lines" in text_of([crowd], 80, 20)


def test_several_accounts_share_the_screen() -> None:
    """Each account has its head and its events are named."""
    pair = [depth_three_against_one()._replace(account=name) for name in ("001", "002")]
    text = text_of(pair, 100, 60)
    assert "001: take-profit long moved" in text
    assert "002: take-profit long moved" in text


def test_before_the_first_status_the_screen_waits() -> None:
    """No account yet."""
    assert text_of([], 80, 24).strip() == "waiting for the first tick …"


def test_equal_statuses_give_equal_screens() -> None:
    """Pure: nothing but the arguments counts."""
    assert render([deep()], 100, 30) == render([deep()], 100, 30)


def decimals(low: str, high: str) -> st.SearchStrategy[D]:
    return st.decimals(low, high, allow_nan=False, allow_infinity=False, places=8)


MONEY = decimals("-1e12", "1e12")
PRICE = decimals("0", "1e9")
QUANTITY = decimals("0", "1e12")
TIME = st.integers(-(10**15), 10**15)
TEXT = st.text(max_size=30)
LEVELS = st.builds(
    LadderRow,
    st.integers(0, 60),
    PRICE,
    QUANTITY,
    QUANTITY,
    st.sampled_from(("filled", "partly", "resting", "now", "unknown")),
)


def sides(side: Side) -> st.SearchStrategy[SideStatus]:
    maybe = st.none() | PRICE
    rows = st.lists(LEVELS, max_size=14, unique_by=lambda row: row.level).map(tuple)
    figures = (QUANTITY, maybe, maybe, st.none() | MONEY, MONEY, MONEY, st.integers(0, 10**6), rows)
    exits = st.sampled_from(("take-profit", "break-even"))
    grid = (exits, st.none() | QUANTITY, maybe, maybe, st.none() | MONEY)
    return st.builds(SideStatus, st.just(side), *figures, *grid)


SYMBOLS = st.builds(
    SymbolStatus,
    symbol=TEXT,
    strategy=TEXT,
    bid=PRICE,
    ask=PRICE,
    last=PRICE,
    mark=PRICE,
    price_at=TIME,
    tick_size=st.sampled_from((D("0.00001"), D("0.5"), D(1), D(10), D("1E+2"))),
    long=sides(Side.LONG),
    short=sides(Side.SHORT),
    unhedged_seconds_last=QUANTITY,
    unhedged_seconds_max=QUANTITY,
    prices=st.lists(PRICE, max_size=30).map(tuple),
    alarms=st.lists(TEXT, max_size=3).map(tuple),
)
EVENTS = st.builds(RecentEvent, TIME, st.sampled_from(("info", "warning", "error", "critical")), TEXT)
ACCOUNTS = st.builds(
    AccountStatus,
    account=TEXT,
    venue=TEXT,
    demo=st.booleans(),
    dry_run=st.booleans(),
    now=TIME,
    started=TIME,
    ticks=st.integers(0, 10**9),
    margin_balance=MONEY,
    wallet_balance=MONEY,
    available=MONEY,
    reserve=MONEY,
    mm_rate=MONEY,
    mm_threshold=MONEY,
    quote=TEXT,
    connections=st.lists(st.builds(Connection, TEXT, st.booleans(), TIME), max_size=4).map(tuple),
    symbols=st.lists(SYMBOLS, max_size=3).map(tuple),
    events=st.lists(EVENTS, max_size=5).map(tuple),
    alarms=st.lists(TEXT, max_size=4).map(tuple),
    stop=TEXT,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(ACCOUNTS, max_size=3), st.integers(0, 220), st.integers(0, 70))
def test_any_status_fits_any_terminal(accounts: list[AccountStatus], width: int, height: int) -> None:
    """No status raises, no line is wider or narrower, no line too many, no escape gets through."""
    lines = screen_lines(accounts, width, height)
    assert len(lines) <= height
    assert all(line.cell_len == width for line in lines)
    assert all("\x1b" not in line.plain and "\n" not in line.plain for line in lines)
