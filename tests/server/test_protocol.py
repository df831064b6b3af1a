"""Connections: nobody keeps one by saying nothing, and one too many is told so."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import ExitStack, suppress

import pytest

from tests.patience import PATIENCE_S
from tests.server.conftest import Opened
from tests.server.platform import Platform


def answered(connection: socket.socket) -> tuple[int, str]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    code: str = json.loads(answer.read())["code"]
    return answer.status, code


def connected(platform: Platform) -> socket.socket:
    return socket.create_connection((platform.host, platform.port), timeout=PATIENCE_S)


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: local"])
def test_a_head_that_does_not_come_is_not_waited_for(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Nor half of one: 408, and the connection is closed."""
    monkeypatch.setattr("gridhedge.server.protocol._HEAD_SECONDS", 0.1)
    with connected(platform) as connection:
        connection.sendall(sent)
        assert answered(connection) == (408, "TOO_SLOW")
        with suppress(ConnectionResetError):  # where the server had closed before it was sent anything
            assert connection.recv(1) == b""


def test_half_a_second_request_is_not_waited_for(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one on the connection is answered as ever."""
    with connected(platform) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == 200
        answer.read()
        monkeypatch.setattr("gridhedge.server.protocol._HEAD_SECONDS", 0.2)
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        assert answered(connection) == (408, "TOO_SLOW")


def test_one_connection_too_many_is_told(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were there go on."""
    monkeypatch.setattr("gridhedge.server.protocol._CONNECTIONS_AT_MOST", 3)
    with ExitStack() as stack:
        held = [stack.enter_context(connected(platform)) for _ in range(3)]
        for connection in held:  # an answer each: then the server knows all three
            connection.sendall(b"GET /api/v1/users/anna/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert answered(connection) == (401, "MISSING_SIGNATURE")
        assert answered(stack.enter_context(connected(platform))) == (503, "BUSY")
        held[0].sendall(b"GET /api/v1/admin/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert answered(held[0]) == (401, "ADMIN_KEY_MISSING")
    assert platform.send("GET", "/health").status == 200


def test_an_answer_that_has_begun_is_not_answered_again(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a refused body is no request: the connection ends, the server goes on."""
    monkeypatch.setattr("gridhedge.server.serve._KEEP_ALIVE_S", 1)
    platform = opened()
    with connected(platform) as connection:
        connection.sendall(b"POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        assert answered(connection) == (413, "TOO_LARGE")
        assert connection.recv(1) == b""
    assert platform.send("GET", "/health").status == 200
