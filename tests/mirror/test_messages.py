"""What the programs tell each other."""

from __future__ import annotations

from gridhedge.mirror.messages import iso, opposite
from tests.mirror.centers import position


def test_numbers_travel_as_texts_with_all_their_digits() -> None:
    """0.10 stays 0.10."""
    assert position().message() == {
        "account": 501234, "ticket": 987, "symbol": "EURUSD", "side": "buy", "volume": "0.10", "price": "1.08321",
        "opened_at": "2026-11-21T09:30:00Z", "contract_size": "0",
    }  # fmt: skip


def test_times_are_utc_and_sides_have_opposites() -> None:
    """Milliseconds where there are any."""
    assert (iso(0), iso(1_250)) == ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01.250Z")
    assert (opposite("buy"), opposite("sell")) == ("sell", "buy")
