"""The way to the decision center: one kept connection, short time-outs, and errors that say what to do."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from gridhedge.domain.errors import Refused, Unclear, UsageError
from gridhedge.store.secret import Secret

__all__ = ["Link", "parse_url"]


def parse_url(url: str) -> tuple[str, int, bool]:
    """Host, port and whether it is encrypted. Raises UsageError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        raise UsageError(f"{url!r} is no address of a center: write http://HOST:PORT, such as http://127.0.0.1:8100")
    secure = parts.scheme == "https"
    return parts.hostname, parts.port or (443 if secure else 80), secure


class Link:
    """Used by one thread. Every message of the mirror may be sent again, so that nothing needs to be known about a
    request without an answer."""

    def __init__(self, url: str, token: Secret | None, timeout_s: float = 2.0) -> None:
        host, port, secure = parse_url(url)
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._connection = kind(host, port, timeout=timeout_s)
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token.reveal()}"
        self.url = url

    def post(self, path: str, message: dict[str, Any]) -> Any:
        """Raises Unclear where the center can not be reached, Refused where it says no."""
        return self._ask("POST", path, json.dumps(message))

    def get(self, path: str) -> Any:
        """Raises Unclear and Refused."""
        return self._ask("GET", path, None)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None) -> Any:
        try:
            self._connection.request(method, path, body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
            value = json.loads(text) if answer.status < 500 else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise Unclear(f"the center at {self.url} can not be reached ({type(error).__name__})") from error
        if answer.status >= 500:
            raise Unclear(f"the center at {self.url} is in trouble (HTTP {answer.status})")
        if answer.status in (401, 403):
            raise Unclear(f"the center at {self.url} does not let us in: {_detail(value)}")
        if answer.status >= 400:
            raise Refused(f"the center says {answer.status} to {path}: {_detail(value)}")
        return value


def _detail(value: Any) -> str:
    detail = value.get("detail", value) if isinstance(value, dict) else value
    if isinstance(detail, list):  # one entry per wrong field
        return "; ".join(f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in detail)
    return str(detail)
