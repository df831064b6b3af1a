"""What other programs read of us: digits, times and signatures."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.domain.wire import Json, exact_json, iso_time, sign

D = Decimal
leaves = st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


def test_the_signature_is_the_one_that_anybody_can_compute() -> None:
    """printf '1700000000000.{"a":1}' | openssl dgst -sha256 -hmac secret"""
    assert sign("secret", "1700000000000", b'{"a":1}') == (
        "4ef2732b0d632a6897af3a6d02a6de287f60d6c5f15dabdb0ceb045a34e3c5a7"
    )


def test_time_body_and_secret_all_count() -> None:
    """Any one of them changed is another signature; a dot can not be moved from one to the other."""
    known = sign("s", "1", b"2.3")
    assert known not in (sign("t", "1", b"2.3"), sign("s", "2", b"2.3"), sign("s", "1", b"2.4"), sign("s", "1.2", b"4"))


def test_a_number_keeps_its_digits() -> None:
    """0.1 + 0.2 is 0.3, 1E-8 is written out, and 1.00 stays 1.00."""
    text = exact_json({"a": D("0.1") + D("0.2"), "b": D("1E-8"), "c": [D("1.00"), 7, True, None, "x\n"]})
    assert text == '{"a":0.3,"b":0.00000001,"c":[1.00,7,true,null,"x\\n"]}'


@given(documents)
def test_every_document_reads_back_exactly(document: Json) -> None:
    """Whatever is in it: parsed with decimals it is the same."""
    assert json.loads(exact_json(document), parse_float=D) == document


def test_a_float_or_an_infinity_is_a_bug() -> None:
    """Money is never a float, and JSON has no infinity."""
    with pytest.raises(AssertionError):
        exact_json({"x": 0.5})
    with pytest.raises(AssertionError):
        exact_json([D("NaN")])


def test_times_are_utc_with_milliseconds() -> None:
    """And no time is none."""
    assert iso_time(1_760_633_994_480) == "2025-10-16T16:59:54.480Z"
    assert iso_time(0) is None
