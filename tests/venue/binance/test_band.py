"""Where a limit price may stand: as far through the mark as Binance lets it, and a little less."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from gridhedge.venue.binance.band import Band

BAND = Band(D("0.95"), D("1.05"), D("0.1"))


@pytest.mark.parametrize(
    ("buys", "price", "inside"),
    [(False, "0.1", "57300"), (False, "57299.9", "57300"), (False, "57300", "57300"), (False, "90000", "90000"),
     (True, "200000", "62700"), (True, "62700.1", "62700"), (True, "62700", "62700"), (True, "0.1", "0.1")],
)  # fmt: skip
def test_a_price_too_far_through_the_mark_is_moved(buys: bool, price: str, inside: str) -> None:
    """At a mark of 60000 and 5 %: a sell not below 57300, a buy not above 62700. The other way any price may wait."""
    assert BAND.inside(buys, D(price), D(60000)) == D(inside)


def test_a_moved_price_is_on_the_tick_and_not_beyond_the_edge() -> None:
    """Down for a buy, up for a sell."""
    mark = D("60000.07")
    assert BAND.inside(True, D(99999), mark) == D("62700.0")
    assert BAND.inside(False, D("0.1"), mark) == D("57300.1")
