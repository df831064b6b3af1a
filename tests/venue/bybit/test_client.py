"""The client on answers that pybit does not expect, from a server that says them."""

from __future__ import annotations

import http.server
import logging
import threading
from collections.abc import Iterator

import pytest

from gridhedge.domain import errors
from gridhedge.engine.ports import Unknown
from gridhedge.venue.bybit.client import Access, Client, header
from gridhedge.venue.clock import ServerClock
from gridhedge.venue.failed import Failed
from tests.venue.bybit.rows import AT

STRANGE = [
    b"", b"<html>log in to the hotel</html>", b"[]", b"null", b"5", b'"x"', b"{}", b'{"retCode": 0}',
    b'{"retCode": "0"}', b'{"retCode": 0, "retMsg": "OK", "result": [], "time": 1795000000000}',
    b'{"retCode": 10001}', b'{"retCode": 0, "retMsg": "OK", "result": {}, "time": "soon"}',
    b'{"retCode": "x", "retMsg": "no"}',
    b'{"retCode": 0, "retMsg": "OK", "result": {}, "retExtInfo": 7, "time": 1795000000000}', b"\xff\xfe", b'{"retCo',
    b'{"retCode": 0, "result": null, "time": 1795000000000}', b'{"retCode": [1], "retMsg": "no"}',
]  # fmt: skip


class Says(http.server.BaseHTTPRequestHandler):
    """Answers everything with ``body``."""

    body = b""
    asked = 0
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Nobody listens."""


@pytest.fixture
def says() -> Iterator[type[Says]]:
    class Here(Says):
        url = ""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    server.daemon_threads = True
    Here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(says: type[Says]) -> Iterator[Client]:
    access = Access(True, says.url, "the-key", "the-secret", 5000, timeout_s=60.0)
    client = Client(access, ServerClock(), logging.getLogger("gridhedge.account.test"))
    yield client
    client.close()


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: ascii(body)[:30])
def test_an_answer_that_can_not_be_read_is_unknown(says: type[Says], client: Client, body: bytes) -> None:
    """Also where pybit stumbles over it. It is sent once."""
    says.body = body
    with pytest.raises(Failed) as caught:
        client.write("place_batch_order", category="linear", request=[])
    if b"10001" in body:
        assert "an answer that can not be read" in str(caught.value)
    assert isinstance(caught.value.outcome, Unknown)
    assert says.asked == 1


def test_a_read_is_tried_three_times(says: type[Says], client: Client) -> None:
    """Then the caller is told that nothing is known."""
    says.body = b"[]"
    with pytest.raises(errors.Unclear):
        client.read("get_server_time")
    assert says.asked == 3


def test_a_refusal_is_not_tried_again(says: type[Says], client: Client) -> None:
    """The venue's words are in the sentence."""
    says.body = b'{"retCode": 10003, "retMsg": "API key is invalid."}'
    with pytest.raises(errors.Refused, match="10003: API key is invalid"):
        client.read("get_wallet_balance", accountType="UNIFIED")
    assert says.asked == 1


@pytest.mark.parametrize("code", [110025, 110026, 110043, 34040])
def test_not_modified_is_a_success_for_a_setting(says: type[Says], client: Client, code: int) -> None:
    """It is as it should be."""
    says.body = b'{"retCode": %d, "retMsg": "not modified"}' % code
    client.configure("set_leverage", category="linear", symbol="X", buyLeverage="10", sellLeverage="10")
    assert says.asked == 1


def test_an_answer_tells_the_time(says: type[Says]) -> None:
    """Bybit's, whatever this machine's clock says."""
    clock = ServerClock(begin=lambda: AT - 10**9)
    access = Access(True, says.url, "the-key", "the-secret", 5000)
    client = Client(access, clock, logging.getLogger("gridhedge.account.test"))
    says.body = b'{"retCode": 0, "retMsg": "OK", "result": {}, "time": %d}' % AT
    assert client.read("get_server_time").at == AT
    assert AT <= clock.now() < AT + 60_000
    client.close()


def test_secrets_are_not_shown(client: Client) -> None:
    """Neither by the access nor by an error."""
    access = Access(False, "", "the-key", "the-secret", 5000)
    assert "the-" not in repr(access)
    assert "the-" not in f"{access}"


@pytest.mark.parametrize(
    ("value", "expected"), [("10", 10), ("", None), ("-1", None), ("1e3", None), ("１", None), ("9" * 16, None)]
)
def test_a_header_is_a_number_or_nothing(value: str, expected: int | None) -> None:
    """Missing ones and missing headers, too."""
    assert header({"X": value}, "X") == expected
    assert header({}, "X") is None
    assert header(None, "X") is None
