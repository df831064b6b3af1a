"""JSON without guessing."""

from __future__ import annotations

import json
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.wire import Json, exact_json
from gridhedge.server.strict import parse

leaves = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text() | st.decimals(-1000, 1000, places=8)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=9
)


def test_numbers_keep_their_digits() -> None:
    """0.1 is 0.1, and a long one is not rounded."""
    assert parse(b"[0.1, 0.12345678901234567890, 7]") == [D("0.1"), D("0.12345678901234567890"), 7]


@given(documents)
def test_what_we_write_we_read(document: Json) -> None:
    """Exactly, unless it is deeper than any request."""
    try:
        found = parse(exact_json(document).encode())
    except json.JSONDecodeError as error:
        assert "deep" in str(error)
    else:
        assert found == document


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a":1,"a":1}', b'{"x":{"a":1,"a":1}}', b"NaN", b"-Infinity", b"1e99", b"9" * 41,
     b"[" * 9 + b"]" * 9, b"[" * 100_000, b'"\\ud800'],
)  # fmt: skip
def test_what_is_odd_is_refused(body: bytes) -> None:
    """Always as the same error, which FastAPI answers with a sentence."""
    with pytest.raises(json.JSONDecodeError):
        parse(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Nothing else can happen."""
    try:
        parse(body)
    except json.JSONDecodeError as error:
        assert error.msg
