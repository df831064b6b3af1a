"""Requests are counted here before Bitget counts them."""

from __future__ import annotations

from gridhedge.venue.bitget.limits import Limits


def test_a_full_window_waits_for_its_first_request_to_be_over() -> None:
    """Five batches in 1.05 s; the sixth waits for the rest of it."""
    now = [1_000]
    limits = Limits(lambda: now[0])
    for _ in range(5):
        assert limits.wait_ms("v3/trade/place-batch") == 0
        limits.took("v3/trade/place-batch")
        now[0] += 100
    assert limits.wait_ms("v3/trade/place-batch") == 1_000 + 1_050 - 1_500
    now[0] = 2_050
    assert limits.wait_ms("v3/trade/place-batch") == 0


def test_endpoints_do_not_share_a_window() -> None:
    """Cancelling is possible while placing has to wait."""
    limits = Limits(lambda: 0)
    for _ in range(5):
        limits.took("v2/mix/order/batch-place-order")
    assert limits.wait_ms("v2/mix/order/batch-place-order") == 1_050
    assert limits.wait_ms("v2/mix/order/batch-cancel-orders") == 0
