"""How we speak to other programs over HTTP: exact JSON, times, and the signature that proves who speaks.

The REST server checks it in requests, webhooks carry it: hex HMAC-SHA256 of ``<timestamp>.<body>``, the timestamp in
milliseconds, in the headers ``X-Webhook-Timestamp`` and ``X-Webhook-Signature``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from gridhedge.domain.values import Millis

__all__ = ["SIGNATURE_HEADER", "TIMESTAMP_HEADER", "Json", "exact_json", "iso_time", "sign"]

TIMESTAMP_HEADER = "X-Webhook-Timestamp"
SIGNATURE_HEADER = "X-Webhook-Signature"

Json: TypeAlias = "str | int | bool | Decimal | Mapping[str, Json] | Sequence[Json] | None"
"""What a document is made of. There are no floats in it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body sent at ``timestamp``."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def exact_json(value: Json) -> str:
    """JSON in which a Decimal is a number with exactly its digits: no float stands between the book and the reader."""
    if isinstance(value, Decimal):
        assert value.is_finite(), "a document has no infinite numbers"
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join([f"{json.dumps(key)}:{exact_json(item)}" for key, item in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([exact_json(item) for item in value]) + "]"
    assert not isinstance(value, float), "money is never a float"
    return json.dumps(value)


def iso_time(at: Millis) -> str | None:
    """``1760633994480`` -> ``2025-10-16T16:59:54.480Z``; 0 is never, and None."""
    if not at:
        return None
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
