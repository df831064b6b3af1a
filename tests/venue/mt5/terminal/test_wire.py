"""Values survive the way over the bridge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.venue.mt5.terminal.structs import OrderSendResult, Tick, TradePosition, TradeRequest
from gridhedge.venue.mt5.terminal.wire import decode, encode, line, read_line

plain = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text()


@given(plain | st.lists(plain).map(tuple) | st.dictionaries(st.text(), plain))
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    """Lists as tuples."""
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_structures_come_back_as_themselves() -> None:
    """Nested ones included; floats to the last bit."""
    result = OrderSendResult(10009, price=1.1000600000000001, request=TradeRequest(symbol="EURUSD", magic=2**61))
    rows = (Tick(time=5, bid=0.1 + 0.2), TradePosition(ticket=9, comment="ü"))
    for value in (result, rows):
        back = decode(json.loads(json.dumps(encode(value))))
        assert back == value
        assert type(back) is type(value)


def test_arrays_come_back_with_their_columns() -> None:
    """As NumPy's structured arrays."""
    array = np.array([(1, 1.5), (2, 2.5)], dtype=[("time", "<i8"), ("bid", "<f8")])
    back = decode(json.loads(json.dumps(encode(array))))
    assert back.dtype == array.dtype
    assert back.tolist() == array.tolist()


def test_moments_travel_as_seconds() -> None:
    """The server's clock is told in them."""
    assert encode(datetime(2026, 11, 21, tzinfo=UTC)) == 1795219200


@pytest.mark.parametrize("text", [b"", b'{"a": 1}', b"[1]\n", b"nonsense\n"])
def test_half_a_line_is_no_message(text: bytes) -> None:
    """A cut answer must not be taken for a whole one."""
    with pytest.raises(ValueError):
        read_line(text)
    assert read_line(line({"a": 1})) == {"a": 1}
