"""A terminal behind a bridge behaves as one on this machine; losses on the way are told as the package tells them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import cast

import pytest

from gridhedge.domain.errors import UsageError
from gridhedge.practice.mt5.terminal import SimulatedTerminal
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.bridge import Address, BridgeServer, RemoteTerminal, address_of, remote
from tests.patience import PATIENCE_S
from tests.practice.mt5.brokers import LOGIN, broker, deal, terminal

SIGN_IN = {"login": 501234, "password": "secret", "server": "Sim-Demo"}


@pytest.fixture
def bridge() -> Iterator[BridgeServer]:
    house = broker()
    server = BridgeServer(
        lambda: cast(Mt5Api, SimulatedTerminal(house, LOGIN)), Address("127.0.0.1", 0), "C:/mt5/terminal64.exe"
    )
    server.start()
    yield server
    server.stop()


def test_results_are_the_package_s_structures(bridge: BridgeServer) -> None:
    """Named tuples, nested requests, arrays, None with its error; the program's path is the server's."""
    there = remote(bridge.address)
    assert there.initialize(bridge.url, **SIGN_IN) is True
    here = terminal(broker())
    state = there.terminal_info()
    assert state is not None
    assert state.path == "C:/mt5/terminal64.exe"
    assert there.symbol_select("EURUSD", True)
    request = {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "type_filling": 0, "comment": "hedge"}
    result, expected = there.order_send(request), deal(here, 0, comment="hedge")
    assert result is not None
    assert result._replace(request_id=0) == expected._replace(request_id=0)
    assert result.request == expected.request
    assert there.symbol_info("EURUSD") is not None
    assert there.symbol_info("NOPE") is None
    assert there.last_error() == (-4, "Terminal: Not found")
    assert there.copy_rates_from_pos("EURUSD", 1, 0, 5).dtype == here.copy_rates_from_pos("EURUSD", 1, 0, 5).dtype
    assert there.history_orders_get(ticket=result.order) is not None
    there.shutdown()


def test_a_cut_connection_loses_the_answer_and_must_be_initialized_again(bridge: BridgeServer) -> None:
    """As a terminal that was closed: None, -10002, then -10004 until ``initialize``."""
    there = remote(bridge.address)
    there.initialize(bridge.url, **SIGN_IN)
    bridge.cut()
    assert there.account_info() is None
    assert there.last_error()[0] == -10002
    assert there.account_info() is None
    assert there.last_error()[0] == -10004
    assert there.initialize(bridge.url, **SIGN_IN) is True
    assert there.account_info() is not None
    there.shutdown()


def test_a_bridge_that_is_not_there_is_no_connection(bridge: BridgeServer) -> None:
    """Nothing has been sent: -10004."""
    bridge.stop()
    there = remote(bridge.address)
    assert there.initialize(bridge.url, **SIGN_IN) is False
    assert there.order_send({"action": 1}) is None
    assert there.last_error()[0] == -10004
    bridge.__init__(lambda: cast(Mt5Api, None), Address("127.0.0.1", 0))
    bridge.start()


def test_a_server_that_does_not_answer_is_a_timeout() -> None:
    """The request has left: -10005, nobody knows what became of it."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        there = RemoteTerminal(Address(*mute.getsockname()), timeout_s=0.2)
        assert there.order_send({"action": 1}) is None
        assert there.last_error() == (-10005, "IPC timeout")


def test_who_does_not_speak_the_language_is_hung_up_on(bridge: BridgeServer) -> None:
    """No function that is not the module's can be called."""
    for text in (b"GET / HTTP/1.1\r\n", b'{"call": "__init__", "args": [], "named": {}}\n', b"[]\n"):
        with socket.create_connection(bridge.address, PATIENCE_S) as stranger:
            stranger.sendall(text)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(100) == b""


def test_calls_never_overlap(bridge: BridgeServer) -> None:
    """Four clients at once: each gets its own answers."""
    clients = [remote(bridge.address) for _ in range(4)]
    for each in clients:
        assert each.initialize(bridge.url, **SIGN_IN)
    results: list[object] = []
    threads = [
        threading.Thread(target=lambda each=each: results.extend(each.account_info() for _ in range(20)))
        for each in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    assert None not in results
    for each in clients:
        each.shutdown()


def test_a_function_that_the_package_has_not_is_not_there(bridge: BridgeServer) -> None:
    """As with any module; its constants are there without asking."""
    there = RemoteTerminal(bridge.address)
    with pytest.raises(AttributeError):
        _ = there.nothing_like_it
    assert there.ORDER_TYPE_SELL == 1


@pytest.mark.parametrize("path", ["tcp://", "tcp://host", "tcp://host:0", "tcp://host:x", "tcp://:80"])
def test_a_wrong_address_is_said(path: str) -> None:
    """With an example."""
    with pytest.raises(UsageError, match="is no address of a bridge: write tcp://HOST:PORT"):
        address_of(path)


def test_a_program_s_path_is_no_address() -> None:
    """Neither on Windows nor elsewhere."""
    assert address_of("C:\\Program Files\\MT5\\terminal64.exe") is None
    assert address_of("tcp://127.0.0.1:18812") == ("127.0.0.1", 18812)
