"""Where a webhook goes: an address that a user has given, so it is not trusted."""

from __future__ import annotations

import http.client
import ipaddress
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

from gridhedge.domain.errors import UsageError

__all__ = ["Address", "Undelivered", "parse_address", "post"]

_LONGEST = 2048
_TIMEOUT_S = 10.0
_READ_AT_MOST = 64 * 1024


class Address(NamedTuple):
    """A web address that may be posted to."""

    secure: bool
    host: str
    port: int
    path: str
    """With its query."""


class Undelivered(Exception):
    """The receiver did not take a message. ``final``: it has read it and does not want it."""

    def __init__(self, text: str, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


def parse_address(text: str) -> Address:
    """``https://platform.example/hooks/7``. Raises UsageError with what is wrong."""
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"a webhook address has at most {_LONGEST} printable characters and no blanks")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"not a web address ({error}); write https://host/path") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("not a web address; write https://host/path (or http:// inside a private network)")
    if parts.username is not None or parts.password is not None or parts.fragment or "\\" in text:
        raise UsageError("a webhook address has no user, password or fragment; remove them")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(secure, parts.hostname, port or (443 if secure else 80), path)


def post(address: Address, body: bytes, headers: dict[str, str]) -> None:
    """Send ``body``; returns once the receiver has answered 2xx. Redirections are not followed. Raises Undelivered.

    The address that the name stands for is looked at after connecting and before anything is sent, so that a name
    can not be turned into an address that only this machine's own services should reach (a cloud's metadata).
    """
    connection = _connection(address)
    try:
        connection.connect()
        _check_peer(connection)
        connection.request("POST", address.path, body, headers)
        answer = connection.getresponse()
        answer.read(_READ_AT_MOST)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Undelivered(f"{address.host}:{address.port}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        refused = 400 <= answer.status < 500 and answer.status not in (408, 425, 429)
        raise Undelivered(f"{address.host}:{address.port} answered {answer.status}", refused)


def _connection(address: Address) -> http.client.HTTPConnection:
    if address.secure:
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(address.host, address.port, timeout=_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_S)


def _check_peer(connection: http.client.HTTPConnection) -> None:
    peer = ipaddress.ip_address(connection.sock.getpeername()[0].partition("%")[0])
    mapped = peer.ipv4_mapped if isinstance(peer, ipaddress.IPv6Address) else None
    if is_forbidden(mapped or peer):
        raise OSError(f"{peer} is not an address for webhooks")


def is_forbidden(peer: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Link-local (cloud metadata lives there), multicast and unspecified addresses. Private networks are allowed: the
    platform often stands beside the server."""
    return peer.is_link_local or peer.is_multicast or peer.is_unspecified
