"""Parameters, windows and pages."""

from __future__ import annotations

from decimal import Decimal as D
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.practice.bybit.answers import Answer
from gridhedge.practice.bybit.query import DAY, from_body, from_query, number, page, required, time_window, whole

NOW = 100 * DAY


def test_a_query_is_decoded_once() -> None:
    """A cursor that is handed back percent-encoded arrives plain; empty values stay."""
    assert from_query(b"cursor=5%3A0%2C3%3A0&symbol=&limit=50") == {"cursor": "5:0,3:0", "symbol": "", "limit": "50"}


def test_a_body_is_an_object_whose_nulls_do_not_count() -> None:
    """Digits of numbers with a point are kept as they were written."""
    assert from_body(b'{"qty": 0.10, "positionIdx": 1, "price": null}') == {"qty": "0.10", "positionIdx": 1}
    for raw in (b"", b"[1]", b"{", b'"x"', b"\xff"):
        with pytest.raises(Answer) as refused:
            from_body(raw)
        assert refused.value.code == 10001


@pytest.mark.parametrize("text", ["1e-05", "-1", "+1", "", " 1", "1.", ".5", "NaN", "1_000", "٣", True, None, 1.5, []])
def test_what_is_not_a_plain_decimal_is_refused(text: object) -> None:
    """Exponents too: that is how small floats arrive."""
    with pytest.raises(Answer, match="is not a decimal number"):
        number({"qty": text}, "qty")


def test_plain_numbers_are_read() -> None:
    """As text, or whole."""
    assert number({"qty": "0.0010"}, "qty") == D("0.001")
    assert number({"qty": 5}, "qty") == D(5)
    assert whole({"limit": "-3"}, "limit", 7) == -3
    assert whole({}, "limit", 7) == whole({"limit": ""}, "limit", 7) == 7
    for wrong in ("1.0", "x", True, 1.0, []):
        with pytest.raises(Answer):
            whole({"limit": wrong}, "limit", 7)
    with pytest.raises(Answer, match="symbol is missing"):
        required({"symbol": 5}, "symbol")


def test_a_window_has_the_venue_s_defaults() -> None:
    """Both ends as given, one end and its default length, or up to now."""
    assert time_window({"startTime": "5", "endTime": "9"}, NOW, DAY) == (5, 9)
    assert time_window({"startTime": "5"}, NOW, DAY) == (5, 5 + DAY)
    assert time_window({"endTime": str(NOW)}, NOW, 7 * DAY) == (NOW - 7 * DAY, NOW)
    assert time_window({"endTime": str(NOW)}, NOW, DAY) == (NOW - 7 * DAY, NOW)
    first, last = time_window({}, NOW, 7 * DAY)
    assert first == NOW - 7 * DAY
    assert last > NOW


@pytest.mark.parametrize(("start", "end"), [(9, 5), (0, 7 * DAY + 1)])
def test_a_window_is_in_order_and_at_most_a_week(start: int, end: int) -> None:
    """10001 otherwise."""
    with pytest.raises(Answer) as refused:
        time_window({"startTime": start, "endTime": end}, NOW, DAY)
    assert refused.value.code == 10001


@given(st.integers(0, 60), st.integers(1, 50))
def test_pages_together_are_the_whole_list(count: int, limit: int) -> None:
    """Following cursors until the list is empty gives everything once, newest first; only then the cursor is empty."""
    items = list(range(count, 0, -1))
    seen: list[int] = []
    cursor = ""
    while True:
        found, following = page(items, lambda item: item, {"limit": limit, "cursor": unquote(cursor)}, 20, 50)
        if not found:
            assert following == ""
            break
        assert len(found) <= limit
        seen += found
        cursor = following
    assert seen == items


def test_cursors_look_as_the_venue_s_do() -> None:
    """Percent-encoded: the first and the last place of the page."""
    assert page([9, 8, 7], lambda item: item, {"limit": "2"}, 20, 50) == ([9, 8], "9%3A0%2C8%3A0")
    for wrong in ("x", "9", "9:0", "9:0,8:0,7:0"):
        with pytest.raises(Answer, match="cursor is not one"):
            page([1], lambda item: item, {"cursor": wrong}, 20, 50)
    with pytest.raises(Answer, match="limit 0"):
        page([1], lambda item: item, {"limit": "0"}, 20, 50)
