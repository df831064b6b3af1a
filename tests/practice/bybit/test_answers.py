"""Numbers and codes as the venue words them."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.domain.order import Reject
from gridhedge.practice.bybit.answers import plain, rate, refused, rounded
from gridhedge.venue.paper.orders import Refusal


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E+3", "1000"), ("0.10", "0.1"), ("1E-7", "0.0000001"), ("-0.0", "0"), ("100", "100"), ("-1.50", "-1.5")],
)
def test_numbers_are_plain(number: str, text: str) -> None:
    """No exponent, no trailing zeros, no negative zero; a hundred keeps its zeros."""
    assert plain(D(number)) == text


def test_a_number_keeps_every_digit() -> None:
    """Also more of them than Decimal's own precision holds."""
    assert plain(D("1234567890123456789012345678.1234567890")) == "1234567890123456789012345678.123456789"


def test_margin_rates_are_cut_and_not_rounded() -> None:
    """7.388 / 90042 = 0.000082 is shown as 0, 54.31 / 90042 = 0.000603 as 0.0006; without money there is no rate."""
    assert rate(D("7.388"), D(90042)) == "0"
    assert rate(D("54.31"), D(90042)) == "0.0006"
    assert rate(D("0.99999"), D(1)) == "0.9999"
    assert rate(D(1), D(0)) == "0"


def test_an_average_is_cut_at_ten_decimals() -> None:
    """A third."""
    assert rounded(D(1) / 3) == "0.3333333333"


def test_refusals_get_the_codes_that_bots_know() -> None:
    """Margin, duplicate id, unknown order, reduce-only; everything else is a parameter error."""
    codes = [refused(Refusal(reason, "text")).code for reason in Reject]
    assert dict(zip(Reject, codes, strict=True)) == {
        **dict.fromkeys(Reject, 10001),
        Reject.MARGIN: 110007,
        Reject.DUPLICATE_ID: 110072,
        Reject.UNKNOWN_ORDER: 110001,
        Reject.REDUCE_ONLY: 110017,
    }
