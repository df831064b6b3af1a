"""Signatures: over the raw bytes that arrived, so that every client's own way of writing JSON is right."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from gridhedge.domain.values import Millis
from gridhedge.practice.bybit.answers import Answer
from gridhedge.practice.desk import Desk

__all__ = ["check_request", "check_socket", "signature"]

_AHEAD_MS = 1000
_DEFAULT_WINDOW_MS = 5000


def signature(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in lower-case hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def check_request(desks: Mapping[str, Desk], headers: Mapping[str, str], payload: bytes, now: Millis) -> Desk:
    """The account that has signed. ``payload``: the raw query string of a GET, the raw body of a POST.

    Raises Answer 10001, 10002 (outside the window: server time - window <= timestamp < server time + 1 s), 10003
    (unknown key) or 10004 (wrong signature).
    """
    key, sign = headers.get("x-bapi-api-key", ""), headers.get("x-bapi-sign", "")
    stamp, window = headers.get("x-bapi-timestamp", ""), headers.get("x-bapi-recv-window", "")
    if not key or not stamp:
        raise Answer(10001, "empty value: apiTimestamp[] apiKey[] apiSignature[]")
    if not stamp.isdecimal() or (window and not window.isdecimal()):
        raise Answer(10001, "params error: timestamp and recv_window are whole numbers of milliseconds")
    desk = desks.get(key)
    if desk is None:
        raise Answer(10003, "API key is invalid.")
    allowed = int(window) if window else _DEFAULT_WINDOW_MS
    if not now - allowed <= int(stamp) < now + _AHEAD_MS:
        raise Answer(
            10002,
            "invalid request, please check your server timestamp or recv_window param. "
            f"req_timestamp[{stamp}],server_timestamp[{now}],recv_window[{allowed}]",
        )
    message = f"{stamp}{key}{window}".encode() + payload
    if not hmac.compare_digest(signature(desk.secret, message).encode(), sign.encode()):
        raise Answer(10004, f"error sign! origin_string[{message.decode('utf-8', 'replace')}]")
    return desk


def check_socket(desks: Mapping[str, Desk], arguments: object, now: Millis) -> Desk:
    """The account behind an ``auth`` operation: [key, expires in ms, signature of "GET/realtime" + expires].

    Raises Answer 10003, 10004 or 10001.
    """
    if not isinstance(arguments, list) or len(arguments) != 3:
        raise Answer(10001, "Params Error")
    key, expires, sign = (str(part) for part in arguments)
    desk = desks.get(key)
    if desk is None:
        raise Answer(10003, "Invalid apikey")
    if not expires.isdecimal() or int(expires) <= now:
        raise Answer(10004, "Request expired or invalid timestamp")
    expected = signature(desk.secret, f"GET/realtime{expires}".encode())
    if not hmac.compare_digest(expected.encode(), sign.encode()):
        raise Answer(10004, "Params Error: invalid signature")
    return desk
