"""Signatures: HMAC-SHA256 in base64, over the bytes that arrived."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from gridhedge.domain.values import Millis
from gridhedge.practice.bitget.answers import Answer
from gridhedge.practice.desk import Desk
from gridhedge.practice.wire import Request

__all__ = ["PASSPHRASE", "check_request", "check_socket", "signature"]

PASSPHRASE = "practice"
_WINDOW_MS = 30_000


def signature(secret: str, message: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()


def check_request(desks: Mapping[str, Desk], request: Request, now: Millis) -> Desk:
    """The account that has signed ``timestamp + method + path + ?query + body``; the query as it reads.

    Raises Answer: 40006 (unknown key), 40012 (passphrase), 40008 (more than 30 s off), 40009 (wrong signature).
    """
    headers = request.headers
    key, sign, stamp = (headers.get(f"access-{name}", "") for name in ("key", "sign", "timestamp"))
    if not key:
        raise Answer("40001", "ACCESS_KEY cannot be empty")
    if not sign:
        raise Answer("40003", "Signature cannot be empty")
    desk = desks.get(key)
    if desk is None:
        raise Answer("40006", "Invalid ACCESS_KEY")
    if headers.get("access-passphrase", "") != PASSPHRASE:
        raise Answer("40012", "apikey/password is incorrect")
    if not stamp.isdecimal():
        raise Answer("40005", "Invalid ACCESS_TIMESTAMP")
    if abs(now - int(stamp)) > _WINDOW_MS:
        raise Answer("40008", "Request timestamp expired")
    query = unquote(request.query.decode("utf-8", "replace"))
    message = f"{stamp}{request.method}{request.path}{'?' + query if query else ''}"
    if not hmac.compare_digest(signature(desk.secret, message + request.body.decode("utf-8", "replace")), sign):
        raise Answer("40009", "sign signature error")
    return desk


def check_socket(desks: Mapping[str, Desk], arguments: object, now: Callable[[object], Millis]) -> Desk:
    """The account behind a login; ``now``: the present, beside a stamp. Raises Answer 30011, 30012, 30005 or 30015."""
    login = arguments[0] if isinstance(arguments, list) and arguments else None
    if not isinstance(login, dict):
        raise Answer("30016", "Param error")
    key, passphrase, stamp, sign = (str(login.get(name)) for name in ("apiKey", "passphrase", "timestamp", "sign"))
    desk = desks.get(key)
    if desk is None:
        raise Answer("30011", "Invalid ACCESS_KEY")
    if passphrase != PASSPHRASE:
        raise Answer("30012", "Invalid ACCESS_PASSPHRASE")
    seconds = int(stamp) if stamp.isdecimal() and len(stamp) <= 13 else 0
    at = seconds if seconds > 10**12 else seconds * 1000
    if abs(now(stamp) - at) > _WINDOW_MS:
        raise Answer("30014", "Request timestamp expired")
    if not hmac.compare_digest(signature(desk.secret, f"{stamp}GET/user/verify"), sign):
        raise Answer("30015", "Invalid sign")
    return desk
