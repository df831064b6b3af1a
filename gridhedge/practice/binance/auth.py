"""Keys and signatures: over the raw text that arrived, or over what it decodes to, as clients do it both ways."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import unquote_plus

from gridhedge.domain.values import Millis
from gridhedge.practice.binance.answers import Answer, missing
from gridhedge.practice.binance.query import Params, whole
from gridhedge.practice.desk import Desk

__all__ = ["check_key", "check_signature", "signature"]

_AHEAD_MS = 1000
_DEFAULT_WINDOW_MS = 5000
_LONGEST_WINDOW_MS = 60_000
_SIGNATURE = re.compile(rb"(?:^|&)signature=[^&]*")


def signature(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in lower-case hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def check_key(desks: Mapping[str, Desk], headers: Mapping[str, str]) -> Desk:
    """The account of the key in the header; Answer -2014 or -2015."""
    key = headers.get("x-mbx-apikey", "")
    if not key:
        raise Answer(-2014, "API-key format invalid.", 401)
    if key not in desks:
        raise Answer(-2015, "Invalid API-key, IP, or permissions for action.", 401)
    return desks[key]


def check_signature(desk: Desk, query: bytes, body: bytes, params: Params, now: Millis) -> None:
    """Raises Answer -1102 (parts are missing), -1021 (outside the receive window) or -1022 (wrong).

    In the window: timestamp < server time + 1 s, and server time - timestamp <= recvWindow.
    """
    if "timestamp" not in params:
        raise missing("timestamp")
    if "signature" not in params:
        raise missing("signature")
    stamp, window = whole(params, "timestamp", 0), whole(params, "recvWindow", _DEFAULT_WINDOW_MS)
    if not 0 < window <= _LONGEST_WINDOW_MS:
        raise Answer(-1131, "recvWindow must be less than 60000.")
    if stamp >= now + _AHEAD_MS:
        raise Answer(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - stamp > window:
        raise Answer(-1021, "Timestamp for this request is outside of the recvWindow.")
    raw = _SIGNATURE.sub(b"", query) + _SIGNATURE.sub(b"", body)
    decoded = unquote_plus(raw.decode("utf-8", "replace")).encode()
    given = params["signature"].lower()
    if not any(hmac.compare_digest(signature(desk.secret, message), given) for message in (raw, decoded)):
        raise Answer(-1022, "Signature for this request is not valid.")
