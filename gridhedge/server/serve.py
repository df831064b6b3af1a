"""Puts the server together and lets uvicorn listen, in a thread of its own."""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import uvicorn

from gridhedge.domain.errors import GridhedgeError, UsageError
from gridhedge.domain.values import Millis
from gridhedge.server.app import Doors, build_app
from gridhedge.server.fleet import Fleet, House
from gridhedge.server.gate import HEAD_AT_MOST, Gate, allowed_hosts
from gridhedge.server.ports import Traders
from gridhedge.server.protocol import Protocol
from gridhedge.server.resources import Resources
from gridhedge.server.signatures import AdminKey, Seen, Signatures
from gridhedge.server.users import Users
from gridhedge.server.vault import open_vault
from gridhedge.store.secret import Secret

__all__ = ["Handle", "Options", "Secrets", "assemble", "check_exposure", "start"]

_KEEP_ALIVE_S = 20
"""For a connection on which nothing is asked any more."""
_START_S = 120.0
_STOP_S = 120.0


class Options(NamedTuple):
    """What the operator says on the command line."""

    host: str
    port: int
    data: Path
    hosts: tuple[str, ...] = ()
    """More names of this server, as clients and proxies address it."""
    endpoints: Mapping[str, str] = {}
    live: bool = False
    version: str = ""


class Secrets(NamedTuple):
    """What the operator keeps in the environment."""

    bot_secret: Secret | None = None
    admin_key: Secret | None = None
    encryption_key: Secret | None = None


class Handle:
    """A running server."""

    def __init__(self, server: uvicorn.Server, url: str) -> None:
        self.server = server
        self.url = url
        self.thread: threading.Thread
        self.failure: BaseException | None = None

    def stop(self) -> None:
        """Answer what is being asked, stop all sessions gracefully, and end."""
        self.server.should_exit = True
        self.thread.join(_STOP_S)
        if self.thread.is_alive():
            raise UsageError(f"the server has not ended within {_STOP_S:.0f} s; its sessions' logs tell more")


def check_exposure(options: Options, secrets: Secrets) -> None:
    """Raises UsageError where others could reach a server that asks nobody for a signature."""
    if secrets.bot_secret is None and not _is_loopback(options.host):
        raise UsageError(
            f"--host {options.host}: without BOT_SECRET the server listens on this machine only; set BOT_SECRET in the "
            "environment or in .env, or use --host 127.0.0.1"
        )


def assemble(options: Options, secrets: Secrets, traders: Traders, log: logging.Logger) -> Gate:
    """The application, ready for an ASGI server. Raises UsageError, DiskFailure."""
    check_exposure(options, secrets)
    folder = options.data / "server"
    vault = open_vault(secrets.encryption_key, secrets.bot_secret, folder)
    house = House(options.endpoints, options.live)
    fleet = Fleet(Users(folder / "users.sqlite3"), vault, traders, house, _now, log)
    doors = Doors(
        allowed_hosts(options.host, options.hosts),
        Signatures(secrets.bot_secret, Seen(folder / "seen.sqlite3"), _now),
        AdminKey(secrets.admin_key),
    )
    return build_app(fleet, doors, Resources(), log, version=options.version, live=options.live)


def start(app: Gate, options: Options) -> Handle:
    """Listen, resume sessions, and return when requests are answered. Port 0 takes a free one. Raises UsageError."""
    listener = _listen(options.host, options.port)
    config = uvicorn.Config(
        app,
        http=Protocol,
        h11_max_incomplete_event_size=HEAD_AT_MOST,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on who the client says it is
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=10,
    )
    host, port = listener.getsockname()[:2]
    handle = Handle(uvicorn.Server(config), f"http://{f'[{host}]' if ':' in host else host}:{port}")
    handle.thread = threading.Thread(target=_run, args=(handle, listener), name="server", daemon=True)
    handle.thread.start()
    _wait(lambda: handle.server.started or not handle.thread.is_alive())
    if not handle.server.started:
        raise (
            handle.failure
            if isinstance(handle.failure, GridhedgeError)
            else UsageError(f"the server could not be started ({handle.failure or 'see the log'})")
        )
    return handle


def _run(handle: Handle, listener: socket.socket) -> None:
    try:
        handle.server.run(sockets=[listener])
    except (GridhedgeError, OSError, SystemExit) as error:
        handle.failure = error
    finally:
        listener.close()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_S
    while not condition():
        if time.monotonic() > deadline:
            raise UsageError(f"the server has not started within {_START_S:.0f} s; see the log")
        time.sleep(0.01)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    except OSError as error:
        raise UsageError(f"{host}:{port} can not be listened on ({error}); choose another --host") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"{host}:{port} can not be listened on ({error}); choose another --port") from error
    return listener


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _now() -> Millis:
    return time.time_ns() // 1_000_000
