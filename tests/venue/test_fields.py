"""Strict reading: a number is what was written, or an error."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from gridhedge.venue.fields import (
    Malformed,
    amount,
    choice,
    integer,
    millis,
    money,
    row,
    rows,
    text,
    word,
)

NO_NUMBERS: list[Any] = [
    "", " 1", "1 ", "1_000", "1e5", "1E-7", "NaN", "Infinity", "-Infinity", "sNaN", "+1", ".5", "5.", "0x10", "１２",
    "1,5", "--1", None, 1, 1.5, True, [], {}, ["1"], "9" * 21, "0." + "1" * 41,
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_decimal_string_is_refused(value: Any) -> None:
    """JSON numbers have lost digits already; Decimal alone would take blanks, underscores, other alphabets, NaN."""
    with pytest.raises(Malformed, match="price is not a decimal"):
        money({"price": value}, "price")


def test_a_missing_number_is_refused() -> None:
    """There are no defaults."""
    with pytest.raises(Malformed, match="price is not a decimal but None"):
        money({}, "price")


@pytest.mark.parametrize("written", ["0", "-0.00396789", "0.20000", "66900", "6.445390082039999999999999998"])
def test_a_number_is_taken_digit_by_digit(written: str) -> None:
    """Trailing zeros included."""
    assert str(money({"x": written}, "x")) == written


def test_amounts_are_not_negative_and_may_have_to_be_above_zero() -> None:
    """The sentence says which."""
    assert amount({"x": "0"}, "x") == 0
    with pytest.raises(Malformed, match="x is -1, which is not possible"):
        amount({"x": "-1"}, "x")
    with pytest.raises(Malformed, match="x is 0, which is not above zero"):
        amount({"x": "0"}, "x", positive=True)


def test_the_empty_text_means_what_the_caller_says_and_only_that() -> None:
    """Bybit writes "" for no price."""
    assert amount({"x": ""}, "x", empty=D(7)) == 7
    with pytest.raises(Malformed):
        amount({"x": ""}, "x")
    with pytest.raises(Malformed):
        amount({"x": None}, "x", empty=D(7))


@pytest.mark.parametrize("value", ["new", "", None, 1, [], ["New"]], ids=repr)
def test_a_word_that_is_not_known_is_an_error(value: Any) -> None:
    """Never a default; values that can not be looked up neither."""
    with pytest.raises(Malformed, match="is not known here"):
        choice({"status": value}, "status", {"New": 1})


@pytest.mark.parametrize("value", [True, "1", 1.0, -1, 3, None], ids=repr)
def test_an_integer_is_an_integer_in_its_range(value: Any) -> None:
    """``true`` is none."""
    with pytest.raises(Malformed, match="index is not an integer from 0 to 2"):
        integer({"index": value}, "index", 0, 2)
    assert integer({"index": 2}, "index", 0, 2) == 2


@pytest.mark.parametrize(
    "value", ["", "0", 0, -1, "1795000000000.5", "１７９５０００００００００", 1e12, 10**16, None, True], ids=repr
)
def test_a_time_lies_in_this_century_or_the_next(value: Any) -> None:
    """Text or integer."""
    with pytest.raises(Malformed, match="at is not a time"):
        millis({"at": value}, "at")
    assert millis({"at": "1795000000000"}, "at") == millis({"at": 1_795_000_000_000}, "at") == 1_795_000_000_000


@pytest.mark.parametrize("value", ["", "a b", "a\x1b[2J", "é", "x" * 65, None, 5], ids=repr)
def test_identifiers_hold_no_surprises(value: Any) -> None:
    """They go into logs, screens and requests."""
    with pytest.raises(Malformed, match="is not an identifier"):
        word({"id": value}, "id")


def test_texts_may_be_empty_but_hold_no_control_characters() -> None:
    """A terminal must not be steered by a venue."""
    assert text({"note": ""}, "note") == ""
    for value in ("a\x1b[2J", "a\nb", None, "x" * 201):
        with pytest.raises(Malformed, match="note is not a text"):
            text({"note": value}, "note")


def test_objects_and_lists_are_what_they_must_be() -> None:
    """Also inside."""
    assert row({"a": 1}, "answer") == {"a": 1}
    assert rows({"list": [{"a": 1}]}, "list") == [{"a": 1}]
    for value in (None, [], "x", 1):
        with pytest.raises(Malformed, match="answer is not an object"):
            row(value, "answer")
    for value in (None, {}, "x", [1], [[]]):
        with pytest.raises(Malformed):
            rows({"list": value}, "list")


def test_what_is_shown_of_a_wrong_value_is_short_and_harmless() -> None:
    """ASCII, and no more than is needed."""
    with pytest.raises(Malformed) as caught:
        money({"x": "\x1b[31m" + "é" * 1000}, "x")
    assert len(str(caught.value)) < 100
    assert str(caught.value).isascii() or "…" in str(caught.value)
