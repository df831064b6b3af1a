"""The platform's side: a client that signs, and registrations as it sends them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gridhedge.domain.wire import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from tests.patience import PATIENCE_S

BOT_SECRET = "a secret of the platform"
ADMIN_KEY = "a key of the administrator"


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def data(self) -> dict[str, Any]:
        assert self.body["success"], self.body
        data: dict[str, Any] = self.body["data"]
        return data


class Platform:
    """Asks a server over HTTP, each time with a timestamp of its own."""

    def __init__(self, url: str, secret: str = BOT_SECRET) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.host, self.port = parts.hostname, parts.port or 80
        self._secret = secret
        self._last = 0
        self._lock = threading.Lock()

    def timestamp(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1_000_000)
            return str(self._last)

    def signed(self, body: bytes, timestamp: str | None = None) -> dict[str, str]:
        """The headers of a good request."""
        at = timestamp or self.timestamp()
        headers = {TIMESTAMP_HEADER: at, SIGNATURE_HEADER: sign(self._secret, at, body)}
        return {**headers, "Content-Type": "application/json"} if body else headers

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """One request exactly as it is said."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            parsed = json.loads(content, parse_float=Decimal) if is_json and content else {}
            return Answer(answer.status, parsed, {name.lower(): value for name, value in answer.getheaders()})
        finally:
            connection.close()

    def ask(self, method: str, path: str, document: Any = None) -> Answer:
        """A good, signed request."""
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(method, f"/api/v1{path}", body, self.signed(body))

    def administer(self, method: str, path: str) -> Answer:
        return self.send(method, f"/api/v1/admin{path}", b"", {"X-Admin-Key": ADMIN_KEY})

    def state(self, user: str) -> str:
        return str(self.ask("GET", f"/users/{user}/status").data["status"])


def registration(user: str = "anna", exchange: str = "paper", **more: Any) -> dict[str, Any]:
    """A symmetric grid on DOGE, with the demo's numbers."""
    keys = {} if exchange == "paper" else {"apiKey": "practice", "apiSecret": "practice"}
    return {
        "userId": user,
        "userBotId": f"bot-{user}",
        "exchange": {"name": exchange, "isDemo": True, **keys, **more.pop("keys", {})},
        "settings": {
            "tradingPair": "DOGEUSDT",
            "leverage": 75,
            "customSettings": {"strategy": "symmetric", "initialPositionSizeUsd": 1, **more.pop("custom", {})},
        },
        **more,
    }
