"""How brokers write symbols."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.errors import UsageError
from gridhedge.venue.mt5.terminal.names import SymbolNames


@pytest.mark.parametrize(
    ("style", "name"),
    [
        ("", "EURUSD"), ("-", "EURUSD"), ("m", "mEURUSD"), (".r", "EURUSD.r"), ("#*", "#EURUSD"),
        ("*-pro", "EURUSD-pro"), ("#*.x", "#EURUSD.x"),
    ],
)  # fmt: skip
def test_a_style_is_a_prefix_a_suffix_or_a_pattern(style: str, name: str) -> None:
    """There and back."""
    names = SymbolNames(style)
    assert (names.of("EURUSD"), names.plain(name)) == (name, "EURUSD")


def test_a_name_in_another_style_is_none_of_ours() -> None:
    """Never stripped by guess."""
    assert SymbolNames("m").plain("EURUSD") is None
    assert SymbolNames(".r").plain(".r") is None
    with pytest.raises(UsageError, match="write \\* once"):
        SymbolNames("*x*")


@given(st.text("ABCXYZ", min_size=1), st.sampled_from(["", "m", ".r", "#*", "*!", "A*A"]))
def test_every_plain_name_comes_back(plain: str, style: str) -> None:
    names = SymbolNames(style)
    assert names.plain(names.of(plain)) == plain
