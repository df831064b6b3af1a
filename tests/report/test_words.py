"""Texts of a report."""

from decimal import Decimal as D

import pytest

from gridhedge.report.words import duration, iso, minute, money, plain


def test_money_has_cents_and_small_sums_have_more() -> None:
    """Zero never has a sign."""
    assert [money(D(text)) for text in ("1234567.891", "-12.3", "0.0421", "-0.00001", "0")] == [
        "1,234,567.89",
        "-12.30",
        "0.0421",
        "0.0000",
        "0.00",
    ]


def test_plain_numbers_keep_every_digit_and_no_exponent() -> None:
    """For files that programs read."""
    assert [plain(D(text)) for text in ("1E+3", "0.00000010", "200", "-1.50")] == ["1000", "0.0000001", "200", "-1.5"]


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(412, "0.412 s"), (59_999, "59.999 s"), (65_000, "1 m 05 s"), (86_400_000, "1 d 00 h")],
)
def test_durations_use_their_two_largest_units(milliseconds: int, text: str) -> None:
    """Milliseconds below a minute."""
    assert duration(milliseconds) == text


def test_times_are_utc() -> None:
    """2025-06-16 12:00:00.412 UTC."""
    assert iso(1_750_075_200_412) == "2025-06-16T12:00:00.412Z"
    assert minute(1_750_075_200_412) == "2025-06-16 12:00"
