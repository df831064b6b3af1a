"""The client over real requests: Binance's time, its weights, and what the log never shows."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from gridhedge.domain import errors
from gridhedge.domain.order import Reject
from gridhedge.engine.ports import Rejected, Unknown
from gridhedge.practice.binance.server import Handle
from gridhedge.practice.world import Options
from gridhedge.venue.binance.client import Access, Client
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from tests.patience import until
from tests.practice.binance.venues import serving

LOG = logging.getLogger("gridhedge.account.test")


@pytest.fixture
def venue() -> Iterator[Handle]:
    with serving(Options(rules="binance")) as handle:
        yield handle


def client(venue: Handle, timeout_s: float = 60.0) -> Client:
    return Client(Access(True, venue.url, "practice", "practice", 5000, timeout_s), ServerClock(), LOG)


def test_requests_are_signed_with_binance_s_time(venue: Handle) -> None:
    """Its clock is an hour ahead of this machine's: the first refusal is answered with a look at it."""
    venue.faults.add("clock", seconds=3600.0)
    asking = client(venue)
    assert asking.read("futures_account_config").body
    with pytest.raises(Failed) as failed:
        client(venue).write("futures_create_order", symbol="BTCUSDC")
    assert isinstance(failed.value.outcome, Rejected)
    assert failed.value.outcome.reason is Reject.BUSY
    asking.close()


def test_reading_pauses_before_the_weight_is_used_up(venue: Handle) -> None:
    """Until the next minute; orders weigh nothing and go on."""
    asking = client(venue)

    def read_on() -> None:
        for _ in range(200):  # 30 each
            asking.read("futures_get_position_mode")

    begun = time.time() * 1000
    with pytest.raises(errors.RateLimited) as limited:
        read_on()
    assert begun < limited.value.until <= time.time() * 1000 + 60_500
    with pytest.raises(Failed) as failed:
        asking.write("futures_create_order", symbol="NOPE", side="BUY", type="MARKET", quantity="1")
    assert failed.value.code == -1121
    asking.close()


def test_a_ban_silences_both_sessions(venue: Handle) -> None:
    """They share an address: neither asks again before its end."""
    asking = client(venue)
    sibling = asking.sibling()
    venue.faults.add("rate_limited", seconds=20.0)
    with pytest.raises(errors.RateLimited):
        asking.read("futures_account_config")
    with pytest.raises(errors.RateLimited):
        sibling.read("futures_account_config")
    for one in (asking, sibling):
        one.close()


def test_what_needs_a_key_is_refused_without_one(venue: Handle) -> None:
    """In a sentence, and nothing is sent; what is public is told."""
    asking = Client(Access(False, venue.url, "", "", 5000, 60.0), ServerClock(), LOG)
    with pytest.raises(errors.Refused, match="to keys only"):
        asking.read("futures_leverage_bracket", symbol="BTCUSDC")
    assert asking.read("futures_klines", symbol="BTCUSDC", interval="1m").body
    asking.close()


@pytest.mark.parametrize("kind", ["garbage", "cut", "timeout_before"])
def test_an_answer_that_does_not_come_is_unknown(venue: Handle, kind: str) -> None:
    """Only asking helps."""
    venue.faults.add(kind, on="v1/order", seconds=60.0)
    asking = client(venue, timeout_s=1.0)
    with pytest.raises(Failed) as failed:
        asking.write("futures_create_order", symbol="BTCUSDC")
    assert isinstance(failed.value.outcome, Unknown)
    asking.close()


def test_listen_keys_and_secrets_are_never_logged(venue: Handle, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has the listen key reads everything that happens to the account."""
    caplog.set_level(logging.DEBUG)
    asking = client(venue)
    wire = asking.open_private(True)(lambda message: None, lambda why: None)
    asking.keep_listen_key()
    key = asking._key_in_use
    assert len(key) == 64
    assert key not in caplog.text
    assert "practice" not in repr(asking._access)
    wire.close()
    asking.close()


def test_a_stream_that_can_not_be_opened_is_not_sent(venue: Handle) -> None:
    """A refused handshake, and nobody there at all."""
    asking = client(venue)
    venue.faults.add("refuse_sockets", on="public", seconds=60.0)
    open_it = asking.open_public("public", ("btcusdc@bookTicker",))
    with pytest.raises(errors.NotSent, match="can not be opened"):
        open_it(lambda message: None, lambda why: None)
    venue.stop()
    with pytest.raises(errors.NotSent, match="can not be opened"):
        open_it(lambda message: None, lambda why: None)
    asking.close()


def test_a_message_that_is_no_json_is_trouble_and_the_stream_goes_on(venue: Handle) -> None:
    """A broken frame is a gap, not an end."""
    asking = client(venue)
    heard: list[object] = []
    troubles: list[str] = []
    venue.faults.add("broken_frame", on="public")
    wire = asking.open_public("public", ("btcusdc@bookTicker",))(heard.append, troubles.append)
    until(lambda: heard and troubles)
    assert "no JSON" in troubles[0]
    assert wire.is_alive()
    wire.close()
    assert not wire.is_alive()
    asking.close()
