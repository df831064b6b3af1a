"""Milliseconds and ISO 8601."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridhedge.store.times import iso, millis


def test_a_time_is_written_in_utc_with_its_offset():
    """Milliseconds are exact: no float on the way."""
    assert iso(1760633994480) == "2025-10-16T16:59:54.480+00:00"


def test_any_offset_is_understood():
    """The seed's own example, in Moscow time and with microseconds."""
    assert millis("2025-10-16T19:59:54.480795+03:00") == 1760633994480


@given(st.integers(0, 10**14))
def test_there_and_back(at):
    """millis(iso(at)) == at."""
    assert millis(iso(at)) == at


def test_a_time_without_an_offset_is_refused():
    """It could mean any of 24 hours."""
    with pytest.raises(ValueError, match="lacks its UTC offset"):
        millis("2025-10-16T19:59:54")
