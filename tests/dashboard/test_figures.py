"""Figures: what a person reads, and nothing that a terminal obeys."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.dashboard.figures import (
    age_text,
    clean,
    clock_text,
    fixed,
    gauge,
    money_text,
    percent_text,
    price_text,
    quantity_text,
    sparkline,
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x00\x08\x7fbell\x07", "bell"),
        ("a\u202eb\u200bc", "abc"),
        ("line\u2028break", "line break"),
        ("\ud800half", "half"),
    ],
)
def test_terminal_commands_leave_no_trace(hostile: str, shown: str) -> None:
    """Escapes, control, direction and zero-width characters go; the words stay, on one line."""
    assert clean(hostile) == shown


@given(st.text(max_size=60))
def test_cleaned_text_is_always_printable_on_one_line(text: str) -> None:
    """No text whatever can move the cursor."""
    assert all(character.isprintable() or character == "\u3000" or character.isspace() for character in clean(text))
    assert not set(clean(text)) & set("\x1b\x9b\n\r\t\x07")


def test_prices_have_the_decimals_of_the_tick() -> None:
    """0.2 at a tick of 0.00001 reads 0.20000; large prices have thousands."""
    assert price_text(D("0.2"), D("0.00001")) == "0.20000"
    assert price_text(D("90995.7"), D("0.10")) == "90,995.7"
    assert price_text(D("65000"), D("10")) == "65,000"


def test_averages_off_the_tick_are_rounded_to_it() -> None:
    """A division's 28 digits never reach the screen."""
    assert price_text(D(1) / D(3), D("0.01")) == "0.33"


def test_money_shows_small_sums_more_exactly() -> None:
    """Cents, and hundredths of a cent below one unit."""
    assert money_text(D("10012.345678")) == "10,012.35"
    assert money_text(D("0.04213")) == "0.0421"
    assert money_text(D("-0.5"), "+") == "-0.5000"
    assert money_text(D("12.3"), "+") == "+12.30"


def test_nothing_rounds_to_a_negative_zero() -> None:
    """A sign before zero would be noise."""
    assert fixed(D("-0.001"), 2) == "0.00"
    assert percent_text(D("0.0004")) == "0.00 %"
    assert money_text(D(0), "+") == "0.00"


def test_quantities_have_no_trailing_zeros() -> None:
    """3008.000 reads 3,008; 100 keeps its zeros; exponents are written out."""
    assert quantity_text(D("3008.000")) == "3,008"
    assert quantity_text(D("0.0040")) == "0.004"
    assert quantity_text(D("100")) == "100"
    assert quantity_text(D("1E+3")) == "1,000"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (-5, "0 s"),
        (999, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 m 00 s"),
        (11_520_000, "3 h 12 m"),
        (90_000_000, "1 d 01 h"),
    ],
)
def test_ages_use_their_two_largest_units(milliseconds: int, text: str) -> None:
    """4 s, 1 m 00 s, 3 h 12 m, 1 d 01 h."""
    assert age_text(milliseconds) == text


def test_the_clock_is_utc_and_survives_nonsense() -> None:
    """1,750,000,000 s is 15:06:40 UTC; a time beyond the calendar is dashes."""
    assert clock_text(1_750_000_000_000) == "15:06:40"
    assert clock_text(10**18) == "--:--:--"


def test_a_sparkline_spans_lowest_to_highest() -> None:
    """1 is the lowest block, 8 the highest; only the newest prices count; a still price is a flat line."""
    assert sparkline([D(1), D(8)], 10) == "▁█"
    assert sparkline([D(99), D(1), D(2), D(8)], 3) == "▁▂█"
    assert sparkline([D(5), D(5), D(5)], 3) == "▄▄▄"
    assert sparkline([D(5)], 3) == ""


def test_a_gauge_marks_the_limit_on_its_own_scale() -> None:
    """Half full of 10 cells, limit at 90 %: the mark stands in the tenth cell."""
    assert gauge(D(50), D(100), D(90), 10) == "█████░░░░┃"
    assert gauge(D(0), D(100), D(0), 4) == "┃░░░"
    assert gauge(D(300), D(100), D(50), 4) == "██┃█"
    assert gauge(D(1), D(0), D(1), 4) == "┃░░░"
