"""The client over real requests to the practice exchange: whose time it signs by."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from gridhedge.domain.order import Reject
from gridhedge.engine.ports import Rejected
from gridhedge.practice.server import Handle
from gridhedge.venue.bitget.client import Access, Client
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from tests.practice.bitget.test_server import serving

LOG = logging.getLogger("gridhedge.account.test")


@pytest.fixture
def venue() -> Iterator[Handle]:
    handle = serving("v2")
    yield handle
    handle.stop()


@pytest.fixture
def client(venue: Handle) -> Iterator[Client]:
    made = Client(Access(True, venue.url, "practice", "practice", "practice", 1.0), ServerClock(), LOG)
    yield made
    made.close()


def test_a_read_in_the_wrong_time_is_repeated_by_bitget_s(venue: Handle, client: Client) -> None:
    """Its clock is an hour ahead of this machine's, as after a sleep: the refusal is answered with a look at it."""
    venue.faults.add("clock", seconds=3600.0)
    assert client.read("v2/mix/account/accounts", productType="USDT-FUTURES").data


def test_an_order_in_the_wrong_time_is_refused_once(venue: Handle, client: Client) -> None:
    """It is never sent again unasked; the next one is signed by Bitget's time."""
    venue.faults.add("clock", seconds=3600.0)
    refused = []
    for _ in range(2):
        with pytest.raises(Failed) as failed:
            client.write("v2/mix/order/cancel-order", {"symbol": "NOPE", "productType": "USDT-FUTURES"})
        assert isinstance(failed.value.outcome, Rejected)
        refused.append((failed.value.code, failed.value.outcome.reason))
    assert refused == [(40008, Reject.BUSY), (40017, Reject.OTHER)]
