"""A bridge to a terminal: the module's functions as lines of JSON over TCP.

The server runs where the terminal is (Windows, or Wine's Python, or a simulated one), the client anywhere that may
reach it. Whoever reaches it can trade: it listens on this machine only, so that others come through an SSH tunnel.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, cast

from gridhedge.domain.errors import UsageError
from gridhedge.venue.mt5.terminal.api import Mt5Api
from gridhedge.venue.mt5.terminal.constants import Constants
from gridhedge.venue.mt5.terminal.wire import LONGEST_LINE, decode, encode, line, read_line

__all__ = ["FUNCTIONS", "Address", "BridgeServer", "RemoteTerminal", "address_of", "remote"]

FUNCTIONS = frozenset({
    "Buy", "Close", "Sell", "account_info", "copy_rates_from", "copy_rates_from_pos", "copy_rates_range",
    "copy_ticks_from", "copy_ticks_range", "history_deals_get", "history_deals_total", "history_orders_get",
    "history_orders_total", "initialize", "login", "market_book_add", "market_book_get", "market_book_release",
    "order_calc_margin", "order_calc_profit", "order_check", "order_send", "orders_get", "orders_total",
    "positions_get", "positions_total", "shutdown", "symbol_info", "symbol_info_tick", "symbol_select", "symbols_get",
    "symbols_total", "terminal_info", "version",
})  # fmt: skip
"""Everything that the package offers; ``last_error`` comes with every answer, because it is gone with the next call."""

_SCHEME = "tcp://"


class Address(NamedTuple):
    host: str
    port: int


def address_of(path: str) -> Address | None:
    """The address of a bridge where ``path`` is one (tcp://127.0.0.1:18812); None for the path of a program."""
    if not path.startswith(_SCHEME):
        return None
    host, colon, port = path.removeprefix(_SCHEME).rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(f"{path!r} is no address of a bridge: write tcp://HOST:PORT, such as tcp://127.0.0.1:18812")
    return Address(host, int(port))


class BridgeServer:
    """Serves a terminal to every client that connects. ``make`` gives each connection its module; calls never
    overlap, whoever makes them: the package drives one terminal and knows no threads.

    ``path`` replaces the one that clients give: theirs is the address of this bridge. Whoever holds ``turn`` is between
    two calls.
    """

    def __init__(self, make: Callable[[], Mt5Api], address: Address, path: str = "") -> None:
        turn = self.turn = threading.Lock()
        sockets: set[socket.socket] = set()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                sockets.add(self.request)
                try:
                    _serve(self.rfile, self.wfile, make(), turn, path)
                finally:
                    sockets.discard(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._sockets = sockets
        try:
            self._server = Server(address, Handler)
        except OSError as error:
            raise UsageError(f"{address.host}:{address.port} can not be listened on: {error.strerror}") from error
        host, port = self._server.server_address[:2]
        self.address = Address(str(host), int(port))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"{_SCHEME}{self.address.host}:{self.address.port}"

    def start(self) -> None:
        self._thread.start()

    def cut(self) -> None:
        """Break all connections, as a network does."""
        for each in list(self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Stop listening and hang up."""
        self._server.shutdown()
        self._server.server_close()
        self.cut()
        self._thread.join()


def _serve(reading: Any, writing: Any, module: Mt5Api, turn: threading.Lock, path: str) -> None:
    with suppress(OSError):
        while text := reading.readline(LONGEST_LINE):
            try:
                message = read_line(text)
                name = message["call"]
                args, named = [decode(item) for item in message["args"]], decode({"request": message["named"]})
                if name not in FUNCTIONS:
                    raise ValueError(name)
            except (ValueError, KeyError, TypeError):
                return  # nobody who speaks our language
            if name == "initialize" and path:
                args, named = [path], {key: value for key, value in named.items() if key != "path"}
            with turn:
                value = getattr(module, name)(*args, **named)
                error = module.last_error()
            writing.write(line({"value": encode(value), "error": list(error)}))


class RemoteTerminal(Constants):
    """The module behind a bridge. Its functions fail as the package's do: None or False, and ``last_error``."""

    def __init__(self, address: Address, timeout_s: float = 15.0) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._reading: Any = None
        self._error = (Constants.RES_E_INTERNAL_FAIL_CONNECT, "No IPC connection")

    def last_error(self) -> tuple[int, str]:
        return self._error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in FUNCTIONS:
            raise AttributeError(name)
        return lambda *args, **named: self._call(name, args, named)

    def shutdown(self) -> None:
        """Hang up; the next call connects anew, and must begin with ``initialize``."""
        if self._socket is not None:
            self._call("shutdown", (), {})
        self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._reading.close()
            self._socket.close()
            self._socket = None

    def _call(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        request = line({
            "call": name,
            "args": [encode(item) for item in args],
            "named": {key: encode(value) for key, value in named.items()},
        })  # fmt: skip
        failed = None if name != "initialize" else False
        if self._socket is None and not self._connect():
            return failed
        assert self._socket is not None
        try:
            self._socket.sendall(request)
            answer = read_line(self._reading.readline(LONGEST_LINE))
            code, text = answer["error"]
            value = decode(answer["value"])
        except TimeoutError:
            return self._lost(Constants.RES_E_INTERNAL_FAIL_TIMEOUT, "IPC timeout", failed)
        except (OSError, ValueError, KeyError, TypeError):
            return self._lost(Constants.RES_E_INTERNAL_FAIL_RECEIVE, "IPC recv failed", failed)
        self._error = (int(code), str(text))
        return value

    def _connect(self) -> bool:
        try:
            self._socket = socket.create_connection(self._address, self._timeout_s)
        except OSError as error:
            self._error = (Constants.RES_E_INTERNAL_FAIL_CONNECT, f"No IPC connection ({error.strerror or error})")
            return False
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reading = self._socket.makefile("rb")
        return True

    def _lost(self, code: int, text: str, failed: bool | None) -> bool | None:
        self._close()
        self._error = (code, text)
        return failed


def remote(address: Address, timeout_s: float = 15.0) -> Mt5Api:
    """The module behind a bridge, as everybody here knows it."""
    return cast(Mt5Api, RemoteTerminal(address, timeout_s))
